// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.*;
import java.io.*;
import java.lang.management.ManagementFactory;
import java.net.*;
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import javax.management.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.*;

/** Runs the cases in Kafka Connect, in this JVM, and writes down what becomes of them. See errors.sh. */
public class Errors {
  static final ObjectMapper JSON = new ObjectMapper();
  static final HttpClient HTTP = HttpClient.newHttpClient();
  static String brokers, rest;
  static Path dir;

  public static void main(String[] args) throws Exception {
    brokers = args[0];
    rest = "http://127.0.0.1:" + args[1];
    dir = Path.of(args[2]);
    JsonNode cases = JSON.readTree(new File(args[3]));
    startConnect(args[1]);
    ArrayNode out = JSON.createArrayNode();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
      // The records are old.
      admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.BROKER, ""),
          List.of(new AlterConfigOp(new ConfigEntry("log.retention.ms", "-1"), AlterConfigOp.OpType.SET)))).all().get();
      for (JsonNode c : cases) out.add(run(admin, c));
    }
    Files.writeString(Path.of(args[4]), JSON.writerWithDefaultPrettyPrinter().writeValueAsString(out) + "\n");
    System.exit(0);
  }

  static void startConnect(String port) throws Exception {
    Path props = dir.resolve("worker.properties");
    Files.writeString(props, String.join("\n", "bootstrap.servers=" + brokers, "listeners=http://127.0.0.1:" + port,
        "key.converter=org.apache.kafka.connect.storage.StringConverter", "value.converter=org.apache.kafka.connect.storage.StringConverter",
        "offset.storage.file.filename=" + dir.resolve("offsets"), "offset.flush.interval.ms=1000", "plugin.discovery=service_load", ""));
    Thread t = new Thread(() -> org.apache.kafka.connect.cli.ConnectStandalone.main(new String[] {props.toString()}));
    t.setDaemon(true);
    t.start();
    for (int i = 0; ; i++) {
      try {
        send("GET", "/connectors", null);
        return;
      } catch (IOException e) {
        if (i > 600) throw e;
        Thread.sleep(100);
      }
    }
  }

  static JsonNode send(String method, String path, String body) throws Exception {
    HttpRequest.BodyPublisher pub = body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
    HttpResponse<String> r = HTTP.send(HttpRequest.newBuilder(URI.create(rest + path)).header("Content-Type", "application/json").method(method, pub).build(),
        HttpResponse.BodyHandlers.ofString());
    return r.body().isEmpty() ? JSON.nullNode() : JSON.readTree(r.body());
  }

  static ObjectNode run(Admin admin, JsonNode c) throws Exception {
    String name = c.get("name").asText(), topic = "in-" + name, dead = "dead-" + name;
    boolean sink = c.has("records");
    admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
    Path file = dir.resolve(name + ".txt");
    ObjectNode config = c.get("config").deepCopy();
    config.put("name", name).put("connector.class", c.get("class").asText()).put("tasks.max", "1").put("file", file.toString());
    if (sink) {
      produce(topic, c.get("records"));
      config.put("topics", topic).put("errors.deadletterqueue.topic.name", dead).put("errors.deadletterqueue.topic.replication.factor", "1");
      if (!config.has("errors.deadletterqueue.context.headers.enable")) config.put("errors.deadletterqueue.context.headers.enable", "true");
    } else {
      config.put("topic", topic);
      StringBuilder lines = new StringBuilder();
      for (JsonNode l : c.get("lines")) lines.append(l.asText().startsWith("*") ? "x".repeat(Integer.parseInt(l.asText().substring(1))) : l.asText()).append('\n');
      Files.writeString(file, lines);
    }
    send("PUT", "/connectors/" + name + "/config", config.toString());
    JsonNode status = settle(name);
    ObjectNode out = JSON.createObjectNode();
    out.put("name", name).put("state", status.at("/tasks/0/state").asText());
    ArrayNode trace = out.putArray("trace");
    for (String line : status.at("/tasks/0/trace").asText("").split("\n"))
      if (!line.isEmpty() && !line.startsWith("\t")) trace.add(line);
    out.set("metrics", metrics(name));
    if (sink) {
      Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets("connect-" + name).partitionsToOffsetAndMetadata().get();
      OffsetAndMetadata at = offsets.get(new TopicPartition(topic, 0));
      out.put("committed", at == null ? -1 : at.offset());
      out.set("letters", letters(dead, out.at("/metrics/deadletterqueue-produce-requests").asLong()));
      ArrayNode written = out.putArray("written");
      if (Files.exists(file)) for (String line : Files.readAllLines(file)) written.add(line);
      out.put("partitions", admin.describeTopics(List.of(dead)).allTopicNames().get().get(dead).partitions().size());
    } else {
      out.set("records", letters(topic, 0));
    }
    send("DELETE", "/connectors/" + name, null);
    return out;
  }

  /** Waits for the task to fail, or for its counts to stay what they are for a while. */
  static JsonNode settle(String name) throws Exception {
    JsonNode status = null;
    String before = "";
    for (int quiet = 0; quiet < 80; quiet++) {
      Thread.sleep(100);
      status = send("GET", "/connectors/" + name + "/status", null);
      if (status.at("/tasks/0/state").asText().equals("FAILED")) break;
      String now = metrics(name).toString();
      if (!now.equals(before) || !now.contains("total")) quiet = 0;
      before = now;
    }
    Thread.sleep(3000); // for what is under way: dead letters, and a commit
    return status;
  }

  static void produce(String topic, JsonNode records) throws Exception {
    try (KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(Map.of("bootstrap.servers", brokers), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (JsonNode r : records) {
        ProducerRecord<byte[], byte[]> rec = new ProducerRecord<>(topic, 0, r.has("timestamp") ? r.get("timestamp").asLong() : 1600000000000L, bytes(r.get("key")), bytes(r.get("value")));
        if (r.has("headers")) for (JsonNode h : r.get("headers")) rec.headers().add(h.get(0).asText(), bytes(h.get(1)));
        p.send(rec).get();
      }
    }
  }

  static byte[] bytes(JsonNode n) {
    return n == null || n.isNull() ? null : n.asText().getBytes(StandardCharsets.UTF_8);
  }

  static JsonNode text(byte[] b) {
    if (b == null) return JSON.nullNode();
    return new TextNode(new String(b.length > 200 ? Arrays.copyOf(b, 200) : b, StandardCharsets.UTF_8));
  }

  /** Reads a topic once it has at least so many records; of a stack trace only the lines that are no frames. */
  static ArrayNode letters(String topic, long least) throws Exception {
    ArrayNode out = JSON.createArrayNode();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", brokers), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> tps = List.of(new TopicPartition(topic, 0));
      consumer.assign(tps);
      consumer.seekToBeginning(tps);
      long end = 0;
      for (int i = 0; i < 300 && (i == 0 || end < least); i++) {
        Thread.sleep(i == 0 ? 0 : 100);
        end = consumer.endOffsets(tps).get(tps.get(0));
      }
      if (end < least) throw new IllegalStateException(topic + " has " + end + " records, want " + least);
      while (consumer.position(tps.get(0)) < end) {
        for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofSeconds(1))) {
          ObjectNode o = out.addObject();
          o.set("key", text(r.key()));
          o.set("value", text(r.value()));
          if (topic.startsWith("dead")) o.put("timestamp", r.timestamp());
          ArrayNode hs = o.putArray("headers");
          for (Header h : r.headers()) {
            JsonNode v = text(h.value());
            if (h.key().endsWith("stacktrace")) {
              StringBuilder b = new StringBuilder();
              for (String line : new String(h.value(), StandardCharsets.UTF_8).split("\n")) if (!line.startsWith("\t") && !line.startsWith(" ")) b.append(line).append('\n');
              v = new TextNode(b.toString());
            }
            hs.addArray().add(h.key()).add(v);
          }
        }
      }
    }
    return out;
  }

  static ObjectNode metrics(String name) throws Exception {
    ObjectNode out = JSON.createObjectNode();
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    ObjectName bean = new ObjectName("kafka.connect:type=task-error-metrics,connector=" + ObjectName.quote(name).replace("\"", "") + ",task=0");
    if (!server.isRegistered(bean)) return out;
    for (MBeanAttributeInfo a : server.getMBeanInfo(bean).getAttributes())
      if (!a.getName().equals("last-error-timestamp")) out.put(a.getName(), ((Number) server.getAttribute(bean, a.getName())).longValue());
    return out;
  }
}
