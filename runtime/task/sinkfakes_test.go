// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kslog"

	"penstock.dev/runtime/connect"
)

// sinkRig is a broker on a virtual network, to be used within synctest.
type sinkRig struct {
	t      testing.TB
	net    *kfake.VirtualNetwork
	kafka  *kfake.Cluster
	client *kgo.Client
	epochs *epochs
	states *states
}

func newSinkRig(t testing.TB, partitions int32) *sinkRig {
	r := &sinkRig{t: t, net: &kfake.VirtualNetwork{}, epochs: &epochs{highest: 1}, states: &states{}}
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(19092), kfake.SeedTopics(partitions, "in"),
		kfake.ListenFn(r.net.Listen))
	if err != nil {
		t.Fatal(err)
	}
	r.kafka = c
	if r.client, err = r.newClient(kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *sinkRig) close() {
	r.client.Close()
	r.kafka.Close()
}

func (r *sinkRig) newClient(opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(r.kafka.ListenAddrs()...), kgo.Dialer(r.net.DialContext),
		kgo.DisableClientMetrics(), kgo.MetadataMinAge(100 * time.Millisecond),
	}, opts...)...)
}

// logger prints when TASK_TEST_LOG is set.
func logger(name string) *slog.Logger {
	if os.Getenv("TASK_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("who", name)
}

// options returns the options of task i, incarnation name.
func (r *sinkRig) options(i int, name string, store *store) SinkOptions {
	o := SinkOptions{
		Options: options(r.epochs, r.states, connect.Plugin{
			Kind: connect.SinkKind,
			OpenSink: func(context.Context, connect.Env, map[string]string) (connect.SinkTask, error) {
				return store.task(), nil
			},
		}),
		Topics: []string{"in"},
		NewClient: func(extra ...kgo.Opt) (*kgo.Client, error) {
			return r.newClient(append([]kgo.Opt{
				kgo.ConsumerGroup("connect-c"), kgo.InstanceID("g-c-" + strconv.Itoa(i)),
				kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.SessionTimeout(45 * time.Second),
				kgo.HeartbeatInterval(3 * time.Second), kgo.FetchMaxWait(500 * time.Millisecond),
				kgo.WithLogger(kslog.New(logger(name))),
				kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
			}, extra...)...)
		},
	}
	o.ID.Index, o.Count = i, 2
	o.Env = func() connect.Env { return connect.Env{Logger: logger(name)} }
	return o
}

// produce writes records "p:n" with n from first to last to a partition.
func (r *sinkRig) produce(p int32, first, last int) {
	r.t.Helper()
	var recs []*kgo.Record
	for n := first; n <= last; n++ {
		recs = append(recs, &kgo.Record{
			Topic: "in", Partition: p, Value: fmt.Appendf(nil, "%d:%d", p, n),
			Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("v")}},
		})
	}
	if err := r.client.ProduceSync(context.Background(), recs...).FirstErr(); err != nil {
		r.t.Fatal(err)
	}
}

// committed returns the group's offset of a partition, -1 for none.
func (r *sinkRig) committed(p int32) int64 {
	r.t.Helper()
	offsets, err := kadm.NewClient(r.client).FetchOffsets(context.Background(), "connect-c")
	if err != nil {
		r.t.Fatal(err)
	}
	o, ok := offsets.Lookup("in", p)
	if !ok {
		return -1
	}
	return o.At
}

// store is the outside system of a sink: the records by value, with the number
// of times that they were written. Its behaviour can be changed by the tests'
// functions.
type store struct {
	mu      sync.Mutex
	values  map[string]int
	order   []string
	headers int
	calls   []string // of a Rebalancer
	puts    int
	closed  int

	rebalances bool
	onPut      func(ctx context.Context, b *connect.Batch, n int) error // before it is written
	onPre      func(o connect.Offsets) (connect.Offsets, error)
}

func (s *store) task() connect.SinkTask {
	t := sinkTask{s}
	switch {
	case s.onPre != nil && s.rebalances:
		return struct {
			sinkTask
			preCommits
			rebalances
		}{t, preCommits{s}, rebalances{s}}
	case s.onPre != nil:
		return struct {
			sinkTask
			preCommits
		}{t, preCommits{s}}
	case s.rebalances:
		return struct {
			sinkTask
			rebalances
		}{t, rebalances{s}}
	}
	return t
}

type sinkTask struct{ store *store }

func (t sinkTask) Put(ctx context.Context, b *connect.Batch) error {
	s := t.store
	s.mu.Lock()
	s.puts++
	n, onPut := s.puts, s.onPut
	s.mu.Unlock()
	if onPut != nil {
		if err := onPut(ctx, b, n); err != nil {
			return err
		}
	}
	for i := range b.Records {
		_, v, err := b.Records[i].Value.Get() // without the lock: it may take a while
		if err != nil {
			b.Fail(i, err)
			continue
		}
		s.mu.Lock()
		s.write(string(v.Bytes()))
		s.headers += len(b.Records[i].Headers)
		s.mu.Unlock()
	}
	return nil
}

func (s *store) write(v string) {
	if s.values == nil {
		s.values = make(map[string]int)
	}
	s.values[v]++
	s.order = append(s.order, v)
}

func (t sinkTask) Close(context.Context) error {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	t.store.closed++
	return nil
}

type preCommits struct{ preStore *store }

func (p preCommits) PreCommit(_ context.Context, o connect.Offsets) (connect.Offsets, error) {
	return p.preStore.onPre(o)
}

type rebalances struct{ rebStore *store }

func (r rebalances) Assigned(_ context.Context, tps []connect.TopicPartition) error {
	return r.rebStore.called("+", tps)
}

func (r rebalances) Revoked(_ context.Context, tps []connect.TopicPartition) error {
	return r.rebStore.called("-", tps)
}

func (s *store) called(sign string, tps []connect.TopicPartition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, tp := range tps {
		s.calls = append(s.calls, sign+strconv.Itoa(int(tp.Partition)))
	}
	return nil
}

func (s *store) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.order)
}

func (s *store) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.order)
}

func (s *store) callList() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// twice returns the values that were written more than once.
func (s *store) twice() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var vs []string
	for _, v := range slices.Sorted(maps.Keys(s.values)) {
		if s.values[v] > 1 {
			vs = append(vs, v)
		}
	}
	return vs
}
