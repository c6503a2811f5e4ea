// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package clientkeys

import (
	"slices"
	"strings"
)

// other is a key of Kafka's clients that has no effect here.
type other struct {
	name  string
	roles []Role
	// refused says that to go on without the key would do something else than was
	// asked for.
	refused bool
	// accepts are values that say what is the case.
	accepts []string
	why     string
}

func (o other) effect() Effect {
	if o.refused {
		return Refused
	}
	return NoEffect
}

func (o other) refusal() string {
	if len(o.accepts) == 0 {
		return "is not supported: " + o.why + "; remove it"
	}
	shown := slices.Clone(o.accepts)
	for i, v := range shown {
		if v == "" {
			shown[i] = "empty"
		}
	}
	return "can only be " + strings.Join(shown, " or ") + ": " + o.why
}

func find(r Role, name string) (other, bool) {
	i := slices.IndexFunc(unused, func(o other) bool { return o.name == name && slices.Contains(o.roles, r) })
	if i < 0 {
		return other{}, false
	}
	return unused[i], true
}

var (
	everyone = Roles()
	sources  = []Role{Producer}
	sinks    = []Role{Consumer}
	admins   = []Role{Admin}
)

// Reasons that several keys share.
const (
	whyMetrics   = "the metrics of all clients are those of the worker, for Prometheus"
	whyJava      = "it names a Java class"
	whyDial      = "a broker is dialled when a request needs it, and tried again after retry.backoff.ms"
	whySockets   = "the operating system sizes the buffers of sockets"
	whyForget    = "a topic is forgotten when the brokers no longer have it"
	whyRecovery  = "a client asks all brokers that it knows, and those it was given first"
	whyPEM       = "keys and certificates are read from PEM, without a password"
	whyGoTLS     = "Go chooses it, among what is safe"
	whyJWT       = "tokens are checked by the brokers"
	whyKerberos  = "Kerberos is not supported: use SCRAM, PLAIN, OAUTHBEARER or a certificate"
	whyTokens    = "tokens come from sasl.oauthbearer.token.endpoint.url with clientId and clientSecret in sasl.jaas.config"
	whyRefresh   = "a token is fetched again when its time is nearly over"
	whyShare     = "it is for share consumers, and sinks are none"
	whyProviders = "config providers are the worker's: config.providers"
)

