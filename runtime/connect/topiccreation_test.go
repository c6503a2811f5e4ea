// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTopicCreation(t *testing.T) {
	rules, problems, warnings := TopicCreationFor(map[string]string{
		"topic.creation.default.replication.factor": "3", "topic.creation.default.partitions": "10", "topic.creation.default.cleanup.policy": "compact",
		"topic.creation.groups":                 "wide, log,default",
		"topic.creation.wide.include":           `orders\..*, payments`,
		"topic.creation.wide.exclude":           `orders\.test`,
		"topic.creation.wide.partitions":        "20",
		"topic.creation.log.include":            ".*log, orders.*",
		"topic.creation.log.retention.ms":       "1000",
		"topic.creation.log.partitions":         "-1",
		"topic.creation.lgo.partitions":         "1",
		"topic.creation.default.include":        "x",
		"topic.creation.log.replication.factor": " -1 ",
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	begins(t, "warnings", []string{
		"topic.creation.default.include: has no effect", "topic.creation.lgo.partitions: has no effect: its group is not in topic.creation.groups",
	}, warnings)
	fallback := NewTopic{Group: "default", Partitions: 10, Replication: 3, Config: map[string]string{"cleanup.policy": "compact"}}
	wide := NewTopic{Group: "wide", Partitions: 20, Replication: 3, Config: map[string]string{}}
	log := NewTopic{Group: "log", Partitions: -1, Replication: -1, Config: map[string]string{"retention.ms": "1000"}}
	for topic, want := range map[string]NewTopic{
		"orders.eu": wide, "payments": wide, "payments2": fallback, "orders.test": log, "a-log": log, "x": fallback, "": fallback,
	} {
		if diff := cmp.Diff(want, rules.For(topic)); diff != "" {
			t.Errorf("%q is created otherwise (-want +got):\n%s", topic, diff)
		}
	}
	if rules, problems, _ := TopicCreationFor(map[string]string{"topic": "t"}); rules != nil || problems != nil {
		t.Errorf("nobody asks for topics, and there are %v, %v", rules, problems)
	}
}

func TestTopicCreationIsChecked(t *testing.T) {
	type props = map[string]string
	for name, tc := range map[string]struct {
		class              string
		props, defaults    props
		problems, warnings []string
	}{
		"of a sink": {class: "file-sink", props: props{"topics": "t", "topic.creation.default.partitions": "1"}, warnings: []string{
			"topic.creation.default.partitions: has no effect: a sink creates no topics"}},
		"not enabled": {
			class: "file-source", props: props{"topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1"},
			defaults: props{"topic.creation.enable": "false"},
			warnings: []string{"topic.creation.default.partitions: has no effect: the worker has", "topic.creation.default.replication.factor: has no effect"},
		},
		"a group without topics": {
			class:    "file-source",
			props:    props{"topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1", "topic.creation.groups": "g"},
			warnings: []string{"topic.creation.g.include: is not set, so that no topic belongs to the group"},
		},
		"a reference": {class: "file-source", props: props{"topic.creation.default.partitions": "${env:P}", "topic.creation.default.replication.factor": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.props["file"] = "/x"
			v := fakeRegistry().Validate(tc.class, tc.props, tc.defaults)
			begins(t, "problems", tc.problems, v.Problems)
			begins(t, "warnings", tc.warnings, v.Warnings)
		})
	}
}
