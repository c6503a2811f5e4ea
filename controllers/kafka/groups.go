// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/kafka"
)

const (
	// groupInterval is how often the members of the sinks' groups are read, unless the
	// Options say otherwise; groupTimeout is how long that may take.
	groupInterval = 30 * time.Second
	groupTimeout  = 10 * time.Second
)

// groups is what is known of the groups of a cluster's sinks.
type groups struct {
	mu    sync.Mutex
	known map[string]state.Group // by connector
	// removals counts how often members were removed.
	removals int
}

// Group returns what is known of the consumer group of a sink whose tasks run;
// false if it was not read yet.
func (m *Manager) Group(cluster types.NamespacedName, connector string) (state.Group, bool) {
	e := m.entry(cluster)
	if e == nil {
		return state.Group{}, false
	}
	e.groups.mu.Lock()
	defer e.groups.mu.Unlock()
	g, ok := e.groups.known[connector]
	return g, ok
}

// watchGroups reads the members of all groups again and again until ctx is done.
// Nobody tells when a consumer joins a group.
func (e *entry) watchGroups(ctx context.Context, l *link) {
	interval := cmp.Or(e.m.o.GroupInterval, groupInterval)
	for {
		if err := e.readGroups(ctx, l); err != nil && ctx.Err() == nil {
			e.log.V(1).Info("Reading the members of the sinks' groups failed", "reason", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

// readGroups asks for the groups of all connectors that have tasks, all at once: a
// source has no group, and to ask for it costs nothing more. What was known stays
// while Kafka does not answer, but not when it refuses to.
func (e *entry) readGroups(ctx context.Context, l *link) error {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	e.groups.mu.Lock()
	removals := e.groups.removals
	e.groups.mu.Unlock()
	connectors := withTasks(l)
	names := make([]string, len(connectors))
	for i, c := range connectors {
		names[i] = l.statuses.Group(c)
	}
	members, err := kafka.GroupsMembers(ctx, l.adm, names...)
	now := make(map[string]state.Group, len(connectors))
	switch {
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		// It does not say which: the others are not to suffer.
		if err := readEach(ctx, l, connectors, names, now); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	for i, c := range connectors {
		if _, ok := now[c]; !ok {
			now[c] = state.Group{Members: membersOf(members[names[i]])}
		}
	}
	if !e.learn(now, removals) {
		return e.readGroups(ctx, l)
	}
	return nil
}

// readEach reads the groups of connectors one by one into out.
func readEach(ctx context.Context, l *link, connectors, groups []string, out map[string]state.Group) error {
	for i, c := range connectors {
		members, err := kafka.GroupMembers(ctx, l.adm, groups[i])
		switch {
		case errors.Is(err, kerr.GroupAuthorizationFailed):
			err = fmt.Errorf("the members of the consumer group %s cannot be read, Describe on Group connect- (prefixed) is needed, or on Group %s: %w", groups[i], groups[i], err)
		case err != nil:
			return err
		}
		out[c] = state.Group{Members: membersOf(members), Err: err}
	}
	return nil
}

// withTasks are the connectors some of whose tasks were not let go.
func withTasks(l *link) []string {
	out := map[string]bool{}
	for _, id := range l.statuses.Tasks() {
		if d, ok := l.statuses.Detail(id); ok && !d.Released {
			out[id.Connector] = true
		}
	}
	return slices.Sorted(maps.Keys(out))
}

func membersOf(members []kafka.Member) []state.Member {
	var out []state.Member
	for _, m := range members {
		out = append(out, state.Member{InstanceID: m.InstanceID, ClientID: m.ClientID, Host: m.Host, Partitions: m.Partitions})
	}
	return out
}

// learn keeps what was read, and wakes the connectors of which it says something
// new. It refuses what was read before members were removed: they would look like
// somebody else's.
func (e *entry) learn(now map[string]state.Group, removals int) bool {
	e.groups.mu.Lock()
	before := e.groups.known
	fresh := e.groups.removals == removals
	if fresh {
		e.groups.known = now
	}
	e.groups.mu.Unlock()
	if !fresh {
		return false
	}
	for c, g := range now {
		if old, known := before[c]; !known || text(old.Err) != text(g.Err) || !reflect.DeepEqual(old.Members, g.Members) {
			e.m.connectors.publish(state.ConnectorKey{Cluster: e.key, Connector: c})
		}
	}
	return true
}

// forgetMembers takes the members that were removed, or have gone by themselves,
// from what is known: until it is read again they would look like somebody else's.
func (e *entry) forgetMembers(connector string, removed func(instanceID string) bool) {
	e.groups.mu.Lock()
	defer e.groups.mu.Unlock()
	e.groups.removals++
	g, ok := e.groups.known[connector]
	if !ok {
		return
	}
	g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(m state.Member) bool { return removed(m.InstanceID) })
	e.groups.known = maps.Clone(e.groups.known) // learn may be comparing
	e.groups.known[connector] = g
}
