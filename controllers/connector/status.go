// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/connect"
)

// What the status may hold; the definition refuses more.
const (
	maxTopics = 20
	maxSample = 8
	maxError  = 1024
)

// A connector's state as its column shows it, where it is not what the spec asks
// for.
const (
	statePending  = "Pending"
	stateFailed   = "Failed"
	stateDeleting = "Deleting"
)

// counts counts a connector's tasks.
func counts(s *scope) v1alpha1.TaskCounts {
	var n v1alpha1.TaskCounts
	if s.plan != nil {
		n.Desired = int32(s.plan.count)
	} else {
		n.Desired = int32(len(s.tasks))
	}
	for i := range s.tasks {
		n.Total++
		switch s.tasks[i].Status.State {
		case v1alpha1.TaskStateRunning:
			n.Running++
		case v1alpha1.TaskStatePaused:
			n.Paused++
		case v1alpha1.TaskStateFailed, v1alpha1.TaskStateRestarting:
			n.Failed++
		default:
			n.Unassigned++
		}
	}
	return n
}

// status is the connector's new status without its conditions. It is pure. What
// is not known now stays as it was.
func status(s *scope) v1alpha1.ConnectorStatus {
	st := *s.before.Status.DeepCopy()
	st.ObservedGeneration = s.connector.Generation
	if s.blind {
		return st
	}
	n := counts(s)
	st.Tasks, st.TaskCount = &n, n.Total
	st.Selector = v1alpha1.ConnectorLabel + "=" + s.connector.Name
	doing := n.Running
	if s.connector.Spec.State == v1alpha1.ConnectorPaused {
		doing = n.Paused
	}
	st.TasksReady = fmt.Sprintf("%d/%d", doing, n.Desired)
	st.State = stateOf(s, n)
	if s.plan != nil {
		st.ConfigRevision = s.plan.revision
		st.Type = s.plan.kind
		kafkaSide(&st, s)
	}
	fromTasks(&st, s)
	return st
}

func stateOf(s *scope, n v1alpha1.TaskCounts) string {
	switch want := s.connector.Spec.State; {
	case s.connector.DeletionTimestamp != nil:
		return stateDeleting
	case n.Failed > 0:
		return stateFailed
	case want == v1alpha1.ConnectorStopped && n.Total == 0,
		want == v1alpha1.ConnectorPaused && n.Total > 0 && n.Paused == n.Total,
		want == v1alpha1.ConnectorRunning && n.Running > 0:
		return string(want)
	}
	return statePending
}

// kafkaSide says where a sink stands in Kafka.
func kafkaSide(st *v1alpha1.ConnectorStatus, s *scope) {
	if len(s.problems) > 0 { // what the tasks have is not what the config says
		return
	}
	st.ConsumerGroup, st.Topics = "", nil
	if s.plan.kind != v1alpha1.SinkType {
		return
	}
	st.ConsumerGroup = connect.GroupID(s.connector.KafkaName(), s.props)
	topics := connect.Topics(s.props)
	if len(topics) == 0 {
		if topics = assigned(s); len(topics) == 0 { // a rebalance goes on, or none was told yet
			topics = s.before.Status.Topics
		}
	}
	st.Topics = topics[:min(len(topics), maxTopics)]
}

// assigned are the topics of which a sink's tasks have partitions, for one whose
// config has a pattern: as far as the tasks tell.
func assigned(s *scope) []string {
	var topics []string
	for i := range s.tasks {
		for _, tp := range s.tasks[i].Status.Assignment {
			if at := strings.LastIndexByte(tp, '-'); at > 0 && !slices.Contains(topics, tp[:at]) {
				topics = append(topics, tp[:at])
			}
		}
	}
	slices.Sort(topics)
	return topics
}

// fromTasks adds up what the tasks say.
func fromTasks(st *v1alpha1.ConnectorStatus, s *scope) {
	var lag *int64
	var offsets v1alpha1.ConnectorOffsets
	restarts := int32(0)
	for i := range s.tasks {
		t := &s.tasks[i].Status
		restarts += t.Restarts
		if t.Lag != nil {
			if lag == nil {
				lag = new(int64)
			}
			*lag += *t.Lag
		}
		offsets.Partitions += t.Partitions
		for _, o := range t.Offsets {
			if len(offsets.Sample) < maxSample {
				offsets.Sample = append(offsets.Sample, o)
			}
		}
		if t.LastCommit != nil && (offsets.CommittedAt == nil || offsets.CommittedAt.Before(t.LastCommit)) {
			offsets.CommittedAt = t.LastCommit
		}
		lastError(st, &s.tasks[i])
	}
	if len(s.tasks) == 0 { // stopped: what was committed last stands
		return
	}
	st.Restarts = restarts
	if offsets.Partitions > 0 {
		st.Offsets = &offsets
	}
	setLag(st, lag, s.now)
}

func setLag(st *v1alpha1.ConnectorStatus, lag *int64, now time.Time) {
	switch {
	case lag == nil || st.Type != v1alpha1.SinkType:
		st.Lag = nil
	case st.Lag == nil || moved(st.Lag.Records, *lag):
		st.Lag = &v1alpha1.ConnectorLag{Records: *lag, ObservedAt: &metav1.Time{Time: now}}
	}
}

// lastError keeps the latest failure of any task.
func lastError(st *v1alpha1.ConnectorStatus, t *v1alpha1.Task) {
	if t.Status.LastErrorAt == nil {
		return
	}
	if st.LastError != nil && st.LastError.At != nil && !st.LastError.At.Before(t.Status.LastErrorAt) {
		return
	}
	st.LastError = &v1alpha1.ConnectorError{
		Task: t.Spec.Index, Reason: "TaskFailed", Message: clip(t.Status.LastError, maxError), At: t.Status.LastErrorAt,
	}
}
