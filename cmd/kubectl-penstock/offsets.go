// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
)

// Offsets returns where a connector stands, as far as its resources say it.
func (b *backend) Offsets(ctx context.Context, name string) (cli.Offsets, error) {
	c, err := b.get(ctx, name)
	if err != nil {
		return cli.Offsets{}, err
	}
	tasks, err := b.tasks(ctx, client.MatchingLabels{v1alpha1.ConnectorLabel: name})
	if err != nil {
		return cli.Offsets{}, err
	}
	return toOffsets(c, tasks[client.ObjectKeyFromObject(c)]), nil
}

// toOffsets collects what the tasks say, or, if there are none, what the connector
// kept of it. It is pure.
func toOffsets(c *v1alpha1.Connector, tasks []v1alpha1.Task) cli.Offsets {
	out := cli.Offsets{Offsets: []cli.Offset{}}
	for i := range tasks {
		out.Offsets = append(out.Offsets, parsed(tasks[i].Status.Offsets)...)
		out.Total += int(tasks[i].Status.Partitions)
	}
	if o := c.Status.Offsets; len(out.Offsets) == 0 && o != nil {
		out.Offsets, out.Total = append(out.Offsets, parsed(o.Sample)...), int(o.Partitions)
	}
	if out.Total <= len(out.Offsets) {
		out.Total = 0
	}
	return out
}

// parsed returns offsets as Kafka Connect's API has them (KIP-875).
func parsed(list []v1alpha1.PartitionOffset) []cli.Offset {
	out := make([]cli.Offset, len(list))
	for i, o := range list {
		if partition, ok := object(o.Partition); ok {
			offset, ok := object(o.Offset)
			if !ok {
				offset = map[string]any{"text": o.Offset}
			}
			out[i] = cli.Offset{Partition: partition, Offset: offset}
			continue
		}
		out[i] = sinkOffset(o)
	}
	return out
}

// sinkOffset reads topic-partition and a number. What is neither, because it was
// too long to be kept whole, stays the text that it is.
func sinkOffset(o v1alpha1.PartitionOffset) cli.Offset {
	at := strings.LastIndexByte(o.Partition, '-')
	n, err := strconv.ParseInt(o.Partition[at+1:], 10, 32)
	if _, no := strconv.ParseInt(o.Offset, 10, 64); at <= 0 || err != nil || no != nil {
		return cli.Offset{Partition: map[string]any{"text": o.Partition}, Offset: map[string]any{"text": o.Offset}}
	}
	return cli.Offset{
		Partition: map[string]any{"kafka_topic": o.Partition[:at], "kafka_partition": n},
		Offset:    map[string]any{"kafka_offset": json.Number(o.Offset)},
	}
}

func object(text string) (map[string]any, bool) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var out map[string]any
	err := d.Decode(&out)
	return out, err == nil && out != nil
}
