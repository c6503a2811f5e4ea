// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;

/**
 * Writes into the file it is given what Kafka Connect's own transforms do, one case a line: the kind, the
 * parameters, the input and the output, separated by tabs.
 */
public class Golden {
    static PrintStream out;
    static final ObjectMapper MAPPER = new ObjectMapper();
    static final String PACKAGE = "org.apache.kafka.connect.transforms.";

    /** What a record has besides its key and value: whose it is, partition, offset, timestamp; - is none. */
    record Place(String kind, Integer partition, long offset, Long timestamp) {
        String text() { return kind + "\t" + (partition == null ? "-" : partition) + "\t" + offset + "\t" + (timestamp == null ? "-" : timestamp); }
    }

    static final List<Place> PLACES = List.of(new Place("sink", 3, 42, 1700000000123L), new Place("sink", 0, 0, null), new Place("source", null, 0, null), new Place("source", 5, 0, 7L));

    public static void main(String[] args) throws Exception {
        out = new PrintStream(args[0], StandardCharsets.UTF_8);
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        for (String side : List.of("Key", "Value")) {
            for (Map<String, String> c : Cases.INSERTS)
                for (Place p : PLACES.subList(0, c.size() > 1 ? 4 : 1)) fields("InsertField$" + side, c, p);
            for (Map<String, String> c : Cases.REPLACES) fields("ReplaceField$" + side, c, PLACES.get(0));
        }
        for (String[] r : Cases.REGEXES) regex(r[0], r[1]);
        predicates();
        out.close();
    }

    static void line(String... parts) { out.print(String.join("\t", parts) + "\n"); }

    static JsonConverter json(boolean schemas) {
        JsonConverter j = new JsonConverter();
        j.configure(Map.of("schemas.enable", schemas, "replace.null.with.default", false), false);
        return j;
    }

    static final JsonConverter ENVELOPE = json(true), PLAIN = json(false);

    static void fields(String name, Map<String, String> config, Place place) throws Exception {
        // The sides share their code, so a few inputs do for the key.
        boolean all = name.endsWith("$Value");
        List<String> plain = all ? Cases.SCHEMALESS : Cases.SCHEMALESS.subList(7, 9), schema = all ? Cases.withSchema() : Cases.withSchema().subList(2, 4);
        if (refuses(name, config)) { // the same for all
            plain = plain.subList(0, 1);
            schema = List.of();
        }
        for (String in : plain) apply(name, config, place, false, in);
        for (String in : schema) apply(name, config, place, true, in);
    }

    static boolean refuses(String name, Map<String, String> config) throws Exception {
        try {
            ((Transformation<?>) Class.forName(PACKAGE + name).getDeclaredConstructor().newInstance()).configure(config);
            return false;
        } catch (RuntimeException e) {
            return true;
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static <R extends ConnectRecord<R>> void apply(String name, Map<String, String> config, Place place, boolean schemas, String in) throws Exception {
        JsonConverter j = schemas ? ENVELOPE : PLAIN;
        String result = attempt(() -> {
            Transformation t = (Transformation) Class.forName(PACKAGE + name).getDeclaredConstructor().newInstance();
            try {
                t.configure(config);
            } catch (RuntimeException e) {
                return "config error";
            }
            SchemaAndValue v = j.toConnectData("topic", in.getBytes(StandardCharsets.UTF_8));
            boolean key = name.endsWith("$Key");
            ConnectRecord r = record(place, "topic", key ? v : SchemaAndValue.NULL, key ? SchemaAndValue.NULL : v);
            ConnectRecord o = t.apply(r);
            byte[] b = key ? j.fromConnectData("topic", o.keySchema(), o.key()) : j.fromConnectData("topic", o.valueSchema(), o.value());
            return b == null ? "null!" : new String(b, StandardCharsets.UTF_8);
        });
        line("apply", name, MAPPER.writeValueAsString(config), place.text(), Boolean.toString(schemas), in, result);
    }

    static ConnectRecord<?> record(Place p, String topic, SchemaAndValue k, SchemaAndValue v) {
        if (p.kind.equals("source"))
            return new SourceRecord(Map.of(), Map.of(), topic, p.partition, k.schema(), k.value(), v.schema(), v.value(), p.timestamp);
        return new SinkRecord(topic, p.partition, k.schema(), k.value(), v.schema(), v.value(), p.offset, p.timestamp, TimestampType.CREATE_TIME);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static void regex(String regex, String replacement) throws Exception {
        for (String topic : Cases.TOPICS)
            line("regex", regex, replacement, topic, attempt(() -> {
                Transformation t = (Transformation) Class.forName(PACKAGE + "RegexRouter").getDeclaredConstructor().newInstance();
                try {
                    t.configure(Map.of("regex", regex, "replacement", replacement));
                } catch (RuntimeException e) {
                    return "config error";
                }
                return t.apply(record(PLACES.get(0), topic, SchemaAndValue.NULL, SchemaAndValue.NULL)).topic();
            }));
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static void predicates() throws Exception {
        List<String> headers = List.of("", "a", "b,a", "A", "ab", "a,a");
        for (String h : headers) for (String name : List.of("a", "b", "zz")) predicate("HasHeaderKey", Map.of("name", name), "t", h, "null");
        for (String value : List.of("null", "1", "{}", "\"\"")) predicate("RecordIsTombstone", Map.of(), "t", "", value);
        for (String p : List.of("a", "a.*", ".*a", "a|ab", "(?i)AB", "[", "\\w+"))
            for (String topic : Cases.TOPICS) predicate("TopicNameMatches", Map.of("pattern", p), topic, "", "null");
        predicate("HasHeaderKey", Map.of("name", ""), "t", "", "null");
        predicate("HasHeaderKey", Map.of(), "t", "", "null");
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static void predicate(String name, Map<String, String> config, String topic, String headers, String value) throws Exception {
        line("predicate", name, MAPPER.writeValueAsString(config), topic, headers, value, attempt(() -> {
            Predicate p = (Predicate) Class.forName(PACKAGE + "predicates." + name).getDeclaredConstructor().newInstance();
            try {
                p.configure(config);
            } catch (RuntimeException e) {
                return "config error";
            }
            ConnectRecord r = record(PLACES.get(0), topic, SchemaAndValue.NULL, PLAIN.toConnectData("t", value.getBytes(StandardCharsets.UTF_8)));
            ConnectHeaders hs = new ConnectHeaders();
            for (String h : headers.split(",")) if (!h.isEmpty()) hs.add(h, "x", Schema.STRING_SCHEMA);
            r = r.newRecord(r.topic(), r.kafkaPartition(), r.keySchema(), r.key(), r.valueSchema(), r.value(), r.timestamp(), hs);
            return Boolean.toString(p.test(r));
        }));
    }

    interface Attempt { String run() throws Exception; }

    static String attempt(Attempt a) {
        try {
            return a.run();
        } catch (Exception e) {
            return "error:" + message(e);
        }
    }

    static String message(Exception e) {
        String m = e.getMessage();
        return m == null ? e.getClass().getSimpleName() : m.replace("\n", "\\n").replace("\t", "\\t");
    }
}
