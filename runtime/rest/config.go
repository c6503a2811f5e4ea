// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/javaregex"
)

// basicAuthExtension is the one extension of Kafka Connect that is built.
const basicAuthExtension = "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"

// settings are the worker keys of the REST API.
type settings struct {
	// Where the REST API listens: addresses such as http://:8083 or
	// https://10.0.0.1:8443, of which a host that is left out is every address of the
	// machine. Without the key it is http://:8083, or http://localhost:8083 if there is
	// no worker config.
	Listeners []string `config:"listeners" optional:"true" importance:"low"`
	// Where /admin is served, likewise: without the key by listeners, and nowhere if
	// it is set to nothing.
	Admin *[]string `config:"admin.listeners" optional:"true" importance:"low"`
	// The host that statuses name as this worker's.
	AdvertisedHost string `config:"rest.advertised.host.name" optional:"true" importance:"low"`
	// The port that statuses name as this worker's.
	AdvertisedPort *int `config:"rest.advertised.port" optional:"true" min:"1" max:"65535" importance:"low"`
	// Which of several listeners statuses name: http or https.
	AdvertisedListener string `config:"rest.advertised.listener" optional:"true" enum:"http,https" importance:"low"`
	// The origins from which pages of browsers may call: *, or a list of Java's
	// regular expressions, of which one must match the whole origin, in any case.
	Origin string `config:"access.control.allow.origin" optional:"true" importance:"low"`
	// The methods that they may use; without the key GET, POST and HEAD.
	Methods string `config:"access.control.allow.methods" optional:"true" importance:"low"`
	// Headers of every answer, separated by commas, as in add X-Frame-Options: DENY.
	Headers string `config:"response.http.headers.config" optional:"true" importance:"low"`
	// Extensions of the REST API; BasicAuthSecurityRestExtension, which asks for a
	// user's password, is the only one.
	Extensions []string `config:"rest.extension.classes" optional:"true" importance:"low"`
	// The file of users and passwords for BasicAuthSecurityRestExtension, a line
	// user=password each. Kafka Connect has a JAAS file that names it.
	Users string `config:"rest.basic.auth.file" optional:"true" importance:"medium"`
	// Whether it is noted which topics a connector uses.
	TopicTracking bool `config:"topic.tracking.enable" default:"true" importance:"low"`
	// Whether that may be reset.
	TopicReset bool `config:"topic.tracking.allow.reset" default:"true" importance:"low"`
}

// Config says where and how the API is served.
type Config struct {
	// Listeners are the addresses; Admin those of /admin. AdminApart says that
	// Listeners do not serve it.
	Listeners, Admin []Listener
	AdminApart       bool
	// Origins match those of other pages that may call, with Methods; none if empty.
	Origins []*javaregex.Pattern
	Methods []string
	// Headers are put into every answer.
	Headers []Header
	// Users may call with their passwords; nil lets everybody.
	Users *Users
	// TopicTracking and TopicReset are for Options.
	TopicTracking, TopicReset bool

	advertised settings
}

// Listener is an address to listen on.
type Listener struct {
	// Address is host:port; the host may be empty.
	Address string
	// TLS is nil for http.
	TLS *tls.Config
}

// Keys returns the worker keys that ParseConfig knows, but for those of TLS.
func Keys() []configdef.Key { return configdef.Of[settings]() }

// TLSKeys returns the keys of TLS, without their prefixes.
func TLSKeys() []configdef.Key { return configdef.Of[tlsKeys]() }

// IsKey reports whether a worker key is about the REST API.
func IsKey(key string) bool {
	_, known := configdef.Find(Keys(), key)
	return known || strings.HasPrefix(key, httpsPrefix) || strings.HasPrefix(key, adminHTTPSPrefix)
}

// The prefixes of the keys of TLS.
const (
	httpsPrefix      = "listeners.https."
	adminHTTPSPrefix = "admin.listeners.https."
)

