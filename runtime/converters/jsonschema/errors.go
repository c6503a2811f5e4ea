// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import "strings"

// fieldError is an error with the path of the field where it happened.
type fieldError struct {
	path string
	err  error
}

func (e *fieldError) Error() string { return "field " + e.path + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// maxPathText bounds the path of an error; of a longer one the end is shown.
const maxPathText = 300

// at adds a step to the path of an error.
func at(err error, step string) error {
	if e, ok := err.(*fieldError); ok { //nolint:errorlint // only the outermost is a path to extend
		if len(e.path) > maxPathText {
			return &fieldError{"..." + strings.TrimPrefix(e.path, "..."), e.err}
		}
		sep := "."
		if strings.HasPrefix(e.path, "[") || strings.HasPrefix(e.path, "{") {
			sep = ""
		}
		return &fieldError{step + sep + e.path, e.err}
	}
	return &fieldError{step, err}
}
