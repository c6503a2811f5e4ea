// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"strings"
	"time"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javadate"
)

// TimestampRouterConfig are the keys of TimestampRouter.
type TimestampRouterConfig struct {
	// The new topic, in which ${topic} stands for the old one and ${timestamp} for
	// the record's timestamp as timestamp.format writes it.
	TopicFormat string `config:"topic.format" default:"${topic}-${timestamp}" importance:"high"`
	// The pattern in which the timestamp is written: one of
	// java.text.SimpleDateFormat, in UTC and English.
	TimestampFormat string `config:"timestamp.format" default:"yyyyMMdd" importance:"high"`
}

// TimestampRouter returns the transform that puts the time into the topic.
func TimestampRouter(now func() time.Time) connect.TransformPlugin {
	return connect.TransformClass[TimestampRouterConfig]{
		Name:    "timestamp-router",
		Aliases: []string{packageName + "TimestampRouter"},
		Doc:     "Changes the record's topic by its timestamp.",
		Example: `transforms: daily
transforms.daily.type: timestamp-router
transforms.daily.topic.format: ${topic}.${timestamp}
transforms.daily.timestamp.format: yyyy-MM-dd
`,
		Check: func(c TimestampRouterConfig, _ connect.Kind) []configdef.Problem {
			_, problems := newTimestampRouter(c, now())
			return problems
		},
		New: func(c TimestampRouterConfig, _ connect.Kind) (connect.Transform, error) {
			t, problems := newTimestampRouter(c, now())
			if len(problems) > 0 {
				return nil, problems[0]
			}
			return t, nil
		},
	}.Plugin()
}

func newTimestampRouter(c TimestampRouterConfig, now time.Time) (*timestampRouter, []configdef.Problem) {
	f, err := javadate.Compile(c.TimestampFormat, now)
	if err != nil {
		return nil, []configdef.Problem{{Key: "timestamp.format", Message: err.Error()}}
	}
	return &timestampRouter{topic: c.TopicFormat, format: f, routes: map[string]string{}}, nil
}

type timestampRouter struct {
	topic  string
	format *javadate.Format
	// routes knows the new topics by the time's text, a NUL, and the old topic.
	routes  map[string]string
	scratch []byte
}

// Apply implements connect.Transform. It does not look at keys and values.
func (t *timestampRouter) Apply(s *connect.Selection) {
	for r := s.Next(); r != nil; r = s.Next() {
		if r.Timestamp == connect.NoTimestamp {
			s.Fail(javaError("Timestamp missing on record; the topic %s cannot be made without one", t.topic))
			continue
		}
		r.Topic = t.route(r.Topic, r.Timestamp)
	}
}

func (t *timestampRouter) route(topic string, millis int64) string {
	t.scratch = t.format.Append(t.scratch[:0], millis)
	n := len(t.scratch)
	t.scratch = append(append(t.scratch, 0), topic...)
	to, ok := t.routes[string(t.scratch)]
	if !ok {
		if len(t.routes) >= maxTopics {
			clear(t.routes)
		}
		to = strings.ReplaceAll(t.topic, "${topic}", topic)
		to = strings.Clone(strings.ReplaceAll(to, "${timestamp}", string(t.scratch[:n])))
		t.routes[string(t.scratch)] = to
	}
	return to
}
