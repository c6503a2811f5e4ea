// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/task"
)

// What stands for secrets in the tests of this file.
const (
	fromFile   = "Marker/From+File"
	fromEnv    = "marker-from-env"
	fromKafka  = "marker-of-kafka"
	fromWorker = "marker-of-the-worker"
)

// leaky is a connector that gives its secrets away in every way that it has.
type leaky struct {
	Topic    string             `config:"topics" importance:"high"`
	Password configdef.Password `config:"password" importance:"low"`
	URL      string             `config:"url" importance:"low"`
	Mode     string             `config:"mode" importance:"low"`
}

func (c leaky) text() string { return fmt.Sprintf("%s and %q", c.URL, c.Password.Reveal()) }

// tell logs the secrets and leaves as the mode says.
func (c leaky) tell(log *slog.Logger, at string) error {
	//nolint:sloglint // a connector may put it into the message too
	log.Info("said "+c.text(), "text", c.text(), "error", errors.New(c.text()),
		slog.Group("in", "a", c.text()), "any", map[string]string{"p": c.Password.Reveal()})
	log.With("url", c.URL).WithGroup("g").Debug("more", "password", []byte(c.Password.Reveal()))
	switch c.Mode {
	case "fail " + at:
		return fmt.Errorf("cannot reach %s", c.text())
	case "retry " + at:
		return connect.Retriable(fmt.Errorf("cannot reach %s", c.text()))
	case "panic " + at:
		panic(c.text())
	case "panic with an error " + at:
		panic(errors.New(c.text()))
	}
	return nil
}

type leakyTask struct {
	c    leaky
	env  connect.Env
	sent bool
}

func (t *leakyTask) Poll(ctx context.Context, b *connect.Batch) error {
	if err := t.c.tell(t.env.Logger, "polling"); err != nil {
		return err
	}
	if t.sent {
		<-ctx.Done()
		return nil
	}
	t.sent = true
	r := b.Add()
	r.Topic, r.Source = t.c.Topic, &connect.SourcePartition{Key: map[string]any{"url": t.c.URL}, Fields: []string{"at"}}
	r.Value.Set(connect.StringSchema, connect.StringValue("v"))
	r.SourceOffset = b.Offset(connect.Int64Value(1))
	return nil
}

func (t *leakyTask) Put(context.Context, *connect.Batch) error {
	return t.c.tell(t.env.Logger, "putting")
}

func (t *leakyTask) Close(context.Context) error { return t.c.tell(t.env.Logger, "closing") }

func leakyRegistry(p *plant) connect.Registry {
	r := p.registry()
	open := func(env connect.Env, c leaky) (*leakyTask, error) {
		return &leakyTask{c: c, env: env}, c.tell(env.Logger, "opening")
	}
	r.Plugins = []connect.Plugin{
		connect.Source[leaky]{Name: "leaky-source", Version: "1", Open: func(_ context.Context, env connect.Env, c leaky) (connect.SourceTask, error) {
			return open(env, c)
		}}.Plugin(),
		connect.Sink[leaky]{Name: "leaky-sink", Version: "1", Open: func(_ context.Context, env connect.Env, c leaky) (connect.SinkTask, error) {
			return open(env, c)
		}}.Plugin(),
	}
	return r
}

// lockedLog keeps what is logged.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// everything returns all records of a topic, as text.
func everything(t *testing.T, brokers []string, topic string, atLeast int) string {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var b strings.Builder
	for n := 0; n < atLeast; {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d records in %s, want %d", n, topic, atLeast)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			n++
			fmt.Fprintf(&b, "%s=%s\n", r.Key, r.Value)
		})
	}
	return b.String()
}

// clean fails the test if a text gives a secret away.
func clean(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{fromFile, "Marker%2FFrom", fromEnv, fromKafka, fromWorker} {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%s gives %q away: …%s…", what, secret, text[max(0, at-200):min(len(text), at+100)])
		}
	}
}

