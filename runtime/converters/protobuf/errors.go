// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"errors"
	"fmt"
	"strings"
)

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
		if strings.HasPrefix(e.path, "[") {
			sep = ""
		}
		return &fieldError{step + sep + e.path, e.err}
	}
	return &fieldError{step, err}
}

// Bounds of a message, for what it is made of as for what is made of it.
const (
	// maxDepth is how deep messages may nest when they are read: the limit of
	// Java's and of C++'s reader.
	maxDepth = 100
	// maxWriteDepth is how deep they may nest when they are written.
	maxWriteDepth = 1000
	// A message of wide submessages that are all empty needs much more memory
	// than it has bytes. It may decode to this many fields, and to this many more
	// for each of its bytes.
	minFields, fieldsPerByte = 1 << 22, 8
	// A submessage that is spread over its parent is read again when its second
	// part comes; all such reading together may be this many times the record.
	reworkFactor = 8
	// keepTable is how large the table of an idle decoder may be.
	keepTable = 1 << 14
)

var (
	errDepth    = fmt.Errorf("messages nest deeper than %d levels", maxDepth)
	errFields   = errors.New("the message holds so many empty submessages that it would not fit the memory")
	errJoined   = errors.New("submessages are spread over too many parts of their parents")
	errUTF8     = errors.New("text is not valid UTF-8")
	errNullItem = errors.New("null in a list: a protobuf list holds no nulls")
	errNullKey  = errors.New("null as the key of a map: a protobuf map has no such key")
)
