// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"penstock.dev/runtime/connect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text is the trivial converter: strings as their bytes. It refuses the text
// "bad".
type text struct{}

var errBadText = errors.New("bad text")

func (*text) FromConnect(dst []byte, _ string, _ *connect.Schema, v connect.Value) ([]byte, error) {
	if v.IsNull() {
		return nil, nil
	}
	if v.Str() == "bad" {
		return nil, errBadText
	}
	return append(dst, v.Str()...), nil
}

func (*text) ToConnect(_ *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	if data == nil {
		return nil, connect.NullValue(), nil
	}
	if string(data) == "bad" {
		return nil, connect.NullValue(), errBadText
	}
	return nil, connect.StringOf(data), nil
}

// epochs is the highest epoch of the only task.
type epochs struct {
	mu      sync.Mutex
	highest int64
	err     error
	reads   int
	onRead  func(n int) // called with the mutex held
}

func (e *epochs) Highest(context.Context, ID) (int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reads++
	if e.onRead != nil {
		e.onRead(e.reads)
	}
	return e.highest, e.err
}

func (e *epochs) set(n int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.highest = n
}

// offsetTopic is what all incarnations of a task commit to.
type offsetTopic struct {
	mu      sync.Mutex
	fence   int // the number of the last Fence
	offsets map[string]map[string]any
	commits int
	err     error         // of Commit
	delay   time.Duration // of Commit
	onWrite func(key string, before, after map[string]any)
}

func newOffsetTopic() *offsetTopic {
	return &offsetTopic{offsets: make(map[string]map[string]any)}
}

func (o *offsetTopic) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

func (o *offsetTopic) number(key string) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, ok := o.offsets[key]["n"].(int64)
	if !ok {
		return -1
	}
	return n
}

func (o *offsetTopic) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.commits
}

// offsetStore is one incarnation's view of an offsetTopic.
type offsetStore struct {
	topic *offsetTopic
	mine  int
}

func (o *offsetStore) Offset(_ context.Context, p map[string]any) (map[string]any, error) {
	o.topic.mu.Lock()
	defer o.topic.mu.Unlock()
	key, err := partitionKey(&connect.SourcePartition{Key: p})
	return maps.Clone(o.topic.offsets[key]), err
}

func (o *offsetStore) Fence(context.Context) error {
	o.topic.mu.Lock()
	defer o.topic.mu.Unlock()
	o.topic.fence++
	o.mine = o.topic.fence
	return nil
}

func (o *offsetStore) Commit(ctx context.Context, offsets []connect.CommittedOffset) error {
	o.topic.mu.Lock()
	delay := o.topic.delay
	o.topic.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	o.topic.mu.Lock()
	defer o.topic.mu.Unlock()
	switch {
	case o.topic.err != nil:
		return o.topic.err
	case o.mine != o.topic.fence:
		return fmt.Errorf("commit: %w", ErrFenced)
	case len(offsets) == 0:
		return errors.New("an empty commit")
	}
	o.topic.commits++
	for _, c := range offsets {
		key, err := partitionKey(c.Partition)
		if err != nil {
			return err
		}
		after := make(map[string]any)
		for i, f := range c.Partition.Fields {
			after[f] = plain(c.Offset[i])
		}
		if o.topic.onWrite != nil {
			o.topic.onWrite(key, o.topic.offsets[key], after)
		}
		o.topic.offsets[key] = after
	}
	return nil
}

// written is what a broker keeps of a record.
type written struct {
	topic, key, value string
	headers           int
	timestamp         time.Time
	all               []kgo.RecordHeader
}

// broker is a Producer that answers when it is told to, in the order of each
// topic, one promise at a time.
type broker struct {
	mu      sync.Mutex
	hold    bool
	waiting []promised
	log     []written
	refuse  map[string]error // by topic
	limit   map[string]int   // of values, by topic; 0 is none
	answers bool             // somebody does
}

type promised struct {
	r       *kgo.Record
	promise func(*kgo.Record, error)
}

func (b *broker) Produce(_ context.Context, r *kgo.Record, promise func(*kgo.Record, error)) {
	b.mu.Lock()
	b.waiting = append(b.waiting, promised{r, promise})
	hold := b.hold
	b.mu.Unlock()
	if !hold {
		b.answer(func(string) bool { return true })
	}
}

// answer answers what waits for the topics that are chosen, and what the promises
// produce. Who comes while another one answers leaves it to that one.
func (b *broker) answer(chosen func(topic string) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answers {
		return
	}
	b.answers = true
	defer func() { b.answers = false }()
	for {
		var now []promised
		b.waiting = slices.DeleteFunc(b.waiting, func(p promised) bool {
			if chosen(p.r.Topic) {
				now = append(now, p)
				return true
			}
			return false
		})
		if len(now) == 0 {
			return
		}
		for _, p := range now {
			err := b.refuse[p.r.Topic]
			if most := b.limit[p.r.Topic]; most > 0 && len(p.r.Value) > most {
				err = kerr.MessageTooLarge
			}
			if err == nil {
				b.log = append(b.log, written{
					topic: p.r.Topic, key: string(p.r.Key), value: string(p.r.Value),
					headers: len(p.r.Headers), timestamp: p.r.Timestamp, all: p.r.Headers,
				})
			}
			b.mu.Unlock()
			p.promise(p.r, err)
			b.mu.Lock()
		}
	}
}

