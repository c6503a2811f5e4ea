// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

func (a *API) root(r *http.Request) (answer, error) {
	id, err := a.backend.ClusterID(r.Context())
	if err != nil {
		return answer{}, err
	}
	return ok(ServerInfo{Version: a.o.Version, Commit: a.o.Commit, KafkaClusterID: id})
}

// health never fails: it says how the worker is (KIP-1017).
func (a *API) health(r *http.Request) (answer, error) {
	err := a.backend.Health(r.Context())
	switch {
	case err == nil:
		return ok(Health{"healthy", "Worker has completed startup and is ready to handle requests."})
	case !a.backend.Ready():
		return answer{code: http.StatusServiceUnavailable, body: Health{"starting", "Worker is still starting up. " + err.Error()}}, nil
	}
	return answer{code: http.StatusInternalServerError, body: Health{
		"unhealthy", "Worker was unable to handle this request and may be unable to handle other requests. " + err.Error()}}, nil
}

func (a *API) list(r *http.Request) (answer, error) {
	names, err := a.backend.Connectors(r.Context())
	if err != nil {
		return answer{}, err
	}
	expand, wanted := r.URL.Query()["expand"]
	if !wanted {
		return ok(listed(names))
	}
	out := map[string]any{}
	for _, name := range names {
		e, err := a.expand(r, name, expand)
		if missing := (*Error)(nil); errors.As(err, &missing) && missing.Code == http.StatusNotFound {
			continue // it has gone meanwhile, or has no status yet
		}
		if err != nil {
			return answer{}, err
		}
		out[name] = e
	}
	return ok(out)
}

// expansion is what GET /connectors?expand= says of a connector.
type expansion struct {
	Info   *ConnectorInfo      `json:"info,omitempty"`
	Status *ConnectorStateInfo `json:"status,omitempty"`
}

func (a *API) expand(r *http.Request, name string, what []string) (e expansion, err error) {
	for _, w := range what {
		switch w {
		case "status":
			var s ConnectorStateInfo
			if s, err = a.backend.Status(r.Context(), name); err != nil {
				return e, err
			}
			e.Status = &s
		case "info":
			var i ConnectorInfo
			if i, err = a.backend.Connector(r.Context(), name); err != nil {
				return e, err
			}
			e.Info = &i
		default:
			a.o.Logger.Info("ignoring an unknown expansion", "expand", w)
		}
	}
	return e, nil
}

func (a *API) create(r *http.Request) (answer, error) {
	c, err := readCreate(r)
	if err != nil {
		return answer{}, err
	}
	config, err := a.accept(c.name, c.config)
	if err != nil {
		return answer{}, err
	}
	return a.put(r, PutRequest{Name: c.name, Config: config, State: c.state, New: true})
}

func (a *API) putConfig(r *http.Request) (answer, error) {
	raw, err := readBody(r)
	if err != nil {
		return answer{}, err
	}
	name := r.PathValue("connector")
	config, err := flatConfig(raw)
	if err != nil {
		return answer{}, err
	}
	props, err := a.accept(name, config)
	if err != nil {
		return answer{}, err
	}
	return a.put(r, PutRequest{Name: name, Config: props})
}

// patchConfig changes some keys; null removes one (KIP-477).
func (a *API) patchConfig(r *http.Request) (answer, error) {
	raw, err := readBody(r)
	if err != nil {
		return answer{}, err
	}
	patch, err := flatConfig(raw)
	if err != nil {
		return answer{}, err
	}
	name := r.PathValue("connector")
	now, err := a.backend.Connector(r.Context(), name)
	if err != nil {
		return answer{}, err
	}
	config := make(map[string]*string, len(now.Config)+len(patch))
	for k, v := range now.Config {
		config[k] = &v
	}
	for k, v := range patch {
		if config[k] = v; v == nil {
			delete(config, k)
		}
	}
	if err := sameName(name, config); err != nil {
		return answer{}, err
	}
	props, err := a.checked(config)
	if err != nil {
		return answer{}, err
	}
	return a.put(r, PutRequest{Name: name, Config: props, Was: now.Config})
}

// accept puts the name into the config and validates it.
func (a *API) accept(name string, config map[string]*string) (map[string]string, error) {
	if err := sameName(name, config); err != nil {
		return nil, err
	}
	config[nameKey] = &name
	return a.checked(config)
}

// sameName refuses a config that names another connector.
func sameName(name string, config map[string]*string) error {
	if included := config[nameKey]; included != nil && *included != name {
		return BadRequest("Connector name configuration (%s) doesn't match connector name in the URL (%s)", *included, name)
	}
	return nil
}

// checked returns the config if it is valid, or all that is wrong with it.
func (a *API) checked(config map[string]*string) (map[string]string, error) {
	infos, err := a.infos(config)
	if err != nil {
		return nil, err
	}
	if infos.ErrorCount > 0 {
		var messages strings.Builder
		for _, c := range infos.Configs {
			for _, m := range c.Value.Errors {
				messages.WriteString("\n" + m)
			}
		}
		return nil, BadRequest("Connector configuration is invalid and contains the following %d error(s):%s\n"+
			"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`",
			infos.ErrorCount, messages.String())
	}
	return given(config), nil
}