// Whatever a connector does with the secrets that its config resolves to, they
// are neither in the log nor in the status topic nor in the metrics.
func TestWorkerKeepsSecrets(t *testing.T) {
	modes := map[string]task.State{
		"source nothing": task.Running, "sink nothing": task.Running,
		"source fail opening": task.Failed, "source panic opening": task.Failed, "sink fail opening": task.Failed,
		"source fail polling": task.Failed, "source retry polling": task.Running, "source panic polling": task.Failed,
		"source panic with an error polling": task.Failed, "sink fail putting": task.Failed, "sink retry putting": task.Running,
		"sink panic putting": task.Failed, "source fail closing": task.Running, "source panic closing": task.Running, "sink fail closing": task.Running,
	}
	t.Setenv("PENSTOCK_TEST_SECRET", fromEnv)
	file := filepath.Join(t.TempDir(), "db.properties")
	if err := os.WriteFile(file, []byte("password="+fromFile+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, p, log, metrics := cluster(t), &plant{}, &lockedLog{}, prometheus.NewRegistry()
	o := options(c, p)
	o.Registry, o.Secrets, o.Metrics = leakyRegistry(p), secrets.New(secrets.Defaults()), metrics
	o.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Hidden = []string{fromWorker}
	w := New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	defer cancel()

	var specs []TaskSpec
	for mode := range modes {
		kind, mode, _ := strings.Cut(mode, " ")
		s := TaskSpec{Connector: kind + "-" + strings.ReplaceAll(mode, " ", "-"), Class: "leaky-" + kind, Count: 1, Config: map[string]string{
			"topics": "t", "mode": mode,
			"password": "${file:" + file + ":password}", "url": "db://u:${env:PENSTOCK_TEST_SECRET}@h/" + fromWorker,
		}}
		epoch, err := w.NextEpoch(t.Context(), s.Connector, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.Epoch = epoch
		specs = append(specs, s)
	}
	w.Assign(specs)
	states := func() map[string]task.State {
		got := map[string]task.State{}
		for _, s := range w.Tasks() {
			got[s.Connector] = s.State
		}
		return got
	}
	eventually(t, "all tasks get where they go", func() bool {
		now := states()
		for mode, want := range modes {
			if now[strings.ReplaceAll(mode, " ", "-")] != want {
				return false
			}
		}
		return true
	})
	eventually(t, "both loops retry", func() bool {
		text := log.String()
		return strings.Contains(text, "polling failed and is tried again") && strings.Contains(text, "putting failed and is tried again")
	})
	response := httptest.NewRecorder()
	promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}).ServeHTTP(response, httptest.NewRequest("GET", "/metrics", nil))
	clean(t, "/metrics", response.Body.String())
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	clean(t, "the log", log.String())
	for _, want := range []string{"said db://u:****@h/**** and", "in.a=", `any=map[p:****]`, "g.password=****", "panic while polling: db://u:****@"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q, which a connector logs", want)
		}
	}
	status := everything(t, c.ListenAddrs(), "g-status", 3*len(modes))
	clean(t, "the status topic", status)
	if !strings.Contains(status, "cannot reach db://u:****@h/****") {
		t.Errorf("the status topic does not say why tasks fail: %s", status)
	}
}

// Nor is the password with which Kafka is reached in the log, whatever the
// network answers.
func TestWorkerKeepsKafkaPassword(t *testing.T) {
	log := &lockedLog{}
	o := options(cluster(t), &plant{})
	o.Kafka.SASL = &kafka.SASL{Mechanism: "PLAIN", Username: "u", Password: fromKafka}
	o.Dial = func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("refused for u:" + fromKafka)
	}
	o.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	eventually(t, "the worker tells of it", func() bool { return strings.Contains(log.String(), "reaching Kafka failed") })
	eventually(t, "the client tells of it", func() bool { return strings.Contains(log.String(), "unable to open connection") })
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	clean(t, "the log", log.String())
	if !strings.Contains(log.String(), "refused for u:****") {
		t.Errorf("the log does not say what happened: %s", log)
	}
}

// A password in a converter's keys is one, whether the connector or the worker
// names the converter.
func TestWorkerKeepsConvertersPasswords(t *testing.T) {
	avro := func(side, token string) map[string]string {
		return map[string]string{
			side + ".converter": "avro", side + ".converter.schema.registry.url": "http://localhost:1", side + ".converter.bearer.auth.token": token,
			side + ".converter.request.header.X-Api-Key": "header of " + side,
		}
	}
	w := New(Options{Registry: connect.Registry{Converters: converters.All()}, Secrets: secrets.New(nil), Defaults: avro("key", fromWorker), Logger: slog.New(slog.DiscardHandler)})
	c, err := w.resolve(t.Context(), connect.Plugin{}, avro("value", fromEnv))
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{fromWorker, fromEnv, "header of key", "header of value"} {
		if got := c.redact.Redact("refused " + token); strings.Contains(got, token) {
			t.Errorf("%q shows the token", got)
		}
	}
}
