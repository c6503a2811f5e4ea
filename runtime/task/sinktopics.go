// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// subscription says which topics a member reads.
func (s *Sink) subscription() []kgo.Opt {
	if s.pattern != "" {
		return []kgo.Opt{kgo.ConsumeRegex(), kgo.ConsumeTopics(s.pattern)}
	}
	return []kgo.Opt{kgo.ConsumeTopics(s.topics...)}
}

// halt stops fetching from the topics, or goes on. Of a pattern these are the
// topics that are assigned now; those that come later are halted by haltNew.
func (m *member) halt(on bool) {
	s := m.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m.halted = on
	if !on {
		m.cl.ResumeFetchTopics(m.still...)
		m.still = nil
		return
	}
	m.still = slices.Clone(s.topics)
	for tp := range s.parts {
		if !slices.Contains(m.still, tp.Topic) {
			m.still = append(m.still, tp.Topic)
		}
	}
	m.cl.PauseFetchTopics(m.still...)
}

// haltNew halts topics of which partitions have come while the task is paused.
func (m *member) haltNew(tps []connect.TopicPartition) {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	if !m.halted {
		return
	}
	for _, tp := range tps {
		if !slices.Contains(m.still, tp.Topic) {
			m.still = append(m.still, tp.Topic)
			m.cl.PauseFetchTopics(tp.Topic)
		}
	}
}

// fetchLimits bound what a fetch asks for, and what a batch of it may become; 0 does
// not.
type fetchLimits struct{ fetch, partition, batch int }

// within returns size within a limit.
func within(size int32, limit int) int32 {
	if limit > 0 {
		return int32(min(int(size), limit))
	}
	return size
}

// ask lets the client ask for as much as is thought right.
func (m *member) ask() {
	l := m.s.limits
	m.cl.UpdateFetchMaxBytes(within(m.size, l.fetch), within(m.size, l.partition))
}
