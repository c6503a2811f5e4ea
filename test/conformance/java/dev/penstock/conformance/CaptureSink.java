// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.conformance;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;

/** Writes down all that a sink is told of each record, one a line. */
public class CaptureSink extends SinkConnector {
    private Map<String, String> props;

    @Override
    public void start(Map<String, String> props) {
        this.props = props;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return CaptureSinkTask.class;
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
            .define("file", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "The file to append to.")
            .define("fail.value", ConfigDef.Type.STRING, "", ConfigDef.Importance.LOW, "Records of this text are reported as errant.")
            .define("schemas", ConfigDef.Type.BOOLEAN, true, ConfigDef.Importance.LOW, "Whether schemas are written.");
    }

    @Override
    public String version() {
        return "1";
    }
}
