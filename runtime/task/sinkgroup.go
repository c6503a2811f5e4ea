// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/runtime/connect"
)

// errFencedMember says that another member has our instance id.
var errFencedMember = errors.New("another member has taken our place in the group")

// errTopicGone says that a topic was deleted, and perhaps made anew. The client reads
// it no more (KIP-516), so another one is to take its place.
var errTopicGone = errors.New("the topic was deleted, or made anew")

// member is one membership in the group: a client, from its creation to its end.
type member struct {
	s      *Sink
	cl     *kgo.Client
	ready  chan struct{} // closed when cl is set: the client calls back before it is
	work   context.Context
	halted bool            // the topics are paused
	still  []string        // those that are, under the sink's lock
	wanted atomic.Bool     // a rebalance waits for us
	final  atomic.Bool     // everything that could be committed is
	due    time.Time       // of the next commit
	size   int32           // bytes that a fetch asks for
	owed   connect.Offsets // where to read again, under the sink's lock
	cancel context.CancelFunc
	closes atomic.Bool // close was called
}

// closeTimeout is how long a client may take to close as it should. It waits for
// a join that is under way, which may take as long as the group rebalances.
const closeTimeout = 2 * time.Second

// session joins the group and moves records until ctx is done, the task fails,
// or the member is fenced, or a topic is gone: only then it returns an error.
func (s *Sink) session(ctx, work context.Context) error {
	m := &member{s: s, work: work, size: firstFetchSize(s.o.MaxInFlightBytes), ready: make(chan struct{})}
	s.mu.Lock()
	clear(s.parts)
	clear(s.late)
	s.mu.Unlock()
	life, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	cl, err := s.newClient(append(append(s.subscription(), s.inflation()...),
		kgo.WithContext(life),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(m.assigned),
		kgo.OnPartitionsRevoked(m.revoked),
		kgo.OnPartitionsLost(m.lost),
		kgo.OnPartitionsCallbackBlocked(m.blocked),
		kgo.OnOffsetsFetched(m.fetched),
	)...)
	if err != nil {
		cancel()
		return fmt.Errorf("building the group client: %w", err)
	}
	m.cl = cl
	close(m.ready)
	m.ask()
	s.member.Store(m)
	defer m.close()
	m.due = time.Now().Add(s.o.FlushInterval)
	s.policy.hold = func(d time.Duration) bool { return m.hold(ctx, d) }
	for s.going(ctx) {
		err := m.turn(ctx)
		if errors.Is(err, errFencedMember) {
			m.final.Store(true) // a commit would be refused
			return err
		}
		if errors.Is(err, errTopicGone) {
			return m.replaced(err)
		}
		s.fail(err)
	}
	return m.leave()
}

// replaced ends a session that another one follows.
func (m *member) replaced(cause error) error {
	err := m.leave()
	if err == nil || !errors.Is(err, errFencedMember) && !m.s.broken {
		if err != nil {
			m.s.log.Warn("offsets were not committed before the group is joined again", "error", err)
		}
		return cause
	}
	return err
}

// leave commits what can be committed at the end of a session.
func (m *member) leave() error {
	if m.s.abandoned.Load() || m.s.superseded() {
		m.final.Store(true)
		return nil
	}
	// A poll that ends at once, so that no callback comes between.
	m.cl.PollRecords(ended(), 1)
	m.s.awaitLetters(m.work) // whether or not it commits: their producer may be closed next
	err := m.checkpoint(nil, true)
	m.final.Store(true)
	switch {
	case errors.Is(err, errFencedMember):
		return err
	case err != nil && m.s.failed.get() != nil:
		m.s.log.Warn("offsets were not committed at the end", "error", err)
	case err != nil:
		return fmt.Errorf("stopping: %w", err)
	}
	return nil
}

// close ends the membership. A static member does not leave the group, so that
// its next incarnation takes its partitions over.
func (m *member) close() {
	if !m.closes.CompareAndSwap(false, true) {
		return
	}
	t := time.AfterFunc(closeTimeout, m.cancel)
	defer t.Stop()
	defer m.cancel()
	m.cl.CloseAllowingRebalance()
	m.s.member.CompareAndSwap(m, nil)
}

// ended returns a context that is done.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func (m *member) blocked(context.Context, *kgo.Client) {
	m.wanted.Store(true)
	m.s.signal()
}

// assigned is called by the client, before it fetches from the new partitions.
func (m *member) assigned(_ context.Context, _ *kgo.Client, added map[string][]int32) {
	<-m.ready
	s := m.s
	tps := partitionsOf(added)
	if len(tps) == 0 || s.abandoned.Load() {
		return
	}
	s.mu.Lock()
	for _, tp := range tps {
		s.parts[tp] = newSinkPart()
	}
	s.mu.Unlock()
	m.haltNew(tps)
	s.showAssignment()
	if err := s.tellAssigned(m.work, tps); err != nil {
		s.fail(fmt.Errorf("taking partitions: %w", err))
	}
}

