// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/rest"
)

// writeReference writes the pages about what is not one connector's.
func writeReference(out string) error {
	for name, text := range map[string]string{
		"worker.md": workerPage(), "connector.md": connectorPage(converters.All()), "client-overrides.md": clientsPage(),
	} {
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// workerPage is about the properties of a worker.
func workerPage() string {
	var b strings.Builder
	b.WriteString(generatedNote + "# Worker\n\n" +
		"The properties of a worker, as `penstock standalone --config` reads them from a file, in the format of Java properties.\n" +
		"A value may hold references, `${file:/path:key}`, `${dir:/path:file}` and `${env:VAR}`. In a\n" +
		"[ConnectCluster](../spec/connectcluster.md) the keys up to [Connection](#connection-to-kafka) may stand in `spec.config`; what\n" +
		"the others are about has fields of its own there.\n\n## Tasks\n\n")
	b.WriteString(configdef.Markdown(configdef.Of[connect.WorkerConfig]()))
	b.WriteString("\n## Converters\n\nFor connectors that name none; their keys, as in `value.converter.schemas.enable`, are on the pages of the\n" +
		"[converters](converters/README.md).\n\n")
	b.WriteString(configdef.Markdown(workerConverters()))
	b.WriteString("\n## Clients of connectors\n\nWhat begins with `producer.`, `consumer.` or `admin.` is for the Kafka clients of all connectors: see\n" +
		"[Kafka's own keys](client-overrides.md).\n")
	b.WriteString(providersText)
	b.WriteString("\n## Connection to Kafka\n\nOther keys that begin with `ssl.` or `sasl.` are refused.\n\n")
	b.WriteString(configdef.Markdown(kafka.Keys()))
	b.WriteString("\n## REST API\n\nOf `penstock standalone`; worker pods serve none. [How to use it](../guides/rest.md).\n\n")
	b.WriteString(configdef.Markdown(rest.Keys()))
	b.WriteString("\nThe certificate of https, with the prefix `listeners.https.`, or `admin.listeners.https.` for `admin.listeners`; without any key\n" +
		"that has the prefix, the keys without it count:\n\n")
	b.WriteString(configdef.Markdown(rest.TLSKeys()))
	b.WriteString("\n## Group and internal topics\n\n")
	b.WriteString(configdef.Markdown(groupKeys()))
	b.WriteString("\n## Fields of a ConnectCluster\n\n| Property | Field |\n|---|---|\n")
	b.WriteString(fields(connect.WorkerFields()))
	return b.String()
}

// workerConverters are the converter keys in a worker's words.
func workerConverters() []configdef.Key {
	var keys []configdef.Key
	for _, k := range connect.CommonKeys(connect.SourceKind) {
		side, ok := strings.CutSuffix(k.Name, ".converter")
		if !ok {
			continue
		}
		fallback := "json without schemas"
		if side == connect.HeaderSide {
			fallback = "simple, Kafka Connect's SimpleHeaderConverter"
		}
		k.Doc = "The converter of record " + side + "s. Without one it is " + fallback + "."
		keys = append(keys, k)
	}
	return keys
}

// groupKeys are the worker properties that no package decodes as a whole.
func groupKeys() []configdef.Key {
	key := func(name, typ, fallback, doc string) configdef.Key {
		return configdef.Key{Name: name, Type: typ, Default: fallback, HasDefault: true, Importance: "MEDIUM", Doc: doc}
	}
	return []configdef.Key{
		key("group.id", "STRING", "penstock-standalone", "Prefixes internal topics, transactional ids and group instance ids. Two processes with one group id are one: the later takes the tasks over."),
		key("config.storage.topic", "STRING", "<group.id>-configs", "The compacted topic, of one partition, of the connectors that are made through the REST API."),
		key("offset.storage.topic", "STRING", "<group.id>-offsets", "The compacted topic of the source offsets."),
		key("offset.storage.partitions", "INT", "25", "How many partitions it is created with."),
		key("offset.storage.replication.factor", "INT", "3", "How many replicas it is created with; fewer if there are fewer brokers."),
		key("status.storage.topic", "STRING", "<group.id>-status", "The compacted topic of states and epochs."),
		key("status.storage.partitions", "INT", "5", "How many partitions it is created with."),
		key("status.storage.replication.factor", "INT", "3", "How many replicas it is created with; fewer if there are fewer brokers."),
	}
}

// connectorPage is about the keys of all connectors.
func connectorPage(converters []connect.ConverterPlugin) string {
	var b strings.Builder
	b.WriteString(generatedNote + "# Connector\n\n" +
		"The keys that every connector has in `spec.config` of a [Connector](../spec/connector.md), beside\n" +
		"[its own](connectors/README.md).\n\n## Every connector\n\n")
	b.WriteString(configdef.Markdown(configdef.Of[connect.ConnectorConfig]()))
	b.WriteString("\n## Every source\n\n")
	b.WriteString(configdef.Markdown(only(connect.SourceKind)))
	b.WriteString("\n## Every sink\n\n")
	b.WriteString(configdef.Markdown(only(connect.SinkKind)))
	b.WriteString("\n## Converters\n\nThe keys of a converter stand behind `key.converter.`, `value.converter.` or `header.converter.`. A connector that\n" +
		"names a converter inherits none of the worker's keys for it.\n\n")
	b.WriteString(converterTable(converters, "converters/"))
	b.WriteString(topicCreationText)
	b.WriteString("\n## Keys of Kafka's clients\n\nWhat begins with `producer.override.`, `consumer.override.` or `admin.override.` is for the connector's own Kafka\n" +
		"clients: see [Kafka's own keys](client-overrides.md).\n")
	b.WriteString("\n## Keys with a field of their own\n\n| Key | Field |\n|---|---|\n")
	b.WriteString(fields(connect.ReservedKeys()))
	b.WriteString("\n## Refused keys\n\nKafka Connect knows these, this version does not support them, and to ignore them would do something else than was\n" +
		"asked for:\n\n")
	for _, k := range connect.RefusedKeys() {
		if strings.HasSuffix(k, ".") {
			k += "*"
		}
		fmt.Fprintf(&b, "- `%s`\n", k)
	}
	return b.String()
}

// only are the keys of every connector of a kind that not every connector has.
func only(kind connect.Kind) []configdef.Key {
	every := configdef.Of[connect.ConnectorConfig]()
	return slices.DeleteFunc(connect.CommonKeys(kind), func(k configdef.Key) bool {
		return slices.ContainsFunc(every, func(o configdef.Key) bool { return o.Name == k.Name })
	})
}

// fields are the rows of a table of keys and the fields that stand for them.
func fields(of map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(of)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k, "`"+strings.ReplaceAll(of[k], " and ", "` and `")+"`")
	}
	return b.String()
}
