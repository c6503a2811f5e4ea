// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
)

// stuck waits for ever for what it needs for one text, until it is closed.
type stuck struct {
	text
	on     string
	closed chan struct{}
	once   sync.Once
}

func newStuck(on string) *stuck { return &stuck{on: on, closed: make(chan struct{})} }

func (s *stuck) Close() { s.once.Do(func() { close(s.closed) }) }

func (s *stuck) wait(text string) error {
	if text != s.on {
		return nil
	}
	<-s.closed
	return fmt.Errorf("asking the registry: %w", connect.ErrInterrupted)
}

func (s *stuck) FromConnect(dst []byte, topic string, schema *connect.Schema, v connect.Value) ([]byte, error) {
	if err := s.wait(v.Str()); err != nil {
		return nil, err
	}
	return s.text.FromConnect(dst, topic, schema, v)
}

func (s *stuck) ToConnect(a *connect.Arena, topic string, data []byte) (*connect.Schema, connect.Value, error) {
	if err := s.wait(string(data)); err != nil {
		return nil, connect.Value{}, err
	}
	return s.text.ToConnect(a, topic, data)
}

// A converter that waits for a registry holds no stop up, and what it was to convert
// is not skipped, although failures are tolerated.
func TestSourceStopsWhileItConverts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 0)
		r.source.onPoll = list(nil, texted("1", "odd", "3")...)
		r.o.Value, r.o.Errors = newStuck("odd"), ErrorOptions{Tolerate: true}
		run := start(NewSource(r.o))
		time.Sleep(time.Hour)
		begin := time.Now()
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d > time.Millisecond {
			t.Errorf("the stop took %s", d)
		}
		if diff := cmp.Diff([]string{"1"}, r.broker.values()); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
		if got := r.topic.number(partKey(0)); got != 1 {
			t.Errorf("committed %d, want 1", got)
		}
	})
}

func TestSinkStopsWhileItConverts(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		r.produce(0, 1, 9)
		st := &store{}
		o := r.options(0, "a", st)
		o.Value, o.Errors = newStuck("0:5"), (&morgue{}).options()
		o.Errors.Tolerate = true
		run := start(NewSink(o))
		time.Sleep(time.Minute)
		begin := time.Now()
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d > time.Second {
			t.Errorf("the stop took %s", d)
		}
		if got := r.committed(0); got != 4 {
			t.Errorf("committed %d, want 4: before the record that was not written", got)
		}
	})
}
