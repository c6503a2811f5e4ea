// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

func at(d time.Duration) *metav1.Time { return &metav1.Time{Time: start.Add(d)} }

func TestPlanNext(t *testing.T) {
	onWorker := &v1alpha1.WorkerRef{Name: "w", UID: "u"}
	for name, tc := range map[string]struct {
		spec   v1alpha1.TaskSpec
		asked  string
		status v1alpha1.TaskStatus
		last   state.Task
		policy *v1alpha1.RestartPolicy
		want   next
		after  v1alpha1.TaskStatus
	}{
		"unbound":                     {status: v1alpha1.TaskStatus{State: "Unassigned", RestartAt: at(0)}, after: v1alpha1.TaskStatus{State: "Unassigned"}},
		"unbound with another config": {spec: v1alpha1.TaskSpec{ConfigRevision: "r2", BoundRevision: "r1"}},
		"unbound and asked":           {asked: "1", after: v1alpha1.TaskStatus{RestartHandled: "1"}},
		"unbound over a phantom":      {spec: v1alpha1.TaskSpec{Epoch: 1}, last: state.Task{HighestEpoch: 2}},
		"all is well": {
			spec: v1alpha1.TaskSpec{Worker: onWorker, Epoch: 1}, last: state.Task{HighestEpoch: 1}, status: v1alpha1.TaskStatus{State: "Running"},
			after: v1alpha1.TaskStatus{State: "Running"},
		},
		"it came back by itself": {
			spec: v1alpha1.TaskSpec{Worker: onWorker}, status: v1alpha1.TaskStatus{State: "Running", RestartAt: at(time.Second)},
			after: v1alpha1.TaskStatus{State: "Running"},
		},
		"another config": {
			spec:   v1alpha1.TaskSpec{Worker: onWorker, ConfigRevision: "r2", BoundRevision: "r1"},
			status: v1alpha1.TaskStatus{State: "Failed", RecentRestarts: []metav1.Time{*at(0)}, Restarts: 1},
			want:   next{start: true, why: "starting the new config"},
			after:  v1alpha1.TaskStatus{State: "Failed", Restarts: 1},
		},
		"asked": {
			spec: v1alpha1.TaskSpec{Worker: onWorker}, asked: "1", status: v1alpha1.TaskStatus{State: "Running", RestartHandled: "0"},
			want: next{start: true, why: "restarting as asked"}, after: v1alpha1.TaskStatus{State: "Running", RestartHandled: "1"},
		},
		"asked before": {
			spec: v1alpha1.TaskSpec{Worker: onWorker}, asked: "1", status: v1alpha1.TaskStatus{State: "Running", RestartHandled: "1"},
			after: v1alpha1.TaskStatus{State: "Running", RestartHandled: "1"},
		},
		"not asked any more": {
			spec: v1alpha1.TaskSpec{Worker: onWorker}, status: v1alpha1.TaskStatus{State: "Running", RestartHandled: "1"},
			after: v1alpha1.TaskStatus{State: "Running", RestartHandled: "1"},
		},
		"a phantom": {
			spec: v1alpha1.TaskSpec{Worker: onWorker, Epoch: 1}, last: state.Task{HighestEpoch: 2}, status: v1alpha1.TaskStatus{State: "Running"},
			want: next{start: true, why: "replacing an incarnation that was superseded"}, after: v1alpha1.TaskStatus{State: "Running"},
		},
		"failed just now": {
			spec: v1alpha1.TaskSpec{Worker: onWorker}, status: v1alpha1.TaskStatus{State: "Failed", LastErrorAt: at(0)},
			want: next{again: time.Second}, after: v1alpha1.TaskStatus{State: "Restarting", LastErrorAt: at(0), RestartAt: at(time.Second)},
		},
		"failed a while ago": {
			spec: v1alpha1.TaskSpec{Worker: onWorker}, status: v1alpha1.TaskStatus{State: "Failed", LastErrorAt: at(-time.Minute), RestartAt: at(-time.Minute)},
			want:  next{start: true, why: "restarting after a failure"},
			after: v1alpha1.TaskStatus{State: "Restarting", LastErrorAt: at(-time.Minute), Restarts: 1, RecentRestarts: []metav1.Time{*at(0)}},
		},
		"failed, and never is restarted": {
			spec: v1alpha1.TaskSpec{Worker: onWorker}, status: v1alpha1.TaskStatus{State: "Failed", LastErrorAt: at(-time.Hour), RestartAt: at(0)},
			policy: &v1alpha1.RestartPolicy{Type: v1alpha1.RestartNever}, after: v1alpha1.TaskStatus{State: "Failed", LastErrorAt: at(-time.Hour)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			task := &v1alpha1.Task{Spec: tc.spec, Status: tc.status}
			if tc.asked != "" {
				task.Annotations = map[string]string{v1alpha1.RestartAnnotation: tc.asked}
			}
			s := *tc.status.DeepCopy()
			got := planNext(task, &s, tc.last, policyOf(tc.policy), start)
			if got != tc.want {
				t.Errorf("the plan is %+v, want %+v", got, tc.want)
			}
			if diff := cmp.Diff(tc.after, s); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStateOf(t *testing.T) {
	onWorker := v1alpha1.TaskSpec{Worker: &v1alpha1.WorkerRef{Name: "w"}, Epoch: 2}
	for name, tc := range map[string]struct {
		spec  v1alpha1.TaskSpec
		last  state.Task
		known bool
		want  v1alpha1.TaskState
	}{
		"unbound, whatever is said": {last: state.Task{State: running}, known: true, want: "Unassigned"},
		"nothing said":              {spec: onWorker, want: "Starting"},
		"an old word":               {spec: onWorker, last: state.Task{State: failed, Epoch: 1}, known: true, want: "Starting"},
		"a word ahead of the view":  {spec: onWorker, last: state.Task{State: failed, Epoch: 3}, known: true, want: "Starting"},
		"running":                   {spec: onWorker, last: state.Task{State: running, Epoch: 2}, known: true, want: "Running"},
		"paused":                    {spec: onWorker, last: state.Task{State: paused, Epoch: 2}, known: true, want: "Paused"},
		"failed":                    {spec: onWorker, last: state.Task{State: failed, Epoch: 2}, known: true, want: "Failed"},
		"restarting":                {spec: onWorker, last: state.Task{State: restarting, Epoch: 2}, known: true, want: "Restarting"},
		"let go":                    {spec: onWorker, last: state.Task{State: "UNASSIGNED", Epoch: 2, Released: true}, known: true, want: "Unassigned"},
		"a word nobody knows":       {spec: onWorker, last: state.Task{State: "STOPPED", Epoch: 2}, known: true, want: "Unassigned"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := stateOf(&v1alpha1.Task{Spec: tc.spec}, tc.last, tc.known); got != tc.want {
				t.Errorf("the state is %s, want %s", got, tc.want)
			}
		})
	}
}

func TestObservedKeepsToTheBounds(t *testing.T) {
	task := &v1alpha1.Task{Spec: v1alpha1.TaskSpec{Worker: &v1alpha1.WorkerRef{Name: "w"}, Epoch: 1}}
	r := state.Task{State: failed, Epoch: 1, Error: strings.Repeat("é", 1000), Partitions: math.MaxInt}
	for range 100 {
		r.Assignment = append(r.Assignment, "t-0")
		r.Offsets = append(r.Offsets, state.PartitionOffset{Partition: strings.Repeat("p", 600), Offset: strings.Repeat("o", 600)})
	}
	s := observed(task, r, true, start)
	if len(s.LastError) > maxError || !utf8.ValidString(s.LastError) || !strings.HasSuffix(s.LastError, "é…") {
		t.Errorf("the error has %d bytes and ends in %q", len(s.LastError), s.LastError[len(s.LastError)-8:])
	}
	if len(s.Assignment) != 32 || len(s.Offsets) != 16 || s.Partitions != math.MaxInt32 || len(s.Offsets[0].Partition) > 512 || len(s.Offsets[0].Offset) > 512 {
		t.Errorf("there are %d partitions assigned, %d offsets, %d partitions", len(s.Assignment), len(s.Offsets), s.Partitions)
	}
}

func TestObservedTellsFailuresApart(t *testing.T) {
	later := start.Add(time.Minute)
	bound := v1alpha1.TaskSpec{Worker: &v1alpha1.WorkerRef{Name: "w"}, Epoch: 2}
	for name, tc := range map[string]struct {
		before v1alpha1.TaskStatus
		want   *metav1.Time
	}{
		"the first":              {before: v1alpha1.TaskStatus{State: "Running", Epoch: 2}, want: &metav1.Time{Time: later}},
		"seen before":            {before: v1alpha1.TaskStatus{State: "Failed", Epoch: 2, LastErrorAt: at(0)}, want: at(0)},
		"seen, to be restarted":  {before: v1alpha1.TaskStatus{State: "Restarting", Epoch: 2, LastErrorAt: at(0)}, want: at(0)},
		"of the one before":      {before: v1alpha1.TaskStatus{State: "Restarting", Epoch: 1, LastErrorAt: at(0)}, want: &metav1.Time{Time: later}},
		"after it ran":           {before: v1alpha1.TaskStatus{State: "Running", Epoch: 2, LastErrorAt: at(0)}, want: &metav1.Time{Time: later}},
		"its time was not noted": {before: v1alpha1.TaskStatus{State: "Failed", Epoch: 2}, want: &metav1.Time{Time: later}},
	} {
		t.Run(name, func(t *testing.T) {
			s := observed(&v1alpha1.Task{Spec: bound, Status: tc.before}, state.Task{State: failed, Epoch: 2, Error: "x"}, true, later)
			if !s.LastErrorAt.Equal(tc.want) || s.LastError != "x" {
				t.Errorf("the failure is %q of %v, want of %v", s.LastError, s.LastErrorAt, tc.want)
			}
		})
	}
}

func TestObservedOfOneThatNobodyRuns(t *testing.T) {
	lag := int64(3)
	before := v1alpha1.TaskStatus{
		State: "Running", Worker: "w", Epoch: 1, StartedAt: at(0), Assignment: []string{"a-0"}, Lag: &lag, RecordsPerSecond: "9.0", LastError: "x", LastErrorAt: at(0), Restarts: 4,
		Offsets: []v1alpha1.PartitionOffset{{Partition: "a-0", Offset: "1"}}, Partitions: 1, LastCommit: at(0),
	}
	want := v1alpha1.TaskStatus{
		State: "Unassigned", Epoch: 1, LastError: "x", LastErrorAt: at(0), Restarts: 4,
		Offsets: before.Offsets, Partitions: 1, LastCommit: at(0),
	}
	got := observed(&v1alpha1.Task{Spec: v1alpha1.TaskSpec{Epoch: 1}, Status: before}, state.Task{Epoch: 0, State: running}, true, start)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

// A partition that a sink had may be another task's by now.
func TestObservedForgetsPartitionsOfOthers(t *testing.T) {
	start := time.Unix(1000, 0)
	offset := func(partition, at string) v1alpha1.PartitionOffset {
		return v1alpha1.PartitionOffset{Partition: partition, Offset: at}
	}
	had := []v1alpha1.PartitionOffset{offset("t-0", "5"), offset("t-1", "7")}
	for name, tc := range map[string]struct {
		kind v1alpha1.PluginType
		r    state.Task
		want []v1alpha1.PartitionOffset
	}{
		"one is left":         {v1alpha1.SinkType, state.Task{State: running, Assignment: []string{"t-1"}}, []v1alpha1.PartitionOffset{offset("t-1", "7")}},
		"none is left":        {v1alpha1.SinkType, state.Task{State: running}, nil},
		"of the worker's own": {v1alpha1.SinkType, state.Task{State: running, Assignment: []string{"t-1"}, Offsets: []state.PartitionOffset{{Partition: "t-0", Offset: "6"}, {Partition: "t-1", Offset: "8"}}}, []v1alpha1.PartitionOffset{offset("t-1", "8")}},
		"a sink that failed":  {v1alpha1.SinkType, state.Task{State: failed}, had},
		"a source":            {v1alpha1.SourceType, state.Task{State: running}, had},
	} {
		t.Run(name, func(t *testing.T) {
			spec := v1alpha1.TaskSpec{Type: tc.kind, Worker: &v1alpha1.WorkerRef{Name: "w"}}
			s := observed(&v1alpha1.Task{Spec: spec, Status: v1alpha1.TaskStatus{Offsets: had}}, tc.r, true, start)
			if diff := cmp.Diff(tc.want, s.Offsets, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWorthWriting(t *testing.T) {
	n := func(i int64) *int64 { return &i }
	offsets := func(o string, lag int64) []v1alpha1.PartitionOffset {
		return []v1alpha1.PartitionOffset{{Partition: "a-0", Offset: o, Lag: n(lag)}}
	}
	base := v1alpha1.TaskStatus{State: "Running", Lag: n(100), RecordsPerSecond: "10.0", LastCommit: at(0), Offsets: offsets("5", 100), Partitions: 1}
	with := func(change func(*v1alpha1.TaskStatus)) v1alpha1.TaskStatus {
		s := *base.DeepCopy()
		change(&s)
		return s
	}
	for name, tc := range map[string]struct {
		before, after v1alpha1.TaskStatus
		since         time.Duration
		wait          time.Duration
		want          bool
	}{
		"nothing":                  {base, base, time.Hour, 0, false},
		"the state":                {base, with(func(s *v1alpha1.TaskStatus) { s.State = "Paused" }), 0, 0, true},
		"the error":                {base, with(func(s *v1alpha1.TaskStatus) { s.LastError = "x" }), 0, 0, true},
		"the assignment":           {base, with(func(s *v1alpha1.TaskStatus) { s.Assignment = []string{"a"} }), 0, 0, true},
		"the first commit":         {with(func(s *v1alpha1.TaskStatus) { s.Offsets, s.Partitions = nil, 0 }), base, 0, 0, true},
		"the first lag":            {with(func(s *v1alpha1.TaskStatus) { s.Lag = nil }), base, 0, 0, true},
		"lag by a bit":             {base, with(func(s *v1alpha1.TaskStatus) { s.Lag = n(109) }), time.Hour, 0, false},
		"lag by more, too soon":    {base, with(func(s *v1alpha1.TaskStatus) { s.Lag = n(111) }), 10 * time.Second, 20 * time.Second, false},
		"lag by more":              {base, with(func(s *v1alpha1.TaskStatus) { s.Lag = n(111) }), gaugeInterval, 0, true},
		"lag down to nothing":      {base, with(func(s *v1alpha1.TaskStatus) { s.Lag = n(0) }), gaugeInterval, 0, true},
		"the rate by a bit":        {base, with(func(s *v1alpha1.TaskStatus) { s.RecordsPerSecond = "10.9" }), time.Hour, 0, false},
		"the rate by more":         {base, with(func(s *v1alpha1.TaskStatus) { s.RecordsPerSecond = "8.9" }), gaugeInterval, 0, true},
		"an offset, too soon":      {base, with(func(s *v1alpha1.TaskStatus) { s.Offsets = offsets("6", 100) }), 29 * time.Second, time.Second, false},
		"an offset":                {base, with(func(s *v1alpha1.TaskStatus) { s.Offsets = offsets("6", 100) }), gaugeInterval, 0, true},
		"a commit of the same":     {base, with(func(s *v1alpha1.TaskStatus) { s.LastCommit = at(time.Hour) }), time.Hour, 0, false},
		"the lag of one of many":   {base, with(func(s *v1alpha1.TaskStatus) { s.Offsets = offsets("5", 300) }), time.Hour, 0, false},
		"a state with the figures": {base, with(func(s *v1alpha1.TaskStatus) { s.State, s.Lag = "Paused", n(0) }), 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			wait, got := worthWriting(tc.before, tc.after, tc.since)
			if got != tc.want || wait != tc.wait {
				t.Errorf("it is worth it: %t, after %s; want %t, %s", got, wait, tc.want, tc.wait)
			}
		})
	}
}

// What is remembered of Tasks that are gone must not pile up.
func TestWrittenIsForgotten(t *testing.T) {
	r := &Reconciler{written: map[types.UID]time.Time{}}
	for i := range 1000 {
		r.note(types.UID(strconv.Itoa(i)), start.Add(time.Duration(i)*time.Second))
	}
	if len(r.written) > 100 {
		t.Errorf("%d Tasks are remembered, want those of the last minute", len(r.written))
	}
	if d := r.sinceWritten("999", start.Add(1005*time.Second)); d != 6*time.Second {
		t.Errorf("the last was written %s ago, want 6s", d)
	}
	if d := r.sinceWritten("0", start.Add(1005*time.Second)); d < gaugeInterval {
		t.Errorf("one that is forgotten was written %s ago, want at least %s", d, gaugeInterval)
	}
}
