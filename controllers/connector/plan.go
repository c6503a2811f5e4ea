// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/connect"
)

// plan is what a connector's tasks should be.
type plan struct {
	kind     v1alpha1.PluginType
	revision string
	count    int
	tasks    []*v1alpha1.Task
}

// secretReference is what stands in a Task for a value from a Secret; the worker
// resolves it.
func secretReference(r v1alpha1.SecretKeyRef) string {
	return "${secrets:" + r.Name + ":" + r.Key + "}"
}

// config returns a connector's settings as its tasks get them: values as text,
// secrets as references.
func config(c *v1alpha1.Connector) (map[string]string, error) {
	props, err := c.Spec.Config.Properties()
	if err != nil {
		return nil, err
	}
	for _, f := range c.Spec.ConfigFrom {
		if _, twice := props[f.Key]; twice {
			return nil, fmt.Errorf("spec.configFrom: %s stands in spec.config too: remove it from one of them", f.Key)
		}
		props[f.Key] = secretReference(f.SecretKeyRef)
	}
	return props, nil
}

// planTasks says which tasks a connector should have. It is pure. The cluster's
// settings play no part: a change of them replaces the workers, and so restarts
// every task.
func planTasks(c *v1alpha1.Connector, p connect.Plugin, props map[string]string) plan {
	out := plan{kind: v1alpha1.PluginType(p.Kind), revision: revision(c, props)}
	if c.Spec.State == v1alpha1.ConnectorStopped || p.Tasks == nil { // no class, no tasks
		return out
	}
	limit := 1
	if c.Spec.TasksMax != nil {
		limit = int(*c.Spec.TasksMax)
	}
	out.count = p.Tasks(props, limit)
	// Another count is another incarnation of every task, a sink's too: it is told
	// among how many it shares the work.
	out.revision += "-" + strconv.Itoa(out.count)
	for i := range out.count {
		out.tasks = append(out.tasks, out.task(c, props, i))
	}
	return out
}

// holdTasks plans for a connector whose new config is refused and which should
// not run: tasks that exist are paused as they are, or ended. It is pure.
func holdTasks(c *v1alpha1.Connector, existing []v1alpha1.Task) plan {
	out := plan{kind: c.Status.Type, revision: c.Status.ConfigRevision}
	if c.Spec.State == v1alpha1.ConnectorStopped {
		return out
	}
	for i := range existing {
		old := &existing[i]
		if old.DeletionTimestamp != nil {
			continue
		}
		out.kind, out.count = old.Spec.Type, int(old.Spec.Count)
		t := out.task(c, old.Spec.Config, int(old.Spec.Index))
		t.Spec.Class, t.Spec.ConfigRevision = old.Spec.Class, old.Spec.ConfigRevision
		out.tasks = append(out.tasks, t)
	}
	return out
}

func (p plan) task(c *v1alpha1.Connector, props map[string]string, index int) *v1alpha1.Task {
	desired := v1alpha1.TaskRunning
	if c.Spec.State == v1alpha1.ConnectorPaused {
		desired = v1alpha1.TaskPaused
	}
	return &v1alpha1.Task{
		ObjectMeta: metav1.ObjectMeta{
			Name: c.TaskName(index), Namespace: c.Namespace,
			Labels:     map[string]string{v1alpha1.ClusterLabel: c.Spec.ClusterRef.Name, v1alpha1.ConnectorLabel: c.Name},
			Finalizers: []string{v1alpha1.Finalizer},
		},
		Spec: v1alpha1.TaskSpec{
			ClusterName:    c.Spec.ClusterRef.Name,
			ConnectorRef:   v1alpha1.ConnectorRef{Name: c.Name, UID: c.UID},
			ConnectorName:  c.KafkaName(),
			Class:          c.Spec.Class,
			Type:           p.kind,
			Index:          int32(index),
			Count:          int32(p.count),
			Config:         maps.Clone(props),
			ConfigRevision: p.revision,
			DesiredState:   desired,
		},
	}
}

// revision names a connector's settings: a change of it restarts the tasks.
func revision(c *v1alpha1.Connector, props map[string]string) string {
	data, err := json.Marshal([]any{c.Spec.Class, props, c.Spec.RestartNonce})
	if err != nil { // strings and maps of them always encode
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// replaced reports whether the tasks that exist must all end before the planned
// ones may start: those of another type, and those of a source that is shared
// among another number of tasks, for two tasks of different counts may both take
// the same part for theirs.
func replaced(existing []v1alpha1.Task, p plan) bool {
	for i := range existing {
		t := &existing[i]
		if t.Spec.Type != p.kind || t.Spec.Type == v1alpha1.SourceType && int(t.Spec.Count) != p.count {
			return true
		}
	}
	return false
}

// surplus are the tasks that should not be there.
func surplus(existing []v1alpha1.Task, p plan) []*v1alpha1.Task {
	var out []*v1alpha1.Task
	for i := range existing {
		wanted := slices.ContainsFunc(p.tasks, func(t *v1alpha1.Task) bool { return t.Name == existing[i].Name })
		if !wanted {
			out = append(out, &existing[i])
		}
	}
	return out
}
