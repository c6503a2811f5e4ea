// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import com.fasterxml.jackson.core.io.NumberOutput;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.connect.converters.ByteArrayConverter;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.storage.SimpleHeaderConverter;
import org.apache.kafka.connect.storage.StringConverter;

/**
 * Writes into the file it is given what Kafka Connect's own converters do, one case a line: the kind, its
 * parameters, the input and the output, separated by tabs. Bytes that are not
 * printable ASCII are given as hex.
 */
public class Golden {
    static PrintStream out;

    /** Every combination is schemas.enable, decimal.format, replace.null.with.default. */
    static final List<String> CONFIGS = List.of("true,BASE64,true", "false,BASE64,true", "true,NUMERIC,true", "false,NUMERIC,false", "true,BASE64,false");

    public static void main(String[] args) throws Exception {
        out = new PrintStream(args[0], StandardCharsets.UTF_8);
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        Thread t = new Thread(null, Golden::all, "golden", 256 << 20); // deep JSON needs deep stacks
        t.start();
        t.join();
        out.close();
    }

    static void all() {
        doubles();
        floats();
        strings();
        decimals();
        Cases.writes().forEach(Golden::write);
        for (String json : Cases.SCHEMALESS) read("false,BASE64,true", json.getBytes(StandardCharsets.UTF_8));
        for (String hex : Cases.RAW) read("false,BASE64,true", HexFormat.of().parseHex(hex));
        for (String json : Cases.primitives()) read("true,BASE64,true", json.getBytes(StandardCharsets.UTF_8));
        for (String json : Cases.envelopes())
            for (String config : List.of("true,BASE64,true", "true,NUMERIC,false")) read(config, json.getBytes(StandardCharsets.UTF_8));
        for (String hex : Cases.TEXTS) text(HexFormat.of().parseHex(hex));
        bytes();
        Primitives.all();
        simple();
    }

    static void line(String... parts) { out.print(String.join("\t", parts) + "\n"); }

    static JsonConverter json(String config) {
        String[] c = config.split(",");
        JsonConverter j = new JsonConverter();
        j.configure(Map.of("schemas.enable", c[0], "decimal.format", c[1], "replace.null.with.default", c[2]), false);
        return j;
    }

    static final JsonConverter PLAIN = json("false,BASE64,true");
    static final JsonConverter NUMERIC = json("false,NUMERIC,true");

    static void doubles() {
        List<Double> list = new ArrayList<>(List.of(0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 100.0, 9999999.0, 1.0E7, 12345678.9, 0.001, 9.999E-4, 1e21, 1e22, 1e23, 2e-3, 2e23,
            4.9E-324, 2.2250738585072014E-308, Double.MAX_VALUE, Double.MIN_NORMAL, Math.PI, Math.E, 9007199254740993.0, 123456789012345680.0,
            Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 9999999.999999998, 1.0E-3, 8.41E21, 2.0E-44, 5.0E-324));
        for (int e = -323; e <= 308; e += 3) list.add(Double.parseDouble("1.2345e" + e));
        for (int e = -1074; e <= 1023; e += 37) list.add(Math.scalb(1.0, e));
        Random r = new Random(1);
        for (int i = 0; i < 300; i++) list.add(Double.longBitsToDouble(r.nextLong()));
        for (int i = 0; i < 100; i++) list.add(r.nextInt(2_000_000) / 1000.0);
        // Jackson's own writer gives what Double.toString gives since JDK 19, on any JDK.
        for (double d : list)
            line("double", "", Long.toHexString(Double.doubleToRawLongBits(d)),
                Double.isFinite(d) ? NumberOutput.toString(d, true) : show(PLAIN.fromConnectData("t", null, d)));
    }

    static void floats() {
        List<Float> list = new ArrayList<>(List.of(0f, -0f, 1f, 0.1f, 1e7f, 9999999f, 0.001f, 9.99e-4f, Float.MIN_VALUE, Float.MAX_VALUE, Float.MIN_NORMAL,
            3.4028235E38f, 1.17549435E-38f, 16777216f, 33554432f, 8.589973E9f, 2e-3f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY));
        for (int e = -44; e <= 38; e++) list.add(Float.parseFloat("1.2345e" + e));
        for (int e = -149; e <= 127; e += 7) list.add(Math.scalb(1f, e));
        Random r = new Random(2);
        for (int i = 0; i < 200; i++) list.add(Float.intBitsToFloat(r.nextInt()));
        for (float f : list)
            line("float", "", Integer.toHexString(Float.floatToRawIntBits(f)),
                Float.isFinite(f) ? NumberOutput.toString(f, true) : show(PLAIN.fromConnectData("t", null, f)));
    }