// unused lists the keys that have no effect, and why.
var unused = []other{
	// Of all clients.
	{"client.dns.lookup", everyone, true, []string{"use_all_dns_ips"}, "every address of a name is tried"},
	{"config.providers", everyone, true, []string{""}, whyProviders},
	{"enable.metrics.push", []Role{Producer, Consumer, Admin}, false, []string{"false"}, "clients push no metrics to brokers, which costs an idle client most"},
	{"metadata.recovery.rebootstrap.trigger.ms", everyone, false, nil, whyRecovery},
	{"metadata.recovery.strategy", everyone, false, nil, whyRecovery},
	{"metric.reporters", everyone, false, []string{"", "org.apache.kafka.common.metrics.JmxReporter"}, whyMetrics},
	{"metrics.num.samples", everyone, false, nil, whyMetrics},
	{"metrics.recording.level", everyone, false, nil, whyMetrics},
	{"metrics.sample.window.ms", everyone, false, nil, whyMetrics},
	{"receive.buffer.bytes", everyone, false, []string{"-1"}, whySockets},
	{"send.buffer.bytes", everyone, false, []string{"-1"}, whySockets},
	{"reconnect.backoff.ms", everyone, false, nil, whyDial},
	{"reconnect.backoff.max.ms", everyone, false, nil, whyDial},
	{"socket.connection.setup.timeout.max.ms", everyone, false, nil, "each try has socket.connection.setup.timeout.ms"},
	{"interceptor.classes", []Role{Producer, Consumer}, true, []string{""}, whyJava},
	{"security.providers", everyone, true, []string{""}, whyJava},
	{"default.api.timeout.ms", []Role{Consumer, Admin}, false, nil, "what a task asks for is bounded by the task: commits by 10 s, stops by task.shutdown.graceful.timeout.ms"},

	// Of the producer.
	{"key.serializer", sources, true, byteArray("Serializer"), "the converters make the bytes: set key.converter"},
	{"value.serializer", sources, true, byteArray("Serializer"), "the converters make the bytes: set value.converter"},
	{"max.block.ms", sources, false, nil, "a task never blocks in its producer: it stops polling when it holds buffer.memory"},
	{"metadata.max.idle.ms", sources, false, nil, whyForget},
	{"partitioner.adaptive.partitioning.enable", sources, false, nil, "records without a key change the partition with each batch"},
	{"partitioner.availability.timeout.ms", sources, false, nil, "records without a key change the partition with each batch"},
	{"transaction.timeout.ms", sources, false, nil, "a source's records are not in a transaction; its offsets are, with 10 s"},
	{"transactional.id", sources, true, nil, "a task has the id <group.id>-<connector>-<task>, by which it is fenced"},
	{"transaction.two.phase.commit.enable", sources, true, []string{"false"}, "nobody else prepares a transaction"},

	// Of the consumer.
	{brokersKey, sinks, true, nil, "a sink reads in the Kafka of its worker, where its consumer group is looked after"},
	{"key.deserializer", sinks, true, byteArray("Deserializer"), "the converters read the bytes: set key.converter"},
	{"value.deserializer", sinks, true, byteArray("Deserializer"), "the converters read the bytes: set value.converter"},
	{"enable.auto.commit", sinks, true, []string{"false"}, "an offset is committed when the connector has its records, every offset.flush.interval.ms"},
	{"auto.commit.interval.ms", sinks, false, nil, "offsets are committed every offset.flush.interval.ms"},
	{"exclude.internal.topics", sinks, true, []string{"true"}, "topics.regex never matches a topic of Kafka's own"},
	{"group.instance.id", sinks, true, nil, "a task has the id <group.id>-<connector>-<task>, by which it is fenced"},
	{"group.protocol", sinks, true, []string{"classic", "CLASSIC"}, "a new incarnation of a task takes its partitions over at once only in the classic protocol"},
	{"group.remote.assignor", sinks, false, nil, "partitions are assigned by partition.assignment.strategy"},
	{"share.acknowledgement.mode", sinks, false, nil, whyShare},
	{"share.acquire.mode", sinks, false, nil, whyShare},
	{"internal.throw.on.fetch.stable.offset.unsupported", sinks, false, nil, "it is for Kafka's own tests"},

	// Of the admin client.
	{"bootstrap.controllers", admins, true, nil, "topics are created by asking a broker"},

	// TLS (SslConfigs).
	{"ssl.cipher.suites", everyone, true, nil, whyGoTLS},
	{"ssl.enabled.protocols", everyone, true, []string{"TLSv1.2,TLSv1.3", "TLSv1.3,TLSv1.2"}, "connections are of TLS 1.3, or 1.2 if a broker has no other"},
	{"ssl.protocol", everyone, true, []string{"TLSv1.3", "TLS"}, "connections are of TLS 1.3, or 1.2 if a broker has no other"},
	{"ssl.engine.factory.class", everyone, true, nil, whyJava},
	{"ssl.key.password", everyone, true, nil, whyPEM},
	{"ssl.keymanager.algorithm", everyone, false, nil, "it chooses among Java's implementations"},
	{"ssl.keystore.password", everyone, true, nil, whyPEM},
	{"ssl.provider", everyone, true, nil, whyJava},
	{"ssl.secure.random.implementation", everyone, false, nil, "random numbers are the operating system's"},
	{"ssl.trustmanager.algorithm", everyone, false, nil, "it chooses among Java's implementations"},
	{"ssl.truststore.password", everyone, true, nil, whyPEM},

	// SASL (SaslConfigs).
	{"sasl.client.callback.handler.class", everyone, true, nil, whyJava},
	{"sasl.login.callback.handler.class", everyone, true, []string{
		"org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
		"org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler",
	}, whyJava},
	{"sasl.login.class", everyone, true, nil, whyJava},
	{"sasl.login.connect.timeout.ms", everyone, false, nil, whyRefresh},
	{"sasl.login.read.timeout.ms", everyone, false, nil, whyRefresh},
	{"sasl.login.refresh.buffer.seconds", everyone, false, nil, whyRefresh},
	{"sasl.login.refresh.min.period.seconds", everyone, false, nil, whyRefresh},
	{"sasl.login.refresh.window.factor", everyone, false, nil, whyRefresh},
	{"sasl.login.refresh.window.jitter", everyone, false, nil, whyRefresh},
	{"sasl.login.retry.backoff.max.ms", everyone, false, nil, whyRefresh},
	{"sasl.login.retry.backoff.ms", everyone, false, nil, whyRefresh},
	{"sasl.kerberos.kinit.cmd", everyone, true, nil, whyKerberos},
	{"sasl.kerberos.min.time.before.relogin", everyone, true, nil, whyKerberos},
	{"sasl.kerberos.service.name", everyone, true, nil, whyKerberos},
	{"sasl.kerberos.ticket.renew.jitter", everyone, true, nil, whyKerberos},
	{"sasl.kerberos.ticket.renew.window.factor", everyone, true, nil, whyKerberos},
	{"sasl.oauthbearer.assertion.algorithm", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.claim.aud", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.claim.exp.seconds", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.claim.iss", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.claim.jti.include", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.claim.nbf.seconds", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.claim.sub", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.file", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.private.key.file", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.private.key.passphrase", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.assertion.template.file", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.client.credentials.client.id", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.client.credentials.client.secret", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.clock.skew.seconds", everyone, false, nil, whyJWT},
	{"sasl.oauthbearer.expected.audience", everyone, false, nil, whyJWT},
	{"sasl.oauthbearer.expected.issuer", everyone, false, nil, whyJWT},
	{"sasl.oauthbearer.jwks.endpoint.refresh.ms", everyone, false, nil, whyJWT},
	{"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", everyone, false, nil, whyJWT},
	{"sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", everyone, false, nil, whyJWT},
	{"sasl.oauthbearer.jwks.endpoint.url", everyone, false, nil, whyJWT},
	{"sasl.oauthbearer.jwt.retriever.class", everyone, true, nil, whyJava},
	{"sasl.oauthbearer.jwt.validator.class", everyone, true, nil, whyJava},
	{"sasl.oauthbearer.scope", everyone, true, nil, whyTokens},
	{"sasl.oauthbearer.scope.claim.name", everyone, false, nil, whyJWT},
	{"sasl.oauthbearer.sub.claim.name", everyone, false, nil, whyJWT},
}

// byteArray returns the names of Kafka's class that leaves bytes as they are.
func byteArray(kind string) []string {
	return []string{"org.apache.kafka.common.serialization.ByteArray" + kind}
}
