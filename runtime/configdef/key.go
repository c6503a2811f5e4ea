// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package configdef turns a tagged struct into the one truth about a config: its
// keys, defaults, documentation and validation.
package configdef

// Key describes one config key, in the terms of Kafka Connect's ConfigDef.
type Key struct {
	Name string
	// Type is one of STRING, INT, LONG, DOUBLE, BOOLEAN, LIST, PASSWORD.
	Type string
	// Required says that the key has no default and must be set.
	Required bool
	// Default is the default's text; HasDefault tells "" from none.
	Default    string
	HasDefault bool
	// Importance is HIGH, MEDIUM or LOW.
	Importance string
	// Doc is the doc comment of the struct's field.
	Doc string
	// Enum lists the values that are accepted, if only some are.
	Enum []string
	// Min and Max bound a number if they are set.
	Min, Max *int64
}

// Problem is one thing that is wrong with a config. It is an error, whose text
// names the key and never holds a secret.
type Problem struct {
	Key     string
	Message string
}

// Error returns `key: message`.
func (p Problem) Error() string { return p.Key + ": " + p.Message }
