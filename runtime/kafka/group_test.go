// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// join makes a member of the group connect-c and returns when it is in.
func join(t *testing.T, c *kfake.Cluster, members int, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client := newClient(t, Config{Brokers: c.ListenAddrs()}, Options{ClientID: fmt.Sprint("member-", members)}, append(opts,
		kgo.ConsumerGroup("connect-c"), kgo.ConsumeTopics("t"), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if _, err := c.WaitGroupStable(within(t), "connect-c", members); err != nil {
		t.Fatal(err)
	}
	return client
}

func TestGroupMembers(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1), kfake.SeedTopics(3, "t"))
	adm := admin(t, c)
	if got, err := GroupMembers(within(t), adm, "connect-c"); len(got) != 0 || err != nil {
		t.Errorf("a group that is not there has %v, %v", got, err)
	}
	join(t, c, 1, kgo.InstanceID("g-c-1"))
	join(t, c, 2, kgo.InstanceID("g-c-0"))
	join(t, c, 3)
	got, err := GroupMembers(within(t), adm, "connect-c")
	if err != nil {
		t.Fatal(err)
	}
	one := map[string]int{"t": 1}
	want := []Member{
		{ClientID: "member-3", Partitions: one},
		{InstanceID: "g-c-0", ClientID: "member-2", Partitions: one},
		{InstanceID: "g-c-1", ClientID: "member-1", Partitions: one},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Member{}, "MemberID", "Host")); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if err := RemoveMembers(within(t), adm, "connect-c", []string{"g-c-0", "g-c-9"}); err != nil {
		t.Error(err)
	}
	got, err = GroupMembers(within(t), adm, "connect-c")
	if err != nil || len(got) != 2 || got[1].InstanceID != "g-c-1" {
		t.Errorf("after one was removed: %+v, %v", got, err)
	}
	for name, ids := range map[string][]string{"none": nil, "in a group that is not there": {"x"}} {
		if err := RemoveMembers(within(t), adm, "connect-other", ids); err != nil {
			t.Errorf("removing members, %s: %v", name, err)
		}
	}
}

// A consumer of the new protocol is found, too.
func TestGroupMembersOfBothProtocols(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1), kfake.SeedTopics(3, "t"))
	adm := admin(t, c)
	join(t, c, 1, kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer()), kgo.InstanceID("new"))
	other := newClient(t, Config{Brokers: c.ListenAddrs()}, Options{ClientID: "classic"}, kgo.ConsumerGroup("connect-d"), kgo.ConsumeTopics("t"))
	defer other.Close()
	if _, err := c.WaitGroupStable(within(t), "connect-d", 1); err != nil {
		t.Fatal(err)
	}
	got, err := GroupsMembers(within(t), adm, "connect-c", "connect-d", "connect-gone")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]Member{"connect-c": {{InstanceID: "new", ClientID: "member-1"}}, "connect-d": {{ClientID: "classic"}}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Member{}, "MemberID", "Host", "Partitions")); diff != "" {
		t.Fatalf("members (-want +got):\n%s", diff)
	}
	for group, members := range got {
		n := 0
		for _, held := range members[0].Partitions { // this broker leaves the topic's name out for the new protocol
			n += held
		}
		if n != 3 {
			t.Errorf("the member of %s holds %v, want 3 partitions", group, members[0].Partitions)
		}
	}
	if none, err := GroupsMembers(within(t), adm); len(none) != 0 || err != nil {
		t.Errorf("of no groups there are %v, %v", none, err)
	}
}

func TestRemovedMemberIsFenced(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1), kfake.SeedTopics(3, "t"))
	client := join(t, c, 1, kgo.InstanceID("g-c-0"))
	adm := admin(t, c)
	if err := RemoveMembers(within(t), adm, "connect-c", []string{"g-c-0"}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	client.CommitOffsetsSync(within(t), map[string]map[int32]kgo.EpochOffset{"t": {0: {Epoch: -1, Offset: 1}}},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
			if err == nil {
				err = kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
			}
			done <- err
		})
	if err := <-done; err == nil {
		t.Error("a member that was removed can commit")
	}
}

