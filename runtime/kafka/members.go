// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Member is a member of a consumer group.
type Member struct {
	// InstanceID is group.instance.id, "" for a dynamic member.
	InstanceID string
	// MemberID is given by the broker.
	MemberID string
	// ClientID and Host say who it is.
	ClientID, Host string
	// Partitions counts the partitions that it was given, by topic.
	Partitions map[string]int
}

// GroupMembers returns the members of a consumer group, sorted by instance id. A
// group that does not exist has none.
func GroupMembers(ctx context.Context, adm *kadm.Client, group string) ([]Member, error) {
	all, err := GroupsMembers(ctx, adm, group)
	return all[group], err
}

// GroupsMembers returns the members of each of several consumer groups, sorted by
// instance id. A group that does not exist has none.
func GroupsMembers(ctx context.Context, adm *kadm.Client, groups ...string) (map[string][]Member, error) {
	out := make(map[string][]Member, len(groups))
	if len(groups) == 0 { // none would mean all
		return out, nil
	}
	described, err := adm.DescribeGroups(ctx, groups...)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return nil, fmt.Errorf("describing groups: %w", err)
	}
	var unknown []string
	for _, group := range groups {
		g, ok := described[group]
		switch {
		case !ok, errors.Is(g.Err, kerr.GroupIDNotFound), g.Err == nil && len(g.Members) == 0:
			unknown = append(unknown, group)
		case g.Err != nil:
			return nil, fmt.Errorf("describing group %s: %w", group, g.Err)
		default:
			out[group] = classicMembers(g)
		}
	}
	addNewProtocol(ctx, adm, unknown, out)
	for _, members := range out {
		slices.SortFunc(members, func(a, b Member) int {
			return cmp.Or(cmp.Compare(a.InstanceID, b.InstanceID), cmp.Compare(a.MemberID, b.MemberID))
		})
	}
	return out, nil
}

func classicMembers(g kadm.DescribedGroup) []Member {
	out := make([]Member, 0, len(g.Members))
	for _, m := range g.Members {
		member := Member{MemberID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost}
		if m.InstanceID != nil {
			member.InstanceID = *m.InstanceID
		}
		if a, ok := m.Assigned.AsConsumer(); ok {
			for _, t := range a.Topics {
				member.hold(t.Topic, len(t.Partitions))
			}
		}
		out = append(out, member)
	}
	return out
}

// addNewProtocol adds the members of groups that the classic protocol does not
// know: a consumer of the new one (KIP-848) that joins turns a group into one of
// its own kind, with the old members still in it. Brokers that cannot be asked
// have no such groups.
func addNewProtocol(ctx context.Context, adm *kadm.Client, groups []string, out map[string][]Member) {
	if len(groups) == 0 {
		return
	}
	described, err := adm.DescribeConsumerGroups(ctx, groups...)
	if err != nil {
		return
	}
	for group, g := range described {
		for _, m := range g.Members {
			member := Member{MemberID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost}
			if m.InstanceID != nil {
				member.InstanceID = *m.InstanceID
			}
			for topic, partitions := range m.Assignment {
				member.hold(topic, len(partitions))
			}
			out[group] = append(out[group], member)
		}
	}
}

func (m *Member) hold(topic string, partitions int) {
	if partitions == 0 {
		return
	}
	if m.Partitions == nil {
		m.Partitions = map[string]int{}
	}
	m.Partitions[topic] += partitions
}