func (b *broker) setHold(hold bool) {
	b.mu.Lock()
	b.hold = hold
	b.mu.Unlock()
	if !hold {
		b.answer(func(string) bool { return true })
	}
}

func (b *broker) values() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var vs []string
	for _, w := range b.log {
		vs = append(vs, w.value)
	}
	return vs
}

// of returns what was written to a topic.
func (b *broker) of(topic string) []written {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []written
	for _, w := range b.log {
		if w.topic == topic {
			all = append(all, w)
		}
	}
	return all
}

func (b *broker) held() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

// counter is a source that counts: the offset of partition p is the last number
// that was read from it. Its behaviour can be changed by the tests' functions.
type counter struct {
	parts []*connect.SourcePartition
	next  []int64
	limit int64 // the last number, then it blocks
	each  int   // records of each partition in a Poll

	topic  func(part int) string
	onPoll func(ctx context.Context, b *connect.Batch) (handled bool, err error)
	mu     sync.Mutex
	heard  map[string]int64 // what Commit was told
	closed int
}

func (c *counter) open(ctx context.Context, env connect.Env, partitions int) error {
	c.parts, c.next = nil, nil
	for i := range partitions {
		p := &connect.SourcePartition{Key: map[string]any{"p": int64(i)}, Fields: []string{"n"}}
		o, err := env.Offsets.Offset(ctx, p.Key)
		if err != nil {
			return err
		}
		last, _ := o["n"].(int64)
		c.parts, c.next = append(c.parts, p), append(c.next, last+1)
	}
	return nil
}

func (c *counter) Poll(ctx context.Context, b *connect.Batch) error {
	if c.onPoll != nil {
		if handled, err := c.onPoll(ctx, b); handled {
			return err
		}
	}
	for i, p := range c.parts {
		for n := 0; n < max(c.each, 1) && c.next[i] <= c.limit && !b.Full(); n++ {
			r := b.Add()
			r.Topic = "out"
			if c.topic != nil {
				r.Topic = c.topic(i)
			}
			r.Value.Set(nil, connect.StringValue(fmt.Sprintf("%d:%d", i, c.next[i])))
			r.Source, r.SourceOffset = p, b.Offset(connect.Int64Value(c.next[i]))
			c.next[i]++
		}
	}
	if len(b.Records) == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (c *counter) Commit(_ context.Context, committed []connect.CommittedOffset) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard == nil {
		c.heard = make(map[string]int64)
	}
	for _, o := range committed {
		key, err := partitionKey(o.Partition)
		if err != nil {
			return err
		}
		c.heard[key] = o.Offset[0].Int()
	}
	return nil
}

func (c *counter) Close(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed++
	return nil
}

func (c *counter) told(key string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard[key]
}

// rig holds what the source tests share.
type rig struct {
	t      *testing.T
	epochs *epochs
	topic  *offsetTopic
	broker *broker
	source *counter
	states *states
	o      SourceOptions
}

func newRig(t *testing.T, partitions int, limit int64) *rig {
	r := &rig{
		t: t, epochs: &epochs{highest: 1}, topic: newOffsetTopic(), broker: &broker{},
		source: &counter{limit: limit, each: 1}, states: &states{},
	}
	r.o = SourceOptions{
		Options: options(r.epochs, r.states, connect.Plugin{
			Kind: connect.SourceKind,
			OpenSource: func(ctx context.Context, env connect.Env, _ map[string]string) (connect.SourceTask, error) {
				return r.source, r.source.open(ctx, env, partitions)
			},
		}),
		Offsets:  &offsetStore{topic: r.topic},
		Producer: r.broker,
	}
	return r
}

func options(e *epochs, st *states, p connect.Plugin) Options {
	return Options{
		ID: ID{Connector: "c", Index: 0}, Count: 1, Epoch: 1, Plugin: p, Key: &text{}, Value: &text{}, Header: &text{},
		Epochs: e, OnState: st.add, FlushInterval: 5 * time.Second, StopTimeout: 10 * time.Second,
		Env: func() connect.Env { return connect.Env{Logger: slog.New(slog.DiscardHandler)} },
	}
}

// running is a task that runs.
type running struct {
	Task
	stop context.CancelFunc
	done chan error
}

func start(t Task) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Task: t, stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- t.Run(ctx) }()
	return r
}

func (r *running) end() error {
	r.stop()
	return <-r.done
}

// states records what OnState is told.
type states struct {
	mu  sync.Mutex
	all []State
}

func (s *states) add(st State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, st)
}

func (s *states) list() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// numbers returns "p:1" to "p:n".
func numbers(p, n int) []string {
	var want []string
	for i := 1; i <= n; i++ {
		want = append(want, strconv.Itoa(p)+":"+strconv.Itoa(i))
	}
	return want
}

func partKey(p int) string { return fmt.Sprintf(`{"p":%d}`, p) }
