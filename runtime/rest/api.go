// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"log/slog"
	"net/http"
	"time"

	"penstock.dev/runtime/connect"
)

// Options are what New needs.
type Options struct {
	Backend  Backend
	Registry connect.Registry
	// Defaults is the worker's config, which validation refers to.
	Defaults map[string]string
	// Levels are the levels of the process's loggers.
	Levels *Levels
	Logger *slog.Logger
	// Redact takes secrets out of what errors say; nil is none to take out.
	Redact func(string) string
	// Version and Commit are the build's.
	Version, Commit string
	// TopicTracking and TopicReset are topic.tracking.enable and
	// topic.tracking.allow.reset.
	TopicTracking, TopicReset bool
	// Timeout bounds a request, HealthTimeout that of /health; 0 is 90 s and 10 s.
	Timeout, HealthTimeout time.Duration
}

// Kafka Connect's timeouts.
const (
	requestTimeout = 90 * time.Second
	healthTimeout  = 10 * time.Second
)

// API answers requests.
type API struct {
	o       Options
	backend Backend
}

// New returns the API.
func New(o Options) *API {
	if o.Timeout == 0 {
		o.Timeout = requestTimeout
	}
	if o.HealthTimeout == 0 {
		o.HealthTimeout = healthTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Redact == nil {
		o.Redact = func(text string) string { return text }
	}
	return &API{o: o, backend: o.Backend}
}

// Route is one method of one path.
type Route struct {
	Method, Path string
	// Admin says that the route is served by admin.listeners if there are any.
	Admin bool

	doing  string // what the worker is doing when the request times out
	handle func(*http.Request) (answer, error)
}

// answer is what a request is answered with. A nil body is none.
type answer struct {
	code     int
	body     any
	location string
}

func ok(body any) (answer, error) { return answer{code: http.StatusOK, body: body}, nil }

func noContent(err error) (answer, error) { return answer{code: http.StatusNoContent}, err }

func accepted(body any, err error) (answer, error) {
	return answer{code: http.StatusAccepted, body: body}, err
}

// Routes is the one list of what the API serves.
func (a *API) Routes() []Route {
	const connector = "/connectors/{connector}"
	return []Route{
		{"GET", "/", false, "reading the id of the Kafka cluster", a.root},
		{"GET", "/health", false, "checking its health", a.health},
		{"GET", "/connectors", false, "listing connectors", a.list},
		{"POST", "/connectors", false, "creating a connector", a.create},
		{"GET", connector, false, "reading a connector", a.get},
		{"DELETE", connector, false, "deleting a connector", a.remove},
		{"GET", connector + "/config", false, "reading a connector's config", a.getConfig},
		{"PUT", connector + "/config", false, "writing a connector's config", a.putConfig},
		{"PATCH", connector + "/config", false, "changing a connector's config", a.patchConfig},
		{"GET", connector + "/status", false, "reading a connector's status", a.connectorStatus},
		{"POST", connector + "/restart", false, "restarting a connector", a.restart},
		{"PUT", connector + "/pause", false, "pausing a connector", a.pause},
		{"PUT", connector + "/resume", false, "resuming a connector", a.resume},
		{"PUT", connector + "/stop", false, "stopping a connector", a.stop},
		{"GET", connector + "/tasks", false, "reading a connector's tasks", a.tasks},
		{"GET", connector + "/tasks/{task}/status", false, "reading a task's status", a.taskStatus},
		{"POST", connector + "/tasks/{task}/restart", false, "restarting a task", a.restartTask},
		{"GET", connector + "/topics", false, "reading a connector's topics", a.topics},
		{"PUT", connector + "/topics/reset", false, "resetting a connector's topics", a.resetTopics},
		{"GET", connector + "/offsets", false, "reading a connector's offsets", a.offsets},
		{"PATCH", connector + "/offsets", false, "altering a connector's offsets", a.alterOffsets},
		{"DELETE", connector + "/offsets", false, "resetting a connector's offsets", a.resetOffsets},
		{"GET", "/connector-plugins", false, "listing plugins", a.plugins},
		{"GET", "/connector-plugins/{plugin}/config", false, "describing a plugin's config", a.pluginConfig},
		{"PUT", "/connector-plugins/{plugin}/config/validate", false, "validating a config", a.validate},
		{"GET", "/admin/loggers", true, "listing loggers", a.loggers},
		{"GET", "/admin/loggers/{logger}", true, "reading a logger's level", a.logger},
		{"PUT", "/admin/loggers/{logger}", true, "setting a logger's level", a.setLogger},
	}
}