func TestLag(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1), kfake.SeedTopics(2, "t", "gone"))
	adm := admin(t, c)
	ctx := within(t)
	if got, err := Lag(ctx, adm, "connect-c"); len(got) != 0 || err != nil {
		t.Errorf("a group that is not there lags %v, %v", got, err)
	}
	producer := newClient(t, Config{Brokers: c.ListenAddrs()}, Options{ClientID: "p"}, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for i := range 10 {
		if err := producer.ProduceSync(ctx, &kgo.Record{Topic: "t", Partition: int32(i % 2)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	offsets := kadm.Offsets{}
	offsets.AddOffset("t", 0, 2, -1)
	offsets.AddOffset("gone", 0, 1, -1)
	if err := adm.CommitAllOffsets(ctx, "connect-c", offsets); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteTopic("gone"); err != nil {
		t.Fatal(err)
	}
	got, err := Lag(ctx, adm, "connect-c")
	want := []PartitionLag{{Topic: "t", Partition: 0, Offset: 2, Lag: 3}, {Topic: "t", Partition: 1, Offset: -1, Lag: 5}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, lag (-want +got):\n%s", err, diff)
	}
	for range 2 { // the second time it is gone
		if err := DeleteGroup(ctx, adm, "connect-c"); err != nil {
			t.Error(err)
		}
	}
	if got, err := Lag(ctx, adm, "connect-c"); len(got) != 0 || err != nil {
		t.Errorf("a group that was deleted lags %v, %v", got, err)
	}
}

func TestLagCountsWhatIsAssignedAndNotCommitted(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	producer := newClient(t, Config{Brokers: c.ListenAddrs()}, Options{ClientID: "p"})
	for range 4 {
		if err := producer.ProduceSync(within(t), &kgo.Record{Topic: "t"}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	join(t, c, 1)
	got, err := Lag(within(t), admin(t, c), "connect-c")
	want := []PartitionLag{{Topic: "t", Partition: 0, Offset: -1, Lag: 4}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, lag (-want +got):\n%s", err, diff)
	}
}

func TestDeleteGroupThatIsInUse(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	join(t, c, 1)
	if err := DeleteGroup(within(t), admin(t, c), "connect-c"); !errors.Is(err, kerr.NonEmptyGroup) {
		t.Errorf("deleting a group with members returned %v", err)
	}
}

func TestFenceProducers(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(3), kfake.SeedTopics(1, "t"))
	config := Config{Brokers: c.ListenAddrs()}
	old := newClient(t, config, Options{ClientID: "old"}, kgo.TransactionalID("g-c-3"), kgo.DefaultProduceTopic("t"))
	if err := old.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := old.ProduceSync(within(t), &kgo.Record{Value: []byte("v")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	// Some answers come late: an open transaction is being aborted, a coordinator
	// moves.
	c.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: kerr.ConcurrentTransactions, Count: 5},
		kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: kerr.NotCoordinator, Count: 2})
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = fmt.Sprint("g-c-", i)
	}
	plain := newClient(t, config, Options{ClientID: "operator"})
	if err := FenceProducers(within(t), plain, ids); err != nil {
		t.Fatal(err)
	}
	// Which of the codes it gets depends on where it was.
	if err := old.EndTransaction(within(t), kgo.TryCommit); err == nil {
		t.Error("the fenced producer can commit")
	}
}

func TestFenceProducersFails(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1))
	plain := newClient(t, Config{Brokers: c.ListenAddrs()}, Options{ClientID: "operator"})
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: kerr.TransactionalIDAuthorizationFailed})
	if err := FenceProducers(within(t), plain, []string{"a"}); !errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
		t.Errorf("returned %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := FenceProducers(gone, plain, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a dead context: %v", err)
	}
	if err := FenceProducers(within(t), plain, nil); err != nil {
		t.Errorf("fencing nobody: %v", err)
	}
}
