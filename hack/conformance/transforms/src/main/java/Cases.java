// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The inputs; the golden file carries them to the Go test. */
class Cases {
    static Map<String, String> config(String... pairs) {
        Map<String, String> m = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) m.put(pairs[i], pairs[i + 1]);
        return m;
    }

    static final List<Map<String, String>> INSERTS = List.of(
        config("topic.field", "t"),
        config("topic.field", "t!", "partition.field", "p!", "timestamp.field", "ts!", "static.field", "s!", "static.value", "v"),
        config("topic.field", "t?", "partition.field", "p?", "timestamp.field", "ts?", "static.field", "s?", "static.value", "v"),
        config("partition.field", "p", "offset.field", "o"),
        config("offset.field", "o!"),
        config("static.field", "a", "static.value", "replaced"),
        config("static.field", "new", "static.value", ""),
        config("topic.field", "same", "static.field", "same", "static.value", "x"),
        config("timestamp.field", "ts", "replace.null.with.default", "false"),
        config("topic.field", "a!?", "static.field", "  spaced  ", "static.value", " v "),
        config("static.field", "s", "static.value", "ünï\"\\"),
        config(),
        config("static.field", "s"),
        config("static.value", "s"),
        config("topic.field", "t", "replace.null.with.default", "maybe"));

    static final List<Map<String, String>> REPLACES = List.of(
        config(),
        config("exclude", "a"),
        config("exclude", "a,b,c,d,e,f,g,h,i,x,in,list,m,money,at"),
        config("include", "a,c"),
        config("include", "c , a", "exclude", "a"),
        config("include", "zzz"),
        config("renames", "a:z"),
        config("renames", "a:z,b:y", "exclude", "c"),
        config("renames", "a:z", "exclude", "a"),
        config("renames", "a:z", "include", "a"),
        config("renames", "a:z", "include", "z"),
        config("renames", "a:b"),
        config("renames", "a:b,b:a"),
        config("renames", "a:b", "exclude", "b"),
        config("renames", "zzz:a"),
        config("renames", "zzz:a", "exclude", "a"),
        config("renames", "a:a"),
        config("renames", "a:q,a:r"),
        config("renames", "a:q:"),
        config("renames", "a:"),
        config("renames", "a"),
        config("renames", "a:b:c"),
        config("renames", ":a"),
        config("exclude", "b", "replace.null.with.default", "false"),
        config("renames", "b:y", "replace.null.with.default", "false"));

    static final List<String> SCHEMALESS = List.of(
        "null", "1", "\"text\"", "true", "1.5", "[1,2]", "{}",
        "{\"a\":1}", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1,\"c\":{\"a\":1}}", "{\"x\":null,\"a\":null}",
        "{\"c\":[1,{\"a\":2}],\"a\":\"x\",\"d\":1.5,\"e\":true,\"ü\":\"ü\",\"same\":1}", "{\"\":1,\"a\":2}");

    static final String DECIMAL = "{\"type\":\"bytes\",\"name\":\"org.apache.kafka.connect.data.Decimal\",\"version\":1,\"parameters\":{\"scale\":\"2\"},\"optional\":true,\"field\":\"money\"}";
    static final String TIMESTAMP = "{\"type\":\"int64\",\"name\":\"org.apache.kafka.connect.data.Timestamp\",\"version\":1,\"optional\":true,\"field\":\"at\"}";

    static String struct(String extra, String fields, String payload) {
        return "{\"schema\":{\"type\":\"struct\",\"fields\":[" + fields + "]" + extra + "},\"payload\":" + payload + "}";
    }

    static String field(String type, String name, String extra) { return "{\"type\":\"" + type + "\",\"field\":\"" + name + "\"" + extra + "}"; }

    static List<String> withSchema() {
        List<String> out = new ArrayList<>();
        String optional = ",\"optional\":true";
        String aInt = field("int32", "a", ""), bText = field("string", "b", optional), cDefault = field("string", "c", optional + ",\"default\":\"dflt\"");
        out.add(struct("", "", "{}"));
        out.add(struct("", aInt, "{\"a\":1}"));
        out.add(struct("", aInt + "," + bText, "{\"a\":1,\"b\":\"x\"}"));
        out.add(struct("", bText + "," + aInt + "," + cDefault, "{\"a\":1,\"b\":null,\"c\":null}"));
        out.add(struct("", cDefault + "," + aInt, "{\"a\":1,\"c\":\"set\"}"));
        out.add(struct(optional, aInt, "null"));
        out.add(struct(optional, aInt + "," + bText, "{\"a\":2}"));
        out.add(struct(optional + ",\"default\":{\"a\":7}", aInt, "{\"a\":2}").replace(",\"default\":{\"a\":7}", ""));
        out.add(struct(",\"name\":\"rec\",\"version\":3,\"doc\":\"what it is\",\"parameters\":{\"k\":\"v\",\"a\":\"b\"}", aInt + "," + bText, "{\"a\":1,\"b\":\"ü\"}"));
        out.add(struct("", field("int8", "b", "") + "," + field("int16", "c", "") + "," + field("int64", "d", "") + "," + field("float", "e", "") + "," + field("double", "f", "") + ","
            + field("boolean", "g", "") + "," + field("string", "h", "") + "," + field("bytes", "i", ""),
            "{\"b\":1,\"c\":2,\"d\":3,\"e\":1.5,\"f\":2.5,\"g\":true,\"h\":\"x\",\"i\":\"AQI=\"}"));
        out.add(struct("", "{\"type\":\"struct\",\"fields\":[" + aInt + "],\"optional\":true,\"field\":\"in\"},{\"type\":\"array\",\"items\":{\"type\":\"int32\"},\"field\":\"list\"},"
            + "{\"type\":\"map\",\"keys\":{\"type\":\"string\"},\"values\":{\"type\":\"int32\"},\"field\":\"m\"}," + DECIMAL + "," + TIMESTAMP,
            "{\"in\":{\"a\":1},\"list\":[1,2],\"m\":{\"k\":1},\"money\":\"A+g=\",\"at\":5}"));
        out.add(struct("", field("string", "same", "") + "," + field("string", "z", ""), "{\"same\":\"x\",\"z\":\"y\"}"));
        out.add("{\"schema\":{\"type\":\"string\"},\"payload\":\"x\"}");
        out.add("{\"schema\":{\"type\":\"int32\"},\"payload\":1}");
        out.add("{\"schema\":{\"type\":\"bytes\"},\"payload\":\"AQI=\"}");
        out.add("{\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"int32\"}},\"payload\":[1]}");
        out.add("{\"schema\":{\"type\":\"map\",\"keys\":{\"type\":\"string\"},\"values\":{\"type\":\"int32\"}},\"payload\":{\"a\":1}}");
        out.add("{\"schema\":" + TIMESTAMP + ",\"payload\":1}");
        out.add("{\"schema\":" + DECIMAL + ",\"payload\":\"A+g=\"}");
        out.add("{\"schema\":{\"type\":\"string\",\"optional\":true},\"payload\":null}");
        return out;
    }

    static final List<String> TOPICS = List.of("orders", "orders-1", "prod.eu.orders", "a", "ab", "AB", "aab", "abc123", "x_y-z", "mysql.inventory.customers", "");

    /** Expressions and the replacement of each. */
    static final String[][] REGEXES = {
        {"(.*)", "$1-copy"}, {".*", "all"}, {"orders", "new"}, {"order", "new"}, {"([^.]*)\\.([^.]*)\\.(.*)", "$3.$2.$1"}, {"a|ab", "X"}, {"a*", "X"}, {"(a)(b)?.*", "[$1$2]"},
        {"(a)(b)?(c)?.*", "$1$2$3$0"}, {"(a)|(ab)", "$1+$2"}, {"(?<first>\\w+)-(?<second>\\d)", "${second}-${first}"}, {"(\\w+)", "$12"}, {"(\\w+)", "$10"}, {"(\\w+)", "\\$1"},
        {"(\\w+)", "$1\\\\x"}, {"(\\w+)", "\\q$1"}, {"\\p{Alpha}+", "alpha"}, {"\\p{Lower}+", "lower"}, {"[\\p{Upper}]+", "upper"}, {"\\P{Digit}+", "none"}, {"\\p{L}+", "letters"},
        {"\\p{IsLatin}+", "latin"}, {"\\pL+", "letters"}, {"(?i)ab", "case"}, {"(?i:A)b", "case"}, {"a{2}b", "braces"}, {"a{1,}b", "braces"}, {"a{1,2}?b", "lazy"}, {"[a-c]+\\d+", "class"},
        {"[^a-c]+", "not"}, {"[]a-z]+", "bracket"}, {"[a-z-]+\\d", "dash"}, {"x_y\\-z", "dash"}, {"x\\_y-z", "x"}, {"\\Qprod.eu.orders\\E", "quoted"}, {"\\Qprod.\\E.*", "quoted"}, {"\\x61b", "hex"},
        {"\\u0061b", "hex"}, {"\\x{61}b", "hex"}, {"\\0141b", "octal"}, {"\\cAb", "control"}, {"^orders$", "anchors"}, {"\\Aorders\\z", "anchors"}, {"\\bab\\b", "word"}, {"\\w+\\s*", "space"},
        {"[\\w\\s]+", "space"}, {"\\S+", "space"}, {"\\h*\\w+", "space"}, {"\\R?\\w+", "line"}, {"(?m)^ab$", "multi"}, {"(?s).+", "dots"}, {"a+?b", "lazy"}, {"()", "empty"}, {"(|a)+b", "empty"},
        {"ab", ""}, {"ab", "$0$0"}, {"(x)?ab", "<$1>"}, {"ab", "ünï"}, {"(ab)", "a$1b"}, {"(ab)", "${1}"}, {"(ab)", "${n}"}, {"(ab)", "${n"}, {"(ab)", "$"}, {"(ab)", "$x"}, {"(ab)", "\\"},
        {"(ab)", "$2"}, {"(ab", "x"}, {"ab)", "x"}, {"*ab", "x"}, {"[ab", "x"}, {"a{,3}b", "x"}, {"{a}", "x"}, {"a{x}", "x"}, {"\\", "x"}, {"\\y", "x"}, {"\\p{Foo}", "x"}, {"a++b", "x"}, {"a*+b", "x"},
        {"a?+b", "x"}, {"a{1}+b", "x"}, {"(?=a)ab", "x"}, {"(?!b)ab", "x"}, {"a(?<=a)b", "x"}, {"a(?<!b)b", "x"}, {"(?>a)b", "x"}, {"(a)\\1b", "x"}, {"(?<n>a)\\k<n>b", "x"}, {"[a-z&&[^c]]+", "x"},
        {"[a[b]]+", "x"}, {"\\Gab", "x"}, {"ab\\Z", "x"}, {"(?x) a b", "x"}, {"(?d)ab", "x"}, {"(?u)ab", "x"}, {"(?U)ab", "x"}, {"\\p{javaLowerCase}+", "x"}, {"\\p{InGreek}", "x"}, {"[\\S]+", "x"}, {"[\\P{Alpha}]+", "x"},
        {"(a)(b)(c)(1)(2)(3)(x)?(x)?(x)?(x)?", "$10$1"}, {"(a)(b)(c)(1)(2)(3)(x)?(x)?(x)?(x)?", "$11$2"}, {"ab\\x4", "x"}, {"\\u12", "x"}, {"\\08", "x"}, {"a**", "x"}, {"(?:ab)", "x"}, {"(?:a|b)+", "x"}, {"(?-i)ab", "x"},
    };
}
