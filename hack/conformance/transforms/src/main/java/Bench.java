// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.InsertField;
import org.apache.kafka.connect.transforms.RegexRouter;
import org.apache.kafka.connect.transforms.ReplaceField;

/**
 * The work of BenchmarkP4 in runtime/task, done by Kafka Connect's classes: JSON in, three transforms, JSON out. It
 * prints CPU time of the whole process for a record, after a warm-up.
 *
 *     mvn -q compile exec:java -Dexec.mainClass=Bench
 */
public class Bench {
    static String kilobyte(boolean schema) {
        StringBuilder fields = new StringBuilder(), values = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            String type = "string", value = "\"" + "abcdefgh".repeat(8) + "\"";
            if (i % 4 == 1) { type = "int64"; value = Long.toString(1_000_000_007L * i); }
            if (i % 4 == 2) { type = "double"; value = i + ".25"; }
            String comma = i == 0 ? "" : ",";
            fields.append(comma).append(String.format("{\"type\":\"%s\",\"optional\":false,\"field\":\"field%02d\"}", type, i));
            values.append(comma).append(String.format("\"field%02d\":%s", i, value));
        }
        String payload = "{" + values + "}";
        return schema ? "{\"schema\":{\"type\":\"struct\",\"fields\":[" + fields + "],\"optional\":false},\"payload\":" + payload + "}" : payload;
    }

    public static void main(String[] args) {
        for (boolean schema : new boolean[] {false, true}) for (boolean transform : new boolean[] {true, false}) run(schema, transform);
    }

    static void run(boolean schema, boolean transform) {
        JsonConverter json = new JsonConverter();
        json.configure(Map.of("schemas.enable", schema), false);
        InsertField<SinkRecord> insert = new InsertField.Value<>();
        insert.configure(Map.of("static.field", "source", "static.value", "penstock"));
        ReplaceField<SinkRecord> replace = new ReplaceField.Value<>();
        replace.configure(Map.of("exclude", "field07", "renames", "field03:renamed"));
        RegexRouter<SinkRecord> route = new RegexRouter<>();
        route.configure(Map.of("regex", "(.*)", "replacement", "$1-out"));
        byte[] in = kilobyte(schema).getBytes(StandardCharsets.UTF_8);
        OperatingSystemMXBean os = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long bytes = 0;
        for (int round = 0; round < 4; round++) {
            int n = round == 0 ? 200_000 : 100_000;
            long start = os.getProcessCpuTime();
            for (int i = 0; i < n; i++) {
                SchemaAndValue v = json.toConnectData("in", in);
                SinkRecord r = new SinkRecord("in", 0, null, null, v.schema(), v.value(), i, 1L, TimestampType.CREATE_TIME);
                if (transform) r = route.apply(replace.apply(insert.apply(r)));
                bytes += json.fromConnectData(r.topic(), r.valueSchema(), r.value()).length;
            }
            if (round > 0)
                System.out.printf("schema=%b/transforms=%s %d cpu-ns/op%n", schema, transform ? "three" : "none", (os.getProcessCpuTime() - start) / n);
        }
        if (bytes == 0) throw new IllegalStateException();
    }
}
