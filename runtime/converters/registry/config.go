// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"time"

	"penstock.dev/runtime/configdef"
)

// Config are the keys of a converter that concern the schema registry: those of
// io.confluent.kafka.serializers.AbstractKafkaSchemaSerDeConfig. A converter's
// config embeds it.
type Config struct {
	// The URLs of the schema registry, tried in order: http://host:8081.
	URLs []string `config:"schema.registry.url" importance:"high"`
	// Where the user and the password for HTTP basic authentication come from: URL, of
	// the form http://user:password@host, or USER_INFO, from basic.auth.user.info.
	// SASL_INHERIT is not supported.
	BasicSource string `config:"basic.auth.credentials.source" default:"URL" importance:"medium"`
	// The user and the password, as user:password, if basic.auth.credentials.source is
	// USER_INFO.
	UserInfo configdef.Password `config:"basic.auth.user.info" default:"" importance:"medium"`
	// The old name of basic.auth.user.info, which it overrides.
	OldUserInfo configdef.Password `config:"schema.registry.basic.auth.user.info" default:"" importance:"medium"`
	// Where the bearer token comes from: only STATIC_TOKEN, from bearer.auth.token, is
	// supported.
	BearerSource string `config:"bearer.auth.credentials.source" default:"STATIC_TOKEN" importance:"medium"`
	// The token that is sent with every request.
	BearerToken configdef.Password `config:"bearer.auth.token" default:"" importance:"medium"`

	// Whether a schema that the registry does not have under the subject is registered.
	// Otherwise it is looked up.
	AutoRegister bool `config:"auto.register.schemas" default:"true" importance:"medium"`
	// Whether records are written with, and read as, the subject's latest schema. It is
	// looked up once, when the task first needs it. For writing,
	// auto.register.schemas must be false, or else this has no effect there.
	UseLatest bool `config:"use.latest.version" default:"false" importance:"low"`
	// Whether a latest schema that cannot read what the record's own schema writes is
	// refused.
	LatestStrict bool `config:"latest.compatibility.strict" default:"true" importance:"low"`
	// The id of the schema with which records are written, if auto.register.schemas is
	// false; -1 is none.
	UseID int `config:"use.schema.id" default:"-1" importance:"low"`
	// Whether a schema of use.schema.id that cannot read what the record's own schema
	// writes is refused.
	IDStrict bool `config:"id.compatibility.strict" default:"true" importance:"low"`
	// Whether the registry normalizes schemas before it compares them.
	Normalize bool `config:"normalize.schemas" default:"false" importance:"medium"`
	// How many schemas the converter remembers for each direction.
	MaxSchemas int `config:"max.schemas.per.subject" default:"1000" min:"1" importance:"low"`
	// The subject of record keys: TopicNameStrategy, the topic and "-key";
	// RecordNameStrategy, the record's full name; TopicRecordNameStrategy, the topic, "-"
	// and the record's full name; or the full class name of one of them.
	KeyStrategy string `config:"key.subject.name.strategy" default:"TopicNameStrategy" importance:"medium"`
	// The subject of record values, likewise; that of TopicNameStrategy is the topic and
	// "-value".
	ValueStrategy string `config:"value.subject.name.strategy" default:"TopicNameStrategy" importance:"medium"`

	// How long a connection to the registry may take to be made, in milliseconds.
	ConnectTimeout time.Duration `config:"http.connect.timeout.ms" default:"10000" min:"1" importance:"low"`
	// How long an answer of the registry may take, in milliseconds.
	ReadTimeout time.Duration `config:"http.read.timeout.ms" default:"10000" min:"1" importance:"low"`
	// How often a request is repeated that the registry could not answer.
	MaxRetries int `config:"max.retries" default:"3" min:"0" importance:"low"`
	// How long to wait before the first repetition, in milliseconds. Each further wait
	// is twice as long.
	RetryWait time.Duration `config:"retries.wait.ms" default:"1000" min:"0" importance:"low"`
	// The longest wait before a repetition, in milliseconds.
	RetryMaxWait time.Duration `config:"retries.max.wait.ms" default:"20000" min:"0" importance:"low"`
	// The host of an HTTP proxy before the registry.
	ProxyHost string `config:"proxy.host" default:"" importance:"low"`
	// The port of the HTTP proxy.
	ProxyPort int `config:"proxy.port" default:"-1" max:"65535" importance:"low"`

	TLSConfig
	Unsupported

	// Headers are those of every request, by name (request.header.…).
	Headers map[string]string
}

