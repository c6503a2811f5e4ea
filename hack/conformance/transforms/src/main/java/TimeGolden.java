// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.transforms.TimestampRouter;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * What Kafka Connect's transforms of times do, in the form of Golden.
 *
 *     mvn -q compile exec:java -Dexec.mainClass=TimeGolden -Dexec.args=../../../runtime/transforms/testdata/times.tsv
 */
public class TimeGolden {
    static final String ISO = "yyyy-MM-dd'T'HH:mm:ss.SSSX", DATE = "org.apache.kafka.connect.data.Date", TIME = "org.apache.kafka.connect.data.Time", TIMESTAMP = "org.apache.kafka.connect.data.Timestamp";

    static final List<String> TARGETS = List.of("string", "unix", "Date", "Time", "Timestamp");
    static final List<String> UNITS = List.of("seconds", "milliseconds", "microseconds", "nanoseconds");

    /** Times without schema. */
    static final List<String> PLAIN = List.of("null", "0", "1", "-1", "1700000000123", "-86400001", "9223372036854775807", "-9223372036854775808", "9223372036854775", "\"2024-02-29T12:34:56.789Z\"", "\"1969-12-31T23:59:59.999+01\"",
        "\"0001-01-01T00:00:00.000Z\"", "\"2024\"", "\"\"", "\"2024-02-29T12:34:56.789Z and more\"", "1.5", "true", "[1]", "{\"a\":1}");

    /** The schema of a time, and times. */
    static final String[][] TYPED = {
        {"string", null, "\"2024-02-29T12:34:56.789Z\"", "\"1582-10-04T00:00:00.000Z\"", "\"no\"", "\"-0005-01-01T00:00:00.000Z\""}, {"int64", null, "0", "1700000000123", "-1", "-1500", "9223372036854775807", "-9223372036854775808"},
        {"int32", DATE, "0", "19000", "-1", "-719162", "2147483647"}, {"int32", TIME, "0", "86399999", "45296789"}, {"int64", TIMESTAMP, "0", "1700000000123", "-1", "-62135596800001", "9223372036854775807", "253402300800000"},
        {"int32", null, "5"}, {"double", null, "1.5"}, {"int64", "own", "1700000000123"}, {"string", "own", "\"2024-02-29T12:34:56.789Z\""}, {"boolean", "own", "true"},
    };

    static String schema(String type, String name, String more) {
        return "{\"type\":\"" + type + "\"" + (name == null ? "" : ",\"name\":\"" + name + "\",\"version\":1") + more + "}";
    }

    static String envelope(String schema, String payload) { return "{\"schema\":" + schema + ",\"payload\":" + payload + "}"; }

    static final String OPTIONAL = ",\"optional\":true";

    static void convert(Map<String, String> config, boolean schemas, String in) throws Exception {
        Golden.apply("TimestampConverter$Value", config, Golden.PLACES.get(0), schemas, in);
    }

    static Map<String, String> config(String target, String unit, String field, String... more) {
        List<String> pairs = new ArrayList<>(List.of("target.type", target));
        if (unit != null) pairs.addAll(List.of("unix.precision", unit));
        if (field != null) pairs.addAll(List.of("field", field));
        pairs.addAll(List.of(more));
        return Cases.config(pairs.toArray(new String[0]));
    }

    public static void main(String[] args) throws Exception {
        Golden.out = new PrintStream(args[0], StandardCharsets.UTF_8);
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        whole();
        fields();
        formats();
        configs();
        routes();
        Golden.out.close();
    }

    static void whole() throws Exception {
        for (String target : TARGETS) for (String unit : UNITS) {
            if (!unit.equals("milliseconds") && !target.equals("unix") && !target.equals("Timestamp")) continue;
            Map<String, String> c = config(target, unit, null, "format", ISO);
            for (String in : PLAIN) convert(c, false, in);
            for (String[] t : TYPED) for (int i = 2; i < t.length; i++) {
                convert(c, true, envelope(schema(t[0], t[1], ""), t[i]));
                if (i == 2) convert(c, true, envelope(schema(t[0], t[1], OPTIONAL), t[i]));
                if (i == 2) convert(c, true, envelope(schema(t[0], t[1], OPTIONAL), "null"));
            }
            convert(c, true, envelope("{\"type\":\"array\",\"items\":{\"type\":\"int64\"}}", "[1]"));
            convert(c, true, envelope("{\"type\":\"struct\",\"fields\":[]}", "{}"));
        }
        Golden.apply("TimestampConverter$Key", config("string", null, null, "format", ISO), Golden.PLACES.get(0), false, "5");
        Golden.apply("TimestampConverter$Key", config("string", null, "a", "format", ISO), Golden.PLACES.get(0), false, "{\"a\":5}");
        Golden.apply("TimestampConverter$Key", config("unix", null, null, "format", ISO), Golden.PLACES.get(0), true, envelope(schema("int64", TIMESTAMP, ""), "1"));
    }

    static String field(String name, String type, String logical, String more) { return schema(type, logical, more + ",\"field\":\"" + name + "\""); }

