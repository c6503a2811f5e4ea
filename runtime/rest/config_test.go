// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// certificate returns a PEM file of a certificate for 127.0.0.1 and its key.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))+
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

func TestParseConfigProblems(t *testing.T) {
	cert := certificate(t)
	for name, tc := range map[string]struct {
		props map[string]string
		want  string
	}{
		"no address":              {map[string]string{"listeners": "8083"}, `listeners: "8083" is not http://host:port or https://host:port`},
		"no port":                 {map[string]string{"listeners": "http://a"}, `listeners: "http://a" is not`},
		"another protocol":        {map[string]string{"admin.listeners": "ftp://a:1"}, `admin.listeners: "ftp://a:1" is not`},
		"https without a key":     {map[string]string{"listeners": "https://:1"}, "ssl.keystore.location: must name a PEM file"},
		"a key that is not there": {map[string]string{"listeners": "https://:1", "listeners.https.ssl.keystore.location": "/nowhere"}, "listeners.https.ssl.keystore.location: open /nowhere"},
		"Java's key store":        {map[string]string{"listeners": "https://:1", "listeners.https.ssl.keystore.type": "JKS"}, `listeners.https.ssl.keystore.type: "JKS" is not one of PEM`},
		"no authorities":          {map[string]string{"listeners": "https://:1", "ssl.keystore.location": cert, "ssl.client.auth": "required"}, "ssl.truststore.location: must name"},
		"an unknown key of TLS":   {map[string]string{"listeners.https.ssl.cipher.suites": "x"}, "listeners.https.ssl.cipher.suites: is not supported"},
		"an unknown extension":    {map[string]string{"rest.extension.classes": "a.B"}, "rest.extension.classes: a.B is not built into this version"},
		"users without a file":    {map[string]string{"rest.extension.classes": basicAuthExtension}, "rest.basic.auth.file: must name"},
		"no users":                {map[string]string{"rest.basic.auth.file": file(t, "# none\n")}, "it has no user"},
		"no password":             {map[string]string{"rest.basic.auth.file": file(t, "a=b\nc\n")}, `has the user "c" without a password`},
		"a broken escape":         {map[string]string{"rest.basic.auth.file": file(t, "a=\\u12\n")}, `key a: \u needs four`},
		"no origin":               {map[string]string{"access.control.allow.origin": "http://a,("}, `access.control.allow.origin: "(" is neither`},
		"a header without a name": {map[string]string{"response.http.headers.config": "add :x"}, `"add :x" is not of the form [action] [name]:[value]`},
		"an unknown action":       {map[string]string{"response.http.headers.config": "drop A:x"}, "is not set, add, setDate or addDate"},
		"a bad date":              {map[string]string{"response.http.headers.config": "setDate A:x"}, "no number of milliseconds"},
		"a bad port":              {map[string]string{"rest.advertised.port": "0"}, "rest.advertised.port: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := ParseConfig(tc.props, "http://:8083")
			if len(problems) != 1 || !strings.Contains(problems[0].Error(), tc.want) {
				t.Errorf("problems %v, want one with %q", problems, tc.want)
			}
		})
	}
}

func TestAdvertised(t *testing.T) {
	cert := certificate(t)
	for name, tc := range map[string]struct {
		props map[string]string
		want  string
	}{
		"the machine's name": {nil, "me:8083"},
		"not localhost":      {map[string]string{"listeners": "http://localhost:9"}, "me:9"},
		"the listener's":     {map[string]string{"listeners": "http://10.0.0.1:9"}, "10.0.0.1:9"},
		"what is said":       {map[string]string{"rest.advertised.host.name": "a", "rest.advertised.port": "7"}, "a:7"},
		"the secure one":     {map[string]string{"listeners": "http://:1,https://:2", "ssl.keystore.location": cert, "rest.advertised.listener": "https"}, "me:2"},
	} {
		t.Run(name, func(t *testing.T) {
			c, problems := ParseConfig(tc.props, "http://:8083")
			if got := c.Advertised("me"); got != tc.want || len(problems) > 0 {
				t.Errorf("%s, problems %v; want %s", got, problems, tc.want)
			}
		})
	}
}

