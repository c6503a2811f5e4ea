// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/configdef"
)

// maxMessage keeps a condition's message far below the 32 KiB that the API
// allows.
const maxMessage = 4096

// reasonError says that a pass failed; it is tried again.
const reasonError = "ReconcileError"

// verdict is what the conditions say, before it is written down.
type verdict struct {
	status          metav1.ConditionStatus
	reason, message string
	// stalled: nothing will change until the user acts. working: the operator is
	// not done. Neither: the connector does what it should, or what it can.
	stalled, working bool
}

// conditions writes a pass' outcome into a status. It is pure. again is after
// what time to look again, because by then it would be another.
func conditions(st *v1alpha1.ConnectorStatus, s *scope, err error) (again time.Duration) {
	set := func(kind string, status metav1.ConditionStatus, reason, message string) {
		meta.SetStatusCondition(&st.Conditions, metav1.Condition{
			Type: kind, Status: status, Reason: reason, Message: clip(message, maxMessage),
			ObservedGeneration: s.connector.Generation, LastTransitionTime: metav1.NewTime(s.now),
		})
	}
	accepted(s, set)
	configValid(s, set)
	var health verdict
	if !s.blind {
		health, again = tasksHealth(s)
		set(v1alpha1.TasksHealthyCondition, health.status, health.reason, health.message)
	}
	groupInUse(st, s, set)
	v := judge(st, s, err, health)
	set(v1alpha1.ReadyCondition, v.status, v.reason, v.message)
	set(v1alpha1.StalledCondition, is(v.stalled), v.reason, only(v.stalled, v.message))
	set(v1alpha1.ReconcilingCondition, is(v.working), v.reason, only(v.working, v.message))
	return again
}

func is(b bool) metav1.ConditionStatus {
	if b {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}

func only(b bool, s string) string {
	if b {
		return s
	}
	return ""
}

type setter func(kind string, status metav1.ConditionStatus, reason, message string)

func accepted(s *scope, set setter) {
	if s.refused != "" {
		set(v1alpha1.AcceptedCondition, metav1.ConditionFalse, s.refusedReason, s.refused)
		return
	}
	if s.cluster != nil && s.connector.DeletionTimestamp == nil {
		set(v1alpha1.AcceptedCondition, metav1.ConditionTrue, v1alpha1.ReasonAccepted, "")
	}
}

func configValid(s *scope, set setter) {
	switch {
	case len(s.problems) > 0:
		set(v1alpha1.ConfigValidCondition, metav1.ConditionFalse, s.invalidReason(), list(s.problems))
	case s.plan == nil: // not asked
	case len(s.validation.Warnings) > 0:
		set(v1alpha1.ConfigValidCondition, metav1.ConditionTrue, v1alpha1.ReasonWarnings, list(s.validation.Warnings))
	default:
		set(v1alpha1.ConfigValidCondition, metav1.ConditionTrue, v1alpha1.ReasonConfigValid, "")
	}
}

// invalidReason tells a config that is wrong from one that waits for a Secret.
func (s *scope) invalidReason() string {
	if s.secretsMissing {
		return v1alpha1.ReasonSecretMissing
	}
	return v1alpha1.ReasonConfigInvalid
}

func list(problems []configdef.Problem) string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// tasksHealth looks at the tasks alone.
func tasksHealth(s *scope) (v verdict, again time.Duration) {
	var failed, spent, waiting, late, unheard []string
	message := ""
	for i := range s.tasks {
		t := &s.tasks[i]
		switch t.Status.State {
		case v1alpha1.TaskStateRunning, v1alpha1.TaskStatePaused:
			if meta.IsStatusConditionFalse(t.Status.Conditions, v1alpha1.ReadyCondition) {
				unheard = append(unheard, t.Name)
			}
		case v1alpha1.TaskStateFailed:
			spent = append(spent, t.Name)
			message = t.Status.LastError
		case v1alpha1.TaskStateRestarting:
			failed = append(failed, t.Name)
			message = t.Status.LastError
		default:
			waiting = append(waiting, t.Name)
			if wait := waitingSince(t).Add(unassignedGrace).Sub(s.now); wait > 0 {
				again = shorter(again, wait)
			} else {
				late = append(late, t.Name)
			}
		}
	}
	switch {
	case len(spent) > 0:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonRestartsSpent, fmt.Sprintf("failed for good: %s: %s", strings.Join(spent, ", "), message), true, false}, again
	case len(failed) > 0:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonTasksFailed, fmt.Sprintf("failed and to be restarted: %s: %s", strings.Join(failed, ", "), message), false, true}, again
	case len(late) > 0:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonTasksUnassigned, "no worker runs " + strings.Join(late, ", "), false, true}, again
	case len(unheard) > 0:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonWorkersNotReady, "the workers are not ready that run " + strings.Join(unheard, ", "), false, true}, again
	case len(waiting) > 0:
		return verdict{metav1.ConditionUnknown, v1alpha1.ReasonProgressing, "starting: " + strings.Join(waiting, ", "), false, true}, again
	}
	return verdict{metav1.ConditionTrue, v1alpha1.ReasonTasksHealthy, "", false, false}, again
}

