// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import "strings"

// maxTopics bounds what is remembered of topics.
const maxTopics = 4096

// topicMemo remembers what was found out about topics.
type topicMemo[T any] struct {
	last finding[T]
	all  map[string]finding[T]
}

// finding is what was found out about a topic.
type finding[T any] struct {
	topic string
	value T
}

func newTopicMemo[T any]() topicMemo[T] { return topicMemo[T]{all: map[string]finding[T]{}} }

// of returns what f finds out about a topic, which it is asked once.
func (m *topicMemo[T]) of(topic string, f func(string) T) T {
	if topic == m.last.topic && topic != "" {
		return m.last.value
	}
	found, ok := m.all[topic]
	if !ok {
		if len(m.all) >= maxTopics {
			clear(m.all)
		}
		topic = strings.Clone(topic) // it may lie in the memory of a batch
		found = finding[T]{topic: topic, value: f(topic)}
		m.all[topic] = found
	}
	m.last = found
	return found.value
}
