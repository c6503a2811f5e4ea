// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"fmt"
	"net/http"
)

// Error is an error that a client is answered with:
// `{"error_code":404,"message":"Connector a not found"}`.
type Error struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// BadRequest returns an error for a request that cannot be done.
func BadRequest(format string, args ...any) *Error {
	return newError(http.StatusBadRequest, format, args)
}

// NotFound returns an error for what is not there.
func NotFound(format string, args ...any) *Error { return newError(http.StatusNotFound, format, args) }

// Conflict returns an error for what cannot be done as things are. Clients of
// Kafka Connect try again after one.
func Conflict(format string, args ...any) *Error { return newError(http.StatusConflict, format, args) }

// Internal returns an error for what has gone wrong here.
func Internal(format string, args ...any) *Error {
	return newError(http.StatusInternalServerError, format, args)
}

func newError(code int, format string, args []any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ConnectorNotFound is the error for a connector that is not there.
func ConnectorNotFound(name string) *Error { return NotFound("Connector %s not found", name) }

// AlreadyExists is the error for a connector that is there already.
func AlreadyExists(name string) *Error { return Conflict("Connector %s already exists", name) }

// Stale is the error for a change of a config that somebody else has changed
// meanwhile.
func Stale() *Error {
	return Conflict("Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)")
}

// NotStopped is the error for a change of the offsets of a connector that runs.
func NotStopped(name string) *Error {
	return BadRequest("Connectors must be in the STOPPED state before their offsets can be modified. This can be done "+
		"for the specified connector by issuing a 'PUT' request to the '/connectors/%s/stop' endpoint", name)
}

// status returns an error that says no more than its code.
func status(code int) *Error {
	return newError(code, "HTTP %d %s", []any{code, http.StatusText(code)})
}
