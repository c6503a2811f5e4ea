// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestEnsureTopicCreates(t *testing.T) {
	for name, tc := range map[string]struct {
		brokers     int
		replication int16
		want        int
	}{
		"one broker":          {1, 0, 1},
		"two brokers":         {2, 0, 2},
		"many brokers":        {5, 0, 3},
		"what the user wants": {5, 4, 4},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t, kfake.NumBrokers(tc.brokers))
			adm := admin(t, c)
			for range 2 { // the second time it is there
				err := EnsureTopic(within(t), adm, TopicSpec{Name: "offsets", Partitions: 7, ReplicationFactor: tc.replication})
				if err != nil {
					t.Fatal(err)
				}
			}
			m, err := adm.Metadata(within(t), "offsets")
			if err != nil {
				t.Fatal(err)
			}
			d := m.Topics["offsets"]
			if len(d.Partitions) != 7 || len(d.Partitions[0].Replicas) != tc.want {
				t.Errorf("%d partitions with %d replicas, want 7 with %d", len(d.Partitions), len(d.Partitions[0].Replicas), tc.want)
			}
			if policy := c.TopicInfo("offsets").Configs["cleanup.policy"]; policy == nil || *policy != compact {
				t.Errorf("the cleanup policy is %v", policy)
			}
		})
	}
}

func TestEnsureTopicRefuses(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1))
	adm := admin(t, c)
	for topic, policy := range map[string]string{"deleting": "delete", "both": "compact,delete"} {
		if err := c.CreateTopic(topic, 1, map[string]string{"cleanup.policy": policy}); err != nil {
			t.Fatal(err)
		}
		err := EnsureTopic(within(t), adm, TopicSpec{Name: topic, Partitions: 1})
		refused, ok := errors.AsType[*TopicError](err)
		if !ok || refused.Topic != topic {
			t.Fatalf("%s gives %v, want a TopicError", topic, err)
		}
		for _, part := range []string{topic, `"` + policy + `"`, "kafka-configs.sh"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not say %s", err, part)
			}
		}
	}
}

func TestEnsureTopicPassesRefusalsOn(t *testing.T) {
	for name, fault := range map[string]kfake.Fault{
		"creating": {Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.InvalidReplicationFactor},
		"asking":   {Keys: []kmsg.Key{kmsg.DescribeConfigs}, Err: kerr.TopicAuthorizationFailed, Count: -1},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t, kfake.NumBrokers(1))
			c.Fault(fault)
			err := EnsureTopic(within(t), admin(t, c), TopicSpec{Name: "t", Partitions: 1})
			if !errors.Is(err, fault.Err) {
				t.Errorf("returned %v, want %v", err, fault.Err)
			}
			if _, ok := errors.AsType[*TopicError](err); ok {
				t.Error("which looks as if the topic were unusable")
			}
		})
	}
}

// Two workers that start together both create the topic.
func TestEnsureTopicLosesTheRace(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1))
	c.ControlKey(int16(kmsg.CreateTopics), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := kmsg.NewPtrCreateTopicsResponse()
		resp.Version = req.GetVersion()
		topic := kmsg.NewCreateTopicsResponseTopic()
		topic.Topic, topic.ErrorCode = "t", kerr.TopicAlreadyExists.Code
		resp.Topics = append(resp.Topics, topic)
		go func() { // not from the broker's own goroutine
			if err := c.CreateTopic("t", 2, map[string]string{"cleanup.policy": compact}); err != nil {
				t.Error(err)
			}
		}()
		return resp, nil, true
	})
	if err := EnsureTopic(within(t), admin(t, c), TopicSpec{Name: "t", Partitions: 1}); err != nil {
		t.Error(err)
	}
}

// What the client remembers is no sign of life.
func TestClusterIDAsksEachTime(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1))
	client := newClient(t, Config{Brokers: c.ListenAddrs()}, Options{})
	asked := 0
	c.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		asked++
		return nil, nil, false
	})
	for want := 1; want <= 3; want++ {
		if id, err := ClusterID(within(t), client); err != nil || id == "" {
			t.Fatalf("the id is %q, %v", id, err)
		}
		if asked < want {
			t.Fatalf("the broker was asked %d times, want %d", asked, want)
		}
	}
}
