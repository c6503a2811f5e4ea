// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend keeps connectors in memory. hang makes a name's reads wait for the
// context.
type backend struct {
	mu         sync.Mutex
	connectors map[string]map[string]string
	states     map[string]TargetState
	hang       string
	broken     error
	notReady   bool
}

func newBackend() *backend {
	return &backend{connectors: map[string]map[string]string{}, states: map[string]TargetState{}}
}

func (b *backend) Health(context.Context) error { return b.broken }
func (b *backend) Ready() bool                  { return !b.notReady }
func (b *backend) ClusterID(context.Context) (string, error) {
	return "cluster", b.broken
}

func (b *backend) PutClusterLevel(context.Context, string, string) error { return nil }

func (b *backend) Connectors(context.Context) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for n := range b.connectors {
		names = append(names, n)
	}
	slices.Sort(names)
	return names, b.broken
}

func (b *backend) Connector(ctx context.Context, name string) (ConnectorInfo, error) {
	switch {
	case name == "panic":
		panic("s3cret")
	case b.hang == name:
		<-ctx.Done()
		return ConnectorInfo{}, ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.connectors[name]
	if !ok {
		return ConnectorInfo{}, ConnectorNotFound(name)
	}
	return ConnectorInfo{Name: name, Config: c, Tasks: []TaskID{{name, 0}}, Type: "source"}, b.broken
}

func (b *backend) known(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.connectors[name]; !ok {
		return ConnectorNotFound(name)
	}
	return nil
}

func (b *backend) Tasks(_ context.Context, name string) ([]TaskInfo, error) {
	return []TaskInfo{{TaskID{name, 0}, Props{"task.class": "x"}}}, b.known(name)
}

func (b *backend) Status(_ context.Context, name string) (ConnectorStateInfo, error) {
	return ConnectorStateInfo{
		Name: name, Connector: ConnectorState{State: "RUNNING", WorkerID: "w"},
		Tasks: []TaskState{{ID: 0, State: "FAILED", WorkerID: "w", Trace: "boom"}}, Type: "source",
	}, b.known(name)
}

func (b *backend) TaskStatus(_ context.Context, id TaskID) (TaskState, error) {
	return TaskState{ID: id.Task, State: "RUNNING", WorkerID: "w"}, b.known(id.Connector)
}

func (b *backend) Topics(context.Context, string) ([]string, error) { return []string{"t"}, nil }

func (b *backend) Put(_ context.Context, r PutRequest) (ConnectorInfo, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, there := b.connectors[r.Name]
	if there && r.New {
		return ConnectorInfo{}, false, AlreadyExists(r.Name)
	}
	b.connectors[r.Name], b.states[r.Name] = r.Config, r.State
	return ConnectorInfo{Name: r.Name, Config: r.Config, Tasks: []TaskID{}, Type: "source"}, !there, b.broken
}

func (b *backend) Delete(_ context.Context, name string) error {
	err := b.known(name)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.connectors, name)
	return err
}

func (b *backend) SetState(ctx context.Context, name string, s TargetState) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	b.states[name] = s
	b.mu.Unlock()
	return b.known(name)
}

func (b *backend) Restart(ctx context.Context, r RestartRequest) (ConnectorStateInfo, error) {
	return b.Status(ctx, r.Name)
}

func (b *backend) RestartTask(_ context.Context, id TaskID) error { return b.known(id.Connector) }
func (b *backend) ResetTopics(context.Context, string) error      { return nil }

func (b *backend) Offsets(_ context.Context, name string) ([]Offset, error) {
	return []Offset{{Object{"file": "a"}, Object{"position": int64(3)}}, {nil, nil}}, b.known(name)
}

func (b *backend) AlterOffsets(_ context.Context, name string, _ []Offset) (string, error) {
	return Altered, b.known(name)
}

func (b *backend) ResetOffsets(_ context.Context, name string) (string, error) {
	return Reset, b.known(name)
}

func fakeRegistry() connect.Registry {
	none := func(map[string]string) []configdef.Problem { return nil }
	return connect.Registry{
		Plugins: []connect.Plugin{
			{Name: "in", Version: "1", Kind: connect.SourceKind, Aliases: []string{"x.InConnector"}, Check: none,
				Tasks: func(map[string]string, int) int { return 1 },
				Keys:  []configdef.Key{{Name: "password", Type: "PASSWORD", Importance: "HIGH"}, {Name: "size", Type: "INT", Default: "1", HasDefault: true, Importance: "LOW"}}},
			{Name: "out", Kind: connect.SinkKind, Check: none, Tasks: func(map[string]string, int) int { return 1 }},
		},
		Converters: []connect.ConverterPlugin{{Name: "simple", Sides: connect.EverySide(), Check: none}, {Name: "json", Aliases: []string{"y.JsonConverter"}, Check: none, Keys: []configdef.Key{{Name: "schemas.enable", Type: "BOOLEAN"}}}},
	}
}

func options(b Backend) Options {
	return Options{
		Backend: b, Registry: fakeRegistry(), Levels: NewLevels(slog.LevelInfo, func() time.Time { return time.UnixMilli(5) }), Version: "1", Commit: "c",
		TopicTracking: true, TopicReset: true,
	}
}

// ask sends a request to a handler.
func ask(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var errBroken = errors.New("no broker")
