// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import "strings"

// fieldError is an error with the path of the field where it happened.
type fieldError struct {
	path string
	err  error
}

func (e *fieldError) Error() string { return "field " + e.path + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// maxPath bounds the path of an error in data that nests deeply.
const maxPath = 200

// at adds a step to the path of an error; nil stays nil.
func at(err error, step string) error {
	if err == nil {
		return nil
	}
	e, ok := err.(*fieldError) //nolint:errorlint // only the outermost is a path to extend
	if !ok {
		return &fieldError{step, err}
	}
	if len(e.path) > maxPath {
		return &fieldError{step + "…", e.err}
	}
	sep := "."
	if strings.HasPrefix(e.path, "[") || strings.HasPrefix(e.path, "{") || strings.HasPrefix(e.path, "…") {
		sep = ""
	}
	return &fieldError{step + sep + e.path, e.err}
}
