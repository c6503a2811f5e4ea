// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/storage"
)

// Kept are connectors that stand in the config topic, from where a restart has
// them again and a Kafka Connect worker could take them over.
type Kept struct {
	r       connect.Registry
	log     *slog.Logger
	version atomic.Int64
	configs atomic.Pointer[storage.Configs]
}

// NewKept returns connectors that are not known until Load.
func NewKept(r connect.Registry, log *slog.Logger) *Kept {
	k := &Kept{r: r, log: log}
	k.version.Store(-1)
	return k
}

// Load takes the config topic, which was read to its end, and writes the tasks of
// connectors that have none there: a process may have ended between the two, or
// another one has left them to whoever runs the connector.
func (k *Kept) Load(ctx context.Context, configs *storage.Configs) {
	for _, c := range configs.Connectors() {
		if err := k.putTasks(ctx, configs, c.Name); err != nil {
			k.log.Warn("writing the tasks of a connector to the config topic failed; it runs all the same", "connector", c.Name, "error", err)
		}
	}
	k.configs.Store(configs)
	k.version.Add(1)
}

// Changed notes that the config topic has changed.
func (k *Kept) Changed() {
	if k.configs.Load() != nil {
		k.version.Add(1)
	}
}

// Version implements Desired.
func (k *Kept) Version() int64 { return k.version.Load() }

// Connectors implements Desired.
func (k *Kept) Connectors() []Connector {
	configs := k.configs.Load()
	if configs == nil {
		return nil
	}
	var out []Connector
	for _, c := range configs.Connectors() {
		out = append(out, fromConfig(c.Name, c.Config, c.Target))
	}
	return out
}

// The keys of Kafka Connect's config that are fields of a Connector.
const (
	nameKey     = "name"
	classKey    = "connector.class"
	tasksMaxKey = "tasks.max"
)

// maxTasks bounds the tasks of a connector.
const maxTasks = 10000

// fromConfig reads a connector from its whole config.
func fromConfig(name string, config map[string]string, target storage.TargetState) Connector {
	c := Connector{Name: name, Class: config[classKey], Config: maps.Clone(config), State: Running}
	switch target {
	case storage.Paused:
		c.State = Paused
	case storage.Stopped:
		c.State = Stopped
	case storage.Started:
	}
	n, err := strconv.Atoi(strings.TrimSpace(config[tasksMaxKey]))
	if err != nil {
		n = 1
	}
	c.TasksMax = min(max(n, 1), maxTasks)
	for _, k := range []string{nameKey, classKey, tasksMaxKey} {
		delete(c.Config, k)
	}
	return c
}

// whole returns the connector's config as Kafka Connect has it.
func (c Connector) whole() map[string]string {
	config := maps.Clone(c.Config)
	if config == nil {
		config = map[string]string{}
	}
	config[nameKey], config[classKey] = c.Name, c.Class
	if c.TasksMax > 0 {
		config[tasksMaxKey] = strconv.Itoa(c.TasksMax)
	}
	return config
}

// taskConfigs returns the configs of the tasks that a connector has. Here every
// task has the config of its connector, and knows its share from its number.
func taskConfigs(r connect.Registry, c Connector, whole map[string]string) []map[string]string {
	v := r.Validate(c.Class, c.Config, nil)
	if c.State == Stopped || v.Plugin.Tasks == nil || len(v.Plugin.Check(c.Config)) > 0 {
		return nil
	}
	out := make([]map[string]string, v.Plugin.Tasks(c.Config, max(c.TasksMax, 1)))
	for i := range out {
		out[i] = maps.Clone(whole)
		out[i]["task.class"] = taskClass(v.Plugin)
	}
	return out
}

// taskClass is the class of a connector's tasks, in the words of Kafka Connect's
// own connectors: FileStreamSourceConnector has FileStreamSourceTask.
func taskClass(p connect.Plugin) string {
	if len(p.Aliases) == 0 {
		return p.Name
	}
	return strings.TrimSuffix(p.Aliases[0], "Connector") + "Task"
}

// putTasks writes the configs of a connector's tasks if they are not there as
// they should be.
func (k *Kept) putTasks(ctx context.Context, configs *storage.Configs, name string) error {
	c, ok := configs.Connector(name)
	if !ok {
		return nil
	}
	want := taskConfigs(k.r, fromConfig(name, c.Config, c.Target), c.Config)
	if !c.Inconsistent && sameTasks(c.Tasks, want) && (len(want) == 0 || maps.Equal(c.Applied, c.Config)) {
		return nil
	}
	return configs.PutTasks(ctx, name, want)
}

func sameTasks(a, b []map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !maps.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
