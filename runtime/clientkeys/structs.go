// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package clientkeys

import (
	"time"

	"penstock.dev/runtime/configdef"
)

// Connection holds the keys of a Kafka client that concern connections
// (org.apache.kafka.common.config.SslConfigs and SaslConfigs).
type Connection struct {
	// The brokers to ask first, each as host:port.
	Brokers []string `config:"bootstrap.servers" importance:"high"`
	// The name that clients give to brokers.
	ClientID string `config:"client.id" default:"" importance:"low"`
	// How connections are secured.
	Protocol string `config:"security.protocol" default:"PLAINTEXT" enum:"PLAINTEXT,SSL,SASL_PLAINTEXT,SASL_SSL" importance:"medium"`
	// How clients prove who they are.
	Mechanism string `config:"sasl.mechanism" default:"" importance:"medium"`
	// The login module with username and password, as Java clients have it.
	JAAS configdef.Password `config:"sasl.jaas.config" default:"" importance:"medium"`
	// Where OAUTHBEARER gets tokens: a URL, or file:///… of a token (KIP-768).
	TokenEndpoint string `config:"sasl.oauthbearer.token.endpoint.url" default:"" importance:"medium"`
	// Whether the client id and secret are URL-encoded for the token endpoint, as RFC
	// 6749 asks for; Kafka sends them as they are.
	URLEncode bool `config:"sasl.oauthbearer.header.urlencode" default:"false" importance:"low"`
	// Who connects, unless sasl.jaas.config says so (librdkafka's key).
	Username string `config:"sasl.username" default:"" importance:"medium"`
	// The password, unless sasl.jaas.config says so (librdkafka's key).
	Password configdef.Password `config:"sasl.password" default:"" importance:"medium"`
	// The format of the certificate authorities; only PEM is read.
	TruststoreType string `config:"ssl.truststore.type" default:"PEM" enum:"PEM" importance:"medium"`
	// The file of the certificate authorities.
	TruststoreLocation string `config:"ssl.truststore.location" default:"" importance:"medium"`
	// The certificate authorities themselves (KIP-651).
	Truststore string `config:"ssl.truststore.certificates" default:"" importance:"medium"`
	// The format of the client's certificate; only PEM is read.
	KeystoreType string `config:"ssl.keystore.type" default:"PEM" enum:"PEM" importance:"medium"`
	// The file of the client's certificate and key.
	KeystoreLocation string `config:"ssl.keystore.location" default:"" importance:"medium"`
	// The client's certificate itself (KIP-651).
	Certificate string `config:"ssl.keystore.certificate.chain" default:"" importance:"medium"`
	// The client's key itself (KIP-651).
	Key configdef.Password `config:"ssl.keystore.key" default:"" importance:"medium"`
	// https checks that a broker's certificate is for its host; empty does not.
	Endpoint string `config:"ssl.endpoint.identification.algorithm" default:"https" importance:"low"`
	// Do not check the brokers' certificates at all. For tests only.
	SkipVerify bool `config:"ssl.insecure.skip.verify" default:"false" importance:"low"`
}

// Common holds the keys that all three clients have and that do the same in each.
type Common struct {
	// How old what is known of topics and brokers may become, in milliseconds.
	MetadataMaxAge time.Duration `config:"metadata.max.age.ms" default:"60000" min:"250" max:"3600000" importance:"low"`
	// How long a connection may be idle before it is closed, in milliseconds.
	ConnectionsMaxIdle time.Duration `config:"connections.max.idle.ms" default:"10000" min:"100" max:"900000" importance:"low"`
	// How long opening a connection may take, in milliseconds.
	ConnectionSetup time.Duration `config:"socket.connection.setup.timeout.ms" default:"10000" min:"1" importance:"low"`
	// The first pause before a request is made again, in milliseconds. Each further
	// one is twice as long, a fifth more or less.
	RetryBackoff time.Duration `config:"retry.backoff.ms" default:"250" min:"0" importance:"low"`
	// The longest of these pauses, in milliseconds.
	RetryBackoffMax time.Duration `config:"retry.backoff.max.ms" default:"5000" min:"0" importance:"low"`
}

