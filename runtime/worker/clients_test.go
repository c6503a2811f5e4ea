// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

// own gives a spec keys of its own.
func own(s TaskSpec, kv ...string) TaskSpec {
	for i := 0; i < len(kv); i += 2 {
		s.Config[kv[i]] = kv[i+1]
	}
	return s
}

func (s *shared) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// records reads a topic to its end.
func records(t *testing.T, h *house, topic string, n int) []*kgo.Record {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(h.o.Kafka.Brokers...), kgo.ConsumeTopics(topic), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out []*kgo.Record
	for len(out) < n && ctx.Err() == nil {
		out = append(out, cl.PollFetches(ctx).Records()...)
	}
	return out
}

func TestProducersAreShared(t *testing.T) {
	h := run(t, cluster(t))
	zstd := []string{"producer.override.compression.type", "zstd", "producer.override.linger.ms", "200", "limit", "200"}
	a, b := h.bind(t, own(source("a"), zstd...)), h.bind(t, own(source("b"), zstd...))
	plain := h.bind(t, own(source("plain"), "limit", "200", "producer.override.buffer.memory", "100000"))
	h.Assign([]TaskSpec{a, b, plain})
	for _, name := range []string{"a", "b", "plain"} {
		eventually(t, name+" has written", func() bool { return h.state(t, name).Progress.Records == 200 })
	}
	if n := h.lent.size(); n != 1 {
		t.Errorf("two connectors with equal keys and one with the worker's have %d producers beside the worker's, want 1", n)
	}
	compressed := 0
	for _, r := range records(t, h, "t", 600) {
		if r.Attrs.CompressionType() == 4 {
			compressed++
		}
	}
	if compressed == 0 || compressed > 400 {
		t.Errorf("%d records are compressed with zstd, want those of two connectors", compressed)
	}
	h.Assign([]TaskSpec{b, plain})
	eventually(t, "a is gone", func() bool { return h.state(t, "a").Connector == "" })
	if n := h.lent.size(); n != 1 {
		t.Errorf("one task has ended, another goes on, and there are %d producers", n)
	}
	h.Assign([]TaskSpec{plain})
	eventually(t, "the last one has closed the producer", func() bool { return h.lent.size() == 0 })
}

// A producer of its own is measured with the worker's, and a key that is wrong
// only together with the worker's fails the task.
func TestProducerKeys(t *testing.T) {
	h := run(t, cluster(t))
	h.Assign([]TaskSpec{
		h.bind(t, own(source("weak"), "producer.override.acks", "1")),
		h.bind(t, own(source("wrong"), "producer.override.acks", "many")),
		h.bind(t, own(source("secret"), "producer.override.sasl.jaas.config", `x.PlainLoginModule required username="u" password="hush";`,
			"producer.override.security.protocol", "SASL_PLAINTEXT", "producer.override.sasl.mechanism", "NOTHING")),
	})
	eventually(t, "weak has written", func() bool { return h.state(t, "weak").Progress.Records == 10 })
	if s := h.await(t, "wrong", task.Failed); !strings.Contains(s.Error, "producer.override.acks: ") {
		t.Errorf("the error is %q", s.Error)
	}
	if s := h.await(t, "secret", task.Failed); !strings.Contains(s.Error, "sasl.mechanism: NOTHING is not supported") || strings.Contains(s.Error, "hush") {
		t.Errorf("the error is %q", s.Error)
	}
	if !slices.Contains(h.clientSecrets(own(source("x"), "producer.override.sasl.jaas.config", "login").Config, nil), "login") {
		t.Error("a login of a connector's own is not hidden")
	}
}

func TestConsumerKeys(t *testing.T) {
	h := run(t, cluster(t))
	out := h.bind(t, own(sink("out"), "consumer.override.group.id", "mine", "consumer.override.max.poll.records", "3", "consumer.override.fetch.max.bytes", "2048"))
	h.Assign([]TaskSpec{h.bind(t, source("in")), out, h.bind(t, own(sink("theirs"), "consumer.override.group.id", "g"))})
	eventually(t, "ten records arrive", func() bool { return len(h.seen()) == 10 })
	id := storage.TaskID{Connector: "out"}
	eventually(t, "the group is known", func() bool {
		d, _ := h.statuses.Detail(id)
		return d.Group == "mine" && h.statuses.Group("out") == "mine"
	})
	if g := h.statuses.Group("in"); g != "connect-in" {
		t.Errorf("the group of a connector that has told of none is %s", g)
	}
	adm := kadm.NewClient(h.link.control)
	eventually(t, "offsets are committed to the group", func() bool {
		o, err := adm.FetchOffsets(t.Context(), "mine")
		at, ok := o.Lookup("t", 0)
		return err == nil && ok && at.At == 10
	})
	if s := h.await(t, "theirs", task.Failed); !strings.Contains(s.Error, "consumer.override.group.id: Consumer group g conflicts with Connect worker group g") {
		t.Errorf("the error is %q", s.Error)
	}
}

