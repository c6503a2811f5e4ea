// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/storage"
)

// startWatching runs a Manager that reads groups all the time.
func startWatching(t *testing.T) (*fixture, *kfake.Cluster) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &fixture{t: t, brokers: c.ListenAddrs(), m: New(Options{Logger: logr.Discard(), GroupInterval: 10 * time.Millisecond})}, c
}

// instances are the instance ids in the group of the connector c.
func (f *fixture) instances() ([]string, error) {
	g, known := f.m.Group(main, "c")
	if !known {
		return nil, fmt.Errorf("nothing is known of the group")
	}
	var out []string
	for _, m := range g.Members {
		out = append(out, m.InstanceID)
	}
	slices.Sort(out)
	return out, g.Err
}

func (f *fixture) awaitInstances(want ...string) {
	f.t.Helper()
	eventually(f.t, func() error {
		got, err := f.instances()
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("in the group are %q, want %q", got, want)
		}
		return err
	})
}

func TestAForeignMemberIsSeen(t *testing.T) {
	f, _ := startWatching(t)
	woken := f.m.GroupEvents()
	run(t, f.m)
	f.connected(main, "uid-main")
	task := f.member("g-c-0")
	if _, known := f.m.Group(main, "c"); known {
		t.Error("the group of a connector without tasks is read")
	}
	if err := f.worker().PutDetail(within(t), storage.TaskID{Connector: "c"}, storage.TaskDetail{Epoch: 1, State: "RUNNING"}); err != nil {
		t.Fatal(err)
	}
	f.awaitWoken(woken)
	f.awaitInstances("g-c-0")

	foreign := f.member("")
	f.awaitInstances("", "g-c-0")
	f.awaitWoken(woken)
	held := func() error {
		g, _ := f.m.Group(main, "c")
		for _, m := range g.Members {
			if m.InstanceID == "" && m.ClientID == "test" && m.Host != "" && m.Partitions["g-offsets"] > 0 {
				return nil
			}
		}
		return fmt.Errorf("the members are %+v, want who it is and what it has", g.Members)
	}
	eventually(t, held)
	foreign.CloseAllowingRebalance()
	f.awaitInstances("g-c-0")

	// Those that the operator removes are not taken for somebody else's. A static
	// member stays when its client ends; one that goes on would join again.
	task.CloseAllowingRebalance()
	f.awaitInstances("g-c-0")
	if err := f.m.RemoveMembers(within(t), main, "c", 0); err != nil {
		t.Fatal(err)
	}
	if got, err := f.instances(); err != nil || len(got) != 0 {
		t.Errorf("after its member was removed, in the group are %q, %v", got, err)
	}
	if err := f.worker().PutDetail(within(t), storage.TaskID{Connector: "c"}, storage.TaskDetail{Epoch: 1, Released: true}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if g, known := f.m.Group(main, "c"); known {
			return fmt.Errorf("the tasks are gone, and the group is %+v", g)
		}
		return nil
	})
	if _, known := f.m.Group(other, "c"); known {
		t.Error("a group of a cluster that nobody connected is known")
	}
}

func (f *fixture) awaitWoken(woken <-chan groupEvent) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	defer cancel()
	select {
	case e := <-woken:
		if want := (state.ConnectorKey{Cluster: main, Connector: "c"}); e.Object != want {
			f.t.Errorf("%v was woken, want %v", e.Object, want)
		}
	case <-ctx.Done():
		f.t.Fatal("nobody was woken")
	}
}

// What was read while members were removed still has them.
func TestARemovalIsNotUndoneByWhatWasReadBefore(t *testing.T) {
	m := New(Options{Logger: logr.Discard()})
	e := newEntry(main, state.Settings{}, m)
	m.entries[main] = e
	f := &fixture{t: t, m: m}
	read := map[string]state.Group{"c": {Members: []state.Member{{InstanceID: "g-c-0"}, {InstanceID: "g-c-1"}}}}
	if !e.learn(read, 0) {
		t.Fatal("what was read first is refused")
	}
	e.forgetMembers("c", func(id string) bool { return id == "g-c-1" })
	e.forgetMembers("d", func(string) bool { return true }) // of a group that was not read
	if e.learn(read, 1) {
		t.Error("what was read before the removal is taken")
	}
	if got, err := f.instances(); err != nil || !slices.Equal(got, []string{"g-c-0"}) {
		t.Errorf("in the group are %q, %v", got, err)
	}
	if !e.learn(read, 2) {
		t.Error("what was read after it is refused")
	}
}

// An operator that may not look says so, and what right it needs.
func TestGroupsThatMayNotBeRead(t *testing.T) {
	f, brokers := startWatching(t)
	brokers.ControlKey(int16(kmsg.DescribeGroups), func(req kmsg.Request) (kmsg.Response, error, bool) {
		brokers.KeepControl()
		resp := req.ResponseKind().(*kmsg.DescribeGroupsResponse)
		for _, name := range req.(*kmsg.DescribeGroupsRequest).Groups {
			g := kmsg.NewDescribeGroupsResponseGroup()
			g.Group, g.ErrorCode = name, kerr.GroupAuthorizationFailed.Code
			resp.Groups = append(resp.Groups, g)
		}
		return resp, nil, true
	})
	run(t, f.m)
	f.connected(main, "uid-main")
	if err := f.worker().PutDetail(within(t), storage.TaskID{Connector: "c"}, storage.TaskDetail{Epoch: 1, State: "RUNNING"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if g, _ := f.m.Group(main, "c"); g.Err == nil || !strings.Contains(g.Err.Error(), "Describe on Group connect-") {
			return fmt.Errorf("the group is %+v, want the right that is missing", g)
		}
		return nil
	})
}
