// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"
)

// fenceAtOnce bounds how many fences are under way.
const fenceAtOnce = 16

// fenceTimeoutMillis is the transaction timeout that a fence asks for; nothing is
// ever written under it.
const fenceTimeoutMillis = 10_000

// Member is a member of a consumer group.
type Member struct {
	// InstanceID is group.instance.id, "" for a dynamic member.
	InstanceID string
	// MemberID is given by the broker.
	MemberID string
	// ClientID and Host say who it is.
	ClientID, Host string
}

// GroupMembers returns the members of a consumer group of the classic protocol, sorted
// by instance id. A group that does not exist has none.
func GroupMembers(ctx context.Context, adm *kadm.Client, group string) ([]Member, error) {
	gs, err := adm.DescribeGroups(ctx, group)
	if err == nil {
		err = gs[group].Err
	}
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing group %s: %w", group, err)
	}
	members := gs[group].Members
	out := make([]Member, 0, len(members))
	for _, m := range members {
		member := Member{MemberID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost}
		if m.InstanceID != nil {
			member.InstanceID = *m.InstanceID
		}
		out = append(out, member)
	}
	slices.SortFunc(out, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.InstanceID, b.InstanceID), cmp.Compare(a.MemberID, b.MemberID))
	})
	return out, nil
}

// RemoveMembers makes static members leave a group at once, so that their
// partitions do not wait for the session timeout. Members that are not there are
// no error.
func RemoveMembers(ctx context.Context, adm *kadm.Client, group string, instanceIDs []string) error {
	if len(instanceIDs) == 0 {
		return nil
	}
	rs, err := adm.LeaveGroup(ctx, kadm.LeaveGroup(group).Reason("the task has ended").InstanceIDs(instanceIDs...))
	if isGone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing members of group %s: %w", group, err)
	}
	var errs []error
	for _, r := range rs {
		if r.Err != nil && !isGone(r.Err) {
			errs = append(errs, fmt.Errorf("removing member %s of group %s: %w", r.InstanceID, group, r.Err))
		}
	}
	return errors.Join(errs...)
}

func isGone(err error) bool {
	return errors.Is(err, kerr.UnknownMemberID) || errors.Is(err, kerr.GroupIDNotFound)
}

// DeleteGroup removes a group and its offsets; a group that is not there is no
// error.
func DeleteGroup(ctx context.Context, adm *kadm.Client, group string) error {
	_, err := adm.DeleteGroup(ctx, group)
	if err != nil && !isGone(err) {
		return fmt.Errorf("deleting group %s: %w", group, err)
	}
	return nil
}

// FenceProducers takes transactional ids over, so that whoever used them can
// commit no more: InitProducerID raises an id's epoch.
func FenceProducers(ctx context.Context, client *kgo.Client, ids []string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(fenceAtOnce)
	for _, id := range ids {
		g.Go(func() error {
			if _, _, err := InitProducerID(ctx, client, id, fenceTimeoutMillis); err != nil {
				return fmt.Errorf("fencing transactional id %s: %w", id, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// InitProducerID takes a transactional id over and returns the producer id and
// epoch to write under. An open transaction of the id is aborted by the broker,
// which answers CONCURRENT_TRANSACTIONS until that is done: it is asked again.
func InitProducerID(ctx context.Context, client *kgo.Client, id string, timeoutMillis int32) (int64, int16, error) {
	var resp *kmsg.InitProducerIDResponse
	err := Retry(ctx, IsRetriable, func() error {
		req := kmsg.NewPtrInitProducerIDRequest()
		req.TransactionalID = kmsg.StringPtr(id)
		req.TransactionTimeoutMillis = timeoutMillis
		req.ProducerID, req.ProducerEpoch = -1, -1
		var err error
		if resp, err = req.RequestWith(ctx, client); err != nil {
			return err
		}
		return kerr.ErrorForCode(resp.ErrorCode)
	})
	if err != nil {
		return 0, 0, err
	}
	return resp.ProducerID, resp.ProducerEpoch, nil
}