func TestSinkOfAPattern(t *testing.T) {
	h := run(t, cluster(t))
	out := h.bind(t, sink("out"))
	delete(out.Config, "topics")
	own(out, "topics.regex", "(t|later-[0-9]+)", "consumer.override.metadata.max.age.ms", "250")
	h.Assign([]TaskSpec{h.bind(t, source("in")), out})
	eventually(t, "ten records arrive", func() bool { return len(h.seen()) == 10 })
	if got := h.state(t, "out").Progress.Assignment; !slices.Equal(got, []string{"t-0"}) {
		t.Errorf("the sink reads %v: internal topics are not meant", got)
	}
	adm := kadm.NewClient(h.link.control)
	create := func(topics ...string) {
		t.Helper()
		if _, err := adm.CreateTopics(t.Context(), 1, 1, nil, topics...); err != nil {
			t.Fatal(err)
		}
	}
	create("later-1", "not-later-1")
	// A topic that comes later is found, one that only contains a match is not.
	h.Assign([]TaskSpec{
		h.bind(t, own(source("in2"), "topic", "later-1")), h.bind(t, own(source("in3"), "topic", "not-later-1")), out,
	})
	eventually(t, "the new topic's records arrive", func() bool { return len(h.seen()) == 20 })
	eventually(t, "the other topic has its records", func() bool { return h.state(t, "in3").Progress.Records == 10 })
	eventually(t, "the assignment is shown", func() bool {
		return slices.Equal(h.state(t, "out").Progress.Assignment, []string{"later-1-0", "t-0"})
	})
	// While the sink is paused, so is a topic that comes then.
	out.Paused = true
	create("later-2")
	h.Assign([]TaskSpec{h.bind(t, own(source("in4"), "topic", "later-2")), out})
	h.await(t, "out", task.Paused)
	eventually(t, "the third topic is assigned", func() bool { return slices.Contains(h.state(t, "out").Progress.Assignment, "later-2-0") })
	eventually(t, "the third topic has its records", func() bool { return h.state(t, "in4").Progress.Records == 10 })
	if n := len(h.seen()); n != 20 {
		t.Errorf("a paused sink has put %d records, want 20", n)
	}
	out.Paused = false
	h.Assign([]TaskSpec{out})
	eventually(t, "the third topic's records arrive", func() bool { return len(h.seen()) == 30 })
	// A topic that is deleted is given up, and the others go on.
	if _, err := adm.DeleteTopic(t.Context(), "later-1"); err != nil {
		t.Fatal(err)
	}
	next := h.bind(t, own(source("in"), "limit", "12"))
	h.Assign([]TaskSpec{next, out})
	eventually(t, "records still arrive", func() bool { return len(h.seen()) == 32 })
	h.await(t, "out", task.Running)
}

func TestTopicsAreCreated(t *testing.T) {
	h := run(t, cluster(t))
	s := h.bind(t, own(source("in"), "topic", "made",
		"topic.creation.default.partitions", "3", "topic.creation.default.replication.factor", "1", "topic.creation.default.retention.ms", "12345"))
	wrong := h.bind(t, own(source("wrong"), "topic", "wrong",
		"topic.creation.default.partitions", "3", "topic.creation.default.replication.factor", "9"))
	h.Assign([]TaskSpec{s, wrong, h.bind(t, own(source("there"), "topic.creation.default.partitions", "3", "topic.creation.default.replication.factor", "1"))})
	eventually(t, "the records are written", func() bool { return h.state(t, "in").Progress.Records == 10 })
	eventually(t, "so are those for a topic that was there", func() bool { return h.state(t, "there").Progress.Records == 10 })
	looker, err := h.client("looker", nil) // another client: the worker's remembers
	if err != nil {
		t.Fatal(err)
	}
	defer looker.Close()
	adm := kadm.NewClient(looker)
	topics, err := adm.ListTopics(t.Context(), "made", "t")
	if err != nil || len(topics["made"].Partitions) != 3 || len(topics["t"].Partitions) != 1 {
		t.Errorf("the topics are %v, %v: want made with 3 partitions, and t as it was", topics, err)
	}
	configs, err := adm.DescribeTopicConfigs(t.Context(), "made")
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(configs[0].Configs, func(c kadm.Config) bool { return c.Key == "retention.ms" && c.MaybeValue() == "12345" }); i < 0 {
		t.Errorf("the topic's settings are %v", configs[0].Configs)
	}
	if s := h.await(t, "wrong", task.Failed); !strings.Contains(s.Error, "creating topics: ") || !strings.Contains(s.Error, "replication factor") && !strings.Contains(s.Error, "REPLICATION") {
		t.Errorf("the error is %q", s.Error)
	}
}
