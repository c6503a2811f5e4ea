// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const jaasLogin = `org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="p;\"x";`

func TestParseConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		props map[string]string
		want  Config
	}{
		"in the clear": {
			map[string]string{"bootstrap.servers": "a:9092, b:9092", "group.id": "somebody else's"},
			Config{Brokers: []string{"a:9092", "b:9092"}},
		},
		"scram": {
			map[string]string{
				"bootstrap.servers": "a:9092", "client.id": "me", "security.protocol": "SASL_PLAINTEXT",
				"sasl.mechanism": "SCRAM-SHA-512", "sasl.jaas.config": jaasLogin,
			},
			Config{Brokers: []string{"a:9092"}, ClientID: "me", SASL: &SASL{Mechanism: "SCRAM-SHA-512", Username: "u", Password: `p;"x`}},
		},
		"client credentials": {
			map[string]string{
				"bootstrap.servers": "a:9092", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER",
				"sasl.oauthbearer.token.endpoint.url": "https://id/token",
				"sasl.jaas.config":                    `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId="i" clientSecret='s' scope=kafka;`,
			},
			Config{Brokers: []string{"a:9092"}, SASL: &SASL{Mechanism: "OAUTHBEARER", Username: "i", Password: "s", TokenEndpoint: "https://id/token", Scope: "kafka"}},
		},
		"a delegation token": {
			map[string]string{
				"bootstrap.servers": "a:9092", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-256",
				"sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required\n  username=id\n  password=\"hmac\"\n  tokenauth=true;\n",
			},
			Config{Brokers: []string{"a:9092"}, SASL: &SASL{Mechanism: "SCRAM-SHA-256", Username: "id", Password: "hmac", DelegationToken: true}},
		},
		"extensions of a token": {
			map[string]string{
				"bootstrap.servers": "a:9092", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER",
				"sasl.oauthbearer.token.endpoint.url": "https://id/token", "sasl.oauthbearer.header.urlencode": "true",
				"sasl.jaas.config": `m required clientId="i" clientSecret="s" extension_logicalCluster="lkc-1" extension_identityPoolId="p";`,
			},
			Config{Brokers: []string{"a:9092"}, SASL: &SASL{
				Mechanism: "OAUTHBEARER", Username: "i", Password: "s", TokenEndpoint: "https://id/token", URLEncode: true,
				Extensions: map[string]string{"logicalCluster": "lkc-1", "identityPoolId": "p"},
			}},
		},
		"a token in a file": {
			map[string]string{
				"bootstrap.servers": "a:9092", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER",
				"sasl.oauthbearer.token.endpoint.url": "file:///var/run/token",
			},
			Config{Brokers: []string{"a:9092"}, SASL: &SASL{Mechanism: "OAUTHBEARER", TokenEndpoint: "file:///var/run/token"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := ParseConfig(tc.props)
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(Config{}, "Props")); diff != "" || len(problems) > 0 {
				t.Errorf("problems %v, config (-want +got):\n%s", problems, diff)
			}
		})
	}
}

