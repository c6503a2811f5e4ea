// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"errors"
	"fmt"
	"runtime/debug"

	"penstock.dev/runtime/connect"
)

// PanicError is a panic in a connector, a converter or the loop, as the error of
// the task.
type PanicError struct {
	// Act is what was being done: "polling".
	Act string
	// Value is what was given to panic.
	Value any
	// Stack is the stack of the goroutine, as runtime/debug prints it.
	Stack []byte
}

// Error names the act and the value; the stack is left to the log.
func (e *PanicError) Error() string { return fmt.Sprintf("panic while %s: %v", e.Act, e.Value) }

// Unwrap returns the panic's value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// act is something that a loop asks of a connector.
type act int32

const (
	starting act = iota
	opening
	polling
	transforming
	deciding
	converting
	committing
	putting
	preCommitting
	assigning
	revoking
	closing
)

// String returns the act as it stands in errors.
func (a act) String() string {
	return [...]string{
		"starting", "opening", "polling", "transforming", "deciding by a predicate", "converting", "committing", "putting",
		"pre-committing", "taking partitions", "giving partitions back", "closing",
	}[a]
}

// isPanic reports whether a panic is the reason of err.
func isPanic(err error) bool {
	if err == nil {
		return false // without an allocation
	}
	p := new(PanicError)
	return errors.As(err, &p)
}

// retriable reports whether err may pass. A panic does not, whatever its value, and
// neither does what was tried again already.
func retriable(err error) bool {
	return connect.IsRetriable(err) && !isPanic(err) && decodeErrorIn(err) == nil
}

// caught turns a panic into *err. It is to be deferred itself, not from within
// another function.
func (b *base) caught(a act, err *error) {
	v := recover()
	if v == nil {
		b.progress.turn()
		return
	}
	e := &PanicError{Act: a.String(), Value: v, Stack: debug.Stack()}
	// Without the value, which may hold a secret; it is in the error.
	b.log.Debug("panic in the task", "act", e.Act, "stack", string(e.Stack))
	*err = e
}
