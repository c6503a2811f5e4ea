// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"net/http"
	"strings"
)

func (a *API) loggers(*http.Request) (answer, error) { return ok(a.o.Levels.All()) }

func (a *API) logger(r *http.Request) (answer, error) {
	name := r.PathValue("logger")
	level, found := a.o.Levels.Level(name)
	if !found {
		return answer{}, NotFound("Logger %s not found.", name)
	}
	return ok(level)
}

// setLogger sets a level in this process, or asks all workers to (KIP-976).
func (a *API) setLogger(r *http.Request) (answer, error) {
	raw, err := readBody(r)
	if err != nil {
		return answer{}, err
	}
	body, err := flatConfig(raw)
	if err != nil {
		return answer{}, err
	}
	level := body["level"]
	if level == nil {
		return answer{}, BadRequest("Desired 'level' parameter was not specified in request.")
	}
	if !a.o.Levels.Valid(*level) {
		return answer{}, NotFound("invalid log level '%s'.", *level)
	}
	name := r.PathValue("logger")
	switch scope := r.URL.Query().Get("scope"); {
	case strings.EqualFold(scope, "cluster"):
		return noContent(a.backend.PutClusterLevel(r.Context(), name, *level))
	case scope != "" && !strings.EqualFold(scope, "worker"):
		a.o.Logger.Warn("an unknown scope of a logger's level counts as worker", "scope", scope)
	}
	return ok(a.o.Levels.Set(name, *level))
}
