// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

const (
	idleTasks = 100
	// idleHeap is what a task may keep that has nothing to do, in bytes: the
	// structs, channels and maps of its loop. The memory of a batch alone is more.
	idleHeap = 20 << 10
	// idleStacks is for the two goroutines of a source, 4 KiB each, and what the
	// runtime keeps beside.
	idleStacks = 12 << 10
)

// atOnce is a Producer that answers at once.
type atOnce struct{}

func (atOnce) Produce(_ context.Context, r *kgo.Record, promise func(*kgo.Record, error)) {
	promise(r, nil)
}

// perTask returns the live heap and the stacks that grow adds for each of idleTasks
// tasks.
func perTask(t *testing.T, grow func()) (heap, stacks int64) {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector's own memory counts")
	}
	heapBefore, stacksBefore := live()
	grow()
	heapAfter, stacksAfter := live()
	heap, stacks = (heapAfter-heapBefore)/idleTasks, (stacksAfter-stacksBefore)/idleTasks
	t.Logf("%d bytes of heap and %d of stacks a task", heap, stacks)
	return heap, stacks
}

func live() (heap, stacks int64) {
	var m runtime.MemStats
	for range 4 { // a sync.Pool keeps what it holds for two, and a stack becomes half as large with each
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), int64(m.StackInuse)
}

func TestIdleSourcesKeepNoBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tasks []*running
		per, stacks := perTask(t, func() {
			memory := new(Memory)
			for range idleTasks {
				hose := newFirehose(1000, 100, 0)
				o := SourceOptions{
					Options: options(&epochs{}, &states{}, connect.Plugin{
						OpenSource: func(context.Context, connect.Env, map[string]string) (connect.SourceTask, error) { return hose, nil },
					}),
					Offsets: &offsetStore{topic: newOffsetTopic()}, Producer: atOnce{},
				}
				o.Memory = memory
				tasks = append(tasks, start(NewSource(o)))
			}
			time.Sleep(3 * options(nil, nil, connect.Plugin{}).FlushInterval)
		})
		if per > idleHeap {
			t.Errorf("an idle source keeps %d bytes, want %d at most", per, idleHeap)
		}
		if stacks > idleStacks {
			t.Errorf("an idle source has %d bytes of stacks, want %d at most", stacks, idleStacks)
		}
		for _, run := range tasks {
			if p := run.Progress(); p.Records != 1000 || p.Pending != 0 {
				t.Errorf("%d records were written, %d are pending", p.Records, p.Pending)
			}
			if err := run.end(); err != nil {
				t.Error(err)
			}
		}
	})
}

// A flight that is answered while the loop waits in Poll comes back all the same.
func TestAnsweredFlightsComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 100)
		r.source.each = 100
		r.broker.hold = true
		s := NewSource(r.o)
		run := start(s)
		synctest.Wait()
		out := func() int {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.ring.out
		}
		if got := out(); got != 2 {
			t.Errorf("%d flights are out, want one in Kafka and one in Poll", got)
		}
		r.broker.setHold(false)
		synctest.Wait()
		if got := out(); got != 1 {
			t.Errorf("%d flights are out, want the one in Poll", got)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

// What a sink's group client keeps is not the loop's.
func TestIdleSinksKeepNoBatches(t *testing.T) {
	var sinks []*Sink
	_, fetches := loopOnly(t, 100, 0)
	per, _ := perTask(t, func() {
		for range idleTasks {
			s, _ := loopOnly(t, 0, 0)
			s.read(fetches)
			if err := s.put(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.advance(nil)
			s.release()
			sinks = append(sinks, s)
		}
	})
	if per > idleHeap {
		t.Errorf("an idle sink keeps %d bytes, want %d at most", per, idleHeap)
	}
	runtime.KeepAlive(fetches)
	runtime.KeepAlive(sinks)
}
