// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.data.Values;

/** The inputs. The cases of writes stand in the Go test again, by their names. */
class Cases {
    static Map<String, SchemaAndValue> writes() {
        Map<String, SchemaAndValue> m = new LinkedHashMap<>();
        put(m, "null without schema", null, null);
        put(m, "null optional", Schema.OPTIONAL_STRING_SCHEMA, null);
        put(m, "null required", Schema.STRING_SCHEMA, null);
        put(m, "null with default", SchemaBuilder.int32().defaultValue(7).build(), null);
        put(m, "null optional with default", SchemaBuilder.int32().optional().defaultValue(7).build(), null);
        put(m, "boolean", Schema.BOOLEAN_SCHEMA, true);
        put(m, "int8", Schema.INT8_SCHEMA, (byte) -128);
        put(m, "int16", Schema.INT16_SCHEMA, (short) 32767);
        put(m, "int32", Schema.INT32_SCHEMA, Integer.MIN_VALUE);
        put(m, "int64", Schema.INT64_SCHEMA, Long.MIN_VALUE);
        put(m, "float32", Schema.FLOAT32_SCHEMA, 1.1f);
        put(m, "float64", Schema.FLOAT64_SCHEMA, 1.0E10);
        put(m, "string", Schema.STRING_SCHEMA, "a\"é");
        put(m, "bytes", Schema.BYTES_SCHEMA, new byte[] {0, 1, (byte) 0xfb, (byte) 0xff});
        put(m, "bytes empty", Schema.OPTIONAL_BYTES_SCHEMA, new byte[0]);
        put(m, "schemaless bytes", null, new byte[] {1, 2});
        put(m, "schemaless int8", null, (byte) 5);
        put(m, "schemaless float32", null, 0.1f);
        put(m, "schemaless list", null, Arrays.asList(1L, null, "x", List.of(), Map.of()));
        put(m, "schemaless pairs", null, ordered(1L, "a", "b", null));
        put(m, "schemaless map", null, ordered("z", 1L, "a", null, "é", ordered("k", 1.5)));
        put(m, "schemaless emoji key", null, ordered("k😀", "v😀€"));
        put(m, "array", SchemaBuilder.array(Schema.OPTIONAL_INT32_SCHEMA).build(), Arrays.asList(1, null, 3));
        put(m, "array with null", SchemaBuilder.array(Schema.INT32_SCHEMA).build(), Arrays.asList(1, null));
        put(m, "map string keys", SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.INT64_SCHEMA).build(), ordered("b", 1L, "a", 2L));
        put(m, "map int keys", SchemaBuilder.map(Schema.INT32_SCHEMA, Schema.OPTIONAL_STRING_SCHEMA).optional().build(), ordered(2, "x", 1, null));
        put(m, "map null key", SchemaBuilder.map(Schema.OPTIONAL_STRING_SCHEMA, Schema.INT32_SCHEMA).build(), ordered(null, 1));
        put(m, "map empty", SchemaBuilder.map(Schema.INT32_SCHEMA, Schema.INT32_SCHEMA).build(), ordered());
        put(m, "decimal", Decimal.schema(2), new BigDecimal("-1234.50"));
        put(m, "decimal with default", Decimal.builder(3).defaultValue(new BigDecimal("1.500")).build(), null);
        put(m, "date", Date.SCHEMA, new java.util.Date(-86400000L * 3));
        put(m, "time", Time.SCHEMA, new java.util.Date(3661001));
        put(m, "timestamp", Timestamp.SCHEMA, new java.util.Date(1700000000123L));
        put(m, "timestamp of 1969", Timestamp.SCHEMA, new java.util.Date(-1));
        put(m, "wrong type", Schema.INT32_SCHEMA, "x");
        Schema inner = SchemaBuilder.struct().name("in\"ner").version(3).doc("doc é").parameter("z", "1").parameter("a", "\n").optional().field("x", Schema.INT16_SCHEMA).build();
        Schema outer = SchemaBuilder.struct().name("outer")
            .field("id", Schema.INT32_SCHEMA)
            .field("n", Schema.OPTIONAL_STRING_SCHEMA)
            .field("d", SchemaBuilder.string().optional().defaultValue("dflt").build())
            .field("in", inner)
            .field("list", SchemaBuilder.array(inner).defaultValue(List.of(new Struct(inner).put("x", (short) 4))).build())
            .field("m", SchemaBuilder.map(Schema.STRING_SCHEMA, inner).optional().build())
            .field("money", Decimal.builder(2).optional().build())
            .field("at", Timestamp.builder().optional().build())
            .field("qu\"oted\n", Schema.OPTIONAL_BOOLEAN_SCHEMA)
            .build();
        put(m, "struct", outer, new Struct(outer).put("id", 1).put("in", new Struct(inner).put("x", (short) 9)).put("list", List.of(new Struct(inner).put("x", (short) 1)))
            .put("m", ordered("k", new Struct(inner).put("x", (short) 2))).put("money", new BigDecimal("10.00")).put("at", new java.util.Date(5)).put("qu\"oted\n", false));
        put(m, "struct of nulls", outer, new Struct(outer).put("id", 1).put("list", List.of()));
        put(m, "struct lacks a field", outer, new Struct(outer).put("n", "x").put("list", List.of()));
        Schema empty = SchemaBuilder.struct().optional().build();
        put(m, "struct empty", empty, new Struct(empty));
        Schema emoji = SchemaBuilder.struct().name("n😀").doc("\u007f\u2028").parameter("p😀", "😀").field("f😀", Schema.STRING_SCHEMA).build();
        put(m, "struct emoji", emoji, new Struct(emoji).put("f😀", "é😀"));
        // Schemas that say nothing of their members, as SimpleHeaderConverter reads them.
        m.put("bare array", Values.parseString("[1,\"a\",[true]]"));
        m.put("bare array empty", Values.parseString("[]"));
        m.put("bare arrays", Values.parseString("[[],[]]"));
        m.put("bare map", Values.parseString("{1:\"a\"," + "\"b\":2}"));
        m.put("bare map empty", Values.parseString("{}"));
        m.put("map of bare values", Values.parseString("{\"a\":null,\"b\":null}"));
        m.put("int map of bare values", Values.parseString("{1:null}"));
        return m;
    }

    static void put(Map<String, SchemaAndValue> m, String name, Schema s, Object v) { m.put(name, new SchemaAndValue(s, v)); }

    static Map<Object, Object> ordered(Object... kv) {
        Map<Object, Object> m = new LinkedHashMap<>();
        for (int i = 0; i < kv.length; i += 2) m.put(kv[i], kv[i + 1]);
        return m;
    }

    static final List<String> SCHEMALESS = List.of(
        "null", "true", "false", " 12 ", "-0", "0", "007", "-007", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "1" + "0".repeat(30),
        "1.0", "1e3", "1E-7", "-0.0", "0.1", "1e400", "-1e400", "1e-400", "123456789012345678901234567890.5", "1.", ".5", "1e", "1e+", "+1", "--1", "0x10", "NaN", "Infinity", "-Infinity",
        "\"\"", "\"a\"", "\"\\u00e9\\n\\\"\\\\\\/\\b\\f\\r\\t\"", "\"\\uD83D\\uDE00\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\u12\"", "\"\\x\"", "\"a\nb\"", "\"abc", "'a'",
        "[]", "[1,2.5,\"x\",null,true,[],{}]", "[1,]", "[,1]", "[1 2]", "[1", "{}", "{\"a\":1}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":2,\"a\":3}", "{\"\":0}", "{\"a\":{\"b\":[{\"c\":null}]}}",
        "{\"a\" : 1 , \"b\" : [ 1 , 2 ] }", "{a:1}", "{\"a\"1}", "{\"a\":1,}", "{\"a\":}", "{,}", "{\"a\":1", "", "   ", "{\"a\":1} {\"b\":2}", "{\"a\":1}x", "1 2", "1x", "truex", "tru", "nul", "/*c*/1",
        "{\"schema\":null,\"payload\":1}", "[".repeat(1000) + "]".repeat(1000), "[".repeat(1001) + "]".repeat(1001), "{\"n\":" + "9".repeat(1000) + ".0}", "\"日本語 😀\"", "{\"é\":\"\u2028\"}");

    static final List<String> RAW = List.of(
        "efbbbf31", "22ff22", "22c3a922", "22c32822", "22eda08022", "22c08022", "22f490808022", "7b2261223a317d00", "22e282ac22", "22e28222", "2200", "22f09f988022", "efbb31", "feff0031", "7b22c3a9223a317d");

    static List<String> primitives() {
        List<String> l = new ArrayList<>();
        for (String t : List.of("boolean", "int8", "int16", "int32", "int64", "float", "double", "string", "bytes"))
            for (String v : List.of("null", "true", "-1", "128", "-32769", "2147483648", "9223372036854775808", "1.0", "1.5", "1e2", "1e300", "\"\"", "\"AQI=\"", "\"AQI\"", "\"NaN\"", "\"-Infinity\"", "[]")) {
                l.add(envelope("{\"type\":\"" + t + "\"}", v));
            }
        return l;
    }

    static List<String> envelopes() {
        List<String> l = new ArrayList<>();
        for (String v : List.of("null", "0", "1", "12.34", "12.3", "12.345", "12.340", "1e2", "1E-2", "123e-2", "-0.0", "99999999999999999999.99", "-99999999999999999999.99", "\"AQI=\"", "\"\"", "\"x\"", "true", "[]"))
            l.add(envelope(logical("bytes", "Decimal", ",\"parameters\":{\"scale\":\"2\"}"), v));
        l.add(envelope(logical("bytes", "Decimal", ""), "1"));
        l.add(envelope(logical("bytes", "Decimal", ",\"parameters\":{\"scale\":\"x\"}"), "\"AQI=\""));
        l.add(envelope(logical("bytes", "Decimal", ",\"parameters\":{\"scale\":\"-2\"}"), "12300"));
        for (String v : List.of("null", "0", "-1", "20000", "1.0", "2147483648", "\"1\"", "true", "86399999", "86400000", "86400001", "1700000000123", "[]"))
            for (String t : List.of("Date", "Time", "Timestamp")) l.add(envelope(logical(t.equals("Timestamp") ? "int64" : "int32", t, ""), v));
        String array = "{\"type\":\"array\",\"items\":{\"type\":\"int32\",\"optional\":true},\"optional\":true}";
        for (String v : List.of("[]", "[1,null]", "{}", "\"x\"", "null")) l.add(envelope(array, v));
        l.add(envelope("{\"type\":\"array\",\"items\":{\"type\":\"int32\"}}", "[1,null]"));
        String map = "{\"type\":\"map\",\"keys\":{\"type\":\"string\"},\"values\":{\"type\":\"int64\",\"optional\":true},\"optional\":false}";
        for (String v : List.of("{}", "{\"a\":1}", "{\"a\":1,\"b\":null}", "{\"a\":1,\"a\":2}", "[]", "5")) l.add(envelope(map, v));
        String pairs = "{\"type\":\"map\",\"keys\":{\"type\":\"int32\"},\"values\":{\"type\":\"string\"},\"optional\":false}";
        for (String v : List.of("[]", "[[1,\"a\"]]", "[[1,\"a\"],[2,\"b\"],[1,\"c\"]]", "{}", "[1]", "[[]]", "[[1]]", "[[1,\"a\",2]]", "[[1,null]]", "[null]")) l.add(envelope(pairs, v));
        String struct = "{\"type\":\"struct\",\"fields\":[{\"type\":\"int32\",\"optional\":false,\"field\":\"id\"},{\"type\":\"string\",\"optional\":true,\"field\":\"n\"},"
            + "{\"type\":\"int32\",\"optional\":true,\"default\":5,\"field\":\"d\"},{\"type\":\"int32\",\"optional\":false,\"default\":6,\"field\":\"e\"}],\"optional\":true,\"name\":\"r\",\"version\":2,\"doc\":\"a doc\","
            + "\"parameters\":{\"z\":\"1\",\"a\":\"2\"}}";
        for (String v : List.of("null", "{\"id\":1}", "{\"e\":1,\"d\":null,\"n\":\"x\",\"id\":2}", "{\"id\":1,\"x\":[1,{\"y\":2}],\"n\":null,\"e\":4}", "{}", "{\"id\":null}", "[]", "\"x\"", "{\"id\":1,\"id\":2,\"e\":0}", "{\"\\u0069d\":3,\"e\":0}"))
            l.add(envelope(struct, v));
        l.add(envelope("{\"type\":\"struct\",\"fields\":[{\"type\":\"int8\",\"field\":\"a\"}],\"optional\":true,\"default\":{\"a\":1}}", "null"));
        l.add(envelope("{\"type\":\"array\",\"items\":" + struct + ",\"default\":[{\"id\":1,\"e\":2}]}", "null"));
        l.add(envelope(logical("bytes", "Decimal", ",\"parameters\":{\"scale\":\"1\"},\"default\":\"Dw==\""), "null"));
        l.add(envelope(logical("int32", "Date", ",\"default\":3,\"doc\":\"d\""), "null"));
        for (String s : List.of("null", "{}", "{\"type\":5}", "{\"type\":\"x\"}", "{\"type\":\"array\"}", "{\"type\":\"array\",\"items\":null}", "{\"type\":\"map\"}", "{\"type\":\"map\",\"keys\":{\"type\":\"string\"}}", "{\"type\":\"struct\"}",
            "{\"type\":\"struct\",\"fields\":{}}", "{\"type\":\"struct\",\"fields\":[{\"type\":\"int8\"}]}", "{\"type\":\"struct\",\"fields\":[5]}", "{\"type\":\"string\",\"parameters\":{\"a\":1}}", "{\"type\":\"int32\",\"default\":null}",
            "{\"type\":\"int32\",\"optional\":\"true\"}", "{\"type\":\"int32\",\"optional\":true,\"version\":\"1\",\"name\":5,\"doc\":null,\"parameters\":[]}", "{\"type\":\"string\",\"optional\":true,\"default\":null}", "[]", "\"string\"", "5",
            "{\"optional\":true,\"unknown\":1,\"type\":\"int32\"}", "{\"type\":\"struct\",\"fields\":[{\"type\":\"int8\",\"field\":\"a\"},{\"type\":\"int8\",\"field\":\"a\"}]}", "{\"type\":\"struct\",\"fields\":[]}", "{\"type\":\"map\",\"keys\":null,\"values\":null}"))
            for (String v : List.of("{\"a\":5}", "null")) l.add(envelope(s, v));
        l.addAll(List.of("{\"payload\":1,\"schema\":{\"type\":\"int32\"}}", "{ \"schema\" : {\"type\":\"int32\"} , \"payload\" : 1 }", "{\"schema\":{\"type\":\"int32\"}}", "{\"payload\":1}", "{\"schema\":null,\"payload\":{\"a\":1},\"x\":2}",
            "{\"a\":1,\"b\":2}", "[]", "5", "null", "", "{\"schema\":null,\"payload\":null}", "{\"schema\":null,\"schema\":{\"type\":\"int32\"},\"payload\":1}", "{\"schema\":{\"type\":\"int32\"},\"payload\":1,\"payload\":2}",
            "{\"schema\":{\"type\":\"int32\"},\"payload\":1", "{\"schema\":{\"type\":\"int32\",\"payload\":1}", "{\"schema\":{\"type\":\"int32\"},\"payload\":tru}", "{\"schema\":null,\"payload\":[1,2.5,\"x\"]}"));
        return l;
    }

    static String envelope(String schema, String payload) { return "{\"schema\":" + schema + ",\"payload\":" + payload + "}"; }

    static String logical(String type, String name, String more) {
        return "{\"type\":\"" + type + "\",\"optional\":false,\"name\":\"org.apache.kafka.connect.data." + name + "\",\"version\":1" + more + "}";
    }

    static final List<String> TEXTS = List.of("", "61", "c3a9", "ff", "fffe", "e282", "e28261", "e2ff", "eda080", "edb080", "c080", "c0", "f09f9880", "f09f98", "f09f", "f0", "f09f9861", "f4908080", "f5808080", "f8888080", "80", "8080", "c2c3a9", "eda0", "eda061", "eda0c3a9", "edbfbf61", "ed", "ed61", "ed9f", "e0809f", "f08080af", "61f1809280e180c2", "f0288080", "e28228");
}
