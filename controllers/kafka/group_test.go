// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/kafka"
)

// member joins a sink's group as its task does, without leaving it at the end.
func (f *fixture) member(id string) *kgo.Client {
	f.t.Helper()
	opts := []kgo.Opt{kgo.ConsumerGroup("connect-c"), kgo.ConsumeTopics("g-offsets"), kgo.Balancers(kgo.RangeBalancer())}
	if id != "" {
		opts = append(opts, kgo.InstanceID(id))
	}
	c, err := f.newClient(opts...)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.CloseAllowingRebalance)
	return c
}

func (f *fixture) admin() *kadm.Client {
	f.t.Helper()
	c, err := f.newClient()
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.Close)
	return kadm.NewClient(c)
}

func (f *fixture) awaitMembers(adm *kadm.Client, want ...string) {
	f.t.Helper()
	eventually(f.t, func() error {
		members, err := kafka.GroupMembers(within(f.t), adm, "connect-c")
		var got []string
		for _, m := range members {
			got = append(got, m.InstanceID)
		}
		slices.Sort(got)
		if err != nil {
			return err
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("members are %q, want %q", got, want)
		}
		return nil
	})
}

func TestMembersThatAreTooManyLeave(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	if err := f.m.RemoveMembers(within(t), main, "c", 0); err != nil {
		t.Errorf("removing from a group that is not there: %v", err)
	}
	zero, one := f.member("g-c-0"), f.member("g-c-1")
	f.member("foreign")
	adm := f.admin()
	f.awaitMembers(adm, "foreign", "g-c-0", "g-c-1")
	one.CloseAllowingRebalance() // a static member stays when its client ends
	f.awaitMembers(adm, "foreign", "g-c-0", "g-c-1")
	if err := f.m.RemoveMembers(within(t), main, "c", 1); err != nil {
		t.Fatal(err)
	}
	f.awaitMembers(adm, "foreign", "g-c-0")
	zero.CloseAllowingRebalance()
	if err := f.m.RemoveMembers(within(t), main, "c", 0); err != nil {
		t.Fatal(err)
	}
	f.awaitMembers(adm, "foreign")
}

func TestForgetTakesTheGroup(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	adm := f.admin()
	if err := adm.CommitAllOffsets(within(t), "connect-c", kadm.OffsetsFromRecords(kgo.Record{Topic: "g-offsets", Offset: 4})); err != nil {
		t.Fatal(err)
	}
	committed := func() int {
		offsets, err := adm.FetchOffsets(within(t), "connect-c")
		if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
			t.Fatal(err)
		}
		return len(offsets)
	}
	if err := f.m.Forget(within(t), main, "c", false); err != nil {
		t.Fatal(err)
	}
	if committed() == 0 {
		t.Error("offsets that were to be kept are gone")
	}
	if err := f.m.Forget(within(t), main, "c", true); err != nil {
		t.Fatal(err)
	}
	if n := committed(); n != 0 {
		t.Errorf("%d offsets are left", n)
	}
	if err := f.m.Forget(within(t), main, "c", true); err != nil {
		t.Errorf("forgetting what is forgotten: %v", err)
	}
}
