// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8slabels "k8s.io/apimachinery/pkg/labels"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
	"penstock.dev/runtime/configdef"
)

const (
	reasonError = "ReconcileError"
	maxNote     = 1024
)

// report writes the status that follows from a pass, if it is another than
// before, and tells the difference as events.
func (r *Reconciler) report(ctx context.Context, s *scope, failure error) error {
	st := status(s)
	conditions(&st, s, failure)
	if equality.Semantic.DeepEqual(st, s.before.Status) {
		return nil
	}
	out := s.cluster.DeepCopy()
	out.Status = st
	if err := apply.Status(ctx, r.Client, fieldOwner, out); err != nil {
		return err
	}
	for _, c := range st.Conditions {
		old := meta.FindStatusCondition(s.before.Status.Conditions, c.Type)
		if c.Type == v1alpha1.ReconcilingCondition || old != nil && old.Status == c.Status && old.Reason == c.Reason {
			continue
		}
		r.Recorder.Eventf(s.cluster, nil, kindOf(c), c.Reason, c.Type, "%s is %s: %s", c.Type, c.Status, c.Message[:min(len(c.Message), maxNote-100)])
	}
	return nil
}

func kindOf(c metav1.Condition) string {
	bad := c.Status == metav1.ConditionFalse && c.Reason != v1alpha1.ReasonProgressing && c.Reason != v1alpha1.ReasonWorkersNotReady
	if c.Type == v1alpha1.StalledCondition {
		bad = c.Status == metav1.ConditionTrue
	}
	if bad {
		return corev1.EventTypeWarning
	}
	return corev1.EventTypeNormal
}

// status is the cluster's new status without its conditions. It is pure.
func status(s *scope) v1alpha1.ConnectClusterStatus {
	st := *s.before.Status.DeepCopy()
	st.ObservedGeneration = s.cluster.Generation
	st.Selector = k8slabels.SelectorFromSet(selector(s.cluster)).String()
	desired := replicas(s.cluster)
	if s.workers != nil {
		st.Replicas, st.ReadyReplicas = s.workers.Status.Replicas, s.workers.Status.ReadyReplicas
	}
	st.WorkersReady = fmt.Sprintf("%d/%d", st.ReadyReplicas, desired)
	st.Connectors, st.Tasks = counts(s)
	if s.kafka.KafkaClusterID != "" {
		st.KafkaClusterID = s.kafka.KafkaClusterID
	}
	fromWorkers(&st, s)
	return st
}

func counts(s *scope) (*v1alpha1.ConnectorCounts, *v1alpha1.ClusterTaskCounts) {
	connectors := v1alpha1.ConnectorCounts{Total: int32(len(s.connectors))}
	tasks := v1alpha1.ClusterTaskCounts{Total: int32(len(s.tasks))}
	failed := map[string]bool{}
	for i := range s.tasks {
		switch t := &s.tasks[i]; t.Status.State {
		case v1alpha1.TaskStateRunning:
			tasks.Running++
		case v1alpha1.TaskStateFailed, v1alpha1.TaskStateRestarting:
			tasks.Failed++
			failed[t.Spec.ConnectorRef.Name] = true
		}
	}
	connectors.Failed = int32(len(failed))
	return &connectors, &tasks
}

// fromWorkers shows the version and the plugins of the workers that heartbeat
// last, which are all alike but during a roll.
func fromWorkers(st *v1alpha1.ConnectClusterStatus, s *scope) {
	if len(s.said) == 0 {
		return
	}
	last := s.said[0]
	for _, w := range s.said {
		if w.Heartbeat.After(last.Heartbeat) {
			last = w
		}
	}
	st.Version, st.Plugins = last.Version, nil
	for _, p := range last.Plugins {
		st.Plugins = append(st.Plugins, v1alpha1.PluginStatus{Class: p.Class, Type: v1alpha1.PluginType(p.Type), Version: p.Version})
	}
	slices.SortFunc(st.Plugins, func(a, b v1alpha1.PluginStatus) int { return strings.Compare(a.Class, b.Class) })
}

type verdict struct {
	status           metav1.ConditionStatus
	reason, message  string
	stalled, working bool
}

