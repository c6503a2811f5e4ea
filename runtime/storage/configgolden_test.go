// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"encoding/json"
	"os"
	"testing"

	"penstock.dev/runtime/javajson"
)

// The records that a worker of Apache Kafka Connect 4.3.1 has written
// (hack/conformance/rest) are all read, and this package writes the same bytes,
// but for the order of keys in configs of connectors: there they stand as a client
// has sent them.
func TestRecordsOfKafkaConnect(t *testing.T) {
	data, err := os.ReadFile("testdata/configs.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var records []struct {
		Key   string
		Value *string
	}
	if err := json.Unmarshal(data, &records); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	s := newConfigState()
	for _, r := range records {
		var value []byte
		if r.Value != nil {
			value = []byte(*r.Value)
		}
		if _, err := s.apply(r.Key, value); err != nil {
			t.Errorf("%s: %v", r.Key, err)
		}
		kind := parseConfigKey(r.Key).kind
		kinds[kind]++
		if value == nil {
			continue
		}
		got, err := again(kind, value)
		if err != nil {
			t.Errorf("%s: %v", r.Key, err)
		}
		if kind == connectorKey || kind == taskConfigKey {
			got, value = canonical(t, got), canonical(t, value)
		}
		if string(got) != string(value) {
			t.Errorf("%s is written as %s, want %s", r.Key, got, value)
		}
	}
	for _, kind := range []string{targetStateKey, connectorKey, taskConfigKey, commitKey, restartKey, loggerClusterKey} {
		if kinds[kind] == 0 {
			t.Errorf("no record %s was recorded", kind)
		}
	}
	if len(s.connectors) > 0 {
		t.Errorf("connectors %v are left, and all were deleted", s.connectors)
	}
}

// again writes what was read.
func again(kind string, value []byte) ([]byte, error) {
	switch kind {
	case targetStateKey:
		state, err := decodeTargetState(value)
		return encodeTargetState(state), err
	case connectorKey, taskConfigKey:
		props, err := decodeProperties(value)
		if err != nil {
			return nil, err
		}
		return encodeProperties(props)
	case commitKey:
		n, err := decodeCount(value, "tasks")
		return encodeCount("tasks", n), err
	case restartKey:
		r, err := decodeRestart("c", value)
		return encodeRestart(r), err
	case loggerClusterKey:
		level, err := decodeLevel(value)
		return encodeLevel(level), err
	}
	return value, nil
}

func canonical(t *testing.T, value []byte) []byte {
	t.Helper()
	v, err := javajson.Decode(value)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(javajson.Canonical(v))
}
