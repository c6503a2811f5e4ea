// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"strings"
	"testing"

	"penstock.dev/controllers/internal/state"
)

// Without leave the topics are followed and not claimed.
func TestTheTopicsAreClaimedWithLeave(t *testing.T) {
	f := start(t)
	s := f.settings("uid-main")
	s.MayClaim = false
	f.m.Connect(main, s)
	c := f.await(main, func(c state.Cluster) bool { return c.CaughtUp })
	if c.KafkaClusterID == "" || !c.Tried || c.HeldBy != "" {
		t.Errorf("what is known is %+v, want that nobody holds the topics", c)
	}
	e, l, err := f.m.link(main)
	if err != nil {
		t.Fatal(err)
	}
	e.look(within(t), l)
	if c, _ := f.m.Cluster(main); c.HeldBy != "" {
		t.Errorf("the topics are held by %s", c.HeldBy)
	}
	s.MayClaim = true
	f.m.Connect(main, s)
	f.await(main, func(c state.Cluster) bool { return c.HeldBy == "uid-main" && !c.HeldByAnother })
	if f.m.entry(main) != e {
		t.Error("the leave to claim began everything again")
	}
	s.MayClaim = false
	f.m.Connect(main, s)
	if err := l.statuses.DeleteIdentity(within(t), "uid-main"); err != nil {
		t.Fatal(err)
	}
	e.look(within(t), l)
	if err := l.statuses.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	if c, _ := f.m.Cluster(main); c.HeldBy != "" {
		t.Errorf("the topics are held by %s, after the leave was taken back", c.HeldBy)
	}
}

// Whoever has lost the topics touches nothing in Kafka any more: the names there
// are the winner's.
func TestTheLoserTouchesNothing(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	f.connected(other, "uid-other")
	key := state.TaskKey{Cluster: main, Connector: "c"}
	if _, err := f.m.NextEpoch(within(t), key, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.m.TakeOver(within(t), other, "uid-main"); err != nil {
		t.Fatal(err)
	}
	// At once, whatever was read so far.
	_, epoch := f.m.NextEpoch(within(t), key, 0)
	for name, err := range map[string]error{
		"NextEpoch": epoch, "FenceSource": f.m.FenceSource(within(t), main, "c", 1),
		"RemoveMembers": f.m.RemoveMembers(within(t), main, "c", 0), "Forget": f.m.Forget(within(t), main, "c", true),
	} {
		if err == nil || !strings.Contains(err.Error(), "belong to the ConnectCluster data/other") {
			t.Errorf("%s of the loser ends with %v", name, err)
		}
	}
	if c, _ := f.m.Cluster(main); !c.HeldByAnother || c.HeldBy != "uid-other" {
		t.Errorf("to the loser, what is known is %+v", c)
	}
	if c, _ := f.m.Cluster(other); c.HeldByAnother || c.HeldBy != "uid-other" {
		t.Errorf("to the winner, what is known is %+v", c)
	}
	if got, err := f.m.NextEpoch(within(t), state.TaskKey{Cluster: other, Connector: "c"}, 0); err != nil || got != 2 {
		t.Errorf("the winner's epoch is %d, %v; want 2", got, err)
	}
}
