// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/duration"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
	"penstock.dev/runtime/secrets"
)

// columns are those of kubectl get connectors, with the tasks counted as they are
// now. all is set if connectors of all namespaces are listed.
func columns(all *bool) []cli.Column {
	return []cli.Column{
		{Title: "NAMESPACE", Cell: func(c cli.Connector, _ time.Time) string { return c.Namespace }, Hidden: func() bool { return !*all }},
		{Title: "NAME", Cell: func(c cli.Connector, _ time.Time) string { return c.Name }},
		{Title: "CLUSTER", Cell: func(c cli.Connector, _ time.Time) string { return c.Cluster }},
		{Title: "CLASS", Cell: func(c cli.Connector, _ time.Time) string { return c.Class }},
		{Title: "STATE", Cell: func(c cli.Connector, _ time.Time) string { return c.State }},
		{Title: "TASKS", Cell: func(c cli.Connector, _ time.Time) string { return cli.Counted(c) }},
		{Title: "READY", Cell: func(c cli.Connector, _ time.Time) string { return c.Condition(v1alpha1.ReadyCondition).Status }},
		{Title: "REASON", Cell: func(c cli.Connector, _ time.Time) string { return c.Condition(v1alpha1.ReadyCondition).Reason }},
		{Title: "AGE", Cell: func(c cli.Connector, now time.Time) string {
			if c.Created == nil {
				return ""
			}
			return duration.HumanDuration(now.Sub(*c.Created))
		}},
	}
}

func wide() []cli.Column {
	return []cli.Column{
		{Title: "TYPE", Cell: func(c cli.Connector, _ time.Time) string { return c.Type }},
		{Title: "LAG", Cell: func(c cli.Connector, _ time.Time) string {
			if c.Lag == nil {
				return ""
			}
			return fmt.Sprint(*c.Lag)
		}},
		{Title: "RESTARTS", Cell: func(c cli.Connector, _ time.Time) string { return fmt.Sprint(c.Restarts) }},
	}
}

// toConnector is what is shown of a connector and its tasks. It is pure.
func toConnector(c *v1alpha1.Connector, tasks []v1alpha1.Task) cli.Connector {
	s := &c.Status
	out := cli.Connector{
		Name: c.Name, Namespace: c.Namespace, Cluster: c.Spec.ClusterRef.Name, Type: string(s.Type), Class: c.Spec.Class,
		State: s.State, Restarts: int(s.Restarts), Created: &c.CreationTimestamp.Time,
		Target: cli.Target(strings.ToUpper(string(c.Spec.State))), Behind: behind(c, tasks), Stalled: stalled(c), Tasks: make([]cli.Task, len(tasks)),
	}
	if c.KafkaName() != c.Name {
		out.KafkaName = c.KafkaName()
	}
	if s.Lag != nil {
		out.Lag = &s.Lag.Records
	}
	if s.Tasks != nil {
		out.Desired = int(s.Tasks.Desired)
	}
	for _, condition := range s.Conditions {
		out.Conditions = append(out.Conditions, cli.Condition{
			Type: condition.Type, Status: string(condition.Status), Reason: condition.Reason, Message: condition.Message,
		})
	}
	for i := range tasks {
		out.Tasks[i] = toTask(&tasks[i])
	}
	return out
}

func toTask(t *v1alpha1.Task) cli.Task {
	out := cli.Task{
		ID: int(t.Spec.Index), State: string(t.Status.State), Worker: t.Status.Worker,
		Restarts: int(t.Status.Restarts), Lag: t.Status.Lag,
	}
	if out.State == "" {
		out.State = string(v1alpha1.TaskStateUnassigned)
	}
	if failed(t) { // what is over is no news
		out.Error = t.Status.LastError
	}
	return out
}

// failed reports whether a task has failed, to be restarted or not.
func failed(t *v1alpha1.Task) bool {
	return t.Status.State == v1alpha1.TaskStateFailed || t.Status.State == v1alpha1.TaskStateRestarting
}

// behind reports whether the operator, or a worker, has still to do something
// about what was asked for last, so that the states may be those from before.
func behind(c *v1alpha1.Connector, tasks []v1alpha1.Task) bool {
	if c.DeletionTimestamp == nil && c.Status.ObservedGeneration < c.Generation {
		return true
	}
	for i := range tasks {
		t := &tasks[i]
		asked := t.Annotations[v1alpha1.RestartAnnotation]
		switch {
		case asked != "" && asked != t.Status.RestartHandled,
			t.Status.ObservedGeneration < t.Generation,
			t.Spec.Worker != nil && t.Spec.BoundRevision != t.Spec.ConfigRevision:
			return true
		}
	}
	reconciling := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ReconcilingCondition)
	if reconciling == nil || reconciling.Status != "True" {
		return false
	}
	// Who pauses or stops a connector need not wait until all is well with it: its
	// tasks show whether they have done so.
	return c.Spec.State == v1alpha1.ConnectorRunning || reconciling.Reason == v1alpha1.ReasonProgressing
}

// stalled says why nothing will change; it is empty if something may. A config
// that is refused keeps no connector from being paused or stopped.
func stalled(c *v1alpha1.Connector) string {
	s := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.StalledCondition)
	if s == nil || s.Status != "True" || c.Spec.State != v1alpha1.ConnectorRunning && s.Reason == v1alpha1.ReasonConfigInvalid {
		return ""
	}
	return s.Reason + ": " + s.Message
}

// settings are a connector's config; values of configFrom are references.
func settings(c *v1alpha1.Connector) (map[string]string, error) {
	config, err := c.Spec.Config.Properties()
	if err != nil {
		return nil, err
	}
	for _, f := range c.Spec.ConfigFrom {
		config[f.Key] = secrets.Reference{Provider: secretsProvider, Path: f.SecretKeyRef.Name, Key: f.SecretKeyRef.Key}.String()
	}
	return config, nil
}

// secretsProvider is the config provider that workers read Secrets with.
const secretsProvider = "secrets"

func toEvent(e *corev1.Event) cli.Event {
	out := cli.Event{Type: e.Type, Reason: e.Reason, Message: e.Message, Last: e.LastTimestamp.Time, Count: max(int(e.Count), 1)}
	if e.Series != nil {
		out.Last, out.Count = e.Series.LastObservedTime.Time, int(e.Series.Count)
	}
	if out.Last.IsZero() {
		out.Last = e.EventTime.Time
	}
	if out.Last.IsZero() {
		out.Last = e.CreationTimestamp.Time
	}
	return out
}
