// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Configs is the config topic in memory: which connectors there are, what they
// are to do, and the configs of their tasks, in the format of Kafka Connect's
// KafkaConfigBackingStore. It is safe for concurrent use.
type Configs struct {
	*Log
	log      *slog.Logger
	onChange func(ConfigChange)

	mu    sync.Mutex
	state *configState
}

// OpenConfigs starts to follow the config topic, which must exist and have one
// partition. onChange, if it is not nil, is called for every record that changes
// something, by one goroutine; it must not block.
func OpenConfigs(newClient NewClient, topic string, log *slog.Logger, onChange func(ConfigChange)) (*Configs, error) {
	c := &Configs{log: log, onChange: onChange, state: newConfigState()}
	l, err := OpenLog(newClient, topic, log, c.take)
	if err != nil {
		return nil, err
	}
	c.Log = l
	return c, nil
}

func (c *Configs) take(r *kgo.Record) {
	c.mu.Lock()
	change, err := c.state.apply(string(r.Key), r.Value)
	c.mu.Unlock()
	if err != nil {
		// The key may hold a name, the value a secret.
		c.log.Warn("skipping a record of the config topic", "topic", r.Topic, "offset", r.Offset, "key", string(r.Key), "error", err)
		return
	}
	if c.onChange != nil && change != (ConfigChange{}) {
		c.onChange(change)
	}
}

// Connector returns what the topic says of a connector.
func (c *Configs) Connector(name string) (ConnectorConfig, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.connector(name)
}

// Connectors returns all connectors, in the order of their names.
func (c *Configs) Connectors() []ConnectorConfig {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]ConnectorConfig, 0, len(c.state.connectors))
	for _, name := range slices.Sorted(maps.Keys(c.state.connectors)) {
		connector, _ := c.state.connector(name)
		out = append(out, connector)
	}
	return out
}

// PutConnector writes the config of a connector. A target state that is not ""
// is written before it, so that a new connector starts in it.
func (c *Configs) PutConnector(ctx context.Context, name string, config map[string]string, target TargetState) error {
	value, err := encodeProperties(config)
	if err != nil {
		return fmt.Errorf("encoding the config of connector %s: %w", name, err)
	}
	var records []*kgo.Record
	if target != "" {
		records = append(records, record(targetStateKey+name, encodeTargetState(target)))
	}
	return c.write(ctx, append(records, record(connectorKey+name, value))...)
}

// DeleteConnector removes a connector and its target state. Its task configs
// stay, as Kafka Connect leaves them.
func (c *Configs) DeleteConnector(ctx context.Context, name string) error {
	return c.write(ctx, record(connectorKey+name, nil), record(targetStateKey+name, nil))
}

// PutTarget writes what a connector is to do.
func (c *Configs) PutTarget(ctx context.Context, name string, target TargetState) error {
	return c.write(ctx, record(targetStateKey+name, encodeTargetState(target)))
}

// PutTasks writes the configs of all tasks of a connector and commits them. The
// commit follows once the configs are in the topic.
func (c *Configs) PutTasks(ctx context.Context, name string, tasks []map[string]string) error {
	records := make([]*kgo.Record, len(tasks))
	for i, config := range tasks {
		value, err := encodeProperties(config)
		if err != nil {
			return fmt.Errorf("encoding the config of task %d of %s: %w", i, name, err)
		}
		records[i] = record(taskKey(taskConfigKey, TaskID{name, i}), value)
	}
	if len(records) > 0 {
		if err := c.write(ctx, records...); err != nil {
			return err
		}
	}
	return c.write(ctx, record(commitKey+name, encodeCount("tasks", len(tasks))))
}

// PutFencing notes how many tasks of a connector may hold transactional ids
// (KIP-618).
func (c *Configs) PutFencing(ctx context.Context, name string, tasks int) error {
	return c.write(ctx, record(tasksFencingKey+name, encodeCount("task-count", tasks)))
}

// PutRestart writes a request for a restart.
func (c *Configs) PutRestart(ctx context.Context, r RestartRequest) error {
	return c.write(ctx, record(restartKey+r.Connector, encodeRestart(r)))
}

// PutLevel asks every worker of the group to set a logger's level.
func (c *Configs) PutLevel(ctx context.Context, logger, level string) error {
	return c.write(ctx, record(loggerClusterKey+logger, encodeLevel(level)))
}

// write returns when the records are in the topic and were read again, so that
// whoever asks next sees them.
func (c *Configs) write(ctx context.Context, records ...*kgo.Record) error {
	if err := c.Put(ctx, records...); err != nil {
		return err
	}
	return c.ReadToEnd(ctx)
}
