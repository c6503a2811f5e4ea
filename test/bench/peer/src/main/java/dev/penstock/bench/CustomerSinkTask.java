// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Map;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** The task of CustomerSink. It reports from time to time, and when all records are there. */
public class CustomerSinkTask extends SinkTask {
    private static final int REPORTS = 20;

    private final Customers.Count count = new Customers.Count();
    private Path report;
    private long total;
    private long next = 1;

    @Override
    public void start(Map<String, String> props) {
        report = Path.of(props.get("report"));
        total = Long.parseLong(props.get("records"));
    }

    @Override
    public void put(Collection<SinkRecord> records) {
        for (SinkRecord r : records) {
            count.add((Struct) r.value());
        }
        if (count.records < next) {
            return;
        }
        next = count.records >= total ? count.records + 1 : Math.min(count.records + total / REPORTS, total);
        write();
    }

    /** Puts the count into the file, all at once. */
    private void write() {
        String text = String.format("{\"records\":%d,\"sum\":%s,\"bytes\":%d}",
            count.records, Long.toUnsignedString(count.sum), count.bytes);
        Path part = report.resolveSibling(report.getFileName() + ".new");
        try {
            Files.writeString(part, text);
            Files.move(part, report, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new ConnectException("reporting the count", e);
        }
    }

    @Override
    public void stop() {
    }

    @Override
    public String version() {
        return "1";
    }
}