// fetched is called by the client with the group's offsets for new partitions.
func (m *member) fetched(_ context.Context, _ *kgo.Client, resp *kmsg.OffsetFetchResponse) error {
	note := func(topic string, partition int32, at int64) {
		if p := m.s.parts[connect.TopicPartition{Topic: topic, Partition: partition}]; p != nil && at >= 0 {
			p.resume(at)
		}
	}
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			note(t.Topic, p.Partition, p.Offset)
		}
	}
	for _, g := range resp.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				note(t.Topic, p.Partition, p.Offset)
			}
		}
	}
	return nil
}

// revoked is called by the client when partitions are to be given back: the last
// chance to commit for them.
func (m *member) revoked(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	<-m.ready
	s := m.s
	tps := partitionsOf(gone)
	if len(tps) == 0 || s.abandoned.Load() {
		return
	}
	if !m.final.Load() {
		if err := m.checkpoint(tps, true); err != nil {
			s.log.Warn("partitions were given back before everything was committed", "error", err)
		}
	}
	m.drop(tps)
}

// lost is called by the client when the partitions are gone already.
func (m *member) lost(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	<-m.ready
	if tps := partitionsOf(gone); len(tps) > 0 && !m.s.abandoned.Load() {
		m.s.log.Warn("partitions were lost", "partitions", len(tps))
		m.drop(tps)
	}
}

func (m *member) drop(tps []connect.TopicPartition) {
	s := m.s
	if err := s.tellRevoked(m.work, tps); err != nil {
		s.fail(fmt.Errorf("giving partitions back: %w", err))
	}
	s.mu.Lock()
	for _, tp := range tps {
		delete(s.parts, tp)
		delete(m.owed, tp)
	}
	maps.DeleteFunc(s.late, func(o connect.Origin, _ error) bool {
		return slices.Contains(tps, connect.TopicPartition{Topic: o.Topic, Partition: o.Partition})
	})
	s.mu.Unlock()
	s.showAssignment()
}

// faults looks at the errors of a poll. It returns errFencedMember, or an error
// that must fail the task.
func (m *member) faults(fetches kgo.Fetches) error {
	var fatal error
	fetches.EachError(func(topic string, partition int32, err error) {
		if errors.Is(err, kerr.UnknownTopicID) {
			m.s.gone(topic)
		}
		if fatal == nil {
			fatal = m.fault(topic, partition, err)
		}
	})
	return fatal
}

// gone leaves alone what was put of a topic and is not committed: the offsets mean
// other records by now.
func (s *Sink) gone(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tp, p := range s.parts {
		if tp.Topic == topic {
			p.next = p.committed
		}
	}
}

func (m *member) fault(topic string, partition int32, err error) error {
	session, loss, large := new(kgo.ErrGroupSession), new(kgo.ErrDataLoss), new(kgo.ErrDecompressTooLarge)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.Is(err, kgo.ErrClientClosed):
		return err
	case errors.Is(err, kerr.FencedInstanceID):
		return fmt.Errorf("%w: %w", errFencedMember, err)
	case errors.Is(err, kerr.UnknownTopicID):
		return fmt.Errorf("reading partition %d of topic %q: %w: %w", partition, topic, errTopicGone, err)
	case errors.As(err, &session):
		if hopeless(err) {
			return fmt.Errorf("consuming as a member of group %q: %w", m.s.group, err)
		}
		m.s.log.Warn("the group was left and is joined again", "error", err)
	case errors.As(err, &large):
		return m.s.tooLarge(large)
	case errors.As(err, &loss), kerr.IsRetriable(err):
		m.s.log.Warn("reading a partition", "topic", topic, "partition", partition, "error", err)
	default:
		return fmt.Errorf("reading partition %d of topic %q: %w", partition, topic, err)
	}
	return nil
}

// hopeless reports whether a group error will not pass by itself.
func hopeless(err error) bool {
	for _, e := range []*kerr.Error{
		kerr.GroupAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed,
		kerr.SaslAuthenticationFailed, kerr.InvalidGroupID, kerr.InvalidSessionTimeout,
		kerr.InconsistentGroupProtocol, kerr.GroupMaxSizeReached, kerr.UnsupportedVersion,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// showAssignment puts the assignment into the progress.
func (s *Sink) showAssignment() {
	s.mu.Lock()
	tps := make([]connect.TopicPartition, 0, len(s.parts))
	for tp := range s.parts {
		tps = append(tps, tp)
	}
	s.mu.Unlock()
	sortPartitions(tps)
	texts := make([]string, len(tps))
	for i, tp := range tps {
		texts[i] = partitionText(tp)
	}
	s.progress.mu.Lock()
	s.progress.assignment = texts
	s.progress.mu.Unlock()
}

func partitionsOf(m map[string][]int32) []connect.TopicPartition {
	var tps []connect.TopicPartition
	for topic, partitions := range m {
		for _, p := range partitions {
			tps = append(tps, connect.TopicPartition{Topic: topic, Partition: p})
		}
	}
	sortPartitions(tps)
	return tps
}

func sortPartitions(tps []connect.TopicPartition) {
	slices.SortFunc(tps, func(a, b connect.TopicPartition) int {
		if c := strings.Compare(a.Topic, b.Topic); c != 0 {
			return c
		}
		return int(a.Partition) - int(b.Partition)
	})
}

func partitionText(tp connect.TopicPartition) string {
	return tp.Topic + "-" + strconv.Itoa(int(tp.Partition))
}