// A server with everything: TLS with certificates of clients, users, headers, and
// /admin at an address of its own.
func TestServer(t *testing.T) {
	cert := certificate(t)
	c, problems := ParseConfig(map[string]string{
		"listeners": "https://127.0.0.1:0", "listeners.https.ssl.keystore.location": cert,
		"listeners.https.ssl.truststore.location": cert, "listeners.https.ssl.client.auth": "required",
		"admin.listeners":        "http://127.0.0.1:0",
		"rest.extension.classes": "BasicAuthSecurityRestExtension", "rest.basic.auth.file": file(t, "ann = s3cret\n"),
		"response.http.headers.config": `set X-A: 1, "add Cache-Control: no-cache, no-store", setDate Expires: 0`,
		"access.control.allow.origin":  `https://.*\.example\.com`,
	}, "")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s, err := Listen(New(options(newBackend())), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pair, err := tls.LoadX509KeyPair(cert, cert)
	if err != nil {
		t.Fatal(err)
	}
	with := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}}}}
	without := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	public, admin := "https://"+s.Addresses()[0], "http://"+s.Addresses()[1]

	if _, err := without.Get(public); err == nil {
		t.Error("a client without certificate was let in")
	}
	for _, tc := range []struct {
		url, user, password string
		code                int
	}{
		{public, "", "", 401}, {public, "ann", "S3cret", 401}, {public, "bob", "s3cret", 401}, {public, "ann", "s3cret", 200},
		{public + "/admin/loggers", "ann", "s3cret", 404}, {admin + "/admin/loggers", "ann", "s3cret", 200}, {admin + "/admin/loggers", "", "", 401}, {admin, "ann", "s3cret", 404},
	} {
		req, err := http.NewRequest(http.MethodGet, tc.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://a.example.com")
		if tc.user != "" {
			req.SetBasicAuth(tc.user, tc.password)
		}
		resp, err := with.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tc.code {
			t.Errorf("%s for %s is answered with %d, want %d", tc.url, tc.user, resp.StatusCode, tc.code)
		}
		if h := resp.Header; strings.HasPrefix(tc.url, public) && (h.Get("X-A") != "1" || h.Get("Cache-Control") != "no-cache, no-store" ||
			h.Get("Expires") != "Thu, 01 Jan 1970 00:00:00 GMT" || h.Get("Access-Control-Allow-Origin") != "https://a.example.com") {
			t.Errorf("headers %v", h)
		}
	}
}

func TestListenNamesTheAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := Config{Listeners: []Listener{{Address: "127.0.0.1:0"}, {Address: taken.Addr().String()}}}
	if _, err := Listen(New(options(newBackend())), c, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("error %v, want one with the address", err)
	}
}

// The answers are those of Kafka Connect 4.3.1 with the same settings.
func TestOriginsOfPages(t *testing.T) {
	const methods, headers = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
	for name, tc := range map[string]struct {
		origins, methods      string // of the worker
		method, origin, wants string // of the request
		allowed               string // "" is not
		preflight             string
	}{
		"no page":                {"http://b", "GET,PUT", "GET", "", "", "", ""},
		"a page":                 {"http://b", "GET,PUT", "GET", "http://b", "", "http://b", ""},
		"a page in another case": {"http://b", "GET,PUT", "GET", "http://B", "", "http://B", ""},
		"a page by expression":   {`http://a,https://.*\.a\.com`, "", "GET", "https://x.a.com", "", "https://x.a.com", ""},
		"another page":           {`https://.*\.a\.com`, "", "GET", "https://x.a.com.evil", "", "", ""},
		"no wildcard":            {"http://*.a.com", "", "GET", "http://x.a.com", "", "", ""},
		"every page":             {"*", "", "GET", "http://x", "", "http://x", ""},
		"a page asks":            {"http://b", "GET, PUT", "OPTIONS", "http://b", "PUT", "http://b", "GET,PUT"},
		"a page asks for more":   {"http://b", "GET,PUT", "OPTIONS", "http://b", "DELETE", "http://b", "GET,PUT"},
		"a page asks by default": {"http://b", "", "OPTIONS", "http://b", "PUT", "http://b", "GET,POST,HEAD"},
		"another page asks":      {"http://b", "", "OPTIONS", "http://c", "GET", "", ""},
		"no question":            {"http://b", "", "OPTIONS", "http://b", "", "http://b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, problems := ParseConfig(map[string]string{"access.control.allow.origin": tc.origins, "access.control.allow.methods": tc.methods}, "http://:0")
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			h := c.wrap(New(options(newBackend())).Handler(AllRoutes))
			got := ask(h, tc.method, "/connectors", "", "Origin", tc.origin, "Access-Control-Request-Method", tc.wants, "Access-Control-Request-Headers", "x-a").Header()
			if got.Get("Access-Control-Allow-Origin") != tc.allowed || got.Get(methods) != tc.preflight || (got.Get(headers) != "") != (tc.preflight != "") ||
				got.Get("Vary") != "Origin" || got.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("headers %v, want %q allowed and methods %q", got, tc.allowed, tc.preflight)
			}
		})
	}
}

