// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/runtime/connect"
)

// bound is the budget of the tasks whose memory is measured. What they may hold
// beside it is the client's and the broker's own.
const (
	bound  = 8 << 20
	beside = 3 << 20
)

// A source that could go on for ever holds no more than its budget while the
// broker answers nothing.
func TestSourceMemoryWhileTheBrokerStalls(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has memory of its own")
	}
	for name, size := range map[string]int{"small records": 100, "1 KB": 1000, "100 KB": 100_000} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { sourceWhileStalled(t, size) })
		})
	}
}

func sourceWhileStalled(t *testing.T, size int) {
	var net kfake.VirtualNetwork
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(19092), kfake.SeedTopics(4, "out"), kfake.ListenFn(net.Listen))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	release := make(chan struct{})
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		c.SleepControl(func() { <-release })
		return nil, nil, false
	})
	cl, err := kgo.NewClient(append(ProducerOpts(), kgo.SeedBrokers(c.ListenAddrs()...), kgo.Dialer(net.DialContext), kgo.DisableClientMetrics())...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	r := newRig(t, 1, 0)
	r.o.MaxInFlightBytes, r.o.Producer = bound, cl
	value := make([]byte, size)
	stop := false
	r.source.onPoll = func(_ context.Context, b *connect.Batch) (bool, error) {
		for !stop && !b.Full() {
			rec := b.Add()
			rec.Topic = "out"
			rec.Value.Set(nil, connect.StringOf(b.Arena.Copy(value)))
			rec.Source, rec.SourceOffset = r.source.parts[0], b.Offset(connect.Int64Value(1))
		}
		return !stop, nil
	}
	before, _ := live()
	s := NewSource(r.o)
	run := start(s)
	time.Sleep(10 * time.Second) // of the bubble: until nothing moves any more
	synctest.Wait()
	after, _ := live()
	grown := after - before
	s.mu.Lock()
	used := s.ring.used
	s.mu.Unlock()
	t.Logf("%d bytes counted, the heap has grown by %d, the budget is %d", used, grown, bound)
	if used < bound/4 {
		t.Errorf("only %d bytes are in flight: the broker does not stall", used)
	}
	if grown > bound+beside {
		t.Errorf("the heap has grown by %d bytes, the budget is %d", grown, bound)
	}
	stop = true
	close(release)
	if err := run.end(); err != nil {
		t.Error(err)
	}
}

// A sink holds no more than its budget, fetched in advance or decoded, while the
// connector does not return from Put.
func TestSinkMemoryWhileTheConnectorStalls(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has memory of its own")
	}
	for name, batch := range map[string]kfake.SyntheticBatch{
		"small records": {Records: 1000, RecordBytes: 100}, "1 KB": {Records: 500, RecordBytes: 1000}, "100 KB": {Records: 5, RecordBytes: 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { sinkWhileStalled(t, batch) })
		})
	}
}

func sinkWhileStalled(t *testing.T, batch kfake.SyntheticBatch) {
	var net kfake.VirtualNetwork
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(19092), kfake.SeedTopics(4, "in"), kfake.ListenFn(net.Listen), kfake.SyntheticFetch(batch))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	release := make(chan struct{})
	d := &stalling{after: 200, release: release}
	o := SinkOptions{
		Options: options(&epochs{highest: 1}, &states{}, connect.Plugin{
			Kind:     connect.SinkKind,
			OpenSink: func(context.Context, connect.Env, map[string]string) (connect.SinkTask, error) { return d, nil },
		}),
		Topics: []string{"in"},
		NewClient: func(extra ...kgo.Opt) (*kgo.Client, error) {
			return kgo.NewClient(append([]kgo.Opt{
				kgo.SeedBrokers(c.ListenAddrs()...), kgo.Dialer(net.DialContext), kgo.DisableClientMetrics(),
				kgo.ConsumerGroup("connect-c"), kgo.InstanceID("g-c-0"), kgo.FetchMaxWait(500 * time.Millisecond),
				kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
			}, extra...)...)
		},
	}
	o.MaxInFlightBytes = bound
	before, _ := live()
	run := start(NewSink(o))
	time.Sleep(10 * time.Second)
	synctest.Wait()
	after, _ := live()
	grown := after - before
	t.Logf("after %d batches the heap has grown by %d, the budget is %d", d.puts, grown, bound)
	if d.puts <= d.after {
		t.Errorf("the connector has got %d batches, it should stall after %d", d.puts, d.after)
	}
	if grown > bound+beside {
		t.Errorf("the heap has grown by %d bytes, the budget is %d", grown, bound)
	}
	close(release)
	if err := run.end(); err != nil {
		t.Error(err)
	}
}

// stalling is a sink that decodes everything and does not return from Put after a
// number of batches.
type stalling struct {
	puts, after int
	release     chan struct{}
}

func (s *stalling) Put(_ context.Context, b *connect.Batch) error {
	for i := range b.Records {
		if _, _, err := b.Records[i].Value.Get(); err != nil {
			return err
		}
	}
	if s.puts++; s.puts > s.after {
		<-s.release
	}
	return nil
}

func (s *stalling) Close(context.Context) error { return nil }
