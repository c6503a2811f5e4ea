// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package kafka is the only place that builds Kafka clients: from the keys that
// Kafka's own clients have, with settings that were measured, and with what every
// client here must have.
package kafka

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"penstock.dev/runtime/clientkeys"
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
	// Props are the properties that it was read from; a client with keys of its own
	// begins with them.
	Props map[string]string
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
	// URLEncode sends Username and Password of OAUTHBEARER URL-encoded.
	URLEncode bool
	// Extensions go with each token (KIP-342).
	Extensions map[string]string
	// DelegationToken says that Username and Password of a SCRAM mechanism are those
	// of a delegation token (KIP-48).
	DelegationToken bool
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

// connection is what the keys of a connection say.
type connection struct{ clientkeys.Connection }

// Keys returns the keys that ParseConfig knows.
func Keys() []configdef.Key { return configdef.Of[clientkeys.Connection]() }

// ParseConfig reads the keys of a Kafka client that say how brokers are reached.
// Keys that it does not know are a problem if they are about security, because to
// ignore one would connect in another way than was asked for.
func ParseConfig(props map[string]string) (Config, []configdef.Problem) {
	read, problems := configdef.Decode[clientkeys.Connection](props)
	problems = append(problems, unknown(props)...)
	if authorities, ok := props["ssl.truststore.certificates"]; ok && authorities == "" {
		problems = append(problems, problem("ssl.truststore.certificates", "is empty; leave it out to trust the system's authorities"))
	}
	if len(problems) > 0 {
		return Config{}, problems
	}
	c := connection{read}
	out := Config{Brokers: c.Brokers, ClientID: c.ClientID, Props: connectionProps(props)}
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

// connectionProps are the properties of a connection among props.
func connectionProps(props map[string]string) map[string]string {
	out := map[string]string{}
	for _, k := range Keys() {
		if v, ok := props[k.Name]; ok {
			out[k.Name] = v
		}
	}
	return out
}

// With returns the config with the properties of a connection that props has in
// the place of its own. A config that was not read from properties has its
// brokers.
func (c Config) With(props map[string]string) (Config, []configdef.Problem) {
	own := connectionProps(props)
	if len(own) == 0 {
		return c, nil
	}
	all := map[string]string{"bootstrap.servers": strings.Join(c.Brokers, ",")}
	maps.Copy(all, c.Props)
	maps.Copy(all, own)
	return ParseConfig(all)
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
