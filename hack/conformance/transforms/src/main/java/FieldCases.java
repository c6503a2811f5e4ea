// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The configs and inputs of the transforms of fields. */
class FieldCases {
    static final String OPTIONAL = ",\"optional\":true";
    static final List<String> NULLS = List.of("true", "false");

    static Map<String, String> config(String... pairs) { return Cases.config(pairs); }

    static String logical(String type, String name, String extra) {
        return "{\"type\":\"" + type + "\",\"name\":\"org.apache.kafka.connect.data." + name + "\",\"version\":1" + extra + "}";
    }

    static String decimal(int scale, String extra) {
        return logical("bytes", "Decimal", ",\"parameters\":{\"scale\":\"" + scale + "\"}" + extra);
    }

    /** The type of a field from that of a value. */
    static String named(String schema, String name) { return schema.substring(0, schema.length() - 1) + ",\"field\":\"" + name + "\"}"; }

    static String type(String name, String extra) { return "{\"type\":\"" + name + "\"" + extra + "}"; }

    static String envelope(String schema, String payload) { return "{\"schema\":" + schema + ",\"payload\":" + payload + "}"; }

    static String struct(String extra, String fields) { return "{\"type\":\"struct\",\"fields\":[" + fields + "]" + extra + "}"; }

    static List<String> paths() {
        List<String> out = new ArrayList<>(List.of("", "a", "a.b", "a.b.c", ".", "..", ".a", "a.", "a..b", "`", "``", "``.a", "a.``", "`a`", "`a.b`", "`a.b`.c", "a.`b.c`", "a.`b.c`.`d.e`", "`a", "a`", "a`b",
            "a`.b`", "`a`b`", "`a`b`.c", "`a`.b`", "`a\\`.b`", "`a\\`.b`.c", "`a\\`b`", "`a\\\\`.b`", "`a\\`", "`a\\`.", "`a`.", "`a`..", "`a`.`", "`.`", "`.`.`.`", "\\`a.b\\`", "a\\.b", "`a\\.b`", "ü.`ü.ü`",
            "ü.`ü", "x.\uD83D\uDE00.`y", "`a\\`.b\\`.c`", "`a\\`.b\\`.c`.d", "`\\``", "`\\`.`", "```", "````", "```.`", "a. b", " a"));
        String[] parts = {"a", ".", "`", "\\", "ü"};
        for (int n = 2; n < 6; n++)
            for (int i = 0; i < Math.pow(5, n); i += n < 5 ? 1 : 7) {
                StringBuilder b = new StringBuilder();
                for (int j = 0, k = i; j < n; j++, k /= 5) b.append(parts[k % 5]);
                out.add(b.toString());
            }
        return out;
    }

    static final List<String> PLAIN = List.of("null", "1", "\"text\"", "true", "1.5", "[1,2]", "{}", "{\"a\":1}", "{\"a\":1,\"b\":2}", "{\"b\":\"x\",\"a\":1,\"c\":{\"a\":1,\"b\":{\"a\":\"deep\"}}}",
        "{\"x\":null,\"a\":null,\"in\":null}", "{\"in\":{\"a\":7,\"in\":{\"a\":{\"z\":true}}},\"a.b\":5,\"list\":[1,{\"a\":2}],\"e\":{}}", "{\"in\":\"text\",\"a\":\"x\",\"d\":1.5,\"e\":true,\"ü\":\"ü\",\"same\":1}", "{\"in\":[1],\"a\":{}}",
        "{\"a\":[],\"b\":{\"c\":null,\"d\":[{\"e\":1}]},\"money\":\"1.50\"}", "{\"in\":{\"a\":null}}");

    static final String INNER = struct(OPTIONAL, named(type("int32", ""), "a") + "," + named(type("string", OPTIONAL + ",\"default\":\"inner\""), "b") + "," + named(struct(OPTIONAL, named(type("int64", OPTIONAL), "a")), "in"));