// ParseConfig reads the worker keys of the API, and the files that they name.
// fallback is where to listen if they do not say so. props may hold other keys;
// those of TLS that begin with "ssl." count if there are none for listeners alone.
func ParseConfig(props map[string]string, fallback string) (Config, []configdef.Problem) {
	s, problems := configdef.Decode[settings](props)
	if len(problems) > 0 {
		return Config{}, problems
	}
	if len(s.Listeners) == 0 {
		s.Listeners = []string{fallback}
	}
	p := parser{props: props}
	c := Config{
		Listeners: p.listeners("listeners", s.Listeners, httpsPrefix), AdminApart: s.Admin != nil,
		Origins: p.origins(s.Origin), Methods: list(s.Methods), Headers: p.headers(s.Headers), Users: p.users(s),
		TopicTracking: s.TopicTracking, TopicReset: s.TopicReset, advertised: s,
	}
	if s.Admin != nil {
		c.Admin = p.listeners("admin.listeners", *s.Admin, adminHTTPSPrefix)
	}
	p.unknownTLS()
	return c, p.problems
}

// parser gathers problems.
type parser struct {
	props    map[string]string
	problems []configdef.Problem
}

func (p *parser) problem(key, format string, args ...any) {
	p.problems = append(p.problems, configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) listeners(key string, addresses []string, prefix string) []Listener {
	var out []Listener
	for _, address := range addresses {
		u, err := url.Parse(strings.ToLower(address))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Port() == "" || u.Path != "" && u.Path != "/" {
			p.problem(key, "%q is not http://host:port or https://host:port", address)
			continue
		}
		l := Listener{Address: net.JoinHostPort(u.Hostname(), u.Port())}
		if u.Scheme == "https" {
			l.TLS = p.tls(prefix)
		}
		out = append(out, l)
	}
	return out
}

// users reads the users if calls are to be proven.
func (p *parser) users(s settings) *Users {
	const key = "rest.extension.classes"
	wanted := false
	for _, class := range s.Extensions {
		if class != basicAuthExtension && class != "BasicAuthSecurityRestExtension" {
			p.problem(key, "%s is not built into this version; it has %s", class, basicAuthExtension)
			return nil
		}
		wanted = true
	}
	switch {
	case wanted && s.Users == "":
		p.problem("rest.basic.auth.file", "must name the properties file of users and passwords, because %s names %s", key, basicAuthExtension)
	case s.Users != "":
		users, err := LoadUsers(s.Users)
		if err != nil {
			p.problem("rest.basic.auth.file", "%v", err)
		}
		return users
	}
	return nil
}

// Advertised returns host:port as statuses name this worker.
func (c Config) Advertised(hostname string) string {
	l := c.listener()
	host, port, _ := net.SplitHostPort(l.Address)
	if c.advertised.AdvertisedHost != "" {
		host = c.advertised.AdvertisedHost
	}
	// Statuses tell processes apart by it, so localhost will not do.
	if host == "" || host == "localhost" {
		host = hostname
	}
	if n := c.advertised.AdvertisedPort; n != nil {
		port = strconv.Itoa(*n)
	}
	return net.JoinHostPort(host, port)
}

// listener is the one that is advertised: of the protocol that was asked for, or
// the first.
func (c Config) listener() Listener {
	for _, l := range c.Listeners {
		switch c.advertised.AdvertisedListener {
		case "http":
			if l.TLS == nil {
				return l
			}
		case "https":
			if l.TLS != nil {
				return l
			}
		}
	}
	if len(c.Listeners) == 0 {
		return Listener{Address: ":8083"}
	}
	return c.Listeners[0]
}

// unknownTLS names the keys below a prefix that are not known: to ignore one
// would serve in another way than was asked for.
func (p *parser) unknownTLS() {
	known := configdef.Names(configdef.Of[tlsKeys]())
	for _, k := range slices.Sorted(maps.Keys(p.props)) {
		for _, prefix := range []string{httpsPrefix, adminHTTPSPrefix} {
			if own, ok := strings.CutPrefix(k, prefix); ok && !slices.Contains(known, own) {
				p.problem(k, "is not supported; supported are %s", strings.Join(known, ", "))
			}
		}
	}
}
