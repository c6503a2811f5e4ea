// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"penstock.dev/runtime/configdef"
)

const (
	saslPlain    = "PLAIN"
	saslScram256 = "SCRAM-SHA-256"
	saslScram512 = "SCRAM-SHA-512"
)

func (c connection) sasl() (*SASL, []configdef.Problem) {
	const mechanism, jaas = "sasl.mechanism", "sasl.jaas.config"
	switch c.Mechanism {
	case saslPlain, saslScram256, saslScram512:
	case "":
		return nil, []configdef.Problem{problem(mechanism, "must be set with security.protocol %s: %s, %s or %s", c.Protocol, saslPlain, saslScram256, saslScram512)}
	default:
		return nil, []configdef.Problem{problem(mechanism, "%s is not supported, use %s, %s or %s", c.Mechanism, saslPlain, saslScram256, saslScram512)}
	}
	options, ok := parseJAAS(c.JAAS.Reveal())
	if !ok || options["username"] == "" {
		return nil, []configdef.Problem{problem(jaas, `must be: <login module> required username="…" password="…";`)}
	}
	return &SASL{Mechanism: c.Mechanism, Username: options["username"], Password: options["password"]}, nil
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

func (s *SASL) mechanism() sasl.Mechanism {
	switch s.Mechanism {
	case saslScram256:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha256Mechanism()
	case saslScram512:
		return scram.Auth{User: s.Username, Pass: s.Password}.AsSha512Mechanism()
	}
	return plain.Auth{User: s.Username, Pass: s.Password}.AsMechanism()
}
