// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package kafka is the only place that builds Kafka clients: from the keys that
// Kafka's own clients have, with settings that were measured, and with what every
// client here must have.
package kafka

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/javassl"
)

// Config says how Kafka is reached.
type Config struct {
	// Brokers are the addresses to ask first.
	Brokers []string
	// ClientID is client.id; "" lets every client name itself.
	ClientID string
	// TLS is nil for connections in the clear.
	TLS *tls.Config
	// SASL is nil for connections that prove nothing.
	SASL *SASL
}

// SASL says who connects.
type SASL struct {
	// Mechanism is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.
	Mechanism string
	// Username and Password are the client id and the client secret of
	// OAUTHBEARER.
	Username, Password string
	// TokenEndpoint is the URL from which OAUTHBEARER has its tokens, or file:///…
	// of a token; Scope may be "".
	TokenEndpoint, Scope string
}

// Secrets returns what of the config must not be shown. A broker, or what stands
// before one, may send back what it was sent.
func (c Config) Secrets() []string {
	if c.SASL == nil {
		return nil
	}
	hidden := []string{c.SASL.Password}
	if u, err := url.Parse(c.SASL.TokenEndpoint); err == nil && u.User != nil {
		password, _ := u.User.Password()
		hidden = append(hidden, password)
	}
	return slices.DeleteFunc(hidden, func(s string) bool { return s == "" })
}

// connection holds the keys of a Kafka client that concern connections
// (org.apache.kafka.common.config.SslConfigs and SaslConfigs).
type connection struct {
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

// Keys returns the keys that ParseConfig knows.
func Keys() []configdef.Key { return configdef.Of[connection]() }

// ParseConfig reads the keys of a Kafka client that say how brokers are reached.
// Keys that it does not know are a problem if they are about security, because to
// ignore one would connect in another way than was asked for.
func ParseConfig(props map[string]string) (Config, []configdef.Problem) {
	c, problems := configdef.Decode[connection](props)
	problems = append(problems, unknown(props)...)
	if len(problems) > 0 {
		return Config{}, problems
	}
	out := Config{Brokers: c.Brokers, ClientID: c.ClientID}
	for _, b := range c.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			problems = append(problems, problem("bootstrap.servers", "%q is not host:port", b))
		}
	}
	if c.Protocol == "SSL" || c.Protocol == "SASL_SSL" {
		var p []configdef.Problem
		out.TLS, p = c.tls()
		problems = append(problems, p...)
	}
	if strings.HasPrefix(c.Protocol, "SASL_") {
		var p []configdef.Problem
		out.SASL, p = c.sasl()
		problems = append(problems, p...)
	}
	return out, problems
}

func problem(key, format string, args ...any) configdef.Problem {
	return configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)}
}

func unknown(props map[string]string) []configdef.Problem {
	var known []string
	for _, k := range Keys() {
		known = append(known, k.Name)
	}
	var out []configdef.Problem
	for k := range props {
		if (strings.HasPrefix(k, "ssl.") || strings.HasPrefix(k, "sasl.")) && !slices.Contains(known, k) {
			out = append(out, problem(k, "is not supported; supported are %s", strings.Join(known, ", ")))
		}
	}
	slices.SortFunc(out, func(a, b configdef.Problem) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func (c connection) tls() (*tls.Config, []configdef.Problem) {
	return javassl.Config{
		Truststore: c.Truststore, TruststoreLocation: c.TruststoreLocation,
		Certificate: c.Certificate, Key: c.Key, KeystoreLocation: c.KeystoreLocation,
		Endpoint: c.Endpoint, SkipVerify: c.SkipVerify,
	}.TLS()
}