func waitingSince(t *v1alpha1.Task) time.Time {
	since := t.CreationTimestamp.Time
	if c := meta.FindStatusCondition(t.Status.Conditions, v1alpha1.ReadyCondition); c != nil && c.LastTransitionTime.After(since) {
		since = c.LastTransitionTime.Time
	}
	return since
}

// judge says whether the connector does what its spec says.
func judge(st *v1alpha1.ConnectorStatus, s *scope, err error, health verdict) verdict {
	no := metav1.ConditionFalse
	switch {
	case s.connector.DeletionTimestamp != nil:
		return verdict{no, v1alpha1.ReasonDeleting, s.waiting, false, true}
	case s.refused != "":
		conflict := s.refusedReason == v1alpha1.ReasonNameConflict
		return verdict{no, s.refusedReason, s.refused, conflict, !conflict}
	case len(s.problems) > 0:
		return verdict{no, s.invalidReason(), list(s.problems), !s.secretsMissing, s.secretsMissing}
	case s.heldByAnother():
		return verdict{no, v1alpha1.ReasonIdentityTaken, "the internal topics of its cluster belong to the ConnectCluster " + s.kafka.HeldByName, false, true}
	case err != nil:
		return verdict{no, reasonError, err.Error(), false, true}
	case s.waiting != "":
		return verdict{no, v1alpha1.ReasonProgressing, s.waiting, false, true}
	case s.connector.Spec.State == v1alpha1.ConnectorStopped:
		return verdict{metav1.ConditionTrue, v1alpha1.ReasonStopped, "", false, false}
	case !s.kafkaKnown:
		return verdict{no, v1alpha1.ReasonProgressing, "the operator is connecting to the cluster's Kafka", false, true}
	case s.kafka.Reachable != nil:
		return verdict{no, v1alpha1.ReasonKafkaUnreachable, s.kafka.Reachable.Error(), false, true}
	case health.status != metav1.ConditionTrue:
		health.status = no
		return health
	case int(st.Tasks.Total) < s.plan.count || st.Tasks.Total == 0:
		return verdict{no, v1alpha1.ReasonProgressing, "tasks are being made", false, true}
	}
	return settled(st, s)
}

// settled is for a connector all of whose tasks are healthy: they may still be
// on their way from running to paused, or back.
func settled(st *v1alpha1.ConnectorStatus, s *scope) verdict {
	if s.connector.Spec.State == v1alpha1.ConnectorPaused {
		if st.Tasks.Paused == st.Tasks.Total {
			return verdict{metav1.ConditionTrue, v1alpha1.ReasonPaused, "", false, false}
		}
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonProgressing, "tasks are pausing", false, true}
	}
	if why := s.held(); why != "" {
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonGroupInUse, why, true, false}
	}
	if st.Tasks.Running == st.Tasks.Total {
		return verdict{metav1.ConditionTrue, v1alpha1.ReasonRunning, "", false, false}
	}
	return verdict{metav1.ConditionFalse, v1alpha1.ReasonProgressing, "tasks are resuming", false, true}
}
