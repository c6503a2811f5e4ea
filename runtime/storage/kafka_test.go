// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"penstock.dev/runtime/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// realKafka names an environment variable: if it holds the address of a Kafka, the
// tests run against that one and not against one in this process.
const realKafka = "PENSTOCK_TEST_KAFKA"

// testKafka is a Kafka with internal topics of the test's own.
type testKafka struct {
	newClient NewClient
	topics    Topics
	// cluster is nil if it is a real one.
	cluster *kfake.Cluster
}

func broker(t *testing.T) testKafka {
	t.Helper()
	name := strings.ReplaceAll(t.Name(), "/", ".")
	k := testKafka{topics: Topics{Offsets: name + "-offsets", Status: name + "-status", OffsetsPartitions: 3, StatusPartitions: 2}}
	brokers := strings.Split(os.Getenv(realKafka), ",")
	if brokers[0] == "" {
		c, err := kfake.NewCluster(kfake.NumBrokers(3))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		k.cluster, brokers = c, c.ListenAddrs()
		k.create(t)
	}
	k.newClient = func(extra ...kgo.Opt) (*kgo.Client, error) {
		return kafka.Config{Brokers: brokers}.NewClient(kafka.Options{ClientID: "test"}, extra...)
	}
	adm := kadm.NewClient(k.client(t))
	if k.cluster == nil { // what an earlier run has left
		if _, err := adm.DeleteTopics(within(t), k.topics.Offsets, k.topics.Status); err != nil {
			t.Fatal(err)
		}
	}
	ctx := within(t)
	for { // a real broker deletes in its own time
		err := k.topics.Ensure(ctx, adm)
		if err == nil {
			return k
		}
		if k.cluster != nil || ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

// create makes the topics without waiting for a client to learn of them.
func (k testKafka) create(t *testing.T) {
	t.Helper()
	compacted := map[string]string{"cleanup.policy": "compact"}
	err := errors.Join(
		k.cluster.CreateTopic(k.topics.Offsets, k.topics.OffsetsPartitions, compacted),
		k.cluster.CreateTopic(k.topics.Status, k.topics.StatusPartitions, compacted))
	if err != nil {
		t.Fatal(err)
	}
}

// fake is broker for tests that a real Kafka cannot be talked into.
func fake(t *testing.T) testKafka {
	t.Helper()
	if os.Getenv(realKafka) != "" {
		t.Skip("needs a broker that can be made to fail")
	}
	return broker(t)
}

func (k testKafka) client(t *testing.T, extra ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := k.newClient(extra...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func (k testKafka) offsets(t *testing.T) *Offsets {
	t.Helper()
	o, err := OpenOffsets(k.newClient, k.topics.Offsets, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

func (k testKafka) statuses(t *testing.T, onChange func(Change)) *Statuses {
	t.Helper()
	s, err := OpenStatuses(k.newClient, k.topics.Status, slog.New(slog.DiscardHandler), onChange)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// task returns the offsets of a task that has fenced.
func (k testKafka) task(t *testing.T) *TaskOffsets {
	t.Helper()
	task := k.offsets(t).Task(k.topics.Offsets, "c", 0)
	if err := task.Fence(within(t)); err != nil {
		t.Fatal(err)
	}
	return task
}

// within bounds a test's calls.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// virtualKafka is a Kafka in a bubble of testing/synctest, where time passes at
// once. What is in a bubble must end in it: close comes last.
type virtualKafka struct {
	testKafka
	dial    func(ctx context.Context, network, addr string) (net.Conn, error)
	offsets *Offsets
}

func virtual(t *testing.T) *virtualKafka {
	t.Helper()
	var network kfake.VirtualNetwork
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(network.Listen))
	if err != nil {
		t.Fatal(err)
	}
	k := &virtualKafka{
		testKafka: testKafka{topics: Topics{Offsets: "offsets", Status: "status", OffsetsPartitions: 3, StatusPartitions: 2}, cluster: c},
		dial:      network.DialContext,
	}
	k.create(t)
	return k
}

func (k *virtualKafka) newVirtualClient(extra ...kgo.Opt) (*kgo.Client, error) {
	return kafka.Config{Brokers: k.cluster.ListenAddrs()}.NewClient(kafka.Options{ClientID: "test", Dial: k.dial}, extra...)
}

// task returns the offsets of a task that has fenced.
func (k *virtualKafka) task(t *testing.T) *TaskOffsets {
	t.Helper()
	o, err := OpenOffsets(k.newVirtualClient, k.topics.Offsets, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	k.offsets = o
	task := o.Task("g", "c", 0)
	if err := task.Fence(t.Context()); err != nil {
		t.Fatal(err)
	}
	return task
}

func (k *virtualKafka) close() {
	if k.offsets != nil {
		k.offsets.Close()
	}
	k.cluster.Close()
}
