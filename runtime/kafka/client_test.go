// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// within bounds a test's calls.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func newClient(t *testing.T, c Config, o Options, extra ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := c.NewClient(o, extra...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func admin(t *testing.T, c *kfake.Cluster) *kadm.Client {
	t.Helper()
	return kadm.NewClient(newClient(t, Config{Brokers: c.ListenAddrs()}, Options{ClientID: "test"}))
}

func TestConnections(t *testing.T) {
	p := newPKI(t)
	pair, err := tls.X509KeyPair([]byte(p.cert), []byte(p.key))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(p.ca))
	serverTLS := &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert}
	withTLS := map[string]string{"ssl.truststore.certificates": p.ca, "ssl.keystore.certificate.chain": p.cert, "ssl.keystore.key": p.key}
	login := func(mechanism, user, password string) map[string]string {
		return map[string]string{"sasl.mechanism": mechanism, "sasl.jaas.config": `m required username="` + user + `" password="` + password + `";`}
	}
	users := []kfake.Opt{
		kfake.EnableSASL(), kfake.Superuser("PLAIN", "u", "p"), kfake.Superuser("SCRAM-SHA-256", "u", "p"), kfake.Superuser("SCRAM-SHA-512", "u", "p"),
	}
	for name, tc := range map[string]struct {
		server []kfake.Opt
		props  []map[string]string
		proto  string
		fails  bool
	}{
		"in the clear":            {nil, nil, "PLAINTEXT", false},
		"tls with a certificate":  {[]kfake.Opt{kfake.TLS(serverTLS)}, []map[string]string{withTLS}, "SSL", false},
		"tls without certificate": {[]kfake.Opt{kfake.TLS(serverTLS)}, []map[string]string{{"ssl.truststore.certificates": p.ca}}, "SSL", true},
		"tls, unknown authority":  {[]kfake.Opt{kfake.TLS(serverTLS)}, nil, "SSL", true},
		"plain":                   {users, []map[string]string{login("PLAIN", "u", "p")}, "SASL_PLAINTEXT", false},
		"scram 256":               {users, []map[string]string{login("SCRAM-SHA-256", "u", "p")}, "SASL_PLAINTEXT", false},
		"scram 512 over tls": {
			append(slices.Clip(users), kfake.TLS(serverTLS)), []map[string]string{login("SCRAM-SHA-512", "u", "p"), withTLS}, "SASL_SSL", false,
		},
		"wrong password": {users, []map[string]string{login("SCRAM-SHA-512", "u", "wrong")}, "SASL_PLAINTEXT", true},
	} {
		for _, how := range []string{"dialled", "dialled by the caller"} {
			t.Run(name+", "+how, func(t *testing.T) {
				c := cluster(t, append(tc.server, kfake.ClusterID("the-cluster"), kfake.NumBrokers(1))...)
				props := map[string]string{"bootstrap.servers": strings.Join(c.ListenAddrs(), ","), "security.protocol": tc.proto}
				for _, p := range tc.props {
					maps.Copy(props, p)
				}
				config, problems := ParseConfig(props)
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				o := Options{ClientID: "test"}
				var dials atomic.Int32
				if how != "dialled" {
					o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
						dials.Add(1)
						return (&net.Dialer{}).DialContext(ctx, network, addr)
					}
				}
				// A refusal is not tried again for long.
				id, err := ClusterID(within(t), newClient(t, config, o, kgo.RequestRetries(1), kgo.RetryTimeout(time.Second)))
				if tc.fails != (err != nil) || !tc.fails && id != "the-cluster" {
					t.Errorf("cluster id %q, %v", id, err)
				}
				if o.Dial != nil && dials.Load() == 0 {
					t.Error("the caller's way to dial was not used")
				}
			})
		}
	}
}

// brokerSeen is a hook that counts connections.
type brokerSeen struct{ connected atomic.Int32 }

func (b *brokerSeen) OnBrokerConnect(kgo.BrokerMetadata, time.Duration, net.Conn, error) {
	b.connected.Add(1)
}

func TestClientsTakeNamesHooksAndLoggers(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1))
	for name, tc := range map[string]struct {
		config Config
		want   string
	}{
		"its own name":     {Config{}, "mine"},
		"the user's name":  {Config{ClientID: "users"}, "users"},
		"with no brokers?": {Config{ClientID: "users", Brokers: []string{"127.0.0.1:1"}}, "users"},
	} {
		t.Run(name, func(t *testing.T) {
			if len(tc.config.Brokers) == 0 {
				tc.config.Brokers = c.ListenAddrs()
			}
			var log bytes.Buffer
			seen := &brokerSeen{}
			client := newClient(t, tc.config, Options{
				ClientID: "mine", Hooks: []kgo.Hook{seen}, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			if got := client.OptValue(kgo.ClientID); got != tc.want {
				t.Errorf("the client is called %v, want %s", got, tc.want)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := client.Ping(ctx)
			if reachable := tc.config.Brokers[0] != "127.0.0.1:1"; reachable != (err == nil) {
				t.Errorf("ping returned %v", err)
			}
			client.Close()
			if seen.connected.Load() == 0 || log.Len() == 0 {
				t.Errorf("the hook saw %d connections, the log has %d bytes", seen.connected.Load(), log.Len())
			}
		})
	}
}

func TestAnUnknownMechanismBuildsNoClient(t *testing.T) {
	_, err := Config{Brokers: []string{"a:1"}, SASL: &SASL{Mechanism: "GSSAPI"}}.NewClient(Options{ClientID: "x"})
	if err == nil || !strings.Contains(err.Error(), `"GSSAPI" is not supported`) {
		t.Errorf("NewClient returned %v", err)
	}
}

func TestRetry(t *testing.T) {
	busy, final := errors.New("busy"), errors.New("final")
	again := func(err error) bool { return errors.Is(err, busy) }
	for name, tc := range map[string]struct {
		answers []error
		want    error
		calls   int
	}{
		"at once":          {[]error{nil}, nil, 1},
		"after some tries": {[]error{busy, busy, nil}, nil, 3},
		"a final answer":   {[]error{busy, final}, final, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				err := Retry(t.Context(), again, func() error { calls++; return tc.answers[calls-1] })
				if !errors.Is(err, tc.want) || calls != tc.calls {
					t.Errorf("%v after %d calls, want %v after %d", err, calls, tc.want, tc.calls)
				}
			})
		})
	}
	t.Run("until the context is done", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start, calls := time.Now(), 0
			err := Retry(ctx, again, func() error { calls++; return busy })
			if !errors.Is(err, busy) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("returned %v, want what was wrong and the deadline", err)
			}
			if took := time.Since(start); took != time.Minute || calls < 40 || calls > 250 {
				t.Errorf("%d calls in %s", calls, took)
			}
		})
	})
}
