// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * The work of BenchmarkFields in runtime/transforms, done by Kafka Connect's classes: CPU time of the process for a
 * record that is decoded already, after a warm-up.
 *
 *     mvn -q compile exec:java -Dexec.mainClass=FieldBench
 */
public class FieldBench {
    static final List<Map.Entry<String, Map<String, String>>> WORK = List.of(
        Map.entry("Cast$Value", Map.of("spec", "field01:string,field02:int64,field05:float64")),
        Map.entry("ExtractField$Value", Map.of("field", "field07")),
        Map.entry("ExtractField$Value", Map.of("field", "inner.b", "field.syntax.version", "V2")),
        Map.entry("Flatten$Value", Map.of()),
        Map.entry("HoistField$Value", Map.of("field", "record")),
        Map.entry("MaskField$Value", Map.of("fields", "field03,field05", "replacement", "0")),
        Map.entry("SetSchemaMetadata$Value", Map.of("schema.name", "x")),
        Map.entry("ValueToKey", Map.of("fields", "field01,field03")));

    public static void main(String[] args) throws Exception {
        SchemaBuilder b = SchemaBuilder.struct();
        Map<String, Object> map = new HashMap<>();
        for (int i = 0; i < 19; i++) {
            String name = String.format("field%02d", i);
            b.field(name, i % 4 == 1 ? Schema.INT64_SCHEMA : i % 4 == 2 ? Schema.FLOAT64_SCHEMA : Schema.OPTIONAL_STRING_SCHEMA);
            map.put(name, i % 4 == 1 ? (Object) (1_000_000_007L * i) : i % 4 == 2 ? (Object) (i + 0.25) : "abcdefgh".repeat(8));
        }
        Schema in = SchemaBuilder.struct().field("a", Schema.INT32_SCHEMA).field("b", Schema.INT32_SCHEMA).build();
        Schema schema = b.field("inner", in).build();
        Struct struct = new Struct(schema).put("inner", new Struct(in).put("a", 1).put("b", 2));
        map.forEach(struct::put);
        map.put("inner", Map.of("a", 1L, "b", 2L));
        for (Map.Entry<String, Map<String, String>> w : WORK) {
            run(w, schema, struct);
            if (!w.getKey().startsWith("SetSchema")) run(w, null, map);
        }
    }

    @SuppressWarnings("unchecked")
    static void run(Map.Entry<String, Map<String, String>> work, Schema schema, Object value) throws Exception {
        Transformation<SinkRecord> t = (Transformation<SinkRecord>) Class.forName(Golden.PACKAGE + work.getKey()).getDeclaredConstructor().newInstance();
        t.configure(work.getValue());
        OperatingSystemMXBean os = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long sum = 0;
        for (int round = 0; round < 3; round++) {
            int n = 500_000;
            long start = os.getProcessCpuTime();
            for (int i = 0; i < n; i++) {
                SinkRecord r = t.apply(new SinkRecord("in", 0, null, null, schema, value, i, 1L, TimestampType.CREATE_TIME));
                sum += r.kafkaOffset();
            }
            if (round == 2) System.out.printf("%s/%s/schema=%b %d cpu-ns/op%n", work.getKey(), work.getValue().getOrDefault("field", ""), schema != null, (os.getProcessCpuTime() - start) / n);
        }
        if (sum == 0) throw new IllegalStateException();
    }
}