    static String struct(String more, String... fields) { return "{\"type\":\"struct\",\"fields\":[" + String.join(",", fields) + "]" + more + "}"; }

    static void fields() throws Exception {
        String other = field("n", "int32", null, ""), text = field("s", "string", null, OPTIONAL + ",\"default\":\"dflt\"");
        for (String target : TARGETS) for (String keep : List.of("true", "false")) {
            Map<String, String> c = config(target, null, "at", "format", ISO, "replace.null.with.default", keep);
            for (String in : List.of("null", "1", "{}", "{\"at\":null}", "{\"at\":5}", "{\"n\":1,\"at\":1700000000123,\"s\":\"x\"}", "{\"at\":\"2024-02-29T12:34:56.789Z\"}", "{\"at\":true}", "{\"at\":\"x\"}", "{\"other\":1}", "[1]")) convert(c, false, in);
            for (String[] t : TYPED) {
                convert(c, true, envelope(struct("", other, field("at", t[0], t[1], ""), text), "{\"n\":1,\"at\":" + t[2] + ",\"s\":null}"));
                convert(c, true, envelope(struct("", field("at", t[0], t[1], OPTIONAL), other), "{\"n\":1,\"at\":null}"));
                convert(c, true, envelope(struct("", field("at", t[0], t[1], OPTIONAL + ",\"default\":" + t[2])), "{\"at\":null}"));
                convert(c, true, envelope(struct(OPTIONAL, field("at", t[0], t[1], "")), "null"));
            }
            convert(c, true, envelope(struct("", other), "{\"n\":1}"));
            convert(c, true, envelope(struct("", other, text), "{\"n\":1,\"s\":null}"));
            convert(c, true, envelope(struct(OPTIONAL + ",\"name\":\"rec\",\"version\":3,\"doc\":\"what it is\",\"parameters\":{\"k\":\"v\"}", field("at", "int64", null, ",\"doc\":\"when\"")), "{\"at\":1700000000123}"));
            convert(c, true, envelope("{\"type\":\"string\"}", "\"x\""));
            convert(c, true, envelope("{\"type\":\"string\"" + OPTIONAL + "}", "null"));
            convert(c, true, envelope("{\"type\":\"map\",\"keys\":{\"type\":\"string\"},\"values\":{\"type\":\"int64\"}}", "{\"at\":1}"));
        }
    }

    static void formats() throws Exception {
        for (String f : List.of("yyyy-MM-dd", "yyyyMMddHHmmssSSS", "EEE, dd MMM yyyy HH:mm:ss zzz", "dd/MM/yy", "MM/dd/yyyy hh:mm a", "yyyy-MM-dd HH:mm:ss Z", "''yyyy", "YYYY-'W'ww-u", "  yyyy  ")) {
            for (String in : List.of("0", "1700000000123", "-1", "-62135596800001", "\"2024-02-30\"", "\"20240229123456789\"", "\"Thu, 29 Feb 2024 12:34:56 GMT\"", "\"29/02/24\"", "\"02/29/2024 12:34 pm\"", "\"2024-02-29 12:34:56 -0330\"", "\"'2024\"", "\"2024-W09-4\"", "\"2024\"")) {
                convert(config("string", null, null, "format", f), false, in);
                convert(config("unix", "seconds", null, "format", f), false, in);
            }
        }
    }

    static void configs() throws Exception {
        for (Map<String, String> c : List.of(
            config("string", null, null), config("string", null, null, "format", " "), config("string", null, null, "format", "yyyy-b"), config("unix", null, null, "format", "'"), config("unix", null, null, "format", "XXXX"), config("other", null, null), config("unix", "hours", null),
            config("unix", null, null), config("Date", null, ""), Cases.config(), config("unix", null, null, "replace.null.with.default", "maybe"), config("unix", null, " at "), config("Time", null, null)))
            for (String in : List.of("5", "{\"at\":5}", "\"2024\"")) convert(c, false, in);
    }

    static void routes() throws Exception {
        for (String topic : List.of("${topic}-${timestamp}", "${timestamp}", "${topic}", "x", "${topic}.${timestamp}.${topic}", "${other}-${timestamp}", "$timestamp", "\\${timestamp}$1", ""))
            for (String format : List.of("yyyyMMdd", "yyyy-MM-dd'T'HH", "'", "YYYY.ww", "bad b", "'$1\\'", ""))
                for (Golden.Place p : Golden.PLACES) route(Cases.config("topic.format", topic, "timestamp.format", format), p);
        for (Golden.Place p : Golden.PLACES) route(Cases.config(), p);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static void route(Map<String, String> config, Golden.Place p) throws Exception {
        Golden.line("route", Golden.MAPPER.writeValueAsString(config), p.text(), Golden.attempt(() -> {
            Transformation t = new TimestampRouter();
            try {
                t.configure(config);
            } catch (RuntimeException e) {
                return "config error";
            }
            return t.apply(Golden.record(p, "orders", SchemaAndValue.NULL, SchemaAndValue.NULL)).topic();
        }));
    }
}
