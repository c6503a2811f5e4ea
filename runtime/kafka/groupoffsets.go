// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// GroupOffset is the committed offset of a partition; nil is none.
type GroupOffset struct {
	Topic     string
	Partition int32
	Offset    *int64
}

// ErrGroupActive says that a group has members, so its offsets cannot be changed.
var ErrGroupActive = errors.New("the consumer group has active members")

// GroupOffsets returns the committed offsets of a group, in the order of topics
// and partitions. A group that is not there has none.
func GroupOffsets(ctx context.Context, adm *kadm.Client, group string) ([]GroupOffset, error) {
	rs, err := adm.FetchOffsets(ctx, group)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the offsets of group %s: %w", group, err)
	}
	var out []GroupOffset
	for _, r := range rs.Sorted() {
		if r.Err != nil {
			return nil, fmt.Errorf("reading the offset of group %s for %s-%d: %w", group, r.Topic, r.Partition, r.Err)
		}
		out = append(out, GroupOffset{r.Topic, r.Partition, &r.At})
	}
	return out, nil
}

// SetGroupOffsets commits offsets for a group and removes those that are nil.
// ErrGroupActive in the error's tree says that the group still has members.
func SetGroupOffsets(ctx context.Context, adm *kadm.Client, group string, offsets []GroupOffset) error {
	set, remove := kadm.Offsets{}, kadm.TopicsSet{}
	for _, o := range offsets {
		if o.Offset == nil {
			remove.Add(o.Topic, o.Partition)
			continue
		}
		set.AddOffset(o.Topic, o.Partition, *o.Offset, -1)
	}
	if len(set) > 0 {
		rs, err := adm.CommitOffsets(ctx, group, set)
		if err == nil {
			err = rs.Error()
		}
		if err != nil {
			return fmt.Errorf("committing offsets of group %s: %w", group, active(err))
		}
	}
	if len(remove) == 0 {
		return nil
	}
	rs, err := adm.DeleteOffsets(ctx, group, remove)
	if err == nil {
		err = rs.Error()
	}
	if err != nil && !isGone(err) {
		return fmt.Errorf("removing offsets of group %s: %w", group, active(err))
	}
	return nil
}

// ResetGroup removes a group with its offsets. ErrGroupActive in the error's tree
// says that the group still has members.
func ResetGroup(ctx context.Context, adm *kadm.Client, group string) error {
	if err := DeleteGroup(ctx, adm, group); err != nil {
		return active(err)
	}
	return nil
}

// active adds ErrGroupActive to the codes that say so: which one it is depends on
// the request.
func active(err error) error {
	codes := []error{kerr.UnknownMemberID, kerr.NonEmptyGroup, kerr.GroupSubscribedToTopic, kerr.RebalanceInProgress, kerr.IllegalGeneration}
	if slices.ContainsFunc(codes, func(code error) bool { return errors.Is(err, code) }) {
		return fmt.Errorf("%w: %w", ErrGroupActive, err)
	}
	return err
}
