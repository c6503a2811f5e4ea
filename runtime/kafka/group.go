// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"

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
