// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.transforms.Cast;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.field.FieldSyntaxVersion;
import org.apache.kafka.connect.transforms.field.SingleFieldPath;

/**
 * Writes into the file it is given what Kafka Connect's transforms of fields do. A line is an input, with a number by
 * which cases refer to it and whether it has a schema; a case: class, config, input, output; a cast: the type and text
 * of a float, the type that it gets, the text of what it becomes; or a path of version 2 and its steps.
 *
 *     mvn -q compile exec:java -Dexec.mainClass=FieldGolden -Dexec.args=../../../runtime/transforms/testdata/fields.tsv.gz
 */
public class FieldGolden {
    static PrintStream out;
    static final Map<String, Integer> INPUTS = new LinkedHashMap<>();

    public static void main(String[] args) throws Exception {
        out = new PrintStream(new GZIPOutputStream(new FileOutputStream(args[0])), false, StandardCharsets.UTF_8);
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        for (String p : FieldCases.paths()) path(p);
        FieldCases.all();
        RandomCases.all();
        out.close();
    }

    static void line(String... parts) { out.print(String.join("\t", parts) + "\n"); }

    static void path(String text) {
        line("path", text, Golden.attempt(() -> {
            Field steps = SingleFieldPath.class.getDeclaredField("steps");
            steps.setAccessible(true);
            return Golden.MAPPER.writeValueAsString(steps.get(new SingleFieldPath(text, FieldSyntaxVersion.V2)));
        }));
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static void cast(String type, String text, Object value, String to) throws Exception {
        Transformation t = new Cast.Value();
        t.configure(Map.of("spec", to));
        ConnectRecord o = t.apply(Golden.record(Golden.PLACES.get(0), "topic", SchemaAndValue.NULL, new SchemaAndValue(null, value)));
        line("cast", type, text, to, String.valueOf(o.value()));
    }

    /** Applies a transform to inputs with and without schema. */
    static void each(String name, Map<String, String> config, List<String> plain, List<String> schemas) throws Exception {
        if (Golden.refuses(name, config)) {
            line("case", name, Golden.MAPPER.writeValueAsString(config), "0", "config error");
            return;
        }
        for (String in : plain) apply(name, config, false, in);
        for (String in : schemas) apply(name, config, true, in);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    static <R extends ConnectRecord<R>> void apply(String name, Map<String, String> config, boolean schemas, String in) throws Exception {
        JsonConverter j = schemas ? Golden.ENVELOPE : Golden.PLAIN;
        boolean key = name.endsWith("$Key"), out = key || name.equals("ValueToKey");
        SchemaAndValue v = j.toConnectData("topic", in.getBytes(StandardCharsets.UTF_8));
        ConnectRecord r = Golden.record(Golden.PLACES.get(0), "topic", key ? v : SchemaAndValue.NULL, key ? SchemaAndValue.NULL : v);
        ConnectRecord[] o = {null};
        String result = Golden.attempt(() -> {
            Transformation t = (Transformation) Class.forName(Golden.PACKAGE + name).getDeclaredConstructor().newInstance();
            t.configure(config);
            o[0] = t.apply(r);
            return "";
        });
        if (o[0] != null) {
            result = Golden.attempt(() -> {
                byte[] b = out ? j.fromConnectData("topic", o[0].keySchema(), o[0].key()) : j.fromConnectData("topic", o[0].valueSchema(), o[0].value());
                return b == null ? "null!" : new String(b, StandardCharsets.UTF_8);
            });
            if (result.startsWith("error:")) result = "unwritable:" + result.substring(6);
        }
        line("case", name, Golden.MAPPER.writeValueAsString(config), input(schemas, in), result);
    }

    static String input(boolean schemas, String in) {
        return INPUTS.computeIfAbsent(schemas + in, k -> {
            line("in", Integer.toString(INPUTS.size() + 1), Boolean.toString(schemas), in);
            return INPUTS.size() + 1;
        }).toString();
    }
}
