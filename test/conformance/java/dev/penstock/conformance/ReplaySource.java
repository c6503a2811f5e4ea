// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.conformance;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.source.SourceConnector;

/** Makes the records that its config spells out: a source of every type that there is. */
public class ReplaySource extends SourceConnector {
    private Map<String, String> props;

    @Override
    public void start(Map<String, String> props) {
        this.props = props;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return ReplaySourceTask.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int maxTasks) {
        return List.of(props);
    }

    @Override
    public void stop() {
    }

    @Override
    public ConfigDef config() {
        return new ConfigDef()
            .define("records", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "The records, as JSON.")
            .define("done.file", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "The file to make when all are done with.");
    }

    @Override
    public String version() {
        return "1";
    }
}
