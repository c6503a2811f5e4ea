// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"errors"
	"fmt"
	"maps"
)

// ConfigChange says what a record of the config topic has changed; one field is
// set.
type ConfigChange struct {
	// Connector is the name of a connector whose config, target state or tasks have
	// changed.
	Connector string
	// Restart is a request for a restart.
	Restart *RestartRequest
	// Logger and Level ask every worker to set a logger's level (KIP-976).
	Logger, Level string
}

// ConnectorConfig is what the config topic says of a connector. Its maps are not
// changed any more and must not be.
type ConnectorConfig struct {
	Name string
	// Config is the connector's config with references unresolved.
	Config map[string]string
	Target TargetState
	// Tasks are the configs of its tasks, as far as they were committed.
	Tasks []map[string]string
	// Applied is the config from which Tasks were made, nil if none were.
	Applied map[string]string
	// Inconsistent says that the tasks of the last commit are not all there, because
	// the topic was compacted: they are to be written again.
	Inconsistent bool
	// PendingFencing says that tasks were committed after the last fencing record,
	// FencedTasks what that record says; nil is none (KIP-618).
	PendingFencing bool
	FencedTasks    *int
}

// configState is the config topic read so far. It is not safe for concurrent use.
type configState struct {
	connectors map[string]map[string]string
	targets    map[string]TargetState
	tasks      map[string]*taskConfigs
	fenced     map[string]int
	pending    map[string]bool
}

// taskConfigs are the task configs of one connector.
type taskConfigs struct {
	deferred     map[int]map[string]string // since the last commit
	committed    map[int]map[string]string
	count        int
	applied      map[string]string
	inconsistent bool
}

func newConfigState() *configState {
	return &configState{
		connectors: map[string]map[string]string{}, targets: map[string]TargetState{},
		tasks: map[string]*taskConfigs{}, fenced: map[string]int{}, pending: map[string]bool{},
	}
}

// errUnknownKey says that a key of the config topic is nobody's.
var errUnknownKey = errors.New("the key is not one of Kafka Connect's")

// apply takes a record. An error says why the record is left aside; nothing has
// changed then.
func (s *configState) apply(key string, value []byte) (ConfigChange, error) {
	k := parseConfigKey(key)
	switch k.kind {
	case targetStateKey:
		return s.takeTarget(k.name, value)
	case connectorKey:
		return s.takeConnector(k.name, value)
	case taskConfigKey:
		return ConfigChange{}, s.takeTask(k, value)
	case commitKey:
		return s.takeCommit(k.name, value)
	case restartKey:
		r, err := decodeRestart(k.name, value)
		if err != nil {
			return ConfigChange{}, err
		}
		return ConfigChange{Restart: &r}, nil
	case tasksFencingKey:
		return ConfigChange{}, s.takeFencing(k.name, value)
	case sessionKeyKey:
		return ConfigChange{}, nil // it is for requests between Java workers
	case loggerClusterKey:
		level, err := decodeLevel(value)
		if err != nil {
			return ConfigChange{}, err
		}
		return ConfigChange{Logger: k.name, Level: level}, nil
	}
	return ConfigChange{}, errUnknownKey
}

// takeTarget: a connector always has a target state, whatever becomes of the
// record. One that does not exist yet is no change: it may be created with an
// initial state.
func (s *configState) takeTarget(name string, value []byte) (ConfigChange, error) {
	_, exists := s.connectors[name]
	state, err := decodeTargetState(value)
	if errors.Is(err, errTombstone) {
		delete(s.targets, name)
		if exists {
			s.targets[name] = Started
		}
		return ConfigChange{}, nil
	}
	if err != nil {
		return ConfigChange{}, err
	}
	before := s.targets[name]
	s.targets[name] = state
	if !exists || before == state {
		return ConfigChange{}, nil
	}
	return ConfigChange{Connector: name}, nil
}

func (s *configState) takeConnector(name string, value []byte) (ConfigChange, error) {
	config, err := decodeProperties(value)
	if errors.Is(err, errTombstone) {
		s.remove(name)
		return ConfigChange{Connector: name}, nil
	}
	if err != nil {
		return ConfigChange{}, err
	}
	s.connectors[name] = config
	if s.targets[name] == "" {
		s.targets[name] = Started
	}
	return ConfigChange{Connector: name}, nil
}

// remove forgets a connector; its target state goes with a record of its own.
func (s *configState) remove(name string) {
	delete(s.connectors, name)
	delete(s.tasks, name)
}

func (s *configState) takeTask(k configKey, value []byte) error {
	config, err := decodeProperties(value)
	if err != nil {
		return err
	}
	t := s.tasks[k.name]
	if t == nil {
		t = &taskConfigs{deferred: map[int]map[string]string{}, committed: map[int]map[string]string{}}
		s.tasks[k.name] = t
	}
	t.deferred[k.index] = config
	return nil
}

// takeCommit makes the task configs count that came since the last commit, if all
// of them are there. A commit for a connector that is not there belongs to one
// that was deleted (KAFKA-16838).
func (s *configState) takeCommit(name string, value []byte) (ConfigChange, error) {
	config, exists := s.connectors[name]
	if !exists {
		s.remove(name)
		return ConfigChange{}, nil
	}
	count, err := decodeCount(value, "tasks")
	if err != nil {
		return ConfigChange{}, err
	}
	t := s.tasks[name]
	if t == nil {
		t = &taskConfigs{deferred: map[int]map[string]string{}, committed: map[int]map[string]string{}}
		s.tasks[name] = t
	}
	t.inconsistent = !t.complete(count)
	if !t.inconsistent {
		maps.Copy(t.committed, t.deferred)
		t.applied = config
	}
	clear(t.deferred)
	t.count = count
	s.pending[name] = true
	return ConfigChange{Connector: name}, nil
}

// complete reports whether the configs of the tasks 0 to count-1 were written
// since the last commit. Nothing at all is complete as well: a commit of no tasks
// stops a connector, and the last one of all that compaction leaves may come alone.
func (t *taskConfigs) complete(count int) bool {
	for i := range count {
		if _, ok := t.deferred[i]; !ok {
			return false
		}
	}
	return true
}

func (s *configState) takeFencing(name string, value []byte) error {
	count, err := decodeCount(value, "task-count")
	if err != nil {
		return err
	}
	s.fenced[name] = count
	delete(s.pending, name)
	return nil
}

// connector returns what there is to say about a connector.
func (s *configState) connector(name string) (ConnectorConfig, bool) {
	config, ok := s.connectors[name]
	if !ok {
		return ConnectorConfig{}, false
	}
	c := ConnectorConfig{Name: name, Config: config, Target: s.targets[name], PendingFencing: s.pending[name]}
	if n, ok := s.fenced[name]; ok {
		c.FencedTasks = &n
	}
	if t := s.tasks[name]; t != nil {
		c.Applied, c.Inconsistent = t.applied, t.inconsistent
		for i := range t.count {
			config, ok := t.committed[i]
			if !ok {
				break // inconsistent
			}
			c.Tasks = append(c.Tasks, config)
		}
	}
	return c, true
}

// String names the change in messages.
func (c ConfigChange) String() string {
	switch {
	case c.Restart != nil:
		return "a restart of connector " + c.Restart.Connector
	case c.Logger != "":
		return fmt.Sprintf("level %s of logger %s", c.Level, c.Logger)
	}
	return "connector " + c.Connector
}
