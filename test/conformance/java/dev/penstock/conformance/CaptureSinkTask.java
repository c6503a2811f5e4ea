// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.conformance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** The task of CaptureSink. Keys, values and headers are written as envelopes of JsonConverter. */
public class CaptureSinkTask extends SinkTask {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private final JsonConverter json = new JsonConverter();
    private BufferedWriter out;
    private String failValue;

    @Override
    public void start(Map<String, String> props) {
        json.configure(Map.of("schemas.enable", props.getOrDefault("schemas", "true"), "replace.null.with.default", "false"), false);
        failValue = props.getOrDefault("fail.value", "");
        try {
            out = Files.newBufferedWriter(Path.of(props.get("file")), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new ConnectException("opening the file", e);
        }
    }

    @Override
    public void put(Collection<SinkRecord> records) {
        try {
            for (SinkRecord r : records) {
                if (!failValue.isEmpty() && failValue.equals(r.value())) {
                    fail(r);
                    continue;
                }
                out.write(line(r));
                out.newLine();
            }
            out.flush();
        } catch (IOException e) {
            throw new ConnectException("writing the file", e);
        }
    }

    private void fail(SinkRecord r) {
        DataException cause = new DataException("the value is " + failValue);
        if (context.errantRecordReporter() == null) {
            throw cause;
        }
        context.errantRecordReporter().report(r, cause);
    }

    private String line(SinkRecord r) throws JsonProcessingException {
        ObjectNode line = MAPPER.createObjectNode();
        line.put("topic", r.topic());
        line.put("partition", r.kafkaPartition());
        line.put("offset", r.kafkaOffset());
        line.put("timestamp", r.timestamp());
        line.set("key", data(r.keySchema(), r.key()));
        line.set("value", data(r.valueSchema(), r.value()));
        ArrayNode headers = line.putArray("headers");
        for (Header h : r.headers()) {
            headers.addObject().put("key", h.key()).set("value", data(h.schema(), h.value()));
        }
        return MAPPER.writeValueAsString(line);
    }

    private JsonNode data(Schema schema, Object value) {
        byte[] bytes = json.fromConnectData("", schema, value);
        if (bytes == null) {
            return null;
        }
        try {
            return MAPPER.readTree(bytes);
        } catch (IOException e) {
            throw new ConnectException("writing a value", e);
        }
    }

    @Override
    public void stop() {
        json.close();
        try {
            if (out != null) {
                out.close();
            }
        } catch (IOException e) {
            throw new ConnectException("closing the file", e);
        }
    }

    @Override
    public String version() {
        return "1";
    }
}
