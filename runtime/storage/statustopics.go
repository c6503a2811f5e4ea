// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/javajson"
)

// The key of a topic that a connector uses is
// `status-topic-<topic>:connector-<name>` (KIP-558). No topic's name holds a colon.
const (
	topicPrefix    = "status-topic-"
	topicSeparator = ":connector-"
)

// usedTopic names a topic that a connector uses.
type usedTopic struct{ connector, topic string }

func (u usedTopic) key() string { return topicPrefix + u.topic + topicSeparator + u.connector }

func parseUsedTopic(key string) (usedTopic, bool) {
	rest, ok := strings.CutPrefix(key, topicPrefix)
	if !ok {
		return usedTopic{}, false
	}
	topic, connector, ok := strings.Cut(rest, topicSeparator)
	return usedTopic{connector, topic}, ok && topic != "" && connector != ""
}

// encodeUsedTopic writes
// `{"topic":{"name":"t","connector":"c","task":0,"discoverTimestamp":1700000000000}}`.
func encodeUsedTopic(u usedTopic, task int, at time.Time) []byte {
	b := javajson.AppendString([]byte(`{"topic":{"name":`), u.topic)
	b = javajson.AppendString(append(b, `,"connector":`...), u.connector)
	b = strconv.AppendInt(append(b, `,"task":`...), int64(task), 10)
	b = strconv.AppendInt(append(b, `,"discoverTimestamp":`...), at.UnixMilli(), 10)
	return append(b, "}}"...)
}

// UsedTopics returns the topics that a connector has read or written since they
// were last reset, in order.
func (s *Statuses) UsedTopics(connector string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.topics[connector]))
}

// UsesTopic reports whether it is known that a connector uses a topic.
func (s *Statuses) UsesTopic(connector, topic string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.topics[connector][topic]
}

// takeTopic notes, or forgets, that a topic is used.
func (s *Statuses) takeTopic(u usedTopic, value []byte) {
	if value == nil {
		delete(s.topics[u.connector], u.topic)
		return
	}
	if s.topics[u.connector] == nil {
		s.topics[u.connector] = map[string]bool{}
	}
	s.topics[u.connector][u.topic] = true
}

// PutUsedTopic notes that a task of a connector uses a topic.
func (s *Statuses) PutUsedTopic(ctx context.Context, id TaskID, topic string, at time.Time) error {
	u := usedTopic{id.Connector, topic}
	return s.Put(ctx, record(u.key(), encodeUsedTopic(u, id.Index, at)))
}

// ResetUsedTopics forgets the topics of a connector.
func (s *Statuses) ResetUsedTopics(ctx context.Context, connector string) error {
	tombstones := s.usedTopicTombstones(connector)
	if len(tombstones) == 0 {
		return nil
	}
	if err := s.Put(ctx, tombstones...); err != nil {
		return err
	}
	return s.ReadToEnd(ctx)
}

func (s *Statuses) usedTopicTombstones(connector string) []*kgo.Record {
	var out []*kgo.Record
	for _, topic := range s.UsedTopics(connector) {
		out = append(out, record(usedTopic{connector, topic}.key(), nil))
	}
	return out
}
