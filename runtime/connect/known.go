// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import "strings"

// reserved maps config keys that have a field of their own in a Connector to
// that field.
var reserved = map[string]string{
	"name":            "spec.connectorName",
	"connector.class": "spec.class",
	"tasks.max":       "spec.tasksMax",
}

// refused lists keys that Kafka Connect knows and that are not built: refused by
// name, because a connector that runs without them would do something else than
// its author asked for. An entry that ends in "." is a prefix.
var refused = []string{
	"offsets.storage.topic",
}

func isRefused(key string) bool {
	for _, k := range refused {
		if key == k || strings.HasSuffix(k, ".") && strings.HasPrefix(key, k) {
			return true
		}
	}
	return false
}

// knownClasses lists classes of Kafka Connect and of its usual connectors that
// are not built: an error says so, instead of calling them unknown.
var knownClasses = []string{
	"org.apache.kafka.connect.mirror.MirrorSourceConnector",
	"org.apache.kafka.connect.mirror.MirrorCheckpointConnector",
	"org.apache.kafka.connect.mirror.MirrorHeartbeatConnector",
	"org.apache.kafka.connect.tools.VerifiableSourceConnector",
	"org.apache.kafka.connect.tools.VerifiableSinkConnector",
	"org.apache.kafka.connect.tools.MockSourceConnector",
	"org.apache.kafka.connect.tools.MockSinkConnector",
	"io.confluent.connect.jdbc.JdbcSourceConnector",
	"io.confluent.connect.jdbc.JdbcSinkConnector",
	"io.confluent.connect.elasticsearch.ElasticsearchSinkConnector",
	"io.confluent.connect.s3.S3SinkConnector",
	"io.debezium.connector.postgresql.PostgresConnector",
	"io.debezium.connector.mysql.MySqlConnector",
	"io.debezium.connector.mongodb.MongoDbConnector",
	"io.debezium.connector.sqlserver.SqlServerConnector",
	"io.debezium.connector.oracle.OracleConnector",
	"com.mongodb.kafka.connect.MongoSourceConnector",
	"com.mongodb.kafka.connect.MongoSinkConnector",
}

// knownConverters lists converters of Kafka Connect and of the schema registries
// that are not built.
var knownConverters = []string{
	"io.apicurio.registry.utils.converter.AvroConverter",
}

// knownTransforms lists transforms of Kafka Connect's usual connectors
// that are not built, without $Key and $Value.
var knownTransforms = []string{
	"io.confluent.connect.transforms.Filter",
	"io.confluent.connect.transforms.ReplaceField",
	"io.confluent.connect.transforms.ExtractTopic",
	"io.confluent.connect.transforms.MessageTimestampRouter",
	"io.confluent.connect.transforms.TombstoneHandler",
	"io.debezium.transforms.ExtractNewRecordState",
	"io.debezium.transforms.ByLogicalTableRouter",
	"io.debezium.transforms.ContentBasedRouter",
	"io.debezium.transforms.Filter",
	"io.debezium.transforms.outbox.EventRouter",
}

func isKnown(class string, known []string, suffix string) bool {
	for _, full := range known {
		if matches(class, "", []string{full}, suffix) {
			return true
		}
	}
	return isShortName(class, known, suffix)
}

// isShortName recognises "avro" as AvroConverter and "jsonschema" as
// JsonSchemaConverter.
func isShortName(class string, known []string, suffix string) bool {
	for _, full := range known {
		if class != "" && strings.EqualFold(class, strings.TrimSuffix(simpleName(full), suffix)) {
			return true
		}
	}
	return false
}
