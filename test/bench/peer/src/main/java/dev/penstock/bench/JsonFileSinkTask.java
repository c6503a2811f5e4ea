// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.bench;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** The task of JsonFileSink. It writes what a batch holds in large pieces. */
public class JsonFileSinkTask extends SinkTask {
    private final JsonConverter json = new JsonConverter();
    private OutputStream out;

    @Override
    public void start(Map<String, String> props) {
        json.configure(Map.of("schemas.enable", "true"), false);
        try {
            out = new BufferedOutputStream(new FileOutputStream(props.get("file"), true), 1 << 20);
        } catch (IOException e) {
            throw new ConnectException("opening the file", e);
        }
    }

    @Override
    public void put(Collection<SinkRecord> records) {
        try {
            for (SinkRecord r : records) {
                out.write(r.topic().getBytes(StandardCharsets.UTF_8));
                out.write(' ');
                out.write(json.fromConnectData(r.topic(), r.valueSchema(), r.value()));
                out.write('\n');
            }
            out.flush();
        } catch (IOException e) {
            throw new ConnectException("writing the file", e);
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
