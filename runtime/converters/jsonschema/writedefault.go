// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"strings"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
)

// fallback returns the text of a default.
func (t *texts) fallback(s *connect.Schema) (string, error) {
	codec, err := jsonconv.NewCodec(s, t.rules.dialect())
	if err != nil {
		return "", err
	}
	raw, err := codec.Append([]byte{}, *s.Default)
	if err != nil {
		return "", err
	}
	if s.Type == connect.Float32 || s.Type == connect.Float64 {
		return shortNumber(string(raw)), nil
	}
	v, err := parse(string(raw))
	if err != nil {
		return "", err
	}
	return v.json(), nil
}

// shortNumber drops zeros after the decimal point, as the library does.
func shortNumber(text string) string {
	if !strings.Contains(text, ".") || strings.ContainsAny(text, "eE") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
