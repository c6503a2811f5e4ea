// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/internal/definition"
	"penstock.dev/cmd/penstock/restclient"
)

var _ cli.Mover = remote{}

// missing marks an error as one about a connector that is not there.
type missing struct{ error }

// Unwrap returns the error of the server.
func (e missing) Unwrap() error { return e.error }

// Is reports whether target is cli.ErrNotFound.
func (missing) Is(target error) bool { return target == cli.ErrNotFound }

// remote is a Connect server as the shared commands see it.
type remote struct{ c *restclient.Client }

// Names lists the connectors.
func (r remote) Names(ctx context.Context) ([]string, error) {
	names, err := r.c.Names(ctx)
	slices.Sort(names)
	return names, err
}

// Connectors returns all connectors without their configs.
func (r remote) Connectors(ctx context.Context) ([]cli.Connector, error) {
	all, err := r.c.Connectors(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]cli.Connector, 0, len(all))
	for _, e := range all {
		c := toConnector(e.Info, e.Status)
		c.Config = nil
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b cli.Connector) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Connector returns a connector with its config.
func (r remote) Connector(ctx context.Context, name string) (cli.Connector, error) {
	info, err := r.c.Connector(ctx, name)
	if restclient.IsNotFound(err) {
		err = missing{err}
	}
	if err != nil {
		return cli.Connector{}, err
	}
	// One that was just created may have no status yet.
	status, err := r.c.Status(ctx, name)
	if err != nil && !restclient.IsNotFound(err) {
		return cli.Connector{}, err
	}
	c := toConnector(info, status)
	c.Config = cli.Hide(info.Config, r.passwords(ctx, c.Class))
	return c, nil
}

// passwords are the keys that the plugin says are passwords. A plugin that the
// server does not have has none that it could tell: the names of keys must do.
func (r remote) passwords(ctx context.Context, class string) map[string]bool {
	out := map[string]bool{}
	keys, err := r.c.Keys(ctx, class)
	if err != nil {
		return out
	}
	for _, k := range keys {
		if k.Type == "PASSWORD" {
			out[k.Name] = true
		}
	}
	return out
}

func toConnector(info restclient.ConnectorInfo, s restclient.ConnectorStatus) cli.Connector {
	c := cli.Connector{
		Name: info.Name, Type: info.Type, Class: info.Config["connector.class"], Config: info.Config,
		State: s.Connector.State, Worker: s.Connector.WorkerID, Version: s.Connector.Version, Error: s.Connector.Trace,
		Tasks: make([]cli.Task, len(s.Tasks)),
	}
	if c.State == failed {
		c.Stalled = "the connector has failed: " + c.Error
	}
	for i, t := range s.Tasks {
		c.Tasks[i] = cli.Task{ID: t.ID, State: t.State.State, Worker: t.WorkerID, Version: t.Version, Error: t.Trace}
		if t.State.State == failed && c.Stalled == "" {
			c.Stalled = fmt.Sprintf("task %d has failed: %s", t.ID, t.Trace)
		}
	}
	slices.SortFunc(c.Tasks, func(a, b cli.Task) int { return cmp.Compare(a.ID, b.ID) })
	return c
}

// failed is the state of what waits for a restart.
const failed = "FAILED"

// SetTarget pauses, resumes or stops a connector.
func (r remote) SetTarget(ctx context.Context, name string, t cli.Target) error {
	switch t {
	case cli.Paused:
		return r.c.Pause(ctx, name)
	case cli.Stopped:
		return r.c.Stop(ctx, name)
	}
	return r.c.Resume(ctx, name)
}

// Restart restarts a connector or a task.
func (r remote) Restart(ctx context.Context, name string, what cli.Restart) (bool, error) {
	if what.Task != nil {
		return true, r.c.RestartTask(ctx, name, *what.Task)
	}
	return true, r.c.Restart(ctx, name, what.Tasks, what.OnlyFailed)
}

// Delete deletes a connector.
func (r remote) Delete(ctx context.Context, name string) error { return r.c.Delete(ctx, name) }

// Offsets returns all offsets.
func (r remote) Offsets(ctx context.Context, name string) (cli.Offsets, error) {
	list, err := r.c.Offsets(ctx, name)
	if err != nil {
		return cli.Offsets{}, err
	}
	out := cli.Offsets{Offsets: make([]cli.Offset, len(list))}
	for i, o := range list {
		out.Offsets[i] = cli.Offset(o)
	}
	return out, nil
}

// SetOffsets moves a stopped connector.
func (r remote) SetOffsets(ctx context.Context, name string, offsets []cli.Offset) (string, error) {
	list := make([]restclient.Offset, len(offsets))
	for i, o := range offsets {
		list[i] = restclient.Offset(o)
	}
	return r.c.AlterOffsets(ctx, name, list)
}

// ResetOffsets lets a stopped connector forget its offsets.
func (r remote) ResetOffsets(ctx context.Context, name string) (string, error) {
	return r.c.ResetOffsets(ctx, name)
}

// ask asks the server what is wrong with configs and returns a finding for each
// problem. A class must be in the config.
func (r remote) ask(ctx context.Context, definitions []definition.Definition) ([]cli.Finding, error) {
	out := []cli.Finding{}
	for _, d := range definitions {
		config := maps.Clone(d.Config)
		config["name"] = d.Name
		infos, err := r.c.Validate(ctx, config["connector.class"], config)
		if err != nil {
			return nil, fmt.Errorf("connector %s: %w", d.Name, err)
		}
		for _, c := range infos.Configs {
			for _, e := range c.Value.Errors {
				out = append(out, cli.Finding{Origin: d.Origin, Connector: d.Name, Key: c.Value.Name, Message: strings.TrimSpace(e)})
			}
		}
	}
	return out, nil
}
