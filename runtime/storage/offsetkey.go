// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"errors"
	"fmt"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javajson"
)

// encodeOffsetKey returns the key of a source partition's offset:
// `["connector",{partition}]`.
func encodeOffsetKey(connector string, partition map[string]any) ([]byte, error) {
	if err := checkPrimitives(partition); err != nil {
		return nil, fmt.Errorf("source partition: %w", err)
	}
	return javajson.AppendValue(nil, []any{connector, partition})
}

// canonicalOffsetKey is one text for every way to write the same key.
func canonicalOffsetKey(connector string, partition map[string]any) string {
	return javajson.Canonical([]any{connector, partition})
}

// decodeOffsetKey reads a key; a null partition reads as none.
func decodeOffsetKey(key []byte) (connector string, partition map[string]any, err error) {
	v, err := javajson.Decode(key)
	if err != nil {
		return "", nil, err
	}
	parts, ok := v.([]any)
	if !ok || len(parts) != 2 {
		return "", nil, errors.New(`not of the form ["connector",{partition}]`)
	}
	if connector, ok = parts[0].(string); !ok {
		return "", nil, errors.New("the connector's name is no string")
	}
	if partition, ok = parts[1].(map[string]any); !ok && parts[1] != nil {
		return "", nil, errors.New("the source partition is no object")
	}
	return connector, partition, nil
}

// encodeOffset returns an offset as Kafka Connect writes it: `{"position":12}`.
func encodeOffset(fields []string, values []connect.Value) ([]byte, error) {
	if len(fields) != len(values) {
		return nil, fmt.Errorf("source offset: %d values for the fields %q", len(values), fields)
	}
	m := make(map[string]any, len(fields))
	for i, f := range fields {
		v, err := primitive(values[i])
		if err != nil {
			return nil, fmt.Errorf("source offset: field %s %w", f, err)
		}
		m[f] = v
	}
	return javajson.AppendValue(nil, m)
}

func primitive(v connect.Value) (any, error) {
	switch v.Type() {
	case connect.Null:
		return nil, nil
	case connect.Boolean:
		return v.Bool(), nil
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		return v.Int(), nil
	case connect.Float32:
		return float32(v.Float()), nil
	case connect.Float64:
		return v.Float(), nil
	case connect.String:
		return v.Str(), nil
	case connect.Bytes:
		return v.Bytes(), nil
	}
	return nil, fmt.Errorf("holds a %s: only strings, numbers, booleans and bytes may stand there", v.Type())
}

func checkPrimitives(m map[string]any) error {
	for k, v := range m {
		switch v.(type) {
		case nil, bool, int, int32, int64, float32, float64, string, []byte:
		default:
			return fmt.Errorf("field %s holds a %T: only strings, numbers, booleans and bytes may stand there", k, v)
		}
	}
	return nil
}
