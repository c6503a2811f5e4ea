// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
)

const (
	fromURL      = "URL"
	fromUserInfo = "USER_INFO"
	staticToken  = "STATIC_TOKEN"
)

// Check returns what the tags cannot say about a config that was read from props.
// It may be read by configdef.Plan: a field that is a reference is not checked.
func (c Config) Check(props map[string]string) []configdef.Problem {
	var out []configdef.Problem
	add := func(key, format string, args ...any) {
		out = append(out, configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)})
	}
	for _, u := range c.URLs {
		if message := checkURL(u); message != "" {
			add("schema.registry.url", "%s", message)
		}
	}
	c.checkCredentials(props, add)
	checkHeaders(Headers(props), add)
	for key, name := range map[string]string{"key.subject.name.strategy": c.KeyStrategy, "value.subject.name.strategy": c.ValueStrategy} {
		if _, ok := strategyOf(name); !ok && name != "" {
			add(key, "%s is not one of %s", name, strings.Join(strategyNames[:], ", "))
		}
	}
	if c.ProxyHost != "" && c.ProxyPort <= 0 && !isReference(props["proxy.port"]) {
		add("proxy.port", "must be set with proxy.host")
	}
	slices.SortStableFunc(out, func(a, b configdef.Problem) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// checkURL says what is wrong with the URL, without showing it: it may hold a
// password.
func checkURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "holds what is no URL; write http://host:8081"
	case u.Scheme != "http" && u.Scheme != "https":
		return "holds a URL that begins with neither http:// nor https://; write http://host:8081"
	case u.Hostname() == "":
		return "holds a URL without a host; write http://host:8081"
	}
	return ""
}

const (
	basicKey   = "basic.auth.credentials.source"
	infoKey    = "basic.auth.user.info"
	oldInfoKey = "schema.registry.basic.auth.user.info"
)

func (c Config) checkCredentials(props map[string]string, add func(key, format string, args ...any)) {
	hasInfo := props[infoKey] != "" || props[oldInfoKey] != ""
	if !isReference(props[basicKey]) {
		checkSource(c.BasicSource, hasInfo, add)
	}
	for _, key := range []string{infoKey, oldInfoKey} {
		if text := props[key]; text != "" && !isReference(text) && !strings.Contains(text, ":") {
			add(key, "the value is not user:password")
		}
	}
	if s := c.BearerSource; s != "" && !strings.EqualFold(s, staticToken) {
		add("bearer.auth.credentials.source", "%s is not supported; use STATIC_TOKEN with bearer.auth.token", s)
	}
	if hasInfo && props["bearer.auth.token"] != "" {
		add("bearer.auth.token", "cannot be set together with %s", infoKey)
	}
}

func checkSource(source string, hasInfo bool, add func(key, format string, args ...any)) {
	switch strings.ToUpper(source) {
	case fromUserInfo:
		if !hasInfo {
			add(infoKey, "must be set to user:password, because %s is USER_INFO", basicKey)
		}
	case fromURL:
		if hasInfo {
			add(basicKey, "must be USER_INFO, or else %s has no effect", infoKey)
		}
	case "SASL_INHERIT":
		add(basicKey, "SASL_INHERIT is not supported; use USER_INFO with %s", infoKey)
	default:
		add(basicKey, "%s is not one of URL, USER_INFO", source)
	}
}

func isReference(text string) bool { return strings.Contains(text, "${") }
