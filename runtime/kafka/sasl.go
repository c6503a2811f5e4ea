// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"penstock.dev/runtime/configdef"
)

const (
	saslPlain    = "PLAIN"
	saslScram256 = "SCRAM-SHA-256"
	saslScram512 = "SCRAM-SHA-512"
	saslOAuth    = "OAUTHBEARER"

	mechanisms = saslPlain + ", " + saslScram256 + ", " + saslScram512 + " or " + saslOAuth

	mechanismKey = "sasl.mechanism"
	jaasKey      = "sasl.jaas.config"
	endpointKey  = "sasl.oauthbearer.token.endpoint.url"
)

func (c connection) sasl() (*SASL, []configdef.Problem) {
	switch c.Mechanism {
	case saslPlain, saslScram256, saslScram512:
		return c.password()
	case saslOAuth:
		return c.oauth()
	case "":
		return nil, []configdef.Problem{problem(mechanismKey, "must be set with security.protocol %s: %s", c.Protocol, mechanisms)}
	}
	return nil, []configdef.Problem{problem(mechanismKey, "%s is not supported, use %s", c.Mechanism, mechanisms)}
}

func (c connection) password() (*SASL, []configdef.Problem) {
	if c.Username != "" && c.JAAS.Reveal() == "" {
		return &SASL{Mechanism: c.Mechanism, Username: c.Username, Password: c.Password.Reveal()}, nil
	}
	options, ok := parseJAAS(c.JAAS.Reveal())
	if !ok || options["username"] == "" {
		return nil, []configdef.Problem{problem(jaasKey, `must be: <login module> required username="…" password="…"; (or set sasl.username and sasl.password)`)}
	}
	return &SASL{Mechanism: c.Mechanism, Username: options["username"], Password: options["password"]}, nil
}

func (c connection) oauth() (*SASL, []configdef.Problem) {
	endpoint, err := url.Parse(c.TokenEndpoint)
	if err != nil || endpoint.Scheme != "file" && (endpoint.Scheme != "https" && endpoint.Scheme != "http" || endpoint.Host == "") {
		return nil, []configdef.Problem{problem(endpointKey, "must be the URL of the token endpoint, or file:///… of a token, for %s", saslOAuth)}
	}
	out := &SASL{Mechanism: c.Mechanism, TokenEndpoint: c.TokenEndpoint}
	if endpoint.Scheme == "file" {
		return out, nil
	}
	options, ok := parseJAAS(c.JAAS.Reveal())
	if !ok || options["clientId"] == "" || options["clientSecret"] == "" {
		return nil, []configdef.Problem{problem(jaasKey, `must be: <login module> required clientId="…" clientSecret="…"; with scope="…" if the endpoint wants one`)}
	}
	out.Username, out.Password, out.Scope = options["clientId"], options["clientSecret"], options["scope"]
	return out, nil
}

// parseJAAS reads the options of one login module:
// `module flag key="value" …;` (javax.security.auth.login.Configuration).
func parseJAAS(text string) (map[string]string, bool) {
	text = strings.TrimSpace(text)
	text, ok := strings.CutSuffix(text, ";")
	if !ok {
		return nil, false
	}
	_, rest, ok := strings.Cut(text, " ") // the module
	if !ok {
		return nil, false
	}
	_, rest, _ = strings.Cut(strings.TrimSpace(rest), " ") // the flag
	options := map[string]string{}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		key, value, found := strings.Cut(rest, "=")
		if !found {
			return nil, false
		}
		value, rest, ok = jaasValue(strings.TrimSpace(value))
		if !ok {
			return nil, false
		}
		options[strings.TrimSpace(key)] = value
	}
	return options, true
}

// jaasValue takes a quoted value, in which a backslash escapes, or a word.
func jaasValue(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		value, rest, _ = strings.Cut(s, " ")
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == s[0]:
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	switch s.Mechanism {
	case saslScram256:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha256Mechanism(), nil
	case saslScram512:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha512Mechanism(), nil
	case saslPlain:
		return plain.Auth{User: s.Username, Pass: s.Password}.AsMechanism(), nil
	case saslOAuth:
		endpoint, err := url.Parse(s.TokenEndpoint)
		if err != nil {
			return nil, fmt.Errorf("reading the token endpoint: %w", err)
		}
		return oauth.Oauth(newTokens(s, endpoint).auth), nil
	}
	return nil, fmt.Errorf("the SASL mechanism %q is not supported, use %s", s.Mechanism, mechanisms)
}
