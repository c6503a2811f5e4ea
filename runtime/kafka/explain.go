// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"crypto/x509"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
)

// explained is an error and what there is to do about it.
type explained struct {
	error
	fix string
}

// Error returns the error's text and the fix.
func (e explained) Error() string { return e.error.Error() + ": " + e.fix }

// Unwrap returns the error itself.
func (e explained) Unwrap() error { return e.error }

// Explain adds to an error of a connection, of who connects, or of what they may
// do, how it is put right: in a client's keys, or in a ConnectCluster. Other errors
// stay as they are, and so does nil.
func Explain(err error) error {
	if err == nil || errors.As(err, new(explained)) {
		return err
	}
	if fix := fixOf(err); fix != "" {
		return explained{err, fix}
	}
	return err
}

// IsRefusal reports whether an error is of those that Explain knows: it does not
// pass by itself.
func IsRefusal(err error) bool { return err != nil && fixOf(err) != "" }

// fixes are those of what brokers answer.
var fixes = []struct {
	err *kerr.Error
	fix string
}{
	{kerr.SaslAuthenticationFailed, "check the user's name and password (sasl.jaas.config; spec.kafka.sasl of a ConnectCluster)"},
	{kerr.UnsupportedSaslMechanism, "use one that the brokers have (sasl.mechanism; spec.kafka.sasl.mechanism of a ConnectCluster)"},
	{kerr.IllegalSaslState, "the broker wants no login, or another one: check security.protocol (spec.kafka of a ConnectCluster)"},
	{kerr.TopicAuthorizationFailed, "who connects needs an ACL on the Topic: Describe, with Write for a source, Read for a sink, and Create if it is not there"},
	{kerr.GroupAuthorizationFailed, "who connects needs an ACL on the Group: Read"},
	{kerr.TransactionalIDAuthorizationFailed, "who connects needs an ACL on the TransactionalID, best on all that begin with the group.id: Describe and Write"},
	{kerr.MessageTooLarge, "the broker takes no batch of records that is larger than the topic's max.message.bytes: set producer.override.max.request.size to that, or raise it; a single record must fit as well"},
	{kerr.ClusterAuthorizationFailed, "who connects needs an ACL on the Cluster: Create to create topics, IdempotentWrite to produce to brokers before Kafka 2.8"},
}

func fixOf(err error) string {
	for _, f := range fixes {
		if errors.Is(err, f.err) {
			return f.fix
		}
	}
	switch text := err.Error(); {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "give the authority that has signed the brokers' certificates (ssl.truststore.location; spec.kafka.tls.caSecretRef of a ConnectCluster)"
	case errors.As(err, new(x509.HostnameError)):
		return "connect by a name that the certificate has (bootstrap.servers, and the brokers' advertised.listeners), or give the broker a certificate for this one"
	case errors.As(err, new(x509.CertificateInvalidError)):
		return "give the broker a certificate that is valid"
	// The alert's type is not exported.
	case strings.Contains(text, "remote error: tls: "):
		return "the broker refuses the client's certificate or has none of it: give one that it trusts (ssl.keystore.location; spec.kafka.tls.certificateSecretRef of a ConnectCluster)"
	case strings.Contains(text, "is TLS misconfigured"):
		return "the listener may not speak what security.protocol says (spec.kafka.tls of a ConnectCluster)"
	case strings.Contains(text, "is this a plaintext connection speaking to a tls endpoint"):
		return "set security.protocol to SSL or SASL_SSL (spec.kafka.tls of a ConnectCluster)"
	}
	return ""
}
