// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"slices"

	"penstock.dev/runtime/connect"
)

// lateErrors returns the failures of records that a PreCommitter has returned, or
// its error if there is anything else in it.
func lateErrors(err error) ([]*connect.RecordError, error) {
	if late := recordErrors(err); late != nil {
		return late, nil
	}
	return nil, err
}

// recordErrors returns the leaves of an error's tree; nil if one is no RecordError.
func recordErrors(err error) []*connect.RecordError {
	switch e := err.(type) { //nolint:errorlint // it looks at the whole tree
	case *connect.RecordError:
		return []*connect.RecordError{e}
	case interface{ Unwrap() []error }:
		var all []*connect.RecordError
		for _, err := range e.Unwrap() {
			late := recordErrors(err)
			if late == nil {
				return nil
			}
			all = append(all, late...)
		}
		return all
	case interface{ Unwrap() error }:
		return recordErrors(e.Unwrap())
	}
	return nil
}

// takeLate deals with records that have failed: no offset behind them is committed,
// and they are read again, unless it is the last commit of the task or of their
// partition, which is among those that go to another task.
func (m *member) takeLate(accepted connect.Offsets, late []*connect.RecordError, going []connect.TopicPartition, last bool) {
	if len(late) == 0 {
		return
	}
	m.s.stopBefore(accepted, late)
	switch {
	case !last:
		m.rewind(m.readAgain(late))
	case going != nil:
		m.owe(m.readAgain(slices.DeleteFunc(late, func(e *connect.RecordError) bool {
			return slices.Contains(going, connect.TopicPartition{Topic: e.Origin.Topic, Partition: e.Origin.Partition})
		})))
	}
}

// stopBefore takes offsets back to before the records that have failed.
func (s *Sink) stopBefore(accepted connect.Offsets, late []*connect.RecordError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range late {
		tp := connect.TopicPartition{Topic: e.Origin.Topic, Partition: e.Origin.Partition}
		if at, ok := accepted[tp]; !ok || at <= e.Origin.Offset {
			continue
		}
		accepted[tp] = e.Origin.Offset
		if p := s.parts[tp]; p == nil || p.committed >= e.Origin.Offset {
			delete(accepted, tp)
		}
	}
}

// readAgain takes partitions back to the first record that has failed, to have it
// as it was read. What was put and has failed is remembered until then. It returns
// where to read.
func (m *member) readAgain(late []*connect.RecordError) connect.Offsets {
	s := m.s
	to := make(connect.Offsets)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range late {
		tp := connect.TopicPartition{Topic: e.Origin.Topic, Partition: e.Origin.Partition}
		p := s.parts[tp]
		if p == nil || e.Origin.Offset >= p.next || e.Origin.Offset < p.committed {
			s.log.Warn("the connector has failed a record that it does not have", "topic", tp.Topic, "partition", tp.Partition,
				"offset", e.Origin.Offset, "error", e.Err)
			continue
		}
		if s.late == nil {
			s.late = make(map[connect.Origin]error)
		}
		s.late[e.Origin] = e.Err
		if at, ok := to[tp]; !ok || e.Origin.Offset < at {
			to[tp] = e.Origin.Offset
		}
	}
	for tp, at := range to {
		s.parts[tp].next = at
	}
	return to
}

// settleLate hands the records of the batch that have failed before to the policy,
// and takes them out. It returns false if the batch ends here.
func (m *member) settleLate(ctx context.Context) bool {
	s := m.s
	var failures []connect.Failure
	for i := range s.batch.Records {
		if err, ok := s.late[s.batch.Records[i].Origin()]; ok {
			failures = append(failures, connect.Failure{Index: i, Err: err})
		}
	}
	if len(failures) == 0 {
		return true
	}
	if !m.takeOut(ctx, failures) {
		return false
	}
	for o := range s.settled {
		delete(s.late, o)
	}
	return true
}
