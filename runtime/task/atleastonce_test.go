// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// life is one incarnation's way to Kafka, which can be cut.
type life struct {
	*offsetStore
	broker *broker
	dead   atomic.Bool
}

func (l *life) Produce(ctx context.Context, r *kgo.Record, promise func(*kgo.Record, error)) {
	if !l.dead.Load() {
		l.broker.Produce(ctx, r, promise)
	}
}

func (l *life) Commit(ctx context.Context, o []connect.CommittedOffset) error {
	if l.dead.Load() {
		return errors.New("no Kafka")
	}
	return l.offsetStore.Commit(ctx, o)
}

// TestSourceAtLeastOnce runs incarnations that are stopped, cut off, superseded
// and disturbed at random. No offset may be committed before all records up to
// it are written, none may go back, and at the end no record may be missing.
func TestSourceAtLeastOnce(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { sourceAtLeastOnce(t, rand.New(rand.NewPCG(seed, 2))) })
		})
	}
}

const trialPartitions = 3

// trial is one run of incarnations of a source.
type trial struct {
	*rig
	rnd   *rand.Rand
	limit atomic.Int64 // the last number there is to read
	ended []*running   // incarnations that were left behind
}

func sourceAtLeastOnce(t *testing.T, rnd *rand.Rand) {
	tr := &trial{rig: newRig(t, trialPartitions, 0), rnd: rnd}
	tr.topic.onWrite = tr.check
	for epoch := int64(1); epoch <= 8; epoch++ {
		tr.limit.Add(int64(rnd.IntN(60)))
		l := &life{offsetStore: &offsetStore{topic: tr.topic}, broker: tr.broker}
		run := start(NewSource(tr.incarnation(epoch, l)))
		for range 1 + rnd.IntN(8) {
			disturb(tr.rig, rnd)
			time.Sleep(time.Duration(rnd.IntN(1500)) * time.Millisecond)
		}
		tr.leave(run, l)
	}
	tr.broker.setHold(false)
	tr.topic.fail(nil)
	tr.limit.Add(1)
	last := start(NewSource(tr.incarnation(10, &life{offsetStore: &offsetStore{topic: tr.topic}, broker: tr.broker})))
	time.Sleep(20 * time.Second)
	if err := last.end(); err != nil {
		t.Errorf("the last one: %v", err)
	}
	for _, run := range tr.ended {
		run.stop()
		<-run.done
	}
	written := tr.written()
	for p := range trialPartitions {
		for _, v := range numbers(p, int(tr.limit.Load())) {
			if !written[v] {
				t.Errorf("record %s is lost", v)
			}
		}
		if got := tr.topic.number(partKey(p)); got != tr.limit.Load() {
			t.Errorf("partition %d is committed at %d, want %d", p, got, tr.limit.Load())
		}
	}
}

// incarnation returns the options of a source that reads a little every 50 ms,
// writes to topics at random, and panics now and then.
func (tr *trial) incarnation(epoch int64, l *life) SourceOptions {
	rnd := rand.New(rand.NewPCG(tr.rnd.Uint64(), 4))
	src := &counter{each: 1 + rnd.IntN(5), topic: func(int) string { return fmt.Sprint("t", rnd.IntN(3)) }}
	polls, panicAt := 0, rnd.IntN(20)
	src.onPoll = func(ctx context.Context, _ *connect.Batch) (bool, error) {
		src.limit = tr.limit.Load()
		if polls++; polls == panicAt && epoch%3 == 0 {
			panic("poll")
		}
		select {
		case <-time.After(50 * time.Millisecond):
			return false, nil
		case <-ctx.Done():
			return true, ctx.Err()
		}
	}
	o := tr.o
	o.Epoch, o.Offsets, o.Producer, o.FlushInterval = epoch, l, l, 500*time.Millisecond
	o.Plugin.OpenSource = func(ctx context.Context, env connect.Env, _ map[string]string) (connect.SourceTask, error) {
		return src, src.open(ctx, env, trialPartitions)
	}
	tr.epochs.set(epoch)
	return o
}

// leave stops an incarnation, or does not wait for its end, or cuts it off, or
// lets it live and not know of the next one.
func (tr *trial) leave(run *running, l *life) {
	switch tr.rnd.IntN(3) {
	case 0:
		run.stop()
		select {
		case <-run.done:
			return
		case <-time.After(time.Duration(tr.rnd.IntN(5000)) * time.Millisecond):
		}
	case 1:
		l.dead.Store(true)
	}
	tr.ended = append(tr.ended, run)
}

func (tr *trial) written() map[string]bool {
	written := map[string]bool{}
	for _, v := range tr.broker.values() {
		written[v] = true
	}
	return written
}

