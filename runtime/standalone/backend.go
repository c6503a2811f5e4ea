// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/rest"
	"penstock.dev/runtime/storage"
)

// Kafka is what the Backend needs of Kafka; a *worker.Worker is one. The methods
// wait until Kafka is reached.
type Kafka interface {
	Configs(ctx context.Context) (*storage.Configs, error)
	Statuses(ctx context.Context) (*storage.Statuses, error)
	Offsets(ctx context.Context) (*storage.Offsets, error)
	ClusterID(ctx context.Context) (string, error)
	GroupOffsets(ctx context.Context, group string) ([]kafka.GroupOffset, error)
	SetGroupOffsets(ctx context.Context, group string, offsets []kafka.GroupOffset) error
	ResetGroup(ctx context.Context, group string) error
	// Ready says why Kafka is not reached, for one.
	Ready() error
}

// BackendOptions are what NewBackend needs.
type BackendOptions struct {
	Standalone *Standalone
	Kafka      Kafka
	Registry   connect.Registry
	// Fixed are the connectors, or Kept: the other one is nil.
	Fixed *Fixed
	Kept  *Kept
	// Files are those that Fixed was read from, for messages.
	Files []string
	// SetLevel sets the level of a logger of this process.
	SetLevel func(logger, level string)
	Logger   *slog.Logger
}

// Backend is the REST API's view of a Standalone.
type Backend struct {
	o     BackendOptions
	locks locks
	ready atomic.Bool // it was ready once
}

var _ rest.Backend = (*Backend)(nil)

// NewBackend returns the Backend of a Standalone.
func NewBackend(o BackendOptions) *Backend { return &Backend{o: o} }

// Follow reads the config topic, if connectors are kept there, as soon as Kafka is
// reached.
func (b *Backend) Follow(ctx context.Context) {
	if b.o.Kept == nil {
		return
	}
	configs, err := b.o.Kafka.Configs(ctx)
	if err != nil {
		if ctx.Err() == nil {
			b.o.Logger.Error("the connectors of the config topic cannot be run", "error", err)
		}
		return
	}
	b.o.Kept.Load(ctx, configs)
	b.o.Standalone.Wake()
}

// OnConfig takes a change of the config topic. It does not block.
func (b *Backend) OnConfig(change storage.ConfigChange) {
	switch {
	case b.o.Kept.Version() < 0:
		// What was asked of workers that ran before is over.
	case change.Logger != "":
		b.o.SetLevel(change.Logger, change.Level)
	case change.Connector != "":
		b.o.Kept.Changed()
		b.o.Standalone.Wake()
	}
}

// Health implements rest.Backend.
func (b *Backend) Health(context.Context) error {
	err := b.o.Kafka.Ready()
	if err == nil {
		b.ready.Store(true)
	}
	return err
}

// Ready implements rest.Backend.
func (b *Backend) Ready() bool { return b.ready.Load() || b.o.Kafka.Ready() == nil }

// ClusterID implements rest.Backend.
func (b *Backend) ClusterID(ctx context.Context) (string, error) { return b.o.Kafka.ClusterID(ctx) }

// PutClusterLevel implements rest.Backend. Without a config topic this process is
// the cluster.
func (b *Backend) PutClusterLevel(ctx context.Context, logger, level string) error {
	if b.o.Kept == nil {
		b.o.SetLevel(logger, level)
		return nil
	}
	configs, err := b.o.Kafka.Configs(ctx)
	if err != nil {
		return err
	}
	return configs.PutLevel(ctx, logger, level)
}

// refuse is the answer to whoever wants to change a connector of a file.
func (b *Backend) refuse(name string) error {
	where := strings.Join(b.o.Files, ", ")
	if c, ok := b.o.Fixed.find(name); ok && c.Origin != "" {
		where = c.Origin
	}
	return rest.Conflict("The connectors of this worker are those of its files: change %s and start it again, "+
		"or start it without -f to keep connectors in Kafka", where)
}

// locks let one request at a time change a connector; requests for others do not
// wait.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	free  chan struct{} // holds a token while nobody has it
	users int
}

// take returns what gives the lock back.
func (l *locks) take(ctx context.Context, name string) (release func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*lock{}
	}
	k := l.held[name]
	if k == nil {
		k = &lock{free: make(chan struct{}, 1)}
		k.free <- struct{}{}
		l.held[name] = k
	}
	k.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.users--; k.users == 0 {
			delete(l.held, name)
		}
	}
	select {
	case <-k.free:
		return func() { k.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
