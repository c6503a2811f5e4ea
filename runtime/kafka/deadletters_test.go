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

func TestEnsureDeadLetters(t *testing.T) {
	for name, tc := range map[string]struct {
		brokers     int
		replication int16
		want        int
	}{
		"as asked":             {3, 2, 2},
		"the broker's default": {3, -1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t, kfake.NumBrokers(tc.brokers))
			adm := admin(t, c)
			for range 2 { // the second time it is there
				if err := EnsureDeadLetters(within(t), adm, "dead", tc.replication); err != nil {
					t.Fatal(err)
				}
			}
			m, err := adm.Metadata(within(t), "dead")
			if err != nil {
				t.Fatal(err)
			}
			d := m.Topics["dead"]
			if len(d.Partitions) != 1 || len(d.Partitions[0].Replicas) != tc.want {
				t.Errorf("%d partitions with %d replicas, want 1 with %d", len(d.Partitions), len(d.Partitions[0].Replicas), tc.want)
			}
			if policy := c.TopicInfo("dead").Configs["cleanup.policy"]; policy != nil {
				t.Errorf("the cleanup policy is %s, want the broker's", *policy)
			}
		})
	}
}

func TestEnsureDeadLettersRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		err *kerr.Error
		say string
	}{
		"too few brokers": {kerr.InvalidReplicationFactor, "with replication factor 3"},
		"hint":            {kerr.InvalidReplicationFactor, "set errors.deadletterqueue.topic.replication.factor to at most the number of brokers"},
		"not authorised":  {kerr.TopicAuthorizationFailed, "TOPIC_AUTHORIZATION_FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t, kfake.NumBrokers(1))
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: tc.err})
			err := EnsureDeadLetters(within(t), admin(t, c), "dead", 3)
			if !errors.Is(err, tc.err) || !strings.Contains(err.Error(), tc.say) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Two tasks that start together both create the topic.
func TestEnsureDeadLettersLosesTheRace(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1))
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.TopicAlreadyExists})
	if err := EnsureDeadLetters(within(t), admin(t, c), "dead", 1); err != nil {
		t.Error(err)
	}
}
