// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.bench;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;

/** Counts structs and discards them. */
public class CustomerSink extends SinkConnector {
    private Map<String, String> props;

    @Override
    public void start(Map<String, String> props) {
        this.props = props;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return CustomerSinkTask.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int maxTasks) {
        return Collections.nCopies(maxTasks, props);
    }

    @Override
    public void stop() {
    }

    @Override
    public ConfigDef config() {
        return new ConfigDef()
            .define("records", ConfigDef.Type.LONG, ConfigDef.Importance.HIGH, "How many records will come.")
            .define("report", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "The file that takes the count.");
    }

    @Override
    public String version() {
        return "1";
    }
}
