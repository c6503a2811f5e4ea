// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** Nested inputs made up, the same each time. */
class RandomCases {
    static final Random RANDOM = new Random(821);
    static final String[] NAMES = {"a", "b", "c", "d", "in", "a.b"};
    static final String[] TYPES = {"int8", "int16", "int32", "int64", "float", "double", "boolean", "string", "bytes", "Date", "Time", "Timestamp", "Decimal", "array", "struct", "struct"};

    static final List<Map.Entry<String, Map<String, String>>> WORK = List.of(
        Map.entry("ExtractField$Value", Map.of("field", "a")),
        Map.entry("ExtractField$Value", Map.of("field", "in.a", "field.syntax.version", "V2")),
        Map.entry("ExtractField$Value", Map.of("field", "in.in.b", "field.syntax.version", "V2", "replace.null.with.default", "false")),
        Map.entry("Flatten$Value", Map.of("delimiter", "/")),
        Map.entry("HoistField$Value", Map.of("field", "h")),
        Map.entry("MaskField$Value", Map.of("fields", "a,c,in")),
        Map.entry("MaskField$Value", Map.of("fields", "b", "replacement", "12", "replace.null.with.default", "false")),
        Map.entry("SetSchemaMetadata$Value", Map.of("schema.name", "n", "schema.version", "4")),
        Map.entry("ValueToKey", Map.of("fields", "a,in")),
        Map.entry("Cast$Value", Map.of("spec", "a:string,b:int8")),
        Map.entry("Cast$Value", Map.of("spec", "c:float64,d:boolean", "replace.null.with.default", "false")));

    static int below(int n) { return RANDOM.nextInt(n); }

    static String schema(String type, String extra) {
        switch (type) {
            case "Date": case "Time": return FieldCases.logical("int32", type, extra);
            case "Timestamp": return FieldCases.logical("int64", type, extra);
            case "Decimal": return FieldCases.decimal(2, extra);
            case "array": return "{\"type\":\"array\",\"items\":{\"type\":\"string\"}" + extra + "}";
            default: return FieldCases.type(type, extra);
        }
    }

    static String value(String type) {
        switch (type) {
            case "float": case "double": return below(2000) - 1000 + "." + (below(2) == 0 ? "25" : "5");
            case "boolean": return Boolean.toString(below(2) == 0);
            case "string": return "\"" + (below(2) == 0 ? Integer.toString(below(200)) : "text" + below(9)) + "\"";
            case "bytes": return "\"AQI=\"";
            case "Decimal": return "\"A+g=\"";
            case "array": return "[\"x\"]";
            case "int8": return Integer.toString(below(256) - 128);
            case "Time": case "Date": return Integer.toString(below(30000));
            case "Timestamp": return Long.toString(1700000000000L + below(100000));
            default: return Integer.toString(below(60000) - 30000);
        }
    }

    /** Returns the schema and the payload of a Struct. */
    static String[] struct(int depth, String extra) {
        Set<String> names = new LinkedHashSet<>();
        for (int i = below(5); i >= 0; i--) names.add(NAMES[below(NAMES.length)]);
        List<String> fields = new ArrayList<>(), values = new ArrayList<>();
        for (String n : names) {
            String t = n.equals("in") ? "struct" : TYPES[below(TYPES.length)], more = below(2) == 0 ? FieldCases.OPTIONAL : "", v;
            if (t.equals("struct") && depth > 2) t = "int32";
            if (t.equals("struct")) {
                String[] inner = struct(depth + 1, more);
                fields.add(FieldCases.named(inner[0], n));
                v = inner[1];
            } else {
                v = value(t);
                if (below(3) == 0 && !t.equals("array")) more += ",\"default\":" + value(t);
                fields.add(FieldCases.named(schema(t, more), n));
            }
            if (more.startsWith(FieldCases.OPTIONAL) && below(3) == 0) v = "null";
            values.add("\"" + n + "\":" + v);
        }
        return new String[] {FieldCases.struct(extra, String.join(",", fields)), "{" + String.join(",", values) + "}"};
    }

    static String map(int depth) {
        Map<String, String> m = new TreeMap<>();
        for (int i = below(5); i > 0; i--) {
            String n = NAMES[below(NAMES.length)];
            int kind = below(n.equals("in") ? 3 : 8);
            m.put(n, kind < 3 && depth < 3 ? map(depth + 1) : kind == 3 ? "null" : kind == 4 ? "[1,\"x\"]" : value(TYPES[4 + below(4)]));
        }
        List<String> out = new ArrayList<>();
        m.forEach((k, v) -> out.add("\"" + k + "\":" + v));
        return "{" + String.join(",", out) + "}";
    }

    static void all() throws Exception {
        for (int i = 0; i < 120; i++) {
            String[] s = struct(0, below(4) == 0 ? ",\"name\":\"r\",\"version\":1" : "");
            String plain = map(0);
            for (Map.Entry<String, Map<String, String>> w : WORK) {
                Map<String, String> config = new TreeMap<>(w.getValue());
                FieldGolden.apply(w.getKey(), config, true, FieldCases.envelope(s[0], s[1]));
                FieldGolden.apply(w.getKey(), config, false, plain);
            }
        }
    }
}
