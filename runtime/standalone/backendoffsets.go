// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javajson"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/rest"
	"penstock.dev/runtime/storage"
)

// Offsets implements rest.Backend.
func (b *Backend) Offsets(ctx context.Context, name string) ([]rest.Offset, error) {
	c, err := b.must(ctx, name, rest.ConnectorNotFound(name))
	if err != nil {
		return nil, err
	}
	if b.typeOf(c.config) == string(connect.SinkKind) {
		return b.sinkOffsets(ctx, connect.GroupID(name, c.config))
	}
	offsets, err := b.sourceOffsets(ctx, name)
	if err != nil {
		return nil, err
	}
	out := make([]rest.Offset, len(offsets))
	for i, o := range offsets {
		out[i] = rest.Offset{Partition: o.Partition, Offset: o.Offset}
	}
	return out, nil
}

func (b *Backend) sinkOffsets(ctx context.Context, group string) ([]rest.Offset, error) {
	list, err := b.o.Kafka.GroupOffsets(ctx, group)
	if err != nil {
		return nil, err
	}
	out := make([]rest.Offset, len(list))
	for i, o := range list {
		out[i] = rest.SinkOffset(o).Entry()
	}
	return out, nil
}

// sourceOffsets returns the offsets of a source, in the order of the partitions'
// texts.
func (b *Backend) sourceOffsets(ctx context.Context, name string) ([]storage.SourceOffset, error) {
	store, err := b.o.Kafka.Offsets(ctx)
	if err != nil {
		return nil, err
	}
	if err := store.ReadToEnd(ctx); err != nil {
		return nil, err
	}
	list, err := store.Connector(name)
	slices.SortFunc(list, func(x, y storage.SourceOffset) int {
		return cmp.Compare(javajson.Canonical(x.Partition), javajson.Canonical(y.Partition))
	})
	return list, err
}

// AlterOffsets implements rest.Backend.
func (b *Backend) AlterOffsets(ctx context.Context, name string, offsets []rest.Offset) (string, error) {
	return rest.Altered, b.modify(ctx, name, func(group string) error {
		if group != "" {
			return b.alterSink(ctx, name, group, offsets)
		}
		return b.alterSource(ctx, name, offsets)
	})
}

// ResetOffsets implements rest.Backend.
func (b *Backend) ResetOffsets(ctx context.Context, name string) (string, error) {
	return rest.Reset, b.modify(ctx, name, func(group string) error {
		if group != "" {
			return groupError(name, b.o.Kafka.ResetGroup(ctx, group))
		}
		store, err := b.o.Kafka.Offsets(ctx)
		if err != nil {
			return err
		}
		return store.Delete(ctx, name)
	})
}

// modify calls do once the connector is stopped and its tasks have ended. The group
// is that of a sink, and empty for a source.
func (b *Backend) modify(ctx context.Context, name string, do func(group string) error) error {
	release, err := b.locks.take(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	if b.o.Kept != nil {
		if _, err := b.latest(ctx); err != nil {
			return err
		}
	}
	c, err := b.must(ctx, name, rest.ConnectorNotFound(name))
	if err != nil {
		return err
	}
	if c.target != storage.Stopped || len(c.tasks) > 0 {
		return rest.NotStopped(name)
	}
	if err := b.o.Standalone.awaitStopped(ctx, name); err != nil {
		return err
	}
	if b.typeOf(c.config) != string(connect.SinkKind) {
		return do("")
	}
	return do(connect.GroupID(name, c.config))
}

func (b *Backend) alterSink(ctx context.Context, name, group string, offsets []rest.Offset) error {
	parsed, err := rest.SinkOffsets(offsets)
	if err != nil {
		return err
	}
	list := make([]kafka.GroupOffset, len(parsed))
	for i, o := range parsed {
		list[i] = kafka.GroupOffset(o)
	}
	return groupError(name, b.o.Kafka.SetGroupOffsets(ctx, group, list))
}

// groupError says what to do if somebody still reads for the connector.
func groupError(name string, err error) error {
	if errors.Is(err, kafka.ErrGroupActive) {
		return rest.Internal("Failed to alter consumer group offsets for connector %s either because its tasks haven't stopped completely yet "+
			"or the connector was resumed before the request to alter its offsets could be successfully completed. If the connector is in a "+
			"stopped state, this operation can be safely retried. If it doesn't eventually succeed, the worker may need to be restarted to get "+
			"rid of any zombie sink tasks.", name)
	}
	return err
}

func (b *Backend) alterSource(ctx context.Context, name string, offsets []rest.Offset) error {
	store, err := b.o.Kafka.Offsets(ctx)
	if err != nil {
		return err
	}
	c, err := b.must(ctx, name, rest.ConnectorNotFound(name))
	if err != nil {
		return err
	}
	plugin, _ := b.o.Registry.Lookup(c.config[classKey])
	list := make([]storage.SourceOffset, len(offsets))
	for i, o := range offsets {
		for _, m := range []rest.Object{o.Partition, o.Offset} {
			if err := checkFields(m); err != nil {
				return err
			}
		}
		// Whatever has come into the topic may be removed.
		if plugin.CheckOffset != nil && o.Offset != nil {
			if err := plugin.CheckOffset(c.config, o.Partition, o.Offset); err != nil {
				return rest.BadRequest("%s", err.Error())
			}
		}
		list[i] = storage.SourceOffset{Partition: o.Partition, Offset: o.Offset}
	}
	return store.Write(ctx, name, list)
}

// checkFields refuses what cannot stand in an offset, as Kafka Connect does.
func checkFields(m rest.Object) error {
	for field, v := range m {
		switch v.(type) {
		case map[string]any:
			return rest.BadRequest("Offsets may only contain primitive types as values, but field %s contains MAP", field)
		case []any:
			return rest.BadRequest("Offsets may only contain primitive types as values, but field %s contains ARRAY", field)
		}
	}
	return nil
}
