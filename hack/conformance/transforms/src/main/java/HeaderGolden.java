// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TimeZone;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * What Kafka Connect's transforms of headers do: the class, the config, whether the headers are there that headers() has,
 * whether the value has a schema, the value, and after a tab the new value and the new headers.
 *
 *     mvn -q compile exec:java -Dexec.mainClass=HeaderGolden -Dexec.args=../../../runtime/transforms/testdata/headers.tsv
 */
public class HeaderGolden {
    static final List<String> LITERALS = List.of("x", "", " ", " x ", "null", "true", "TRUE", "1", "-1", "127", "128", "32768", "2147483648", "9223372036854775808", "1.5", "1e400", "0.1", "1.0", "NaN", "2024-02-29", "12:34:56.789Z", "2024-02-29T12:34:56.789Z",
        "[1,2]", "[1,\"a\"]", "[]", "{\"a\":1}", "{}", "\"quoted\"", "\"\\\"\"", "[", "{\"a\":", "1,2", "12:34", "ünï", "a\\nb", "${topic}", "'x'", "0x10", "1L", "+1", "01", ".5", "5.", "[1,[2,3]]", "{\"a\":{\"b\":null}}", "{1:2}", "-", "infinity", "2024-13-45");

    static final List<Map<String, String>> FROMS = List.of(
        config("a", "h", "copy"), config("a", "h", "move"), config("a,b", "h,i", "copy"), config("a,b", "h,i", "move"), config("a,a", "h,i", "move"), config("a,b", "h,h", "copy"), config("zz", "h", "copy"), config("zz", "h", "move"),
        config("a, b", "h ,i", "move"), config("a,b", "h", "move"), config("", "", "move"), config("a", "h", "other"), config("a", "h", "MOVE"), config("a", "one", "copy"), Cases.config("headers", "h", "operation", "copy"), Cases.config("fields", "a", "operation", "copy"), Cases.config("fields", "a", "headers", "h"),
        Cases.config("fields", "c", "headers", "h", "operation", "copy", "replace.null.with.default", "false"), Cases.config("fields", "c", "headers", "h", "operation", "move"), Cases.config("fields", "b", "headers", "h", "operation", "move", "replace.null.with.default", "false"), config("c,in,list,m,money,at", "c,in,list,m,money,at", "move"),
        config("x", "h", "copy"), config("", "h", "copy"));

    static Map<String, String> config(String fields, String headers, String operation) { return Cases.config("fields", fields, "headers", headers, "operation", operation); }

    static ConnectHeaders headers(boolean some) {
        ConnectHeaders h = new ConnectHeaders();
        if (some) h.addInt("one", 1).addString("two", "x").addString("one", "y").add("three", null, null);
        return h;
    }

    public static void main(String[] args) throws Exception {
        Golden.out = new PrintStream(args[0], StandardCharsets.UTF_8);
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        for (String name : List.of("HeaderFrom$Value", "HeaderFrom$Key")) for (Map<String, String> c : FROMS) for (boolean some : new boolean[] {false, true}) {
            if (name.endsWith("Key") && !(some && c.size() == 3)) continue;
            for (String in : Cases.SCHEMALESS) apply(name, c, some, false, in);
            for (String in : Cases.withSchema()) apply(name, c, some, true, in);
        }
        for (String drop : List.of("one", "two", "one,two", "none", "", "three , one", "One", "two,two"))
            for (boolean some : new boolean[] {false, true}) apply("DropHeaders", Cases.config("headers", drop), some, false, "{\"a\":1}");
        apply("DropHeaders", Cases.config(), true, false, "1");
        for (String literal : LITERALS) apply("InsertHeader", Cases.config("header", "h", "value.literal", literal), false, false, "{\"a\":1}");
        for (String header : List.of("one", "two", "new", "", " ", " x ")) for (boolean some : new boolean[] {false, true}) apply("InsertHeader", Cases.config("header", header, "value.literal", "1"), some, false, "null");
        apply("InsertHeader", Cases.config("header", "h"), true, false, "1");
        apply("InsertHeader", Cases.config("value.literal", "h"), true, false, "1");
        Golden.out.close();
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static void apply(String name, Map<String, String> config, boolean some, boolean schemas, String in) throws Exception {
        var j = schemas ? Golden.ENVELOPE : Golden.PLAIN;
        String result = Golden.attempt(() -> {
            Transformation t = (Transformation) Class.forName(Golden.PACKAGE + name).getDeclaredConstructor().newInstance();
            try {
                t.configure(config);
            } catch (RuntimeException e) {
                return "config error";
            }
            SchemaAndValue v = j.toConnectData("topic", in.getBytes(StandardCharsets.UTF_8));
            boolean key = name.endsWith("$Key");
            ConnectRecord r = Golden.record(Golden.PLACES.get(0), "topic", key ? v : SchemaAndValue.NULL, key ? SchemaAndValue.NULL : v);
            r = r.newRecord(r.topic(), r.kafkaPartition(), r.keySchema(), r.key(), r.valueSchema(), r.value(), r.timestamp(), headers(some));
            ConnectRecord o = t.apply(r);
            byte[] b = key ? j.fromConnectData("topic", o.keySchema(), o.key()) : j.fromConnectData("topic", o.valueSchema(), o.value());
            StringJoiner out = new StringJoiner(" & ");
            out.add(b == null ? "null!" : new String(b, StandardCharsets.UTF_8));
            for (Header h : (Iterable<Header>) o.headers()) {
                byte[] header = Golden.ENVELOPE.fromConnectData("topic", h.schema(), h.value());
                out.add(h.key() + "=" + (header == null ? "null!" : new String(header, StandardCharsets.UTF_8)));
            }
            return out.toString();
        });
        Golden.line("header", name, Golden.MAPPER.writeValueAsString(config), Boolean.toString(some), Boolean.toString(schemas), in, result);
    }
}
