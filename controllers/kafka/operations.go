// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/storage"
)

// NextEpoch writes an epoch that is higher than any the task ever had and than
// the given one, and returns it; no other call is given the same.
func (m *Manager) NextEpoch(ctx context.Context, k state.TaskKey, above int64) (int64, error) {
	_, l, err := m.holding(ctx, k.Cluster)
	if err != nil {
		return 0, err
	}
	return l.statuses.Raise(ctx, storage.TaskID{Connector: k.Connector, Index: k.Index}, above)
}

// FenceSource takes the transactional ids of a source's tasks over, so that
// whoever still runs can commit no more.
func (m *Manager) FenceSource(ctx context.Context, cluster types.NamespacedName, connector string, tasks int) error {
	e, l, err := m.holding(ctx, cluster)
	if err != nil {
		return err
	}
	ids := make([]string, tasks)
	for i := range ids {
		ids[i] = storage.TransactionalID(e.settings.GroupID, connector, i)
	}
	return kafka.FenceProducers(ctx, l.client, ids)
}

// RemoveMembers makes a sink's tasks from that number on leave their group, so
// that their partitions do not wait for the session timeout.
func (m *Manager) RemoveMembers(ctx context.Context, cluster types.NamespacedName, connector string, from int) error {
	e, l, err := m.holding(ctx, cluster)
	if err != nil {
		return err
	}
	group := l.statuses.Group(connector)
	members, err := kafka.GroupMembers(ctx, l.adm, group)
	if err != nil {
		return err
	}
	removed := ours(e.settings.GroupID+"-"+connector+"-", from)
	var ids []string
	for _, m := range members {
		if removed(m.InstanceID) {
			ids = append(ids, m.InstanceID)
		}
	}
	if err := kafka.RemoveMembers(ctx, l.adm, group, ids); err != nil {
		return err
	}
	e.forgetMembers(connector, removed)
	return nil
}

// ours tells the instance ids of a connector's tasks from a number on.
func ours(prefix string, from int) func(instanceID string) bool {
	return func(instanceID string) bool {
		rest, ok := strings.CutPrefix(instanceID, prefix)
		n, err := strconv.Atoi(rest)
		return ok && err == nil && n >= from
	}
}

// Forget removes a connector's states, and its offsets too if told so. Its tasks
// must have ended.
func (m *Manager) Forget(ctx context.Context, cluster types.NamespacedName, connector string, offsets bool) error {
	e, l, err := m.holding(ctx, cluster)
	if err != nil {
		return err
	}
	group := l.statuses.Group(connector)
	if err := l.statuses.DeleteConnector(ctx, connector); err != nil {
		return err
	}
	if !offsets {
		return nil
	}
	return errors.Join(kafka.DeleteGroup(ctx, l.adm, group), e.deleteOffsets(ctx, l, connector))
}

func (e *entry) deleteOffsets(ctx context.Context, l *link, connector string) error {
	o, err := storage.OpenOffsets(l.new, e.settings.OffsetsTopic, l.logger)
	if err != nil {
		return err
	}
	defer o.Close()
	return o.Delete(ctx, connector)
}

// TakeOver claims the internal topics for this cluster and then removes another's
// claim: in the other order, somebody else could come first.
func (m *Manager) TakeOver(ctx context.Context, cluster types.NamespacedName, from string) error {
	e, l, err := m.answering(cluster)
	if err != nil {
		return err
	}
	e.claiming.Lock()
	defer e.claiming.Unlock()
	if err := l.statuses.PutIdentity(ctx, storage.Identity{UID: e.settings.UID, Name: cluster.String()}); err != nil {
		return fmt.Errorf("claiming the topics: %w", err)
	}
	if err := l.statuses.DeleteIdentity(ctx, from); err != nil {
		return fmt.Errorf("removing the claim of %s: %w", from, err)
	}
	return l.statuses.ReadToEnd(ctx)
}

// Release takes a cluster's claim on the internal topics back if it has one, or is
// just about to have one, so that another may have them. They are not claimed
// again until the cluster is connected anew.
func (m *Manager) Release(ctx context.Context, cluster types.NamespacedName) error {
	e, l, err := m.answering(cluster)
	if err != nil {
		return err
	}
	e.claiming.Lock()
	defer e.claiming.Unlock()
	e.released = true
	return l.statuses.DeleteIdentity(ctx, e.settings.UID)
}
