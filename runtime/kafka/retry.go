// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// retry waits a little longer each time: 20 ms to 1 s, with jitter.
type retry struct{ next time.Duration }

func newRetry() *retry { return &retry{next: 20 * time.Millisecond} }

func (r *retry) wait(ctx context.Context) error {
	d := r.next/2 + rand.N(r.next)
	r.next = min(2*r.next, time.Second)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Retry calls do until it succeeds, fails with an error that again refuses, or
// ctx is done; then the last error stands with ctx's.
func Retry(ctx context.Context, again func(error) bool, do func() error) error {
	for r := newRetry(); ; {
		err := do()
		if err == nil || ctx.Err() != nil || !again(err) {
			return err
		}
		if werr := r.wait(ctx); werr != nil {
			return errors.Join(err, werr)
		}
	}
}

// IsRetriable reports whether the request that failed with err may succeed when
// it is made again: the broker is away or not yet the right one, or an earlier
// transaction of the same id is not quite over.
func IsRetriable(err error) bool {
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, kgo.ErrClientClosed):
		return false
	case errors.Is(err, kerr.ConcurrentTransactions), kgo.IsRetryableBrokerErr(err):
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok { // a dial that was refused
		return true
	}
	return kerr.IsRetriable(err)
}