func (a *API) put(r *http.Request, p PutRequest) (answer, error) {
	info, created, err := a.backend.Put(r.Context(), p)
	if err != nil {
		return answer{}, err
	}
	a.warn(p.Config)
	if !created {
		return ok(info)
	}
	return answer{code: http.StatusCreated, body: info, location: a.location(r, p.Name)}, nil
}

// warn logs what is odd about a config that was taken.
func (a *API) warn(config map[string]string) {
	for _, w := range a.o.Registry.Validate(config[classKey], ownKeys(config), a.o.Defaults).Warnings {
		a.o.Logger.Warn("connector config", "connector", config["name"], "key", w.Key, "problem", w.Message)
	}
}

// location is the address of a new connector.
func (a *API) location(r *http.Request, name string) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + "/connectors/" + url.PathEscape(name)
}

func (a *API) get(r *http.Request) (answer, error) {
	info, err := a.backend.Connector(r.Context(), r.PathValue("connector"))
	return answer{code: http.StatusOK, body: info}, err
}

func (a *API) getConfig(r *http.Request) (answer, error) {
	info, err := a.backend.Connector(r.Context(), r.PathValue("connector"))
	return answer{code: http.StatusOK, body: info.Config}, err
}

func (a *API) remove(r *http.Request) (answer, error) {
	return noContent(a.backend.Delete(r.Context(), r.PathValue("connector")))
}

func (a *API) connectorStatus(r *http.Request) (answer, error) {
	s, err := a.backend.Status(r.Context(), r.PathValue("connector"))
	return answer{code: http.StatusOK, body: s}, err
}

// restart answers with what is restarted, unless only the connector is.
func (a *API) restart(r *http.Request) (answer, error) {
	q := r.URL.Query()
	request := RestartRequest{Name: r.PathValue("connector"), IncludeTasks: isTrue(q.Get("includeTasks")), OnlyFailed: isTrue(q.Get("onlyFailed"))}
	s, err := a.backend.Restart(r.Context(), request)
	if !request.IncludeTasks && !request.OnlyFailed {
		return noContent(err)
	}
	return accepted(s, err)
}

// listed returns a list that is written as [] if it is empty, not as null.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// isTrue reads a boolean as Java's Boolean.valueOf does.
func isTrue(s string) bool { return strings.EqualFold(s, "true") }

func (a *API) pause(r *http.Request) (answer, error) {
	return accepted(nil, a.backend.SetState(r.Context(), r.PathValue("connector"), Paused))
}

func (a *API) resume(r *http.Request) (answer, error) {
	return accepted(nil, a.backend.SetState(r.Context(), r.PathValue("connector"), Started))
}

func (a *API) stop(r *http.Request) (answer, error) {
	return noContent(a.backend.SetState(r.Context(), r.PathValue("connector"), Stopped))
}

func (a *API) tasks(r *http.Request) (answer, error) {
	list, err := a.backend.Tasks(r.Context(), r.PathValue("connector"))
	return answer{code: http.StatusOK, body: listed(list)}, err
}

// task returns the task of the path. What is no number is no path either.
func task(r *http.Request) (TaskID, error) {
	n, err := strconv.ParseInt(r.PathValue("task"), 10, 32)
	if err != nil {
		return TaskID{}, status(http.StatusNotFound)
	}
	return TaskID{r.PathValue("connector"), int(n)}, nil
}

func (a *API) taskStatus(r *http.Request) (answer, error) {
	id, err := task(r)
	if err != nil {
		return answer{}, err
	}
	s, err := a.backend.TaskStatus(r.Context(), id)
	return answer{code: http.StatusOK, body: s}, err
}

func (a *API) restartTask(r *http.Request) (answer, error) {
	id, err := task(r)
	if err != nil {
		return answer{}, err
	}
	return noContent(a.backend.RestartTask(r.Context(), id))
}

func (a *API) topics(r *http.Request) (answer, error) {
	if !a.o.TopicTracking {
		return answer{}, forbidden("Topic tracking is disabled.")
	}
	name := r.PathValue("connector")
	topics, err := a.backend.Topics(r.Context(), name)
	return answer{code: http.StatusOK, body: map[string]UsedTopics{name: {listed(topics)}}}, err
}

func (a *API) resetTopics(r *http.Request) (answer, error) {
	switch {
	case !a.o.TopicTracking:
		return answer{}, forbidden("Topic tracking is disabled.")
	case !a.o.TopicReset:
		return answer{}, forbidden("Topic tracking reset is disabled.")
	}
	return accepted(nil, a.backend.ResetTopics(r.Context(), r.PathValue("connector")))
}

func forbidden(message string) *Error { return newError(http.StatusForbidden, "%s", []any{message}) }

// The keys of a connector's config that are no keys of the plugin.
const (
	classKey    = "connector.class"
	tasksMaxKey = "tasks.max"
	nameKey     = "name"
)

// ownKeys returns the config without the keys that the registry does not know.
func ownKeys(config map[string]string) map[string]string {
	out := maps.Clone(config)
	for _, k := range []string{nameKey, classKey, tasksMaxKey} {
		delete(out, k)
	}
	return out
}

// given returns the keys that have a value.
func given(config map[string]*string) map[string]string {
	out := make(map[string]string, len(config))
	for k, v := range config {
		if v != nil {
			out[k] = *v
		}
	}
	return out
}