// The file of users is Java's: what Kafka Connect's own login module lets in.
func TestUsersOfAFile(t *testing.T) {
	u, err := LoadUsers(file(t, "# c\nplain=secret\n colon : pa:ss\nspace with space\nesc=back\\\\slash\nuni=\\u00e9\nsp\\ name=x\ntail=x  \ncont=ab\\\n   cd\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		user, password string
		may            bool
	}{
		{"plain", "secret", true}, {"colon", "pa:ss", true}, {"space", "with space", true}, {"esc", `back\slash`, true}, {"esc", `back\\slash`, false},
		{"uni", "é", true}, {"sp name", "x", true}, {"tail", "x", false}, {"tail", "x  ", true}, {"cont", "abcd", true}, {"", "", false}, {"plain", "", false},
	} {
		if got := u.may(tc.user, tc.password); got != tc.may {
			t.Errorf("%s with %q may: %v, want %v", tc.user, tc.password, got, tc.may)
		}
	}
}

func TestLevels(t *testing.T) {
	var out strings.Builder
	l := NewLevels(slog.LevelWarn, func() time.Time { return time.UnixMilli(7) })
	log := slog.New(l.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.Level(-100), ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})))
	one, other, kafka := log.With("connector", "a"), log.With("connector", "b"), log.With(LoggerKey, "kafka").WithGroup("g")
	say := func() {
		for _, l := range []*slog.Logger{log, one, other, kafka} {
			l.Info("x")
		}
	}
	say()
	if got := l.Set("connector.a", "debug"); !cmp.Equal(got, []string{"connector.a"}) {
		t.Errorf("changed %v", got)
	}
	say()
	if diff := cmp.Diff("level=INFO msg=x connector=a\n", out.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	at := int64(7)
	if got, ok := l.Level("connector.a"); !ok || got.Level != "DEBUG" || *got.LastModified != at {
		t.Errorf("level %+v, %v", got, ok)
	}
	if got, ok := l.Level("kafka"); !ok || got.Level != "WARN" || got.LastModified != nil {
		t.Errorf("level %+v, %v; want that of root", got, ok)
	}
	if _, ok := l.Level("nobody"); ok {
		t.Error("an unknown logger has a level")
	}
	if got := l.Set("ROOT", "off"); !cmp.Equal(got, []string{"connector.a", "connector.b", "kafka", "root"}) {
		t.Errorf("changed %v", got)
	}
	out.Reset()
	say()
	log.Error("y")
	if out.Len() > 0 {
		t.Errorf("log %s, want nothing", &out)
	}
	if got := l.Set("connector", "INFO"); !cmp.Equal(got, []string{"connector", "connector.a", "connector.b"}) {
		t.Errorf("changed %v", got)
	}
	l.Handler(slog.DiscardHandler).WithAttrs([]slog.Attr{slog.String("connector", "c")})
	if all := l.All(); len(all) != 6 || all["connector.c"].Level != "INFO" || all["connector.c"].LastModified != nil || all["connector.b"].Level != "INFO" || all["kafka"].Level != "OFF" || all[Root].Level != "OFF" {
		t.Errorf("levels %v", all)
	}
	if l.Valid("loud") || !l.Valid("Fatal") {
		t.Error("levels are those of Log4j, in any case")
	}
}

func TestSinkOffsets(t *testing.T) {
	for value, want := range map[any]string{1.5: "1.5", 1e10: "1e+10", true: "true", nil: "null", "x": "x", int64(3): "3"} {
		if got := plain(value); got != want {
			t.Errorf("%v is written as %s, want %s", value, got, want)
		}
	}
	o, err := SinkOffsets([]Offset{{Object{"kafka_topic": "t", "kafka_partition": "3"}, Object{"kafka_offset": "9"}}, {Object{"kafka_topic": "t", "kafka_partition": int64(1)}, nil}})
	nine := int64(9)
	if diff := cmp.Diff([]SinkOffset{{"t", 3, &nine}, {"t", 1, nil}}, o); diff != "" || err != nil {
		t.Errorf("error %v, offsets (-want +got):\n%s", err, diff)
	}
}
