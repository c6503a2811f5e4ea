// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javajson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf16"
)

// AppendValue appends a value of the kinds that source partitions and offsets
// hold: nil, bool, int, int32, int64, float32, float64, string, []byte (as
// base64), and map[string]any and []any of them. The members of a map stand in
// the order of a java.util.HashMap, in which Kafka Connect's connectors build
// them.
func AppendValue(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case map[string]any:
		return appendMap(dst, v, hashMapOrder(v))
	case []any:
		return appendArray(dst, v)
	}
	return appendScalar(dst, v)
}

func appendScalar(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int32:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float32:
		return AppendFloat(dst, v), nil
	case float64:
		return AppendDouble(dst, v), nil
	case string:
		return AppendString(dst, v), nil
	case []byte:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v)
		return append(dst, '"'), nil
	}
	return dst, fmt.Errorf("a %T cannot stand in an offset: use strings, numbers, booleans or bytes", v)
}

func appendArray(dst []byte, v []any) ([]byte, error) {
	dst = append(dst, '[')
	for i, e := range v {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = AppendValue(dst, e); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendMap(dst []byte, m map[string]any, keys []string) ([]byte, error) {
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, k), ':')
		var err error
		if dst, err = AppendValue(dst, m[k]); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// hashMapOrder returns the keys in the order in which a java.util.HashMap that
// holds them iterates. Keys that share a bucket stand in the order of their
// insertion there; here they are sorted.
func hashMapOrder(m map[string]any) []string {
	capacity := 16
	for len(m)*4 > capacity*3 {
		capacity *= 2
	}
	keys := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(keys, func(a, b string) int {
		return bucket(a, capacity) - bucket(b, capacity)
	})
	return keys
}

func bucket(key string, capacity int) int {
	var h uint32
	for _, unit := range utf16.Encode([]rune(key)) {
		h = 31*h + uint32(unit)
	}
	return int((h ^ h>>16) & uint32(capacity-1))
}

// Canonical returns one text for all values that are equal: the members of maps
// are sorted, and a whole float64 is written as the integer that it is.
func Canonical(v any) string { return string(appendCanonical(nil, v)) }

func appendCanonical(dst []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		dst = append(dst, '{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendString(dst, k), ':')
			dst = appendCanonical(dst, v[k])
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendCanonical(dst, e)
		}
		return append(dst, ']')
	case float64:
		if n := int64(v); float64(n) == v && n > -1<<53 && n < 1<<53 {
			return strconv.AppendInt(dst, n, 10)
		}
	}
	out, err := appendScalar(dst, v)
	if err != nil {
		return fmt.Appendf(dst, "%q", fmt.Sprint(v))
	}
	return out
}

// Decode reads one JSON value as Kafka Connect reads a value without schema:
// integers as int64, other numbers as float64, objects as map[string]any, arrays
// as []any.
func Decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading JSON: something follows the value")
	}
	return number(v)
}

func number(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("reading JSON: the number %s: %w", v, err)
		}
		return f, nil
	case []any:
		for i := range v {
			if v[i], err = number(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = number(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
