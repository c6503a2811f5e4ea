// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/** The task of CustomerSource. */
public class CustomerSourceTask extends SourceTask {
    /** As many as the file source takes at a time. */
    private static final int BATCH = 2000;

    private final Map<String, String> partition = Map.of("bench", "0");
    private final Customers customers = new Customers();
    private String topic;
    private long records;
    private long next;

    @Override
    public void start(Map<String, String> props) {
        topic = props.get("topic");
        records = Long.parseLong(props.get("records"));
    }

    @Override
    public List<SourceRecord> poll() throws InterruptedException {
        if (next == records) {
            Thread.sleep(100);
            return null;
        }
        List<SourceRecord> out = new ArrayList<>(BATCH);
        while (next < records && out.size() < BATCH) {
            Object value = customers.record(next);
            next++;
            out.add(new SourceRecord(partition, Map.of("n", next), topic, Customers.SCHEMA, value));
        }
        return out;
    }

    @Override
    public void stop() {
    }

    @Override
    public String version() {
        return "1";
    }
}