// ProducerConfig holds the keys of a source's producer that have an effect, beside
// those of the connection.
type ProducerConfig struct {
	// How many brokers must have a record before its offset is committed: all that
	// are in sync (all, -1), the leader (1), or none (0). With 1 and 0 records can be
	// lost, and enable.idempotence is false.
	Acks string `config:"acks" default:"all" enum:"all,-1,1,0" importance:"low"`
	// Whether brokers recognise a record that is sent again. Without it a record may
	// be there twice, also without a restart.
	Idempotence bool `config:"enable.idempotence" default:"true" importance:"low"`
	// How many requests to one broker may be under way. It has an effect only with
	// enable.idempotence=false, where more than 1 may change the order of records;
	// with it up to 5 are, and their order is kept.
	MaxInFlight int `config:"max.in.flight.requests.per.connection" default:"1" min:"1" importance:"low"`
	// How batches are compressed.
	Compression string `config:"compression.type" default:"none" enum:"none,gzip,snappy,lz4,zstd" importance:"medium"`
	// The level of gzip, from 1 to 9; -1 is gzip's own default.
	GzipLevel int `config:"compression.gzip.level" default:"-1" min:"-1" max:"9" importance:"low"`
	// The level of lz4, from 1 to 17. As in Kafka 9 is its fast method, and the others
	// are of its slow one; what is above 9 is the slowest.
	LZ4Level int `config:"compression.lz4.level" default:"9" min:"1" max:"17" importance:"low"`
	// The level of zstd, from -131072 to 22, of which four differ: up to 2, up to 5,
	// up to 9, and more.
	ZstdLevel int `config:"compression.zstd.level" default:"3" min:"-131072" max:"22" importance:"low"`
	// How long a batch waits for more records, in milliseconds.
	Linger time.Duration `config:"linger.ms" default:"5" min:"0" max:"60000" importance:"low"`
	// The largest record, in bytes before compression, and the largest batch.
	MaxRequestSize int `config:"max.request.size" default:"1048576" min:"512" max:"1073741824" importance:"low"`
	// Up to how many bytes a batch may grow, if that is more than max.request.size.
	// Less has no effect: a batch takes what has come while others were under way.
	BatchSize int `config:"batch.size" default:"16384" min:"0" max:"1073741824" importance:"low"`
	// How many bytes of records a task may hold between its connector and Kafka,
	// in the place of the worker's task.max.in.flight.bytes.
	BufferMemory int `config:"buffer.memory" optional:"true" min:"65536" importance:"low"`
	// How long a record may take to be acknowledged before its task fails, in
	// milliseconds; 2147483647 is for ever. A record that a broker may have is waited
	// for.
	DeliveryTimeout time.Duration `config:"delivery.timeout.ms" default:"2147483647" min:"1000" max:"2147483647" importance:"low"`
	// How long the brokers may take for a request, in milliseconds.
	RequestTimeout time.Duration `config:"request.timeout.ms" default:"10000" min:"100" max:"2147483647" importance:"low"`
	// How often a record may be sent again before its task fails.
	Retries int `config:"retries" default:"2147483647" min:"0" importance:"low"`
	// How a record without a partition is given one: by its key (empty), or each
	// partition in turn.
	Partitioner string `config:"partitioner.class" default:"" importance:"low"`
	// Whether records with a key are spread like those without one.
	IgnoreKeys bool `config:"partitioner.ignore.keys" default:"false" importance:"low"`
	Common
}

// ConsumerConfig holds the keys of a sink's consumer that have an effect, beside
// those of the connection.
type ConsumerConfig struct {
	// The consumer group, in the place of connect-<name>.
	GroupID string `config:"group.id" default:"" importance:"low"`
	// Where a partition without a committed offset begins: earliest, latest, none,
	// which fails the task, or by_duration:P… of ISO 8601, so long ago.
	AutoOffsetReset string `config:"auto.offset.reset" default:"earliest" importance:"low"`
	// read_committed leaves out the records of transactions that were aborted, and
	// waits for those that are open.
	IsolationLevel string `config:"isolation.level" default:"read_uncommitted" enum:"read_uncommitted,read_committed" importance:"low"`
	// How many records a put has at most.
	MaxPollRecords int `config:"max.poll.records" default:"2000" min:"1" importance:"low"`
	// How long a rebalance waits for the task to be done with a put, in milliseconds.
	MaxPollInterval time.Duration `config:"max.poll.interval.ms" default:"60000" min:"100" max:"2147483647" importance:"low"`
	// After how long without a sign of life a member is taken for dead, in
	// milliseconds.
	SessionTimeout time.Duration `config:"session.timeout.ms" default:"45000" min:"100" max:"2147483647" importance:"low"`
	// How often a member gives a sign of life, in milliseconds.
	HeartbeatInterval time.Duration `config:"heartbeat.interval.ms" default:"3000" min:"100" max:"2147483647" importance:"low"`
	// How partitions are shared out among the tasks: Kafka's classes Range-,
	// RoundRobin-, Sticky- and CooperativeStickyAssignor.
	AssignmentStrategy []string `config:"partition.assignment.strategy" default:"org.apache.kafka.clients.consumer.CooperativeStickyAssignor" importance:"low"`
	// How many bytes a broker collects before it answers a fetch.
	FetchMinBytes int `config:"fetch.min.bytes" default:"1" min:"0" importance:"low"`
	// How many bytes a fetch may bring at most. The task finds how many it asks for by
	// what it may hold (task.max.in.flight.bytes).
	FetchMaxBytes int `config:"fetch.max.bytes" optional:"true" min:"1024" importance:"low"`
	// How many bytes of one partition a fetch may bring at most, likewise.
	MaxPartitionFetchBytes int `config:"max.partition.fetch.bytes" optional:"true" min:"1024" importance:"low"`
	// How long a broker may wait for fetch.min.bytes, in milliseconds.
	FetchMaxWait time.Duration `config:"fetch.max.wait.ms" default:"500" min:"10" max:"2147483647" importance:"low"`
	// Whether the checksums of what was fetched are looked at.
	CheckCRCs bool `config:"check.crcs" default:"true" importance:"low"`
	// Whether topics that the connector names and that are not there are created by
	// the brokers, if those do so (auto.create.topics.enable).
	AllowAutoCreate bool `config:"allow.auto.create.topics" default:"false" importance:"low"`
	// Where the client is, so that it reads from a replica nearby.
	Rack string `config:"client.rack" default:"" importance:"low"`
	// How long the brokers may take for a request beyond the time that it asks for,
	// in milliseconds.
	RequestTimeout time.Duration `config:"request.timeout.ms" default:"10000" min:"100" max:"900000" importance:"low"`
	Common
}

// AdminConfig holds the keys of the admin client that creates a source's topics
// that have an effect, beside those of the connection.
type AdminConfig struct {
	// How long the brokers may take for a request, in milliseconds.
	RequestTimeout time.Duration `config:"request.timeout.ms" default:"10000" min:"100" max:"900000" importance:"low"`
	// How often a request is made again.
	Retries int `config:"retries" default:"20" min:"0" importance:"low"`
	Common
}
