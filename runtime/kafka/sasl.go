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
	return &SASL{
		Mechanism: c.Mechanism, Username: options["username"], Password: options["password"],
		DelegationToken: strings.EqualFold(options["tokenauth"], "true"),
	}, nil
}

func (c connection) oauth() (*SASL, []configdef.Problem) {
	endpoint, err := url.Parse(c.TokenEndpoint)
	if err != nil || endpoint.Scheme != "file" && (endpoint.Scheme != "https" && endpoint.Scheme != "http" || endpoint.Host == "") {
		return nil, []configdef.Problem{problem(endpointKey, "must be the URL of the token endpoint, or file:///… of a token, for %s", saslOAuth)}
	}
	out := &SASL{Mechanism: c.Mechanism, TokenEndpoint: c.TokenEndpoint, URLEncode: c.URLEncode}
	options, ok := parseJAAS(c.JAAS.Reveal())
	for k, v := range options {
		if name, is := strings.CutPrefix(k, "extension_"); is {
			if out.Extensions == nil {
				out.Extensions = map[string]string{}
			}
			out.Extensions[name] = v
		}
	}
	if endpoint.Scheme == "file" {
		return out, nil
	}
	if !ok || options["clientId"] == "" || options["clientSecret"] == "" {
		return nil, []configdef.Problem{problem(jaasKey, `must be: <login module> required clientId="…" clientSecret="…"; with scope="…" if the endpoint wants one`)}
	}
	out.Username, out.Password, out.Scope = options["clientId"], options["clientSecret"], options["scope"]
	return out, nil
}

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	switch s.Mechanism {
	case saslScram256:
		return scram.Auth{User: s.Username, Pass: s.Password, IsToken: s.DelegationToken}.AsSha256Mechanism(), nil
	case saslScram512:
		return scram.Auth{User: s.Username, Pass: s.Password, IsToken: s.DelegationToken}.AsSha512Mechanism(), nil
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
