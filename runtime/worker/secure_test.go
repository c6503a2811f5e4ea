// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

// These tests run against a real Kafka with listeners of each kind and an
// authorizer, which hack/kafka/secure-test.sh starts; the variable names its data
// directory.
const secureVariable = "PENSTOCK_TEST_SECURE_KAFKA"

// secured is that Kafka.
type secured struct {
	dir   string
	port  int
	turn  string       // ends every name, so that a test may run again
	admin *kadm.Client // of somebody who may do everything
}

func secureKafka(t *testing.T) *secured {
	t.Helper()
	dir := os.Getenv(secureVariable)
	if dir == "" {
		t.Skip(secureVariable + " is not set: run hack/kafka/secure-test.sh")
	}
	settings, err := os.ReadFile(filepath.Join(dir, "settings"))
	if err != nil {
		t.Fatal(err)
	}
	props, err := secrets.ParseProperties(string(settings))
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(props["port"])
	if err != nil {
		t.Fatal(err)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(fmt.Sprintf("127.0.0.1:%d", port)), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return &secured{dir: dir, port: port, turn: strconv.FormatInt(time.Now().UnixMilli(), 36), admin: kadm.NewClient(cl)}
}

// props are those of a client of a listener; hack/kafka/kafka.sh has their ports.
func (s *secured) props(listener string, more ...string) map[string]string {
	ports := map[string]int{"tls": 3, "mtls": 4, "saslssl": 5, "sasl": 6, "otherhost": 7}
	p := map[string]string{"bootstrap.servers": fmt.Sprintf("localhost:%d", s.port+ports[listener])}
	tls := func() { p["ssl.truststore.location"] = filepath.Join(s.dir, "certs/ca.pem") }
	switch listener {
	case "tls", "otherhost":
		p["security.protocol"] = "SSL"
		tls()
	case "mtls":
		p["security.protocol"], p["ssl.keystore.location"] = "SSL", filepath.Join(s.dir, "certs/client.pem")
		tls()
	case "saslssl":
		p["security.protocol"] = "SASL_SSL"
		tls()
	case "sasl":
		p["security.protocol"] = "SASL_PLAINTEXT"
	}
	for i := 0; i < len(more); i += 2 {
		p[more[i]] = more[i+1]
	}
	return p
}

// login proves to be somebody.
func login(mechanism, user, password string) []string {
	return []string{"sasl.mechanism", mechanism, "sasl.jaas.config", fmt.Sprintf(`x.LoginModule required username=%q password=%q;`, user, password)}
}

// allow lets principals do everything, and then not: deny takes things away from
// alice again.
func (s *secured) allow(t *testing.T, deny ...*kadm.ACLBuilder) {
	t.Helper()
	all := kadm.NewACLs().Topics("*").Groups("*").TransactionalIDs("*").Clusters().Operations(kadm.OpAll).
		Allow("User:alice", "User:carol").ResourcePatternType(kadm.ACLPatternLiteral)
	for _, b := range append([]*kadm.ACLBuilder{all}, deny...) {
		rs, err := s.admin.CreateACLs(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		everything := kadm.NewACLs().Topics().Groups().TransactionalIDs().Clusters().Operations(kadm.OpAny).
			Allow().AllowHosts().Deny().DenyHosts().ResourcePatternType(kadm.ACLPatternAny)
		if _, err := s.admin.DeleteACLs(ctx, everything); err != nil {
			t.Error(err)
		}
	})
}

// guarded is a worker at that Kafka, and all that it lets out.
type guarded struct {
	*house
	log     *syncBuffer
	metrics *prometheus.Registry
}

// guard starts a worker that reaches Kafka with those properties.
func (s *secured) guard(t *testing.T, group string, props map[string]string) *guarded {
	t.Helper()
	config, problems := kafka.ParseConfig(props)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	g := &guarded{house: &house{plant: &plant{}}, log: &syncBuffer{}, metrics: prometheus.NewRegistry()}
	g.Worker = New(Options{
		GroupID: group, WorkerID: "10.0.0.1:8083", Pod: "pod-0", Kafka: config, Registry: g.registry(),
		Topics:   storage.Topics{Offsets: group + "-offsets", Status: group + "-status", OffsetsPartitions: 1, StatusPartitions: 1},
		Secrets:  secrets.New(map[string]secrets.Provider{"secrets": fixed{"db/password": marker, "db/login": s.jaas("bob", marker)}}),
		Defaults: map[string]string{"offset.flush.interval.ms": "50", "value.converter": "json"},
		Logger:   slog.New(slog.NewTextHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Metrics: g.metrics,
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
		g.leaks(t, s)
	})
	return g
}

func (s *secured) jaas(user, password string) string {
	return fmt.Sprintf("x.LoginModule required username=%q password=%q;", user, password)
}

// leaks looks for passwords in everything that has left the worker.
func (g *guarded) leaks(t *testing.T, s *secured) {
	t.Helper()
	families, err := g.metrics.Gather()
	if err != nil {
		t.Error(err)
	}
	out := map[string]string{"the log": g.log.String(), "the metrics": fmt.Sprint(families), "the probe": fmt.Sprint(g.Ready()), "the states": fmt.Sprintf("%+v", g.Tasks())}
	for _, topic := range []string{g.o.Topics.Status, g.o.Topics.Offsets} {
		out["topic "+topic] = s.read(t, topic)
	}
	for where, text := range out {
		for _, secret := range []string{marker, "alice-s3cret", "bob-s3cret"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s has a password in it", where)
			}
		}
	}
}

// read returns all that is in a topic.
func (s *secured) read(t *testing.T, topic string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ends, err := s.admin.ListEndOffsets(ctx, topic)
	if err != nil || ends.Error() != nil {
		return "" // it was not made
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(fmt.Sprintf("127.0.0.1:%d", s.port)), kgo.ConsumeTopics(topic), kgo.KeepControlRecords(), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	var b strings.Builder
	for len(left) > 0 && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			fmt.Fprintf(&b, "%s %s\n", r.Key, r.Value)
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return b.String()
}

// marker is a password that is wrong everywhere.
const marker = "m4rker-of-a-password"

func (s *secured) topic(t *testing.T, names ...string) {
	t.Helper()
	if _, err := s.admin.CreateTopics(t.Context(), 1, 1, nil, names...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := s.admin.DeleteTopics(context.Background(), names...); err != nil {
			t.Error(err)
		}
	})
}

func TestSecureMovesData(t *testing.T) {
	s := secureKafka(t)
	s.allow(t)
	for name, props := range map[string]map[string]string{
		"tls": s.props("tls"), "mtls": s.props("mtls"),
		"saslssl-plain": s.props("saslssl", login("PLAIN", "alice", "alice-s3cret")...),
		"saslssl-256":   s.props("saslssl", login("SCRAM-SHA-256", "alice", "alice-s3cret")...),
		"saslssl-512":   s.props("saslssl", login("SCRAM-SHA-512", "alice", "alice-s3cret")...),
		"sasl-plain":    s.props("sasl", login("PLAIN", "alice", "alice-s3cret")...),
		"sasl-256":      s.props("sasl", login("SCRAM-SHA-256", "alice", "alice-s3cret")...),
		"sasl-512":      s.props("sasl", login("SCRAM-SHA-512", "alice", "alice-s3cret")...),
	} {
		t.Run(name, func(t *testing.T) {
			name += s.turn
			s.topic(t, name)
			g := s.guard(t, "moves-"+name, props)
			g.Assign([]TaskSpec{g.bind(t, own(source("in-"+name), "topic", name)), g.bind(t, own(sink("out-"+name), "topics", name))})
			eventually(t, "ten records arrive", func() bool { return len(g.seen()) == 10 })
		})
	}
}

func TestSecureRefusals(t *testing.T) {
	s := secureKafka(t)
	for name, tc := range map[string]struct {
		props map[string]string
		says  []string
	}{
		"scram password": {s.props("saslssl", login("SCRAM-SHA-512", "alice", marker)...), []string{"SCRAM-SHA-512", "check the user's name and password (sasl.jaas.config"}},
		"plain password": {s.props("sasl", login("PLAIN", "alice", marker)...), []string{"Invalid username or password", "sasl.jaas.config"}},
		"unknown user":   {s.props("sasl", login("SCRAM-SHA-256", "nobody", marker)...), []string{"invalid credentials", "sasl.jaas.config"}},
		"no mechanism":   {s.props("sasl", append(login("OAUTHBEARER", "x", "y"), "sasl.oauthbearer.token.endpoint.url", "file:///etc/hostname")...), []string{"sasl.mechanism"}},
		"untrusted":      {s.props("tls", "ssl.truststore.location", filepath.Join(s.dir, "certs/stranger.pem")), []string{"unknown authority", "ssl.truststore.location"}},
		"other host":     {s.props("otherhost"), []string{"valid for kafka.example.com, not localhost", "connect by a name that the certificate has"}},
		"no certificate": {s.props("mtls", "ssl.keystore.location", ""), []string{"certificate", "ssl.keystore.location"}},
		"not TLS":        {s.props("tls", "security.protocol", "PLAINTEXT"), []string{"set security.protocol to SSL"}},
		"not plain":      {s.props("tls", "bootstrap.servers", fmt.Sprintf("localhost:%d", s.port+6)), []string{"TLS", "security.protocol"}},
		"no ACL":         {s.props("sasl", login("PLAIN", "bob", "bob-s3cret")...), []string{"topic refused-offsets", "TOPIC_AUTHORIZATION_FAILED", "needs an ACL on the Topic"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := s.guard(t, "refused", tc.props)
			says := func(text string) bool {
				for _, want := range tc.says {
					if !strings.Contains(text, want) {
						return false
					}
				}
				return true
			}
			eventually(t, fmt.Sprintf("the probe says %q", tc.says), func() bool { return says(fmt.Sprint(g.Ready())) })
			eventually(t, fmt.Sprintf("the log says %q", tc.says), func() bool { return says(g.log.String()) })
		})
	}
}

// Each ACL that is missing fails the task that needs it, with what it is about and
// what is to be allowed.
func TestSecureACLs(t *testing.T) {
	s := secureKafka(t)
	deny := func() *kadm.ACLBuilder {
		return kadm.NewACLs().Deny("User:alice").ResourcePatternType(kadm.ACLPatternLiteral)
	}
	s.allow(t,
		deny().Topics("no-write").Operations(kadm.OpWrite),
		deny().Topics("no-read").Operations(kadm.OpRead),
		deny().Topics("no-create").Operations(kadm.OpCreate),
		deny().Clusters().Operations(kadm.OpCreate),
		deny().Groups("connect-no-group").Operations(kadm.OpRead),
		deny().TransactionalIDs("acls"+s.turn+"-no-id-0").Operations(kadm.OpWrite),
	)
	s.topic(t, "acl", "no-write", "no-read")
	g := s.guard(t, "acls"+s.turn, s.props("sasl", login("SCRAM-SHA-256", "alice", "alice-s3cret")...))
	created := []string{"topic.creation.default.partitions", "1", "topic.creation.default.replication.factor", "1"}
	wants := map[string][]string{
		"no-write":  {`topic "no-write"`, "TOPIC_AUTHORIZATION_FAILED", "Write for a source"},
		"no-read":   {"no-read", "TOPIC_AUTHORIZATION_FAILED", "Read for a sink"},
		"no-create": {"allow Create on Topic no-create", "TOPIC_AUTHORIZATION_FAILED"},
		"no-group":  {"connect-no-group", "GROUP_AUTHORIZATION_FAILED", "ACL on the Group: Read"},
		"no-id":     {"acls" + s.turn + "-no-id-0", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "ACL on the TransactionalID"},
		"no-login":  {"SASL_AUTHENTICATION_FAILED", "check the user's name and password"},
		"no-reader": {"SASL_AUTHENTICATION_FAILED", "check the user's name and password"},
	}
	g.Assign([]TaskSpec{
		g.bind(t, own(source("no-write"), "topic", "no-write")),
		g.bind(t, own(sink("no-read"), "topics", "no-read")),
		g.bind(t, own(own(source("no-create"), created...), "topic", "no-create")),
		g.bind(t, own(sink("no-group"), "topics", "acl")),
		g.bind(t, own(source("no-id"), "topic", "acl")),
		g.bind(t, own(source("no-login"), "topic", "acl", "producer.override.sasl.jaas.config", "${secrets:db:login}")),
		g.bind(t, own(sink("no-reader"), "topics", "acl", "consumer.override.sasl.jaas.config", "${secrets:db:login}")),
		g.bind(t, own(source("fine"), "topic", "acl", "producer.override.compression.type", "lz4")),
		g.bind(t, own(own(source("made"), created...), "topic", "made"+s.turn, "topic.creation.default.retention.ms", "54321000")),
	})
	for name, want := range wants {
		state := g.await(t, name, task.Failed)
		for _, text := range want {
			if !strings.Contains(state.Error, text) {
				t.Errorf("%s fails with %q, want %q in it", name, state.Error, text)
			}
		}
	}
	for _, name := range []string{"fine", "made"} {
		eventually(t, name+" goes on", func() bool { return g.state(t, name).Progress.Records == 10 })
	}
	configs, err := s.admin.DescribeTopicConfigs(t.Context(), "made"+s.turn)
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(configs[0].Configs, func(c kadm.Config) bool { return c.Key == "retention.ms" && c.MaybeValue() == "54321000" }); i < 0 {
		t.Errorf("the topic that was made has the settings %v", configs[0].Configs)
	}
}
