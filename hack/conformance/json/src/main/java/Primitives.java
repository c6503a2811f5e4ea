// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.connect.converters.BooleanConverter;
import org.apache.kafka.connect.converters.DoubleConverter;
import org.apache.kafka.connect.converters.FloatConverter;
import org.apache.kafka.connect.converters.IntegerConverter;
import org.apache.kafka.connect.converters.LongConverter;
import org.apache.kafka.connect.converters.ShortConverter;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.HeaderConverter;

/** The converters of single values, each as converter of values, keys and headers, which must be the same. */
class Primitives {
    static final List<String> READS = List.of("00", "01", "02", "80", "ff", "0000", "0001", "7fff", "8000", "fffe", "000102", "00000000", "00000102", "7fffffff", "80000000", "ffffffff",
        "3fc00000", "7f800000", "ff800000", "7fc00000", "7fc00001", "00000001", "0001020304", "0000000000000000", "0000000000000102", "7fffffffffffffff", "8000000000000000", "ffffffffffffffff",
        "3ff8000000000000", "7ff0000000000000", "fff0000000000000", "7ff8000000000000", "7ff8000000000001", "0000000000000001", "000000000000000000", "");

    static void all() {
        Map<String, Converter> all = new LinkedHashMap<>();
        all.put("boolean", new BooleanConverter());
        all.put("short", new ShortConverter());
        all.put("integer", new IntegerConverter());
        all.put("long", new LongConverter());
        all.put("float", new FloatConverter());
        all.put("double", new DoubleConverter());
        all.forEach((name, c) -> {
            Cases.writes().forEach((of, v) -> Golden.line("primitive", name, of, same(() -> write(c, v), () -> header(c, v))));
            values().forEach(v -> Golden.line("primitivevalue", name, Describe.value(null, v.value()), same(() -> write(c, v), () -> header(c, v))));
            Golden.line("primitiveread", name, "null!", read(c, null));
            for (String hex : READS) Golden.line("primitiveread", name, hex, read(c, HexFormat.of().parseHex(hex)));
        });
    }

    static List<SchemaAndValue> values() {
        return List.of(of(true), of(false), of((short) 0), of((short) -1), of(Short.MAX_VALUE), of(Short.MIN_VALUE), of(0), of(-1), of(Integer.MAX_VALUE), of(Integer.MIN_VALUE), of(0L), of(-1L),
            of(Long.MAX_VALUE), of(Long.MIN_VALUE), of(0f), of(-0f), of(1.5f), of(Float.MAX_VALUE), of(Float.MIN_VALUE), of(Float.NaN), of(Float.POSITIVE_INFINITY), of(Float.NEGATIVE_INFINITY),
            of(0d), of(-0d), of(1.5d), of(Double.MAX_VALUE), of(Double.MIN_VALUE), of(Double.NaN), of(Double.POSITIVE_INFINITY), of(Double.NEGATIVE_INFINITY));
    }

    static SchemaAndValue of(Object v) { return new SchemaAndValue(null, v); }

    static String write(Converter c, SchemaAndValue v) {
        c.configure(Map.of(), true);
        return Golden.show(c.fromConnectData("t", v.schema(), v.value()));
    }

    static String header(Converter c, SchemaAndValue v) { return Golden.show(((HeaderConverter) c).fromConnectHeader("t", "h", v.schema(), v.value())); }

    static String read(Converter c, byte[] in) {
        return same(() -> describe(c.toConnectData("t", in)), () -> describe(((HeaderConverter) c).toConnectHeader("t", "h", in)));
    }

    /** With the bits of a NaN as they are. */
    static String describe(SchemaAndValue v) {
        String value = Describe.value(v.schema(), v.value());
        if (v.value() instanceof Float f) value = "FLOAT32:" + Integer.toHexString(Float.floatToRawIntBits(f));
        if (v.value() instanceof Double d) value = "FLOAT64:" + Long.toHexString(Double.doubleToRawLongBits(d));
        return Describe.schema(v.schema()) + "\t" + value;
    }

    static String same(Golden.Attempt a, Golden.Attempt b) {
        String s = attempt(a);
        if (!Objects.equals(s, attempt(b))) throw new IllegalStateException(s + " as a value, " + attempt(b) + " as a header");
        return s;
    }

    /** With the causes, as a task that fails shows them. */
    static String attempt(Golden.Attempt a) {
        try {
            return a.run();
        } catch (Exception e) {
            StringBuilder text = new StringBuilder("error:");
            for (Throwable t = e; t != null; t = t.getCause()) text.append(t.getMessage()).append(t.getCause() == null ? "" : "|");
            return text.toString().replace("\n", "\\n").replace("\t", "\\t");
        }
    }
}
