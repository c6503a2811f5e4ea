// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/** The task of ReplaySource. Keys, values and headers are envelopes of JsonConverter. */
public class ReplaySourceTask extends SourceTask {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private final JsonConverter json = new JsonConverter();
    private final AtomicInteger done = new AtomicInteger();
    private List<SourceRecord> records;
    private int next;
    private Path doneFile;

    @Override
    public void start(Map<String, String> props) {
        json.configure(Map.of("schemas.enable", "true", "replace.null.with.default", "false"), false);
        doneFile = Path.of(props.get("done.file"));
        Map<String, Object> offset = context.offsetStorageReader().offset(Map.of("replay", "0"));
        next = offset == null ? 0 : ((Number) offset.get("n")).intValue();
        done.set(next);
        try {
            records = read(MAPPER.readTree(props.get("records")));
        } catch (IOException e) {
            throw new ConnectException("reading the records", e);
        }
    }

    private List<SourceRecord> read(JsonNode list) {
        List<SourceRecord> out = new ArrayList<>();
        for (JsonNode r : list) {
            SchemaAndValue key = data(r.get("key"));
            SchemaAndValue value = data(r.get("value"));
            ConnectHeaders headers = new ConnectHeaders();
            if (r.has("headers")) {
                for (JsonNode h : r.get("headers")) {
                    headers.add(h.get("key").asText(), data(h.get("value")));
                }
            }
            out.add(new SourceRecord(Map.of("replay", "0"), Map.of("n", (long) out.size() + 1), r.get("topic").asText(),
                r.has("partition") ? r.get("partition").asInt() : null,
                key.schema(), key.value(), value.schema(), value.value(),
                r.has("timestamp") ? r.get("timestamp").asLong() : null, headers));
        }
        return out;
    }

    private SchemaAndValue data(JsonNode envelope) {
        if (envelope == null || envelope.isNull()) {
            return SchemaAndValue.NULL;
        }
        try {
            return json.toConnectData("", MAPPER.writeValueAsBytes(envelope));
        } catch (IOException e) {
            throw new ConnectException("reading a value", e);
        }
    }

    @Override
    public List<SourceRecord> poll() throws InterruptedException {
        if (next == records.size()) {
            finish();
            Thread.sleep(100);
            return null;
        }
        List<SourceRecord> out = records.subList(next, records.size());
        next = records.size();
        return out;
    }

    @Override
    public void commitRecord(SourceRecord record, RecordMetadata metadata) {
        done.incrementAndGet();
        finish();
    }

    private void finish() {
        if (done.get() >= records.size()) {
            try {
                Files.writeString(doneFile, "");
            } catch (IOException e) {
                throw new ConnectException("making the file", e);
            }
        }
    }

    @Override
    public void stop() {
        json.close();
    }

    @Override
    public String version() {
        return "1";
    }
}