    static List<String> schemas() {
        List<String> out = new ArrayList<>(Cases.withSchema());
        String a = named(type("int32", ""), "a"), b = named(type("string", OPTIONAL), "b"), d = named(type("string", ",\"default\":\"dflt\""), "d"), od = named(type("int32", OPTIONAL + ",\"default\":9"), "od");
        for (String payload : List.of("{\"in\":{\"a\":1,\"b\":\"x\",\"in\":{\"a\":5}},\"x\":true}", "{\"in\":{\"a\":1,\"b\":null,\"in\":null},\"x\":true}", "{\"in\":null,\"x\":null}"))
            out.add(envelope(struct("", named(INNER, "in") + "," + named(type("boolean", OPTIONAL), "x")), payload));
        out.add(envelope(struct("", a + "," + b + "," + d.replace("\"type\":\"string\"", "\"type\":\"string\",\"optional\":true") + "," + od), "{\"a\":1,\"b\":null,\"d\":null,\"od\":null}"));
        out.add(envelope(struct("", a + "," + b + "," + d + "," + od), "{\"a\":1,\"b\":null,\"d\":\"set\",\"od\":3}"));
        out.add(envelope(struct(OPTIONAL, a + "," + od), "null"));
        out.add(envelope(struct(OPTIONAL + ",\"name\":\"n\",\"version\":2,\"doc\":\"d\",\"parameters\":{\"k\":\"v\"}", a + "," + named(INNER.replace(OPTIONAL + "}", "}"), "in")), "null"));
        String all = "";
        for (String t : List.of("int8", "int16", "int32", "int64", "float", "double", "boolean", "string", "bytes")) all += named(type(t, OPTIONAL), t) + ",";
        all += named(logical("int32", "Date", OPTIONAL), "date") + "," + named(logical("int32", "Time", OPTIONAL), "time") + "," + named(logical("int64", "Timestamp", OPTIONAL), "timestamp") + ","
            + named(decimal(2, OPTIONAL), "decimal") + "," + named(decimal(0, OPTIONAL), "decimal0") + "," + named("{\"type\":\"array\",\"items\":{\"type\":\"int32\"}" + OPTIONAL + "}", "array") + ","
            + named(INNER, "struct");
        String map = "," + named("{\"type\":\"map\",\"keys\":{\"type\":\"string\"},\"values\":{\"type\":\"int32\"}" + OPTIONAL + "}", "map");
        String payload = "\"int8\":1,\"int16\":2,\"int32\":3,\"int64\":4,\"float\":5.5,\"double\":6.5,\"boolean\":true,\"string\":\"7\",\"bytes\":\"AQI=\",\"date\":19000,\"time\":3600000,\"timestamp\":1700000000123,\"decimal\":\"A+g=\",\"decimal0\":\"Aw==\",\"array\":[1,2],\"struct\":{\"a\":1}";
        out.add(envelope(struct("", all), "{" + payload + "}"));
        out.add(envelope(struct("", all + map), "{" + payload + ",\"map\":{\"k\":1}}"));
        out.add(envelope(struct("", all), "{\"int8\":null}"));
        out.add(envelope(struct("", a + "," + named(struct("", a + "," + named(type("string", ""), "in.a")), "in") + "," + named(type("string", ""), "in.a")), "{\"a\":1,\"in\":{\"a\":2,\"in.a\":\"s\"},\"in.a\":\"t\"}"));
        out.add(envelope(struct("", named(struct(OPTIONAL, named(struct("", named(type("int32", ""), "c")), "b")), "a")), "{\"a\":{\"b\":{\"c\":1}}}"));
        out.add(envelope(struct("", named(struct(OPTIONAL, named(struct("", named(type("int32", ""), "c")), "b")), "a")), "{\"a\":null}"));
        return out;
    }

    static final List<String> SIDES = List.of("Value", "Key");

