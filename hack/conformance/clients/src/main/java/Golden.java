// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;
import org.apache.kafka.connect.connector.policy.ConnectorClientConfigOverridePolicy;
import org.apache.kafka.connect.connector.policy.ConnectorClientConfigRequest;
import org.apache.kafka.connect.health.ConnectorType;
import org.apache.kafka.connect.runtime.SinkConnectorConfig;
import org.apache.kafka.connect.runtime.SourceConnectorConfig;
import org.apache.kafka.connect.runtime.isolation.Plugins;
import org.apache.kafka.connect.source.SourceConnector;
import org.apache.kafka.connect.util.TopicCreationGroup;

/**
 * Writes into the file it is given what Kafka's own classes know: with "keys" the keys of its clients (client, name,
 * type, default), with "connect" what Kafka Connect says of policies, of a sink's topics and of a source's topics to be
 * created, with "jaas" which options it reads from texts of sasl.jaas.config, or "refused". The parts of a line are separated by tabs; configs are JSON.
 */
public class Golden {
    static PrintStream out;
    static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        out = new PrintStream(args[1], StandardCharsets.UTF_8);
        if (args[0].equals("keys")) {
            keys("producer", ProducerConfig.configDef());
            keys("consumer", ConsumerConfig.configDef());
            keys("admin", AdminClientConfig.configDef());
        } else if (args[0].equals("jaas")) {
            jaas();
        } else {
            policies();
            sinks();
            sources();
        }
        out.close();
    }

    static void line(String... parts) {
        for (int i = 0; i < parts.length; i++) parts[i] = parts[i].replace("\n", "\\n").replace("\t", "\\t");
        out.print(String.join("\t", parts) + "\n");
    }

    static void jaas() throws Exception {
        String[] texts = {
            "M required username=\"a\" password=\"b\";", "M\nrequired\n  username=\"a\"\n\tpassword=\"b\"\n;",
            "M\trequired\tusername=\"a\"\tpassword=\"b\";", "M required username=a password=b;", "M required\nusername=a\npassword=b;\n",
            "M required username='a' password='b c';", "M required username=\"a\" password=\"a\\\"b\\\\c\";",
            "M required username=\"a\" password=\"a\\nb\\tc\\101\\61x\\q\\08\\4777\\\";\";",
            "M required username=\"a\" password=\"a;b=c // d /* e */\";", "M required // who\n username=\"a\" /* the\n secret */ password=\"b\";",
            "M required username = \"a\" password= \"b\" ;", "M required username=\"a\"password=\"b\";", "M required password=1234;",
            "M required password=12ab;", "M required password=ab12;", "M required password=a-b_c$d.e;", "M required password=a/b;",
            "M required password=a+b;", "M required password=p\u00e4ssword;", "M required password=\"\";", "M required password=;",
            "M required password=\"b\"", "M required password=\"b;", "M required password=\"b\nc\";", "M required password=\"b\nc=d;",
            "M required \"user name\"=\"a\";", "M required 'username'='a';", "M required tokenauth=true;", "M REQUIRED username=\"a\";",
            "M sometimes username=\"a\";", "M sufficient username=\"a\";", "M username=\"a\" password=\"b\";", "M required;",
            "M required username=\"a\" username=\"b\";", "M required username=\"a\"; M required username=\"b\";", "M required a=\"b\"; x",
            "M;", "", "x", "  M required a=\"b\" ;;", "M required a=\"b\" # c\n;", "M required a==\"b\";", "M required user.name=\"a\" extension_x=\"y\";",
            "M required a=\"\u00e9\\u00e9\" b=\"\ud834\udd1e\";", "M required a=-5;", "M required a=a.5b;", "M required a=.5;", "M required a=b /* c",
        };
        for (String text : texts) {
            String read;
            try {
                read = json(new TreeMap<>(JaasContext.loadClientContext(Map.of("sasl.jaas.config", new Password(text), "sasl.mechanism", "PLAIN"))
                    .configurationEntries().get(0).getOptions()));
            } catch (IllegalArgumentException e) {
                read = "refused";
            }
            line(json(text), read);
        }
    }

    static String json(Object o) throws Exception { return JSON.writeValueAsString(o); }

    static void keys(String client, ConfigDef def) {
        for (Map.Entry<String, ConfigDef.ConfigKey> e : new TreeMap<>(def.configKeys()).entrySet()) {
            Object d = e.getValue().defaultValue;
            String text = d == ConfigDef.NO_DEFAULT_VALUE ? "required" : ConfigDef.convertToString(d, e.getValue().type);
            line(client, e.getKey(), e.getValue().type.name(), text == null ? "null" : text);
        }
    }

    static void policies() throws Exception {
        for (String policy : List.of("All", "None", "Principal", "Allowlist")) {
            ConnectorClientConfigOverridePolicy p = (ConnectorClientConfigOverridePolicy) Class.forName(
                "org.apache.kafka.connect.connector.policy." + policy + "ConnectorClientConfigOverridePolicy").getDeclaredConstructor().newInstance();
            p.configure(Map.of("connector.client.config.override.allowlist", "linger.ms, acks"));
            for (String key : List.of("sasl.jaas.config", "sasl.mechanism", "security.protocol", "ssl.keystore.key", "linger.ms", "acks", "no.such.key")) {
                List<ConfigValue> values = p.validate(new ConnectorClientConfigRequest("c", ConnectorType.SOURCE, SourceConnector.class,
                    Map.of(key, "x"), ConnectorClientConfigRequest.ClientType.PRODUCER));
                line("policy", policy, key, json(values.get(0).errorMessages()));
            }
        }
    }

    static Map<String, String> map(String... kv) {
        Map<String, String> out = new TreeMap<>();
        for (int i = 0; i < kv.length; i += 2) out.put(kv[i], kv[i + 1]);
        return out;
    }

    static void sinks() throws Exception {
        for (Map<String, String> props : List.of(map(), map("topics", "a"), map("topics.regex", "a.*"), map("topics", "a", "topics.regex", "b"),
            map("topics", ""), map("topics", " "), map("topics", "", "topics.regex", "a"), map("topics.regex", ""), map("topics", ",", "topics.regex", ""))) {
            Map<String, ConfigValue> validated = new HashMap<>();
            for (String k : List.of("topics", "topics.regex")) validated.put(k, new ConfigValue(k));
            SinkConnectorConfig.validate(props, validated);
            Map<String, List<String>> errors = new TreeMap<>();
            validated.forEach((k, v) -> { if (!v.errorMessages().isEmpty()) errors.put(k, v.errorMessages()); });
            line("sink", json(props), json(errors));
        }
    }

    static final String P = "topic.creation.";
    static final List<String> TOPICS = List.of("orders", "orders.eu", "orders.test", "payments", "log", "a-log", "x");

    static Map<String, String> with(String... kv) {
        Map<String, String> out = map(P + "default.partitions", "3", P + "default.replication.factor", "2");
        out.putAll(map(kv));
        return out;
    }

    static void sources() throws Exception {
        List<Map<String, String>> cases = List.of(
            with(), with(P + "default.cleanup.policy", "compact", P + "default.include", "x", P + "default.exclude", ".*"),
            with(P + "default.partitions", "-1", P + "default.replication.factor", "-1"),
            with(P + "default.partitions", "0"), with(P + "default.partitions", "-2"), with(P + "default.partitions", "many"), with(P + "default.partitions", "99999999999"),
            with(P + "default.replication.factor", "0"), with(P + "default.replication.factor", "70000"), with(P + "default.replication.factor", "x"),
            map(P + "default.partitions", "1"), map(P + "default.replication.factor", "1"), map(P + "groups", "g"),
            with(P + "groups", "g", P + "g.include", "orders.*", P + "g.exclude", "orders\\.test", P + "g.partitions", "7"),
            with(P + "groups", "g,h", P + "g.include", ".*log", P + "h.include", "orders.*,.*log", P + "h.replication.factor", "-1", P + "g.retention.ms", "5"),
            with(P + "groups", "default,g", P + "g.include", "pay[a-z]+"),
            with(P + "groups", "g"), with(P + "groups", "g,g", P + "g.include", "x"),
            with(P + "groups", "g", P + "g.include", "[a"), with(P + "groups", "g", P + "g.include", "a", P + "g.exclude", "*b"),
            with(P + "groups", "g", P + "g.include", "a", P + "g.partitions", "0"), with(P + "groups", "g", P + "g.include", "a", P + "g.replication.factor", "-3"));
        Plugins plugins = new Plugins(Map.of("plugin.path", "", "plugin.discovery", "only_scan"));
        for (Map<String, String> c : cases) {
            Map<String, String> props = new HashMap<>(c);
            props.put("name", "c");
            props.put("connector.class", "org.apache.kafka.connect.file.FileStreamSourceConnector");
            SourceConnectorConfig config;
            try {
                config = new SourceConnectorConfig(plugins, props, true);
            } catch (ConfigException e) {
                line("source", json(c), "error", e.getMessage());
                continue;
            }
            Map<String, TopicCreationGroup> groups = TopicCreationGroup.configuredGroups(config);
            for (String topic : TOPICS) {
                TopicCreationGroup group = groups.values().stream().filter(g -> !g.name().equals("default")).filter(g -> g.matches(topic)).findFirst().orElse(groups.get("default"));
                NewTopic t = group.newTopic(topic);
                line("source", json(c), topic, group.name(), String.valueOf(t.numPartitions()), String.valueOf(t.replicationFactor()), json(new TreeMap<>(t.configs() == null ? Map.of() : t.configs())));
            }
        }
    }
}
