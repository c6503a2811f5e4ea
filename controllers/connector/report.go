// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"context"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
)

// secretInterval is how often a missing Secret is looked for: Secrets are not
// watched, so that the operator need not hold them in memory.
const secretInterval = 5 * time.Second

// staleDelay is when to look again at a connector whose cached view was an old one.
const staleDelay = 250 * time.Millisecond

// report writes the status that follows from a pass, if it is another than
// before, and tells the difference as events.
func (r *Reconciler) report(ctx context.Context, s *scope, failure error) (time.Duration, error) {
	st := status(s)
	again := conditions(&st, s, failure)
	if s.secretsMissing {
		again = shorter(again, secretInterval)
	}
	if equality.Semantic.DeepEqual(st, s.before.Status) {
		return again, nil
	}
	if wait := r.written.wait(s.connector.UID, s.before.Status, st, s.now); wait > 0 {
		if again == 0 {
			return wait, nil
		}
		return shorter(again, wait), nil
	}
	out := s.connector.DeepCopy()
	out.Status = st
	err := apply.Status(ctx, r.Client, fieldOwner, out)
	if apierrors.IsConflict(err) { // another view is on its way, and another status may follow from it
		return shorter(again, staleDelay), nil
	}
	if err != nil {
		return again, err
	}
	r.written.note(s.connector.UID, s.now)
	for _, e := range differences(s.before.Status, st) {
		r.Recorder.Eventf(s.connector, nil, e.kind, e.reason, e.action, "%s", e.note)
	}
	return again, nil
}

type difference struct{ kind, reason, action, note string }

// differences are the events between two statuses. It is pure: an event never
// says what the status does not.
func differences(before, after v1alpha1.ConnectorStatus) []difference {
	var out []difference
	for _, c := range after.Conditions {
		if !worthAnEvent(meta.FindStatusCondition(before.Conditions, c.Type), c) {
			continue
		}
		note := c.Message
		if note == "" {
			note = c.Type + " is " + string(c.Status)
		}
		out = append(out, difference{kindOf(c), c.Reason, c.Type, clip(note, maxNote)})
	}
	if after.LastError != nil && !equality.Semantic.DeepEqual(before.LastError, after.LastError) {
		out = append(out, difference{corev1.EventTypeWarning, "TaskFailed", "Run", clip(after.LastError.Message, maxNote)})
	}
	if after.Restarts > before.Restarts {
		out = append(out, difference{corev1.EventTypeNormal, "TaskRestarted", "Restart", "a failed task was restarted"})
	}
	return out
}

// worthAnEvent reports whether a condition says something new that no other says.
func worthAnEvent(old *metav1.Condition, c metav1.Condition) bool {
	if old != nil && old.Status == c.Status && old.Reason == c.Reason {
		return false
	}
	switch c.Type {
	case v1alpha1.ReconcilingCondition, v1alpha1.TasksHealthyCondition:
		return false // Ready says the same
	case v1alpha1.StalledCondition:
		return c.Status == metav1.ConditionTrue
	case v1alpha1.GroupInUseCondition: // a group of its own is news only after there was somebody
		return old != nil || c.Status != metav1.ConditionFalse
	}
	return true
}

func kindOf(c metav1.Condition) string {
	bad := c.Status == metav1.ConditionFalse && c.Reason != v1alpha1.ReasonProgressing && c.Reason != v1alpha1.ReasonDeleting
	switch c.Type {
	case v1alpha1.StalledCondition:
		bad = true
	case v1alpha1.GroupInUseCondition:
		bad = c.Status != metav1.ConditionFalse
	}
	if c.Reason == v1alpha1.ReasonWarnings {
		bad = true
	}
	if bad {
		return corev1.EventTypeWarning
	}
	return corev1.EventTypeNormal
}

// maxNote is the longest note that an Event may have.
const maxNote = 1024

// clip shortens a text to n bytes, and not in the midst of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const more = "…"
	n -= len(more)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + more
}
