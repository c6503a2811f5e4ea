// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"errors"
	"fmt"
	"strconv"

	"penstock.dev/runtime/javajson"
)

// TargetState is what a connector is wanted to do, in Kafka Connect's words.
type TargetState string

// The target states. A stopped connector has no tasks (KIP-875).
const (
	Started TargetState = "STARTED"
	Paused  TargetState = "PAUSED"
	Stopped TargetState = "STOPPED"
)

// encodeTargetState writes both fields: a worker from before KIP-875 reads
// "state", for which a stopped connector is a paused one.
func encodeTargetState(s TargetState) []byte {
	old := s
	if s == Stopped {
		old = Paused
	}
	return fmt.Appendf(nil, `{"state":"%s","state.v2":"%s"}`, old, s)
}

// decodeTargetState prefers "state.v2" and takes "state" if that is no text.
func decodeTargetState(value []byte) (TargetState, error) {
	m, err := decodeObject(value)
	if err != nil {
		return "", err
	}
	text, ok := m["state.v2"].(string)
	if !ok {
		text, ok = m["state"].(string)
	}
	switch s := TargetState(text); {
	case !ok:
		return "", errors.New("neither state.v2 nor state is a text")
	case s == Started, s == Paused, s == Stopped:
		return s, nil
	default:
		return "", fmt.Errorf("%q is no target state", text)
	}
}

// encodeProperties writes a config of a connector or a task:
// `{"properties":{"name":"a"}}`, with the keys in the order of a Java HashMap.
func encodeProperties(props map[string]string) ([]byte, error) {
	m := make(map[string]any, len(props))
	for k, v := range props {
		m[k] = v
	}
	b, err := javajson.AppendValue([]byte(`{"properties":`), m)
	return append(b, '}'), err
}

// decodeProperties reads a config. A key whose value is null counts as left out:
// Kafka Connect refuses such configs since 4.0.
func decodeProperties(value []byte) (map[string]string, error) {
	m, err := decodeObject(value)
	if err != nil {
		return nil, err
	}
	props, ok := m["properties"].(map[string]any)
	if !ok {
		return nil, errors.New("properties is no object")
	}
	out := make(map[string]string, len(props))
	for k, v := range props {
		switch v := v.(type) {
		case nil:
		case string:
			out[k] = v
		default:
			return nil, fmt.Errorf("the value of %s is no text", k)
		}
	}
	return out, nil
}

// encodeCount writes `{"tasks":2}` and `{"task-count":2}`.
func encodeCount(field string, n int) []byte {
	return append(strconv.AppendInt([]byte(`{"`+field+`":`), int64(n), 10), '}')
}

// maxTasks bounds a task count, so that a record cannot ask for memory that
// nobody has.
const maxTasks = 1 << 20

func decodeCount(value []byte, field string) (int, error) {
	m, err := decodeObject(value)
	if err != nil {
		return 0, err
	}
	n, ok := m[field].(int64)
	if !ok || n < 0 || n > maxTasks {
		return 0, fmt.Errorf("%s is no count of tasks", field)
	}
	return int(n), nil
}

// RestartRequest asks for a restart of a connector (KIP-745).
type RestartRequest struct {
	Connector    string
	IncludeTasks bool
	OnlyFailed   bool
}

func encodeRestart(r RestartRequest) []byte {
	return fmt.Appendf(nil, `{"include-tasks":%t,"only-failed":%t}`, r.IncludeTasks, r.OnlyFailed)
}

// decodeRestart takes false for what is missing or no boolean, as Kafka Connect
// does.
func decodeRestart(connector string, value []byte) (RestartRequest, error) {
	m, err := decodeObject(value)
	if err != nil {
		return RestartRequest{}, err
	}
	tasks, _ := m["include-tasks"].(bool)
	failed, _ := m["only-failed"].(bool)
	return RestartRequest{Connector: connector, IncludeTasks: tasks, OnlyFailed: failed}, nil
}

func encodeLevel(level string) []byte {
	return append(javajson.AppendString([]byte(`{"level":`), level), '}')
}

func decodeLevel(value []byte) (string, error) {
	m, err := decodeObject(value)
	if err != nil {
		return "", err
	}
	level, ok := m["level"].(string)
	if !ok {
		return "", errors.New("level is no text")
	}
	return level, nil
}

var errTombstone = errors.New("the value is null")

func decodeObject(value []byte) (map[string]any, error) {
	if value == nil {
		return nil, errTombstone
	}
	v, err := javajson.Decode(value)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, errTombstone
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the value is no object")
	}
	return m, nil
}
