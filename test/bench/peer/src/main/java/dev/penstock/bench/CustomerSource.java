// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package dev.penstock.bench;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.source.SourceConnector;

/** Makes up structs as fast as they are taken. */
public class CustomerSource extends SourceConnector {
    private Map<String, String> props;

    @Override
    public void start(Map<String, String> props) {
        this.props = props;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return CustomerSourceTask.class;
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
            .define("topic", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "The topic to write to.")
            .define("records", ConfigDef.Type.LONG, ConfigDef.Importance.HIGH, "How many records to make.");
    }

    @Override
    public String version() {
        return "1";
    }
}
