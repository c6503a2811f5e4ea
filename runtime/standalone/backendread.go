// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"cmp"
	"context"
	"slices"

	"penstock.dev/runtime/rest"
	"penstock.dev/runtime/storage"
)

// stored is a connector as the API shows it.
type stored struct {
	config rest.Props
	target storage.TargetState
	tasks  []map[string]string
}

// find returns a connector; false if there is none.
func (b *Backend) find(ctx context.Context, name string) (stored, bool, error) {
	if b.o.Fixed != nil {
		c, ok := b.o.Fixed.find(name)
		if !ok {
			return stored{}, false, nil
		}
		whole := c.whole()
		return stored{whole, target(c.State), taskConfigs(b.o.Registry, c, whole)}, true, nil
	}
	configs, err := b.o.Kafka.Configs(ctx)
	if err != nil {
		return stored{}, false, err
	}
	c, ok := configs.Connector(name)
	return stored{c.Config, c.Target, c.Tasks}, ok, nil
}

func target(s TargetState) storage.TargetState {
	switch s {
	case Paused:
		return storage.Paused
	case Stopped:
		return storage.Stopped
	}
	return storage.Started
}

// must is find for requests that need the connector.
func (b *Backend) must(ctx context.Context, name string, missing *rest.Error) (stored, error) {
	c, ok, err := b.find(ctx, name)
	if err == nil && !ok {
		err = missing
	}
	return c, err
}

// Connectors implements rest.Backend.
func (b *Backend) Connectors(ctx context.Context) ([]string, error) {
	var names []string
	if b.o.Fixed != nil {
		for _, c := range b.o.Fixed.Connectors() {
			names = append(names, c.Name)
		}
		slices.Sort(names)
		return names, nil
	}
	configs, err := b.o.Kafka.Configs(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range configs.Connectors() {
		names = append(names, c.Name)
	}
	return names, nil
}

// Connector implements rest.Backend.
func (b *Backend) Connector(ctx context.Context, name string) (rest.ConnectorInfo, error) {
	c, err := b.must(ctx, name, rest.ConnectorNotFound(name))
	if err != nil {
		return rest.ConnectorInfo{}, err
	}
	return b.info(name, c.config, len(c.tasks)), nil
}

func (b *Backend) info(name string, config map[string]string, tasks int) rest.ConnectorInfo {
	info := rest.ConnectorInfo{Name: name, Config: config, Tasks: []rest.TaskID{}, Type: b.typeOf(config)}
	for i := range tasks {
		info.Tasks = append(info.Tasks, rest.TaskID{Connector: name, Task: i})
	}
	return info
}

// typeOf is source, sink, or unknown for a class that this build does not have.
func (b *Backend) typeOf(config map[string]string) string {
	if p, ok := b.o.Registry.Lookup(config[classKey]); ok {
		return string(p.Kind)
	}
	return "unknown"
}

// Tasks implements rest.Backend.
func (b *Backend) Tasks(ctx context.Context, name string) ([]rest.TaskInfo, error) {
	c, err := b.must(ctx, name, rest.ConnectorNotFound(name))
	if err != nil {
		return nil, err
	}
	var out []rest.TaskInfo
	for i, config := range c.tasks {
		out = append(out, rest.TaskInfo{ID: rest.TaskID{Connector: name, Task: i}, Config: config})
	}
	return out, nil
}

// Status implements rest.Backend: what the status topic says, as in Kafka Connect.
func (b *Backend) Status(ctx context.Context, name string) (rest.ConnectorStateInfo, error) {
	return b.status(ctx, name, rest.NotFound("No status found for connector %s", name))
}

func (b *Backend) status(ctx context.Context, name string, missing *rest.Error) (rest.ConnectorStateInfo, error) {
	statuses, err := b.o.Kafka.Statuses(ctx)
	if err != nil {
		return rest.ConnectorStateInfo{}, err
	}
	s, ok := statuses.ConnectorStatus(name)
	if !ok {
		return rest.ConnectorStateInfo{}, missing
	}
	c, _, err := b.find(ctx, name)
	if err != nil {
		return rest.ConnectorStateInfo{}, err
	}
	info := rest.ConnectorStateInfo{
		Name: name, Connector: rest.ConnectorState{State: s.State, WorkerID: s.WorkerID, Trace: s.Trace, Version: s.Version},
		Tasks: []rest.TaskState{}, Type: b.typeOf(c.config),
	}
	for _, id := range statuses.Tasks() {
		if t, ok := statuses.Task(id); ok && id.Connector == name {
			info.Tasks = append(info.Tasks, taskState(id.Index, t))
		}
	}
	slices.SortFunc(info.Tasks, func(x, y rest.TaskState) int { return cmp.Compare(x.ID, y.ID) })
	return info, nil
}

func taskState(index int, s storage.Status) rest.TaskState {
	return rest.TaskState{ID: index, State: s.State, WorkerID: s.WorkerID, Trace: s.Trace, Version: s.Version}
}

// TaskStatus implements rest.Backend.
func (b *Backend) TaskStatus(ctx context.Context, id rest.TaskID) (rest.TaskState, error) {
	statuses, err := b.o.Kafka.Statuses(ctx)
	if err != nil {
		return rest.TaskState{}, err
	}
	s, ok := statuses.Task(storage.TaskID{Connector: id.Connector, Index: id.Task})
	if !ok {
		return rest.TaskState{}, rest.NotFound("No status found for task %s-%d", id.Connector, id.Task)
	}
	return taskState(id.Task, s), nil
}

// Topics implements rest.Backend.
func (b *Backend) Topics(ctx context.Context, name string) ([]string, error) {
	statuses, err := b.o.Kafka.Statuses(ctx)
	if err != nil {
		return nil, err
	}
	return statuses.UsedTopics(name), nil
}

// ResetTopics implements rest.Backend.
func (b *Backend) ResetTopics(ctx context.Context, name string) error {
	statuses, err := b.o.Kafka.Statuses(ctx)
	if err != nil {
		return err
	}
	return statuses.ResetUsedTopics(ctx, name)
}