// TLSConfig are the keys about TLS between the converter and the registry.
type TLSConfig struct {
	// The format of the certificate authorities; only PEM is read.
	TruststoreType string `config:"schema.registry.ssl.truststore.type" default:"PEM" enum:"PEM" importance:"medium"`
	// The file of the certificate authorities.
	TruststoreLocation string `config:"schema.registry.ssl.truststore.location" default:"" importance:"high"`
	// The certificate authorities themselves (KIP-651).
	Truststore string `config:"schema.registry.ssl.truststore.certificates" default:"" importance:"high"`
	// The format of the client's certificate; only PEM is read.
	KeystoreType string `config:"schema.registry.ssl.keystore.type" default:"PEM" enum:"PEM" importance:"medium"`
	// The file of the client's certificate and key.
	KeystoreLocation string `config:"schema.registry.ssl.keystore.location" default:"" importance:"high"`
	// The client's certificate itself (KIP-651).
	Certificate string `config:"schema.registry.ssl.keystore.certificate.chain" default:"" importance:"high"`
	// The client's key itself (KIP-651).
	Key configdef.Password `config:"schema.registry.ssl.keystore.key" default:"" importance:"high"`
	// https checks that the registry's certificate is for its host; empty does not.
	Endpoint string `config:"schema.registry.ssl.endpoint.identification.algorithm" default:"https" importance:"low"`
}

// Unsupported are keys that are known elsewhere. To ignore one would do something
// else than was asked for.
type Unsupported struct {
	// Refused: certificates are read as PEM, which has no password.
	TruststorePassword configdef.Password `config:"schema.registry.ssl.truststore.password" refused:"is not supported: certificates are read as PEM, which has no password" importance:"low"`
	// Refused: certificates are read as PEM, which has no password.
	KeystorePassword configdef.Password `config:"schema.registry.ssl.keystore.password" refused:"is not supported: certificates are read as PEM, which has no password" importance:"low"`
	// Refused: the key is read without a password.
	KeyPassword configdef.Password `config:"schema.registry.ssl.key.password" refused:"is not supported: give the key without a password" importance:"low"`
	// Refused; there are use.latest.version and use.schema.id.
	LatestWithMetadata string `config:"use.latest.with.metadata" refused:"is not supported; use use.latest.version or use.schema.id" importance:"low"`
	// Refused; there is use.schema.id.
	SchemaGUID string `config:"use.schema.guid" refused:"is not supported; use use.schema.id" importance:"low"`
	// Refused: a latest schema is looked up once.
	LatestTTL string `config:"latest.cache.ttl.sec" refused:"is not supported: a latest schema is looked up once; restart the task to look it up again" importance:"low"`
	// Refused: a context stands in the URL.
	ContextStrategy string `config:"context.name.strategy" refused:"is not supported; put the context into schema.registry.url: http://host:8081/contexts/<name>" importance:"low"`
	// Refused: the id is written before the data.
	KeyIDSerializer string `config:"key.schema.id.serializer" refused:"is not supported: the id is written before the data" importance:"low"`
	// Refused: the id is written before the data.
	ValueIDSerializer string `config:"value.schema.id.serializer" refused:"is not supported: the id is written before the data" importance:"low"`
	// Refused: the id is read before the data.
	KeyIDDeserializer string `config:"key.schema.id.deserializer" refused:"is not supported: the id is read before the data" importance:"low"`
	// Refused: the id is read before the data.
	ValueIDDeserializer string `config:"value.schema.id.deserializer" refused:"is not supported: the id is read before the data" importance:"low"`
	// Refused: rules of data contracts are not run.
	RuleExecutors string `config:"rule.executors" refused:"is not supported: rules of data contracts are not run" importance:"low"`
	// Refused: rules of data contracts are not run.
	RuleActions string `config:"rule.actions" refused:"is not supported: rules of data contracts are not run" importance:"low"`
	// Refused; there is bearer.auth.token.
	Issuer string `config:"bearer.auth.issuer.endpoint.url" refused:"is not supported; use bearer.auth.token" importance:"low"`
	// Refused; there is bearer.auth.token.
	ClientID string `config:"bearer.auth.client.id" refused:"is not supported; use bearer.auth.token" importance:"low"`
	// Refused; there is bearer.auth.token.
	ClientSecret configdef.Password `config:"bearer.auth.client.secret" refused:"is not supported; use bearer.auth.token" importance:"low"`
	// Refused; there is bearer.auth.token.
	CustomProvider string `config:"bearer.auth.custom.provider.class" refused:"is not supported; use bearer.auth.token" importance:"low"`
	// Refused: schemas are sent as they are.
	SchemaFormat string `config:"schema.format" refused:"is not supported; leave the key out" importance:"low"`
}