    static void strings() {
        List<String> list = new ArrayList<>(List.of("", "plain", "a\"b\\c/d", "<script>&'</script>", "é", "€", "日本語", "😀 after", "x\u2028\u2029y", "\u007f\u0080\u00a0\ufeff\ufffd",
            "1234567\"", "12345678\"", "123456789\\", "12345678é\"", "\u0000"));
        StringBuilder controls = new StringBuilder();
        for (char c = 0; c < 0x20; c++) controls.append(c);
        list.add(controls.toString());
        for (int i = 0; i < 20; i++) list.add("abcdefghijklmnopqrstuvwxyz".substring(0, i) + "\n");
        for (String s : list) line("string", "", hex(s.getBytes(StandardCharsets.UTF_8)), show(PLAIN.fromConnectData("t", null, s)));
    }

    static void decimals() {
        List<BigInteger> list = new ArrayList<>();
        for (String s : List.of("0", "1", "-1", "10", "127", "128", "-128", "-129", "255", "256", "32767", "-32768", "123456789", "-123456789", "9223372036854775807",
            "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "-99999999999999999999999999999999999999"))
            list.add(new BigInteger(s));
        for (BigInteger n : list)
            for (int scale : List.of(0, 1, 2, 6, 7, 8, 20, 40, -1, -3, -20)) {
                Schema s = Decimal.schema(scale);
                BigDecimal d = new BigDecimal(n, scale);
                line("decimal", Integer.toString(scale), hex(n.toByteArray()), show(NUMERIC.fromConnectData("t", s, d)), show(PLAIN.fromConnectData("t", s, d)), d.toString());
            }
    }

    static void write(String name, SchemaAndValue c) {
        for (String config : CONFIGS) line("write", config, name, attempt(() -> show(json(config).fromConnectData("t", c.schema(), c.value()))));
        if (!Describe.hasBytes(c.value())) line("text", "", name, attempt(() -> show(new StringConverter().fromConnectData("t", c.schema(), c.value()))));
    }

    static void read(String config, byte[] in) {
        JsonConverter j = json(config);
        String out = attempt(() -> {
            SchemaAndValue v = j.toConnectData("t", in);
            return Describe.schema(v.schema()) + "\t" + Describe.value(v.schema(), v.value());
        });
        line("read", config, show(in), out);
        if (out.startsWith("error:")) return;
        SchemaAndValue v = j.toConnectData("t", in);
        if (!Describe.ordered(v.value())) return;
        for (String to : CONFIGS.subList(0, 3)) line("rewrite", config + ">" + to, show(in), attempt(() -> show(json(to).fromConnectData("t", v.schema(), v.value()))));
        if (!Describe.hasBytes(v.value())) line("retext", config, show(in), attempt(() -> show(string().fromConnectData("t", v.schema(), v.value()))));
    }

    static StringConverter string() {
        StringConverter s = new StringConverter();
        s.configure(Map.of(), false);
        return s;
    }

    static void text(byte[] in) {
        line("textread", "", hex(in), hex(((String) string().toConnectData("t", in).value()).getBytes(StandardCharsets.UTF_8)));
    }

    static void bytes() {
        ByteArrayConverter b = new ByteArrayConverter();
        b.configure(Map.of("converter.type", "value"));
        Cases.writes().forEach((name, c) -> line("bytes", "", name, attempt(() -> show(b.fromConnectData("t", c.schema(), c.value())))));
    }

    static void simple() {
        SimpleHeaderConverter s = new SimpleHeaderConverter();
        Cases.writes().forEach((name, c) -> line("simple", "", name, attempt(() -> show(s.fromConnectHeader("t", "h", c.schema(), c.value())))));
    }

    interface Attempt { String run(); }

    /** What the parser itself says is Jackson's and left out. */
    static String attempt(Attempt a) {
        try {
            return a.run();
        } catch (Exception e) {
            String m = e.getMessage();
            if (e.getCause() instanceof SerializationException || e instanceof SerializationException) return "error:syntax";
            return "error:" + (m == null ? e.getClass().getSimpleName() : m.replace("\n", "\\n").replace("\t", "\\t"));
        }
    }

    static String hex(byte[] b) { return HexFormat.of().formatHex(b); }

    static String show(byte[] b) {
        if (b == null) return "null!";
        for (byte c : b) if (c < ' ' || c > '~') return "hex:" + hex(b);
        return new String(b, StandardCharsets.US_ASCII);
    }
}

/** A canonical text of schemas and values, the same as the Go test makes. */
class Describe {
    static String schema(Schema s) {
        if (s == null) return "none";
        StringBuilder b = new StringBuilder(s.type().name()).append('(');
        if (s.isOptional()) b.append("optional;");
        if (s.name() != null) b.append("name=").append(text(s.name())).append(';');
        if (s.version() != null && s.version() != 0) b.append("version=").append(s.version()).append(';');
        if (s.doc() != null) b.append("doc=").append(text(s.doc())).append(';');
        if (s.parameters() != null && !s.parameters().isEmpty())
            b.append("parameters=").append(s.parameters().entrySet().stream().map(e -> text(e.getKey()) + ":" + text(e.getValue())).collect(Collectors.joining(","))).append(';');
        if (s.defaultValue() != null) b.append("default=").append(value(s, s.defaultValue())).append(';');
        b.append(')');
        switch (s.type()) {
            case ARRAY -> b.append('[').append(schema(s.valueSchema())).append(']');
            case MAP -> b.append('[').append(schema(s.keySchema())).append(',').append(schema(s.valueSchema())).append(']');
            case STRUCT -> b.append('{').append(s.fields().stream().map(f -> text(f.name()) + ":" + schema(f.schema())).collect(Collectors.joining(","))).append('}');
            default -> { }
        }
        return b.toString();
    }

    static String value(Schema s, Object v) {
        if (v == null) return "null";
        if (v instanceof Byte) return "INT8:" + v;
        if (v instanceof Short) return "INT16:" + v;
        if (v instanceof Integer) return "INT32:" + v;
        if (v instanceof Long) return "INT64:" + v;
        if (v instanceof Float f) return "FLOAT32:" + Integer.toHexString(Float.floatToIntBits(f));
        if (v instanceof Double d) return "FLOAT64:" + Long.toHexString(Double.doubleToLongBits(d));
        if (v instanceof Boolean) return "BOOLEAN:" + v;
        if (v instanceof String t) return text(t);
        if (v instanceof byte[] b) return "BYTES:" + Golden.hex(b);
        if (v instanceof ByteBuffer b) return "BYTES:" + Golden.hex(b.array());
        if (v instanceof BigDecimal d) {
            try {
                return "BYTES:" + Golden.hex(d.setScale(Integer.parseInt(s.parameters().get("scale"))).unscaledValue().toByteArray());
            } catch (ArithmeticException e) {
                return "BigDecimal beyond the scale:" + d;
            }
        }
        if (v instanceof java.util.Date d)
            return switch (s.name()) {
                case Date.LOGICAL_NAME -> "INT32:" + Date.fromLogical(s, d);
                case Time.LOGICAL_NAME -> "INT32:" + d.getTime();
                default -> "INT64:" + Timestamp.fromLogical(s, d);
            };
        if (v instanceof Collection<?> c) return "[" + c.stream().map(e -> value(s == null ? null : s.valueSchema(), e)).collect(Collectors.joining(",")) + "]";
        if (v instanceof Map<?, ?> m) {
            TreeMap<String, String> sorted = new TreeMap<>();
            m.forEach((k, e) -> sorted.put(value(s == null ? null : s.keySchema(), k), value(s == null ? null : s.valueSchema(), e)));
            return "{" + sorted.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).collect(Collectors.joining(",")) + "}";
        }
        Struct t = (Struct) v;
        List<String> fields = new ArrayList<>();
        for (Field f : t.schema().fields()) fields.add(value(f.schema(), t.getWithoutDefault(f.name())));
        return "Struct(" + String.join(",", fields) + ")";
    }

    static String text(String s) {
        StringBuilder b = new StringBuilder("\"");
        for (char c : s.toCharArray()) b.append(c < ' ' || c > '~' || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        return b.append('"').toString();
    }

    /** Whether no map has an order of its own that would show. */
    static boolean ordered(Object v) {
        if (v instanceof Map<?, ?> m) return m.size() <= 1 && m.keySet().stream().allMatch(Describe::ordered) && m.values().stream().allMatch(Describe::ordered);
        if (v instanceof Collection<?> c) return c.stream().allMatch(Describe::ordered);
        if (v instanceof Struct s) return s.schema().fields().stream().allMatch(f -> ordered(s.getWithoutDefault(f.name())));
        return true;
    }

    static boolean hasBytes(Object v) {
        if (v instanceof Map<?, ?> m) return m.keySet().stream().anyMatch(Describe::hasBytes) || m.values().stream().anyMatch(Describe::hasBytes);
        if (v instanceof Collection<?> c) return c.stream().anyMatch(Describe::hasBytes);
        if (v instanceof Struct s) return s.schema().fields().stream().anyMatch(f -> hasBytes(s.getWithoutDefault(f.name())));
        return v instanceof byte[] || v instanceof ByteBuffer;
    }
}
