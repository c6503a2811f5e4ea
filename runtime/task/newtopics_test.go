// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"penstock.dev/runtime/connect"
)

// creator notes which topics it is asked for, and fails as a test says.
type creator struct {
	mu    sync.Mutex
	asked [][]string
	fails []error // of the next calls
}

func (c *creator) Ensure(_ context.Context, topics []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, slices.Clone(topics))
	if len(c.fails) == 0 {
		return nil
	}
	err := c.fails[0]
	c.fails = c.fails[1:]
	return err
}

func (c *creator) calls() [][]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

func TestSourceAsksForTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2, 10)
		r.source.topic = func(p int) string { return "t" + string(rune('0'+p)) }
		c := &creator{fails: []error{connect.Retriable(errors.New("away")), connect.Retriable(errors.New("away"))}}
		r.o.Topics = c
		run := start(NewSource(r.o))
		synctest.Wait()
		if n := len(r.broker.values()); n != 0 {
			t.Errorf("%d records were produced before their topic was there", n)
		}
		time.Sleep(time.Minute)
		if n := len(r.broker.values()); n != 20 {
			t.Errorf("%d records were produced, want 20", n)
		}
		asked := map[string]int{}
		for i, topics := range c.calls() {
			for _, topic := range topics {
				if asked[topic]++; i > 2 && asked[topic] > 1 {
					t.Errorf("asked for %s again", topic)
				}
			}
		}
		if len(asked) != 2 {
			t.Errorf("asked for %v, want both topics", asked)
		}
		if p := run.Progress(); p.Retries != 2 {
			t.Errorf("%d retries were counted, want 2", p.Retries)
		}
		if err := run.end(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

func TestSourceWithoutItsTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 10)
		r.o.Topics = &creator{fails: []error{errors.New("not allowed")}}
		run := start(NewSource(r.o))
		synctest.Wait()
		if err := <-run.done; err == nil || !strings.Contains(err.Error(), "creating topics: not allowed") {
			t.Errorf("the task ends with %v", err)
		}
		if n := len(r.broker.values()); n != 0 {
			t.Errorf("%d records were produced", n)
		}
	})
}

func TestSourceStopsWhileItsTopicIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 10)
		away := make([]error, 1000)
		for i := range away {
			away[i] = connect.Retriable(errors.New("away"))
		}
		r.o.Topics = &creator{fails: away}
		run := start(NewSource(r.o))
		time.Sleep(10 * time.Second)
		if err := run.end(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if got := r.topic.number(partKey(0)); got != -1 {
			t.Errorf("committed %d of records that were not produced", got)
		}
	})
}
