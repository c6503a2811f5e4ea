// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package restclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Info asks for the server's version.
func (c *Client) Info(ctx context.Context) (ServerInfo, error) {
	var out ServerInfo
	_, err := c.do(ctx, request{method: http.MethodGet}, &out)
	return out, err
}

// Names lists the connectors.
func (c *Client) Names(ctx context.Context) ([]string, error) {
	var out []string
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"connectors"}}, &out)
	return out, err
}

// Connectors returns all connectors with their states, by name.
func (c *Client) Connectors(ctx context.Context) (map[string]Expanded, error) {
	var out map[string]Expanded
	_, err := c.do(ctx, request{
		method: http.MethodGet, path: []string{"connectors"}, query: url.Values{"expand": {"info", "status"}},
	}, &out)
	return out, err
}

// Connector returns a connector.
func (c *Client) Connector(ctx context.Context, name string) (ConnectorInfo, error) {
	var out ConnectorInfo
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"connectors", name}}, &out)
	return out, err
}

// Status returns the state of a connector. One that was just created may have
// none, which IsNotFound tells.
func (c *Client) Status(ctx context.Context, name string) (ConnectorStatus, error) {
	var out ConnectorStatus
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"connectors", name, "status"}}, &out)
	return out, err
}

// Create makes a connector.
func (c *Client) Create(ctx context.Context, n NewConnector) (ConnectorInfo, error) {
	var out ConnectorInfo
	_, err := c.do(ctx, request{method: http.MethodPost, path: []string{"connectors"}, body: n}, &out)
	return out, err
}

// Configure gives a connector a config, or makes it, and reports whether it was
// made.
func (c *Client) Configure(ctx context.Context, name string, config map[string]string) (created bool, err error) {
	code, err := c.do(ctx, request{method: http.MethodPut, path: []string{"connectors", name, "config"}, body: config}, nil)
	return code == http.StatusCreated, err
}

// Delete removes a connector. Its offsets stay.
func (c *Client) Delete(ctx context.Context, name string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: []string{"connectors", name}}, nil)
	return err
}

// Pause stops a connector from moving data; its tasks stay.
func (c *Client) Pause(ctx context.Context, name string) error { return c.put(ctx, name, "pause") }

// Resume lets a paused or stopped connector run.
func (c *Client) Resume(ctx context.Context, name string) error { return c.put(ctx, name, "resume") }

// Stop ends a connector's tasks; its config and offsets stay (KIP-875).
func (c *Client) Stop(ctx context.Context, name string) error { return c.put(ctx, name, "stop") }

func (c *Client) put(ctx context.Context, name, verb string) error {
	_, err := c.do(ctx, request{method: http.MethodPut, path: []string{"connectors", name, verb}}, nil)
	return err
}

// Restart restarts a connector, and its tasks if so asked, of both only what has
// failed if so asked (KIP-745).
func (c *Client) Restart(ctx context.Context, name string, tasks, onlyFailed bool) error {
	_, err := c.do(ctx, request{
		method: http.MethodPost, path: []string{"connectors", name, "restart"},
		query: url.Values{"includeTasks": {strconv.FormatBool(tasks)}, "onlyFailed": {strconv.FormatBool(onlyFailed)}},
	}, nil)
	return err
}

// RestartTask restarts one task.
func (c *Client) RestartTask(ctx context.Context, name string, task int) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: []string{"connectors", name, "tasks", strconv.Itoa(task), "restart"}}, nil)
	return err
}

// Offsets returns where a connector stands.
func (c *Client) Offsets(ctx context.Context, name string) ([]Offset, error) {
	var out Offsets
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"connectors", name, "offsets"}}, &out)
	return out.Offsets, err
}

// AlterOffsets moves a stopped connector and returns what the server says of it.
func (c *Client) AlterOffsets(ctx context.Context, name string, offsets []Offset) (string, error) {
	return c.message(ctx, request{method: http.MethodPatch, path: []string{"connectors", name, "offsets"}, body: Offsets{offsets}})
}

// ResetOffsets lets a stopped connector forget where it stands and returns what
// the server says of it.
func (c *Client) ResetOffsets(ctx context.Context, name string) (string, error) {
	return c.message(ctx, request{method: http.MethodDelete, path: []string{"connectors", name, "offsets"}})
}

func (c *Client) message(ctx context.Context, r request) (string, error) {
	var out struct {
		Message string `json:"message"`
	}
	_, err := c.do(ctx, r, &out)
	return out.Message, err
}

// Plugins lists what the server can run: connectors, transforms, predicates and
// converters.
func (c *Client) Plugins(ctx context.Context) ([]Plugin, error) {
	var out []Plugin
	_, err := c.do(ctx, request{
		method: http.MethodGet, path: []string{"connector-plugins"}, query: url.Values{"connectorsOnly": {"false"}},
	}, &out)
	return out, err
}

// Keys returns the definitions of a plugin's config keys (KIP-769).
func (c *Client) Keys(ctx context.Context, class string) ([]KeyDefinition, error) {
	var out []KeyDefinition
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"connector-plugins", class, "config"}}, &out)
	return out, err
}

// Validate asks what is wrong with a config for a connector class.
func (c *Client) Validate(ctx context.Context, class string, config map[string]string) (ConfigInfos, error) {
	var out ConfigInfos
	_, err := c.do(ctx, request{
		method: http.MethodPut, path: []string{"connector-plugins", class, "config", "validate"}, body: config,
	}, &out)
	return out, err
}

// Loggers returns the loggers whose level was set, and root, by name.
func (c *Client) Loggers(ctx context.Context) (map[string]LoggerLevel, error) {
	var out map[string]LoggerLevel
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"admin", "loggers"}}, &out)
	return out, err
}

// Logger returns the level of one logger.
func (c *Client) Logger(ctx context.Context, name string) (LoggerLevel, error) {
	var out LoggerLevel
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"admin", "loggers", name}}, &out)
	return out, err
}

// SetLogger sets the level of a logger and of those below it, on this worker or,
// if cluster, on all of them (KIP-976), and returns those that it changed; of a
// cluster nobody knows.
func (c *Client) SetLogger(ctx context.Context, name, level string, cluster bool) ([]string, error) {
	scope := "worker"
	if cluster {
		scope = "cluster"
	}
	var out []string
	_, err := c.do(ctx, request{
		method: http.MethodPut, path: []string{"admin", "loggers", name}, query: url.Values{"scope": {scope}},
		body: map[string]string{"level": level},
	}, &out)
	return out, err
}