    static void all() throws Exception {
        for (String side : SIDES) {
            boolean few = few("$" + side);
            List<String> plain = few ? PLAIN.subList(7, 10) : PLAIN, schemas = few ? schemas().subList(2, 4) : schemas();
            extracts("ExtractField$" + side, plain, schemas);
            masks("MaskField$" + side, plain, schemas);
            for (Map<String, String> c : List.of(config("field", "f"), config("field", "a.b"), config("field", " f "), config("field", "ü"), config())) FieldGolden.each("HoistField$" + side, c, plain, schemas);
            for (Map<String, String> c : List.of(config(), config("delimiter", "_"), config("delimiter", ""), config("delimiter", "::"), config("delimiter", " "))) FieldGolden.each("Flatten$" + side, c, plain, schemas);
            metadata("SetSchemaMetadata$" + side, plain, schemas);
            casts("Cast$" + side, plain, schemas);
        }
        for (String nulls : NULLS)
            for (String f : List.of("a", "a,b", "b,a", "zzz", "a,zzz", "in,a", "d,od,b", "od", "date,time,timestamp,decimal", "a,a", "a,,b", "a,", ",", "", " a , b "))
                FieldGolden.each("ValueToKey", config("fields", f, "replace.null.with.default", nulls), PLAIN, schemas());
        FieldGolden.each("ValueToKey", config(), PLAIN, List.of());
        CastCases.all();
        lists();
    }

    /** How InsertField and ReplaceField read their keys; Golden has more of both. */
    static void lists() throws Exception {
        for (String list : List.of("a,a", "a,,b", "a,", ",", "", " a , b ", "A"))
            for (String key : List.of("exclude", "include")) FieldGolden.each("ReplaceField$Value", config(key, list), PLAIN, schemas());
        for (String list : List.of("a:x,a:y", "a:x,b:x", "a:x,,b:y", "a:x,", ",", "", " a : x ", "a:a", ":", "::", "a::x", ":x"))
            FieldGolden.each("ReplaceField$Value", config("renames", list), PLAIN, schemas());
        for (String nulls : List.of("TRUE", "False", "", "1"))
            for (String name : List.of("ReplaceField$Value", "InsertField$Value", "MaskField$Value")) FieldGolden.each(name, config("topic.field", "t", "fields", "a", "replace.null.with.default", nulls), PLAIN, schemas());
        for (String field : List.of("t", "t!", "t?", "t!!", "t??", "t?!", "t!?", "!", "?", "", "a", "in", " t ! "))
            FieldGolden.each("InsertField$Value", config("topic.field", field), PLAIN.subList(0, 9), schemas().subList(0, 4));
        for (String value : List.of("", " ", "x"))
            FieldGolden.each("InsertField$Value", config("static.field", "s!", "static.value", value), PLAIN, schemas());
        FieldGolden.each("InsertField$Value", config("partition.field", "p", "offset.field", "o!", "timestamp.field", "a"), PLAIN, schemas());
    }

    /** The sides share their code, so a few inputs do for the key. */
    static boolean few(String name) { return name.endsWith("$Key"); }

    static void extracts(String name, List<String> plain, List<String> schemas) throws Exception {
        for (String nulls : NULLS) {
            for (String f : List.of("a", "b", "zzz", "a.b", "in", "in.a", "`a`", "d", "od", "decimal", "timestamp"))
                FieldGolden.each(name, config("field", f, "replace.null.with.default", nulls), plain, schemas);
            for (String f : List.of("a", "in.a", "in.b", "in.in", "in.in.a", "in.in.a.z", "in.zzz", "zzz.a", "a.b", "`a.b`", "in.`a`", "list.a", "m.k", "e.a", "c.b.a", ".a", "d", "od"))
                FieldGolden.each(name, config("field", f, "field.syntax.version", "V2", "replace.null.with.default", nulls), plain, schemas);
        }
        for (Map<String, String> c : List.of(config(), config("field", "a", "field.syntax.version", "v2"), config("field", "a", "field.syntax.version", "V3"), config("field", "`a", "field.syntax.version", "V2"),
            config("field", "`a", "field.syntax.version", "V1"), config("field", "a", "replace.null.with.default", "x"), config("field", "a", "field.syntax.version", "")))
            FieldGolden.each(name, c, plain, schemas);
    }

