// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"math"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

// Kafka Connect's states, as workers write them.
const (
	running    = "RUNNING"
	paused     = "PAUSED"
	failed     = "FAILED"
	restarting = "RESTARTING"
)

// What the status may hold; the definition refuses more.
const (
	maxAssignment = 32
	maxOffsets    = 16
	maxError      = 1024
	maxAsked      = 256
)

// stateOf says what a task does, from its binding and from the last word of its
// worker. It is pure.
func stateOf(t *v1alpha1.Task, r state.Task, known bool) v1alpha1.TaskState {
	switch {
	case t.Spec.Worker == nil:
		return v1alpha1.TaskStateUnassigned
	case !known || r.Epoch != t.Spec.Epoch: // one that is ahead: the view of the Task is old
		return v1alpha1.TaskStateStarting
	}
	switch r.State {
	case running:
		return v1alpha1.TaskStateRunning
	case paused:
		return v1alpha1.TaskStatePaused
	case failed:
		return v1alpha1.TaskStateFailed
	case restarting:
		return v1alpha1.TaskStateRestarting
	}
	return v1alpha1.TaskStateUnassigned
}

// observed is the status that follows from what the worker said. What it says
// nothing of stays as it is: restarts, and what an earlier incarnation committed.
func observed(t *v1alpha1.Task, r state.Task, known bool, now time.Time) v1alpha1.TaskStatus {
	s := *t.Status.DeepCopy()
	s.ObservedGeneration = t.Generation
	s.State = stateOf(t, r, known)
	s.Epoch = t.Spec.Epoch
	s.Worker = ""
	if t.Spec.Worker != nil {
		s.Worker = t.Spec.Worker.Name
	}
	if known && r.Epoch == t.Spec.Epoch {
		if r.State == failed && isNewFailure(t, r) {
			s.LastErrorAt = &metav1.Time{Time: now}
		}
		report(&s, r)
		if t.Spec.Type == v1alpha1.SinkType && r.State == running && len(r.Assignment) < maxAssignment {
			s.Offsets = ofAssigned(s.Offsets, r.Assignment)
		}
		return s
	}
	// Nobody runs it, or not yet: what it did before it does no more.
	s.StartedAt, s.Assignment, s.Lag, s.RecordsPerSecond = nil, nil, nil, ""
	return s
}

// isNewFailure tells a failure of this incarnation from one that was seen before.
func isNewFailure(t *v1alpha1.Task, r state.Task) bool {
	seen := t.Status.State == v1alpha1.TaskStateFailed || t.Status.State == v1alpha1.TaskStateRestarting
	return !seen || t.Status.Epoch != r.Epoch || t.Status.LastErrorAt == nil
}

func report(s *v1alpha1.TaskStatus, r state.Task) {
	if r.State == failed {
		s.LastError = truncate(r.Error, maxError)
	}
	s.StartedAt = timeOf(r.StartedAt)
	s.Assignment = r.Assignment[:min(len(r.Assignment), maxAssignment)]
	s.Lag = r.Lag
	s.RecordsPerSecond = strconv.FormatFloat(r.RecordsPerSecond, 'f', 1, 64)
	if c := timeOf(r.LastCommit); c != nil {
		s.LastCommit = c
	}
	if len(r.Offsets) == 0 {
		return
	}
	s.Partitions = int32(min(r.Partitions, math.MaxInt32))
	s.Offsets = nil
	for _, o := range r.Offsets[:min(len(r.Offsets), maxOffsets)] {
		s.Offsets = append(s.Offsets, v1alpha1.PartitionOffset{
			Partition: truncate(o.Partition, 512), Offset: truncate(o.Offset, 512), Lag: o.Lag,
		})
	}
}

// ofAssigned returns the offsets of the partitions that a sink has. Others are
// another task's by now, which goes on from there: what this one has seen of them
// is old.
func ofAssigned(offsets []v1alpha1.PartitionOffset, assignment []string) []v1alpha1.PartitionOffset {
	return slices.DeleteFunc(offsets, func(o v1alpha1.PartitionOffset) bool { return !slices.Contains(assignment, o.Partition) })
}

func timeOf(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t.Truncate(time.Second)}
}

func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const more = "…"
	cut := n - len(more)
	for cut > 0 && s[cut]&0xC0 == 0x80 { // not in the middle of a character
		cut--
	}
	return s[:cut] + more
}

// reasonWorkerNotReady says that what the worker said last may not hold any more.
const reasonWorkerNotReady = "WorkerNotReady"

// ready sets the Ready condition from the state, and from the pod of its worker.
func ready(s *v1alpha1.TaskStatus, holder *worker, now time.Time) {
	c := metav1.Condition{
		Type: v1alpha1.ReadyCondition, Status: metav1.ConditionFalse, Reason: string(s.State),
		ObservedGeneration: s.ObservedGeneration, LastTransitionTime: metav1.NewTime(now),
	}
	switch s.State {
	case v1alpha1.TaskStateRunning, v1alpha1.TaskStatePaused:
		c.Status = metav1.ConditionTrue
		if holder == nil || !holder.ready {
			c.Status, c.Reason = metav1.ConditionFalse, reasonWorkerNotReady
			c.Message = "the pod of its worker is not ready, or gone"
		}
	case v1alpha1.TaskStateFailed, v1alpha1.TaskStateRestarting:
		c.Message = s.LastError
	case v1alpha1.TaskStateUnassigned:
		c.Message = "no worker has the task"
	case v1alpha1.TaskStateStarting:
		c.Message = "the worker has not reported the task yet"
	}
	meta.SetStatusCondition(&s.Conditions, c)
}

// gaugeInterval is how often figures are written that ever move.
const gaugeInterval = 30 * time.Second

// worthWriting reports whether a status says something that the one before does
// not. Figures alone count only after a while: committed offsets, and lag and rate
// if they have moved by a tenth. wait is when they will count, 0 is never.
func worthWriting(before, after v1alpha1.TaskStatus, sinceWrite time.Duration) (wait time.Duration, worth bool) {
	if !equality.Semantic.DeepEqual(withoutFigures(before), withoutFigures(after)) {
		return 0, true
	}
	if !moved(lagOf(before), lagOf(after)) && !moved(rateOf(before), rateOf(after)) &&
		equality.Semantic.DeepEqual(positions(before), positions(after)) {
		return 0, false
	}
	if sinceWrite < gaugeInterval {
		return gaugeInterval - sinceWrite, false
	}
	return 0, true
}

func withoutFigures(s v1alpha1.TaskStatus) *v1alpha1.TaskStatus {
	c := s.DeepCopy()
	// That there is a figure at all is none: the first commit shows at once.
	c.Offsets, c.Partitions = nil, min(c.Partitions, 1)
	c.RecordsPerSecond, c.LastCommit = "", nil
	if c.Lag != nil {
		c.Lag = new(int64)
	}
	return c
}

func positions(s v1alpha1.TaskStatus) map[string]string {
	out := make(map[string]string, len(s.Offsets))
	for _, o := range s.Offsets {
		out[o.Partition] = o.Offset
	}
	return out
}

func moved(before, after float64) bool {
	return math.Abs(after-before) > math.Abs(before)/10
}

func lagOf(s v1alpha1.TaskStatus) float64 {
	if s.Lag == nil {
		return 0
	}
	return float64(*s.Lag)
}

func rateOf(s v1alpha1.TaskStatus) float64 {
	f, err := strconv.ParseFloat(s.RecordsPerSecond, 64)
	if err != nil {
		return 0
	}
	return f
}
