// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

// patience is how long a test waits for something to come true.
const patience = 20 * time.Second

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // between two looks at a real broker
	}
}

// counter is a source that counts up to a limit, from its offset, and then
// waits; it fails, with its password, once it is told to.
type counter struct {
	Topic    string             `config:"topic" importance:"high"`
	Limit    int                `config:"limit" default:"10" importance:"low"`
	Password configdef.Password `config:"password" optional:"true" importance:"low"`
}

type counterTask struct {
	c     counter
	at    int
	part  *connect.SourcePartition
	plant *plant
}

// plant holds the connectors of a test and what they have seen.
type plant struct {
	fail     atomic.Bool
	mu       sync.Mutex
	received []string
	props    []map[string]string // of the converters that were made

	headerProps []map[string]string // of those for headers
}

func (p *plant) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.received...)
}

func (p *plant) open(ctx context.Context, env connect.Env, c counter) (connect.SourceTask, error) {
	t := &counterTask{c: c, plant: p, part: &connect.SourcePartition{Key: map[string]any{"counter": "c"}, Fields: []string{"at"}}}
	o, err := env.Offsets.Offset(ctx, t.part.Key)
	if err != nil {
		return nil, err
	}
	if o != nil {
		t.at = int(o["at"].(int64))
	}
	return t, nil
}

func (t *counterTask) Poll(ctx context.Context, b *connect.Batch) error {
	if t.plant.fail.Load() {
		return errors.New("cannot log in with " + t.c.Password.Reveal())
	}
	if t.at >= t.c.Limit {
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
		return nil
	}
	t.at++
	r := b.Add()
	r.Topic, r.Source = t.c.Topic, t.part
	r.Value.Set(connect.StringSchema, connect.StringValue(strconv.Itoa(t.at)))
	r.SourceOffset = b.Offset(connect.Int64Value(int64(t.at)))
	return nil
}

func (t *counterTask) Close(context.Context) error { return nil }

type collect struct{}

type collectTask struct{ p *plant }

func (t collectTask) Put(_ context.Context, b *connect.Batch) error {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	for i := range b.Records {
		_, v, err := b.Records[i].Value.Get()
		if err != nil {
			return err
		}
		t.p.received = append(t.p.received, string(v.Bytes()))
	}
	return nil
}

func (collectTask) Close(context.Context) error { return nil }

// textConverter writes strings as they are.
type textConverter struct{}

func (textConverter) FromConnect(dst []byte, _ string, _ *connect.Schema, v connect.Value) ([]byte, error) {
	if v.IsNull() {
		return nil, nil
	}
	return append(dst, v.Str()...), nil
}

func (textConverter) ToConnect(_ *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	if data == nil {
		return nil, connect.NullValue(), nil
	}
	return nil, connect.StringOf(data), nil
}

func (p *plant) registry() connect.Registry {
	return connect.Registry{
		Plugins: []connect.Plugin{
			connect.Source[counter]{Name: "counter", Version: "1", Open: p.open}.Plugin(),
			connect.Sink[collect]{Name: "collect", Version: "2", Open: func(context.Context, connect.Env, collect) (connect.SinkTask, error) {
				return collectTask{p}, nil
			}}.Plugin(),
		},
		Converters: []connect.ConverterPlugin{
			{
				Name: "json", Check: func(map[string]string) []configdef.Problem { return nil },
				New: func(props map[string]string, _ bool) (connect.Converter, error) {
					p.mu.Lock()
					defer p.mu.Unlock()
					p.props = append(p.props, props)
					return textConverter{}, nil
				},
			},
			{
				Name: "simple", Sides: []string{connect.HeaderSide}, Check: func(map[string]string) []configdef.Problem { return nil },
				New: func(props map[string]string, _ bool) (connect.Converter, error) {
					p.mu.Lock()
					defer p.mu.Unlock()
					p.headerProps = append(p.headerProps, props)
					return textConverter{}, nil
				},
			},
		},
	}
}

func cluster(t *testing.T) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

type fixed map[string]string

func (f fixed) Get(_ context.Context, path, key string) (string, error) {
	v, ok := f[path+"/"+key]
	if !ok {
		return "", errors.New("no such secret")
	}
	return v, nil
}

// house is a worker that runs, and the status topic as others see it.
type house struct {
	*Worker
	*plant
	statuses *storage.Statuses
	stop     func() error
	metrics  *prometheus.Registry
}

func options(c *kfake.Cluster, p *plant) Options {
	return Options{
		GroupID: "g", WorkerID: "10.0.0.1:8083", Pod: "pod-0", PodUID: "uid", Version: "v1",
		Kafka:    kafka.Config{Brokers: c.ListenAddrs()},
		Topics:   storage.Topics{Offsets: "g-offsets", Status: "g-status", OffsetsPartitions: 1, StatusPartitions: 1},
		Registry: p.registry(), Secrets: secrets.New(map[string]secrets.Provider{"secrets": fixed{"db/password": "s3cret", "db/limit": "10"}}),
		Defaults: map[string]string{"offset.flush.interval.ms": "20", "value.converter": "json", "value.converter.mine": "worker's"},
		Logger:   quiet(),
	}
}

func run(t *testing.T, c *kfake.Cluster) *house {
	t.Helper()
	p := &plant{}
	return runWith(t, p, options(c, p))
}

// runWith runs a worker of other options.
func runWith(t *testing.T, p *plant, o Options) *house {
	t.Helper()
	h := &house{plant: p, metrics: prometheus.NewRegistry()}
	o.Metrics = h.metrics
	h.Worker = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	h.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := h.stop(); err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	if _, err := h.awaitLink(t.Context()); err != nil {
		t.Fatal(err)
	}
	statuses, err := storage.OpenStatuses(h.clients("test"), o.Topics.Status, quiet(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(statuses.Close)
	h.statuses = statuses
	return h
}

// bind gives a task its next epoch, as an operator does.
func (h *house) bind(t *testing.T, s TaskSpec) TaskSpec {
	t.Helper()
	epoch, err := h.NextEpoch(t.Context(), s.Connector, s.Index)
	if err != nil {
		t.Fatal(err)
	}
	s.Epoch, s.Count = epoch, max(s.Count, 1)
	return s
}

func (h *house) state(t *testing.T, connector string) TaskState {
	t.Helper()
	for _, s := range h.Tasks() {
		if s.Connector == connector {
			return s
		}
	}
	return TaskState{}
}

func (h *house) await(t *testing.T, connector string, state task.State) TaskState {
	t.Helper()
	eventually(t, connector+" is "+string(state), func() bool { return h.state(t, connector).State == state })
	return h.state(t, connector)
}

func source(connector string) TaskSpec {
	return TaskSpec{Connector: connector, Class: "counter", Config: map[string]string{"topic": "t", "password": "${secrets:db:password}"}}
}

func sink(connector string) TaskSpec {
	return TaskSpec{Connector: connector, Class: "collect", Config: map[string]string{"topics": "t"}}
}
