// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
)

// A connector that writes all that it has buffered when one of its partitions goes
// to another task finds out then about records of the partitions that stay.
func TestSinkLateErrorsWhilePartitionsGo(t *testing.T) {
	sinkTest(t, 2, func(t *testing.T, r *sinkRig) {
		stores, dead := []*store{{}, {}}, &morgue{}
		options := func(i int, name string) SinkOptions {
			o := r.options(i, name, stores[i])
			o.FlushInterval = 40 * time.Second
			o.Errors = dead.options()
			o.Plugin.OpenSink = func(context.Context, connect.Env, map[string]string) (connect.SinkTask, error) {
				return &batches{store: stores[i], refuse: func(v string) error {
					if strings.HasSuffix(v, ":2") {
						return errUnfit
					}
					return nil
				}}, nil
			}
			return o
		}
		r.produce(0, 1, 3)
		r.produce(1, 1, 3)
		first := start(NewSink(options(0, "a")))
		time.Sleep(5 * time.Second)
		second := start(NewSink(options(1, "b")))
		time.Sleep(3 * time.Minute)
		if a, b := first.Progress().Assignment, second.Progress().Assignment; len(a) != 1 || len(b) != 1 {
			t.Errorf("assignments %v and %v", a, b)
		}
		if err := errors.Join(first.end(), second.end()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"0:2", "1:2"}, slices.Sorted(slices.Values(dead.values()))); diff != "" {
			t.Errorf("dead letters (-want +got):\n%s", diff)
		}
		if a, b := r.committed(0), r.committed(1); a != 3 || b != 3 {
			t.Errorf("committed %d and %d, want 3 and 3", a, b)
		}
		wrote := slices.Compact(slices.Sorted(slices.Values(slices.Concat(stores[0].list(), stores[1].list()))))
		if diff := cmp.Diff([]string{"0:1", "0:3", "1:1", "1:3"}, wrote); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
	})
}

// losing is a sink that writes at PreCommit, and forgets all that it has buffered when
// that fails.
type losing struct {
	batches
	fail func() error // while one of several partitions goes
	all  int
}

func (l *losing) PreCommit(ctx context.Context, o connect.Offsets) (connect.Offsets, error) {
	if l.all = max(l.all, len(o)); len(o) < l.all && l.fail != nil {
		fail := l.fail
		l.fail, l.buffer, l.values = nil, nil, nil
		return nil, fail()
	}
	return l.batches.PreCommit(ctx, o)
}

// What a failed PreCommit has cost the partitions that stay is read again, and what
// will not pass fails the task.
func TestSinkPreCommitFailsWhilePartitionsGo(t *testing.T) {
	for name, tc := range map[string]struct {
		fail func() error
		want string
	}{
		"retriable": {func() error { return connect.Retriable(errors.New("away")) }, ""},
		"fatal":     {func() error { return errors.New("gone") }, "pre-committing: gone"},
		"panic":     {func() error { panic("oh no") }, "pre-committing: panic while pre-committing: oh no"},
	} {
		t.Run(name, func(t *testing.T) {
			sinkTest(t, 2, func(t *testing.T, r *sinkRig) {
				stores := []*store{{}, {}}
				options := func(i int, name string, fail func() error) SinkOptions {
					o := r.options(i, name, stores[i])
					o.FlushInterval = 40 * time.Second
					o.Plugin.OpenSink = func(context.Context, connect.Env, map[string]string) (connect.SinkTask, error) {
						return &losing{batches: batches{store: stores[i], refuse: func(string) error { return nil }}, fail: fail}, nil
					}
					return o
				}
				first := start(NewSink(options(0, "a", tc.fail)))
				time.Sleep(45 * time.Second)
				r.produce(0, 1, 3)
				r.produce(1, 1, 3)
				time.Sleep(45 * time.Second) // PreCommit has seen both partitions
				r.produce(0, 4, 6)
				r.produce(1, 4, 6)
				time.Sleep(time.Second)
				second := start(NewSink(options(1, "b", nil)))
				time.Sleep(3 * time.Minute)
				err := errors.Join(first.end(), second.end())
				if got := fmt.Sprint(err); tc.want == "" && err != nil || !strings.Contains(got, tc.want) {
					t.Errorf("the tasks ended with %v, want %q", err, tc.want)
				}
				if tc.want != "" {
					return
				}
				wrote := slices.Compact(slices.Sorted(slices.Values(slices.Concat(stores[0].list(), stores[1].list()))))
				if diff := cmp.Diff(slices.Concat(numbers(0, 6), numbers(1, 6)), wrote); diff != "" {
					t.Errorf("written (-want +got):\n%s", diff)
				}
				if a, b := r.committed(0), r.committed(1); a != 6 || b != 6 {
					t.Errorf("committed %d and %d, want 6 and 6", a, b)
				}
			})
		})
	}
}