// conditions writes a pass' outcome into a status. It is pure.
func conditions(st *v1alpha1.ConnectClusterStatus, s *scope, err error) {
	set := func(kind string, v verdict) {
		meta.SetStatusCondition(&st.Conditions, metav1.Condition{
			Type: kind, Status: v.status, Reason: v.reason, Message: v.message,
			ObservedGeneration: s.cluster.Generation, LastTransitionTime: metav1.NewTime(s.now),
		})
	}
	reachable, topics, held, workers := kafkaReachable(s), topicsReady(s), identityHeld(s), workersReady(st, s)
	set(v1alpha1.KafkaReachableCondition, reachable)
	set(v1alpha1.TopicsReadyCondition, topics)
	set(v1alpha1.IdentityHeldCondition, held)
	set(v1alpha1.WorkersReadyCondition, workers)
	v := judge(s, err, reachable, topics, held, workers)
	set(v1alpha1.ReadyCondition, v)
	set(v1alpha1.StalledCondition, verdict{status: is(v.stalled), reason: v.reason, message: only(v.stalled, v.message)})
	set(v1alpha1.ReconcilingCondition, verdict{status: is(v.working), reason: v.reason, message: only(v.working, v.message)})
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

func kafkaReachable(s *scope) verdict {
	if s.kafka.Reachable != nil {
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonKafkaUnreachable, "spec.kafka: " + s.kafka.Reachable.Error(), false, true}
	}
	if s.kafka.KafkaClusterID == "" {
		return verdict{metav1.ConditionUnknown, v1alpha1.ReasonUnknown, "Kafka was not asked yet", false, true}
	}
	return verdict{metav1.ConditionTrue, v1alpha1.ReasonReady, "", false, false}
}

func topicsReady(s *scope) verdict {
	switch {
	case s.kafka.Topics != nil:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonTopicsInvalid, "spec.storage: " + s.kafka.Topics.Error(), true, false}
	case !s.kafka.CaughtUp:
		return verdict{metav1.ConditionUnknown, v1alpha1.ReasonUnknown, "the topics were not read yet", false, true}
	}
	return verdict{metav1.ConditionTrue, v1alpha1.ReasonReady, "", false, false}
}

func identityHeld(s *scope) verdict {
	switch s.kafka.HeldBy {
	case string(s.cluster.UID):
		return verdict{metav1.ConditionTrue, v1alpha1.ReasonIdentityHeld, "", false, false}
	case "":
		return verdict{metav1.ConditionUnknown, v1alpha1.ReasonUnknown, "nobody has claimed the topics yet", false, true}
	}
	return verdict{metav1.ConditionFalse, v1alpha1.ReasonIdentityTaken, fmt.Sprintf(
		"spec.groupId: the topics %s and %s belong to ConnectCluster %s (UID %s): choose another group id, or take them over with the annotation %s: %s",
		s.cluster.OffsetsTopic(), s.cluster.StatusTopic(), s.kafka.HeldByName, s.kafka.HeldBy, v1alpha1.TakeOverAnnotation, s.kafka.HeldBy), true, false}
}

func workersReady(st *v1alpha1.ConnectClusterStatus, s *scope) verdict {
	desired := replicas(s.cluster)
	if s.workers == nil {
		return verdict{metav1.ConditionUnknown, v1alpha1.ReasonUnknown, "no worker was started yet", false, true}
	}
	w := s.workers.Status
	if w.ObservedGeneration < s.workers.Generation || st.ReadyReplicas != desired || st.Replicas != desired || w.UpdatedReplicas != desired {
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonWorkersNotReady, fmt.Sprintf("%d of %d workers are ready, %d run the current settings", st.ReadyReplicas, desired, w.UpdatedReplicas), false, true}
	}
	return verdict{metav1.ConditionTrue, v1alpha1.ReasonReady, "", false, false}
}

// judge says whether the cluster does what its spec says.
func judge(s *scope, err error, parts ...verdict) verdict {
	no := metav1.ConditionFalse
	switch {
	case s.cluster.DeletionTimestamp != nil:
		reason := v1alpha1.ReasonDeleting
		if s.connectorsLeft {
			reason = v1alpha1.ReasonConnectorsLeft
		}
		return verdict{no, reason, s.waiting, false, true}
	case len(s.problems) > 0:
		return verdict{no, v1alpha1.ReasonConfigInvalid, list(s.problems), true, false}
	case s.missing != "":
		return verdict{no, v1alpha1.ReasonSecretMissing, s.missing, false, true}
	case errors.Is(err, apply.ErrNotOurs):
		return verdict{no, v1alpha1.ReasonNotOurs, err.Error(), true, false}
	case err != nil:
		return verdict{no, reasonError, err.Error(), false, true}
	}
	for _, p := range parts {
		if p.status != metav1.ConditionTrue {
			p.status = no
			if p.reason == v1alpha1.ReasonUnknown {
				p.reason = v1alpha1.ReasonProgressing
			}
			return p
		}
	}
	return verdict{metav1.ConditionTrue, v1alpha1.ReasonReady, list(s.warnings), false, false}
}

func list(problems []configdef.Problem) string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.Error()
		if !strings.HasPrefix(p.Key, "spec.") {
			lines[i] = "spec.config: " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}
