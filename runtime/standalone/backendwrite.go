// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"maps"

	"penstock.dev/runtime/rest"
	"penstock.dev/runtime/storage"
)

// Put implements rest.Backend.
func (b *Backend) Put(ctx context.Context, r rest.PutRequest) (rest.ConnectorInfo, bool, error) {
	if b.o.Fixed != nil {
		return rest.ConnectorInfo{}, false, b.refuse(r.Name)
	}
	release, err := b.locks.take(ctx, r.Name)
	if err != nil {
		return rest.ConnectorInfo{}, false, err
	}
	defer release()
	configs, err := b.latest(ctx)
	if err != nil {
		return rest.ConnectorInfo{}, false, err
	}
	now, exists := configs.Connector(r.Name)
	switch {
	case exists && r.New:
		return rest.ConnectorInfo{}, false, rest.AlreadyExists(r.Name)
	case r.Was != nil && !exists:
		return rest.ConnectorInfo{}, false, rest.ConnectorNotFound(r.Name)
	case r.Was != nil && !maps.Equal(r.Was, now.Config):
		return rest.ConnectorInfo{}, false, rest.Stale()
	}
	if err := configs.PutConnector(ctx, r.Name, r.Config, storage.TargetState(r.State)); err != nil {
		return rest.ConnectorInfo{}, false, err
	}
	// Kafka Connect, too, tells of the tasks that the connector had before.
	info := b.info(r.Name, r.Config, len(now.Tasks))
	if err := b.o.Kept.putTasks(ctx, configs, r.Name); err != nil {
		// The connector is there, and runs; the next start writes them.
		b.o.Logger.Warn("writing the tasks of a connector to the config topic failed", "connector", r.Name, "error", err)
	}
	return info, !exists, nil
}

// latest returns the config topic, read to its end.
func (b *Backend) latest(ctx context.Context) (*storage.Configs, error) {
	configs, err := b.o.Kafka.Configs(ctx)
	if err != nil {
		return nil, err
	}
	return configs, configs.ReadToEnd(ctx)
}

// Delete implements rest.Backend. The tasks end after it has returned.
func (b *Backend) Delete(ctx context.Context, name string) error {
	if b.o.Fixed != nil {
		if _, ok := b.o.Fixed.find(name); !ok {
			return rest.ConnectorNotFound(name)
		}
		return b.refuse(name)
	}
	release, err := b.locks.take(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	configs, err := b.latest(ctx)
	if err != nil {
		return err
	}
	if _, ok := configs.Connector(name); !ok {
		return rest.ConnectorNotFound(name)
	}
	return configs.DeleteConnector(ctx, name)
}

// SetState implements rest.Backend. The state of a connector of a file lasts as
// long as the process.
func (b *Backend) SetState(ctx context.Context, name string, state rest.TargetState) error {
	release, err := b.locks.take(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	missing := rest.NotFound("Unknown connector %s", name)
	if b.o.Fixed != nil {
		if _, ok := b.o.Fixed.find(name); !ok {
			return missing
		}
		b.o.Fixed.setState(name, map[rest.TargetState]TargetState{
			rest.Started: Running, rest.Paused: Paused, rest.Stopped: Stopped}[state])
		b.o.Standalone.Wake()
		return nil
	}
	configs, err := b.latest(ctx)
	if err != nil {
		return err
	}
	now, ok := configs.Connector(name)
	if !ok {
		return missing
	}
	if state == rest.Stopped && len(now.Tasks) > 0 {
		// First, as in Kafka Connect: a connector without tasks does less harm than
		// tasks without one.
		if err := configs.PutTasks(ctx, name, nil); err != nil {
			return err
		}
	}
	if err := configs.PutTarget(ctx, name, storage.TargetState(state)); err != nil {
		return err
	}
	return b.o.Kept.putTasks(ctx, configs, name)
}

// Restart implements rest.Backend. Connectors have no instance of their own here,
// so only the tasks are restarted.
func (b *Backend) Restart(ctx context.Context, r rest.RestartRequest) (rest.ConnectorStateInfo, error) {
	if _, err := b.must(ctx, r.Name, rest.NotFound("Unknown connector: %s", r.Name)); err != nil {
		return rest.ConnectorStateInfo{}, err
	}
	if !r.IncludeTasks && !r.OnlyFailed {
		return rest.ConnectorStateInfo{}, nil
	}
	info, err := b.status(ctx, r.Name, rest.NotFound("Status for connector %s not found", r.Name))
	if err != nil {
		return info, err
	}
	const failed, restarting = "FAILED", "RESTARTING"
	if !r.OnlyFailed || info.Connector.State == failed {
		info.Connector.State = restarting
	}
	which := map[int]bool{}
	for i, t := range info.Tasks {
		if r.IncludeTasks && (!r.OnlyFailed || t.State == failed) {
			info.Tasks[i].State = restarting
			which[t.ID] = true
		}
	}
	return info, b.o.Standalone.restartTasks(ctx, r.Name, func(i int) bool { return which[i] })
}

// RestartTask implements rest.Backend.
func (b *Backend) RestartTask(ctx context.Context, id rest.TaskID) error {
	c, err := b.must(ctx, id.Connector, rest.NotFound("Unknown connector: %s", id.Connector))
	if err != nil {
		return err
	}
	if id.Task < 0 || id.Task >= len(c.tasks) {
		return rest.NotFound("Unknown task: %s-%d", id.Connector, id.Task)
	}
	return b.o.Standalone.restartTasks(ctx, id.Connector, func(i int) bool { return i == id.Task })
}