func TestParseConfigProblems(t *testing.T) {
	sasl := func(more ...string) map[string]string {
		m := map[string]string{"bootstrap.servers": "a:9092", "security.protocol": "SASL_PLAINTEXT"}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	secured := func(more ...string) map[string]string {
		m := sasl(more...)
		m["security.protocol"] = "SSL"
		return m
	}
	for name, tc := range map[string]struct {
		props map[string]string
		want  []string // key and the beginning of the message
	}{
		"no brokers":            {map[string]string{}, []string{"bootstrap.servers: is required"}},
		"no port":               {map[string]string{"bootstrap.servers": "a"}, []string{`bootstrap.servers: "a" is not host:port`}},
		"unknown protocol":      {map[string]string{"bootstrap.servers": "a:1", "security.protocol": "TLS"}, []string{"security.protocol: "}},
		"no mechanism":          {sasl(), []string{"sasl.mechanism: must be set with security.protocol SASL_PLAINTEXT: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"}},
		"kerberos":              {sasl("sasl.mechanism", "GSSAPI"), []string{"sasl.mechanism: GSSAPI is not supported, use PLAIN"}},
		"no login":              {sasl("sasl.mechanism", "PLAIN"), []string{`sasl.jaas.config: must be: <login module> required username="…" password="…";`}},
		"a login cut off":       {sasl("sasl.mechanism", "PLAIN", "sasl.jaas.config", `m required username="u" password="p`), []string{"sasl.jaas.config: must be"}},
		"no endpoint":           {sasl("sasl.mechanism", "OAUTHBEARER"), []string{"sasl.oauthbearer.token.endpoint.url: must be the URL"}},
		"no client credentials": {sasl("sasl.mechanism", "OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url", "https://x/y"), []string{"sasl.jaas.config: must be"}},
		"java key stores": {
			secured("ssl.truststore.type", "JKS", "ssl.keystore.type", "PKCS12"),
			[]string{"ssl.truststore.type: ", "ssl.keystore.type: "},
		},
		"keys that would be ignored": {
			secured("ssl.cipher.suites", "x", "sasl.kerberos.service.name", "kafka"),
			[]string{"sasl.kerberos.service.name: is not supported", "ssl.cipher.suites: is not supported"},
		},
		"no such authority file": {secured("ssl.truststore.location", "/no/such"), []string{"ssl.truststore.location: open /no/such"}},
		"an authority that is none": {
			secured("ssl.truststore.certificates", "nonsense"), []string{"ssl.truststore.certificates: holds no PEM certificate"},
		},
		"an authority that is empty": {
			secured("ssl.truststore.certificates", ""), []string{"ssl.truststore.certificates: is empty"},
		},
		"files that hold nothing": {
			secured("ssl.truststore.location", os.DevNull, "ssl.keystore.location", os.DevNull),
			[]string{"ssl.truststore.location: holds no PEM certificate; a store of Java", "ssl.keystore.location: tls: failed to find any PEM data in certificate input; a store of Java"},
		},
		"a certificate without key": {
			secured("ssl.keystore.certificate.chain", "nonsense"), []string{"ssl.keystore.certificate.chain: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := ParseConfig(tc.props)
			if len(problems) != len(tc.want) {
				t.Fatalf("problems %q, want %q", problems, tc.want)
			}
			for i, want := range tc.want {
				if got := problems[i].Error(); !strings.HasPrefix(got, want) {
					t.Errorf("problem %q, want %q", got, want)
				}
			}
		})
	}
}

func TestSecretsStayOutOfProblems(t *testing.T) {
	_, problems := ParseConfig(map[string]string{
		"bootstrap.servers": "a:9092", "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN",
		"sasl.jaas.config": `module required user="u" password="s3cret"`, "ssl.keystore.key": "s3cret", "ssl.keystore.certificate.chain": "x",
	})
	if len(problems) != 2 || strings.Contains(fmt.Sprint(problems), "s3cret") {
		t.Errorf("problems are %v", problems)
	}
}

func TestTLSConfig(t *testing.T) {
	p := newPKI(t)
	dir := t.TempDir()
	caFile, keystore := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "client.pem")
	for file, data := range map[string]string{caFile: p.ca, keystore: p.key + p.cert} {
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		props map[string]string
		check func(*tls.Config) bool
	}{
		"as text": {
			map[string]string{"ssl.truststore.certificates": p.ca, "ssl.keystore.certificate.chain": p.cert, "ssl.keystore.key": p.key},
			func(c *tls.Config) bool {
				return c.RootCAs != nil && len(c.Certificates) == 1 && !c.InsecureSkipVerify && c.MinVersion == tls.VersionTLS12
			},
		},
		"from files": {
			map[string]string{"ssl.truststore.type": "PEM", "ssl.truststore.location": caFile, "ssl.keystore.location": keystore},
			func(c *tls.Config) bool { return c.RootCAs != nil && len(c.Certificates) == 1 },
		},
		"the system's authorities": {
			map[string]string{}, func(c *tls.Config) bool { return c.RootCAs == nil && !c.InsecureSkipVerify },
		},
		"any host": {
			map[string]string{"ssl.endpoint.identification.algorithm": "", "ssl.truststore.certificates": p.ca},
			func(c *tls.Config) bool { return c.InsecureSkipVerify && c.VerifyConnection != nil },
		},
		"anything": {
			map[string]string{"ssl.insecure.skip.verify": "true"},
			func(c *tls.Config) bool { return c.InsecureSkipVerify && c.VerifyConnection == nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			tc.props["bootstrap.servers"], tc.props["security.protocol"] = "a:9093", "SSL"
			c, problems := ParseConfig(tc.props)
			if len(problems) > 0 || c.TLS == nil || !tc.check(c.TLS) {
				t.Errorf("problems %v, TLS %+v", problems, c.TLS)
			}
		})
	}
}

// What is read of sasl.jaas.config is what Kafka's own class reads.
func TestParseJAAS(t *testing.T) {
	data, err := os.ReadFile("testdata/jaas.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		quoted, wanted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		var text string
		if err := json.Unmarshal([]byte(quoted), &text); err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		var want map[string]string
		if wanted != "refused" {
			if err := json.Unmarshal([]byte(wanted), &want); err != nil {
				t.Fatalf("%s: %v", wanted, err)
			}
		}
		got, ok := parseJAAS(text)
		if diff := cmp.Diff(want, got); ok != (want != nil) || ok && diff != "" {
			t.Errorf("%s is read as %v, %v; want %s", quoted, got, ok, wanted)
		}
	}
}

func FuzzParseJAAS(f *testing.F) {
	for _, s := range []string{jaasLogin, `m required;`, `m required a=b c='d' e="\"";`, `;`, ``, `m required a=`, `m required a="`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		options, ok := parseJAAS(text)
		if !ok {
			return
		}
		// What was read can be written and read again.
		again := "m required"
		for k, v := range options {
			if strings.ContainsFunc(k, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz.", r) }) || k == "" {
				return
			}
			again += " " + k + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
		}
		back, ok := parseJAAS(again + ";")
		if diff := cmp.Diff(options, back); diff != "" || !ok {
			t.Errorf("%q came back differently:\n%s", again, diff)
		}
	})
}

func TestProblemsAreInOrder(t *testing.T) {
	_, problems := ParseConfig(map[string]string{"bootstrap.servers": "a:1", "ssl.z": "", "sasl.b": "", "sasl.a": ""})
	var keys []string
	for _, p := range problems {
		keys = append(keys, p.Key)
	}
	if want := []string{"sasl.a", "sasl.b", "ssl.z"}; !slices.Equal(keys, want) {
		t.Errorf("problems of %q, want %q", keys, want)
	}
}
