// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"strings"
)

// p4 takes JSON through three transforms and makes JSON of it again.
func p4(ctx context.Context, b *bench, v variant) error {
	const topic = "p4-in"
	connectorOf := func(turn string) connector {
		return connector{name: "p4-" + turn, class: "dev.penstock.bench.JsonFileSink", tasks: v.tasks, config: map[string]string{
			"topics": topic, "file": b.path(turn, "out"), "key.converter": stringConverter,
			"value.converter": jsonConverter, "value.converter.schemas.enable": "true",
			"transforms":                     "insert,replace,route",
			"transforms.insert.type":         "org.apache.kafka.connect.transforms.InsertField$Value",
			"transforms.insert.static.field": "source", "transforms.insert.static.value": "bench",
			"transforms.replace.type":    "org.apache.kafka.connect.transforms.ReplaceField$Value",
			"transforms.replace.exclude": "active", "transforms.replace.renames": "name:customer",
			"transforms.route.type":  "org.apache.kafka.connect.transforms.RegexRouter",
			"transforms.route.regex": "p4-(.*)", "transforms.route.replacement": "routed-$1",
		}}
	}
	if err := refused(connectorOf("probe")); err != nil {
		b.book.skip("P4", "this build does not take the transforms: "+strings.SplitN(err.Error(), "\n", 2)[0])
		return nil
	}
	l, err := b.loadEnvelopes(ctx, topic, v, func(s shape, dst []byte, r record) []byte { return s.transformed(dst, "routed-in", r) })
	if err != nil {
		return err
	}
	c := sinkContest(b, v, "P4", l, connectorOf, true)
	c.systems = []system{ours, peer, tunedPeer}
	results, err := b.hold(ctx, c)
	if err != nil {
		return err
	}
	b.book.transfers("P4", results)
	return b.broker.deleteTopic(ctx, topic)
}
