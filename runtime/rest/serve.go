// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Which says which routes a handler serves.
type Which int

// All routes, those of admin.listeners, or the others.
const (
	AllRoutes Which = iota
	AdminRoutes
	PublicRoutes
)

// Handler serves the routes. It answers in JSON, whatever happens.
func (a *API) Handler(which Which) http.Handler {
	paths := map[string]map[string]Route{}
	for _, route := range a.Routes() {
		if which == AdminRoutes && !route.Admin || which == PublicRoutes && route.Admin {
			continue
		}
		if paths[route.Path] == nil {
			paths[route.Path] = map[string]Route{}
		}
		paths[route.Path][route.Method] = route
	}
	mux := http.NewServeMux()
	for pattern, methods := range paths {
		if pattern == "/" {
			pattern = "/{$}"
		}
		mux.Handle(pattern, a.path(methods))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { a.fail(w, status(http.StatusNotFound)) })
	return a.safe(a.plainPath(mux))
}

// path answers the methods of one path.
func (a *API) path(methods map[string]Route) http.Handler {
	allowed := []string{"HEAD", "OPTIONS"}
	for m := range methods {
		allowed = append(allowed, m)
	}
	if _, ok := methods["GET"]; !ok {
		allowed = allowed[1:]
	}
	slices.Sort(allowed)
	allow := strings.Join(allowed, ",")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		route, found := methods[method]
		switch {
		case found:
			a.serve(w, r, route)
		case method == http.MethodOptions:
			w.Header().Set("Allow", allow)
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, strings.ReplaceAll(allow, ",", ", ")) // the client has gone
		default:
			w.Header().Set("Allow", allow)
			a.fail(w, status(http.StatusMethodNotAllowed))
		}
	})
}

// serve answers one request.
func (a *API) serve(w http.ResponseWriter, r *http.Request, route Route) {
	if !acceptsJSON(r) {
		a.fail(w, status(http.StatusNotAcceptable))
		return
	}
	if !isJSON(r) {
		a.fail(w, status(http.StatusUnsupportedMediaType))
		return
	}
	timeout := a.o.Timeout
	if route.Path == "/health" {
		timeout = a.o.HealthTimeout
	}
	start := time.Now()
	ctx := r.Context()
	if route.Method != http.MethodGet {
		ctx = context.WithoutCancel(ctx) // a client that goes away leaves no change half done
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	result, err := route.handle(r)
	if err != nil {
		a.fail(w, a.explain(r, route, start, err))
		return
	}
	if result.location != "" {
		w.Header().Set("Location", result.location)
	}
	a.write(w, result.code, result.body)
}

// explain returns the error that the client is told.
func (a *API) explain(r *http.Request, route Route, start time.Time, err error) *Error {
	if known := (*Error)(nil); errors.As(err, &known) {
		return known
	}
	if r.Context().Err() != nil {
		return Internal("Request timed out. The worker is currently %s, which began at %s", route.doing, start.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	a.o.Logger.Error("answering a request failed", "method", r.Method, "path", route.Path, "error", err)
	return Internal("%s", a.o.Redact(err.Error()))
}

func (a *API) fail(w http.ResponseWriter, e *Error) { a.write(w, e.Code, e) }

// write sends the answer; without a body if that is nil.
func (a *API) write(w http.ResponseWriter, code int, body any) {
	if body == nil {
		w.WriteHeader(code)
		return
	}
	data, err := encode(body)
	if err != nil {
		a.o.Logger.Error("encoding an answer failed", "error", err)
		code, data = http.StatusInternalServerError, []byte(`{"error_code":500,"message":"the answer cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(code)
	_, _ = w.Write(data) // the client has gone
}

// encode writes JSON as Kafka Connect does: compact, and with <, > and & as they
// are.
func encode(body any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(body)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// isJSON reports whether the body, if there is one, is said to be JSON. A request
// that a browser sends for a foreign page cannot say so.
func isJSON(r *http.Request) bool {
	if r.ContentLength == 0 {
		return true
	}
	kind := r.Header.Get("Content-Type")
	if kind == "" {
		return r.Method == http.MethodGet || r.Method == http.MethodHead
	}
	media, _, err := mime.ParseMediaType(kind)
	return err == nil && (media == "application/json" || r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// acceptsJSON reports whether the client takes JSON.
func acceptsJSON(r *http.Request) bool {
	accept := r.Header.Values("Accept")
	if len(accept) == 0 {
		return true
	}
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err == nil && slices.Contains([]string{"*/*", "application/*", "application/json"}, media) && params["q"] != "0" {
			return true
		}
	}
	return false
}

// plainPath serves /connectors/ as /connectors. It refuses a path with empty or dot
// segments, which ServeMux would redirect to what may be another connector. A name
// may hold any character if it is escaped.
func (a *API) plainPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		escaped := r.URL.EscapedPath()
		if len(escaped) > 1 && strings.HasSuffix(escaped, "/") {
			r = r.Clone(r.Context())
			r.URL.Path = strings.TrimSuffix(r.URL.Path, "/")
			r.URL.RawPath = strings.TrimSuffix(r.URL.RawPath, "/")
			escaped = strings.TrimSuffix(escaped, "/")
		}
		switch {
		case strings.Contains(escaped+"/", "//") && escaped != "/":
			a.fail(w, BadRequest("Ambiguous URI empty segment"))
		case path.Clean(escaped) != escaped:
			a.fail(w, status(http.StatusNotFound))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// safe answers 500 when a handler panics: the other requests go on.
func (a *API) safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			a.o.Logger.Error("answering a request has panicked", "method", r.Method, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			a.fail(w, Internal("the request could not be handled; the worker's log says why"))
		}()
		next.ServeHTTP(w, r)
	})
}
