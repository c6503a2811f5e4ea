// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;
import java.util.stream.Collectors;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Values;
import org.apache.kafka.connect.storage.SimpleHeaderConverter;

/**
 * Writes into the file it is given what Values.parseString makes of texts, one a line: the text, the schema, the
 * value, and what Values.convertToString makes of it again, separated by tabs.
 */
public class Golden {
    public static void main(String[] args) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        Set<String> texts = new LinkedHashSet<>(Cases.HANDMADE);
        Cases.tokens(texts);
        Cases.containers(texts);
        Cases.numbers(texts);
        Cases.moments(texts);
        SimpleHeaderConverter headers = new SimpleHeaderConverter();
        try (PrintStream out = new PrintStream(args[0], StandardCharsets.UTF_8)) {
            for (String text : texts) {
                String line = describe(Values.parseString(text));
                String header = describe(headers.toConnectHeader("topic", "key", text.getBytes(StandardCharsets.UTF_8)));
                if (!line.equals(header)) throw new IllegalStateException("the header " + text + " is " + header);
                out.print(quote(text) + "\t" + line + "\n");
            }
        }
    }

    static String describe(SchemaAndValue v) {
        if (v == null || v.value() == null) return "none\tnull\tnull";
        return schema(v.schema()) + "\t" + value(v.value()) + "\t" + quote(Values.convertToString(v.schema(), v.value()));
    }

    static String schema(Schema s) {
        if (s == null) return "none";
        String name = s.name() == null ? s.type().name() : s.name().substring(s.name().lastIndexOf('.') + 1);
        if (s.isOptional()) name += "?";
        return switch (s.type()) {
            case BYTES -> name + "(" + s.parameters().get("scale") + ")";
            case ARRAY -> name + "[" + schema(s.valueSchema()) + "]";
            case MAP -> name + "[" + schema(s.keySchema()) + "," + schema(s.valueSchema()) + "]";
            default -> name;
        };
    }

    /** Values by their class, for they need not be of their schema. */
    static String value(Object v) {
        if (v == null) return "null";
        if (v instanceof String t) return quote(t);
        if (v instanceof Float f) return "Float:" + Integer.toHexString(Float.floatToIntBits(f));
        if (v instanceof Double d) return "Double:" + Long.toHexString(Double.doubleToLongBits(d));
        if (v instanceof BigDecimal d) return "BigDecimal:" + d.unscaledValue() + "/" + d.scale();
        if (v instanceof java.util.Date d) return "Date:" + d.getTime();
        if (v instanceof Collection<?> c) return "[" + c.stream().map(Golden::value).collect(Collectors.joining(",")) + "]";
        if (v instanceof Map<?, ?> m) return "{" + m.entrySet().stream().map(e -> value(e.getKey()) + "=" + value(e.getValue())).collect(Collectors.joining(",")) + "}";
        return v.getClass().getSimpleName() + ":" + v;
    }

    static String quote(String s) {
        StringBuilder b = new StringBuilder("\"");
        for (char c : s.toCharArray()) b.append(c < ' ' || c > '~' || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        return b.append('"').toString();
    }
}