    static void masks(String name, List<String> plain, List<String> schemas) throws Exception {
        List<String> values = List.of("", "5", "-1.9", "300", "-129", "40000", "99999999999", "1e3", "1E+2", "1.50", "1.5", "1.555", "0", "-0", "+7", ".5", "5.", "abc", "***", "0x10", "NaN", "Infinity", "1e400", "1e-400", "1 2", "١٢", "1e", "1_0",
            "18446744073709551617", "123456789012345678901234567890.5", "1e2147483648", "1.5f", "--1", "+-1", ".");
        for (String nulls : NULLS)
            for (String f : List.of("a", "a,b", "zzz", "in,c,d,e,f,g,h,list,m,money,at", "d,od,b", "x"))
                for (String r : List.of("", "5", "text")) {
                    Map<String, String> c = config("fields", f, "replace.null.with.default", nulls);
                    if (!r.isEmpty()) c.put("replacement", r);
                    FieldGolden.each(name, c, plain, schemas);
                }
        for (String r : few(name) ? List.<String>of() : values) {
            Map<String, String> c = config("fields", "f");
            if (!r.isEmpty()) c.put("replacement", r);
            List<String> typed = new ArrayList<>();
            CastCases.values().forEach((t, vs) -> { if (!t.contains("30") && !t.contains("own")) typed.add(envelope(struct("", named(t, "f")), "{\"f\":" + vs.get(vs.size() - 1) + "}")); });
            typed.add(envelope(struct("", named(struct("", named(type("int32", ""), "a")), "f")), "{\"f\":{\"a\":1}}"));
            FieldGolden.each(name, c, List.of("{\"f\":1}", "{\"f\":1.5}", "{\"f\":\"s\"}", "{\"f\":true}", "{\"f\":[1]}", "{\"f\":{\"a\":1}}"), typed);
        }
        for (Map<String, String> c : List.of(config(), config("fields", ""), config("fields", ","), config("fields", "a,a"), config("fields", "a,,b"), config("fields", "a", "replacement", ""), config("fields", "a", "replacement", " "),
            config("fields", "a", "replacement", " x "), config("fields", "a", "replace.null.with.default", "")))
            FieldGolden.each(name, c, plain.subList(0, 2), schemas.subList(0, 2));
    }

    static void metadata(String name, List<String> plain, List<String> schemas) throws Exception {
        for (String nulls : NULLS) {
            FieldGolden.each(name, config("schema.name", "new", "replace.null.with.default", nulls), plain, schemas);
            FieldGolden.each(name, config("schema.version", "7", "replace.null.with.default", nulls), plain, schemas);
            FieldGolden.each(name, config("schema.name", "com.example.New", "schema.version", "-1", "replace.null.with.default", nulls), plain, schemas);
        }
        for (Map<String, String> c : List.of(config(), config("schema.name", ""), config("schema.version", "x"), config("schema.version", "1.5"), config("schema.version", "99999999999"), config("schema.version", ""), config("schema.version", "0"),
            config("schema.name", " n "), config("schema.name", "org.apache.kafka.connect.data.Timestamp"), config("schema.name", "org.apache.kafka.connect.data.Decimal")))
            FieldGolden.each(name, c, plain.subList(0, 2), schemas);
    }

    static void casts(String name, List<String> plain, List<String> schemas) throws Exception {
        for (String nulls : NULLS)
            for (String spec : List.of("a:string", "a:int8,b:int32", "zzz:int8", "b:boolean", "od:string,d:string", "od:boolean", "in:int8", "int8:string,int64:float32,string:int32", "date:string,time:string,timestamp:string,decimal:string,bytes:string",
                "date:int32,time:int64,timestamp:int64,decimal:float64", "bytes:int8", "array:string", "struct:string", "map:string", "string", "int32", "boolean"))
                FieldGolden.each(name, config("spec", spec, "replace.null.with.default", nulls), plain, schemas);
        for (String spec : List.of("", ",", "a", "a:", ":int8", ":", "a:b:c", "a:int8:", "a::int8", "int8:", "int8,int16", "a:int8,int16", "INT8", " Int8 ", "a: int8 ", " a : STRING", "a:bytes", "bytes", "a:struct", "array", "a:float", "a:double", "double",
            "a:int", "a:int8,a:int16", "a:int8,a:int8", "a:int8,", "a:int8,,b:int8", "a.b:string", "ü:string"))
            FieldGolden.each(name, config("spec", spec), plain.subList(0, Math.min(9, plain.size())), schemas.subList(0, 2));
        FieldGolden.each(name, config(), plain, schemas);
    }
}