// check looks at a commit: it goes forward, over what is written.
func (tr *trial) check(key string, before, after map[string]any) {
	from, _ := before["n"].(int64)
	to := after["n"].(int64)
	if to <= from {
		tr.t.Errorf("%s goes from %d to %d", key, from, to)
	}
	written := tr.written()
	for p := range trialPartitions {
		for n := from + 1; key == partKey(p) && n <= to; n++ {
			if !written[fmt.Sprintf("%d:%d", p, n)] {
				tr.t.Errorf("%s is committed at %d, and %d was not written", key, to, n)
			}
		}
	}
}

// disturb does one bad or good thing to what is around a source.
func disturb(r *rig, rnd *rand.Rand) {
	switch rnd.IntN(6) {
	case 0:
		r.broker.setHold(true)
	case 1:
		r.broker.setHold(false)
	case 2:
		topic := fmt.Sprint("t", rnd.IntN(3))
		r.broker.answer(func(t string) bool { return t == topic })
	case 3:
		r.topic.fail(errors.New("no commits"))
	default:
		r.topic.fail(nil)
	}
}

// TestSinkAtLeastOnce moves two tasks of a group through random stops, take-overs
// by newer incarnations, pauses and failing puts. No committed offset may go
// back or beyond what was put, and at the end no record may be missing.
func TestSinkAtLeastOnce(t *testing.T) {
	for seed := range uint64(25) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			sinkTest(t, 4, func(t *testing.T, r *sinkRig) { sinkAtLeastOnce(t, r, rand.New(rand.NewPCG(seed, 3))) })
		})
	}
}

const tourPartitions = 4

// tour is one run of two sink tasks and their incarnations.
type tour struct {
	*sinkRig
	rnd       *rand.Rand
	store     *store
	down      atomic.Bool // Put fails
	produced  [tourPartitions]int
	committed [tourPartitions]int64
	newest    [2]*epochs
	tasks     [2]*running
	old       []*running // taken over while they ran
}

func sinkAtLeastOnce(t *testing.T, r *sinkRig, rnd *rand.Rand) {
	to := &tour{sinkRig: r, rnd: rnd, newest: [2]*epochs{{}, {}}}
	to.store = &store{onPut: func(context.Context, *connect.Batch, int) error {
		if to.down.Load() {
			return connect.Retriable(errors.New("down"))
		}
		return nil
	}}
	to.begin(0)
	to.begin(1)
	for range 25 {
		to.disturb()
		for p := range tourPartitions {
			n := rnd.IntN(5)
			r.produce(int32(p), to.produced[p]+1, to.produced[p]+n)
			to.produced[p] += n
		}
		time.Sleep(time.Duration(rnd.IntN(3000)) * time.Millisecond)
		to.check()
	}
	to.down.Store(false)
	to.tasks[0].SetPaused(false)
	to.tasks[1].SetPaused(false)
	time.Sleep(2 * time.Minute)
	to.check()
	for p := range tourPartitions {
		if to.committed[p] != int64(to.produced[p]) {
			t.Errorf("partition %d is committed at %d of %d", p, to.committed[p], to.produced[p])
		}
	}
	for _, run := range to.old {
		run.SetPaused(false) // one that was never resumed does not look at its epoch
		if err := <-run.done; !errors.Is(err, ErrSuperseded) {
			t.Errorf("one that was taken over has ended with %v", err)
		}
	}
	for _, run := range to.tasks {
		if err := run.end(); err != nil {
			t.Error(err)
		}
	}
}

// begin starts the next incarnation of task i.
func (to *tour) begin(i int) {
	e := to.newest[i]
	e.set(e.highest + 1)
	o := to.options(i, fmt.Sprint(i, "/", e.highest), to.store)
	o.Epochs, o.Epoch, o.FlushInterval = e, e.highest, time.Second
	to.tasks[i] = start(NewSink(o))
}

func (to *tour) disturb() {
	i := to.rnd.IntN(2)
	switch to.rnd.IntN(7) {
	case 0:
		to.tasks[i].stop()
		<-to.tasks[i].done
		to.begin(i)
	case 1: // the old one lives on until it is fenced
		to.old = append(to.old, to.tasks[i])
		to.begin(i)
	case 2:
		to.down.Store(true)
	case 3:
		to.tasks[i].SetPaused(to.rnd.IntN(2) == 0)
	default:
		to.down.Store(false)
	}
}

// check looks at the group's offsets: they go forward, over what was put.
func (to *tour) check() {
	for p := range tourPartitions {
		at := max(to.sinkRig.committed(int32(p)), 0)
		if at < to.committed[p] {
			to.t.Errorf("partition %d goes from %d to %d", p, to.committed[p], at)
		}
		to.committed[p] = at
		to.store.mu.Lock()
		for _, v := range numbers(p, int(at)) {
			if to.store.values[v] == 0 {
				to.t.Errorf("partition %d is committed at %d, and record %s was not put", p, at, v)
			}
		}
		to.store.mu.Unlock()
	}
}
