// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// record is a record of the config topic.
type record struct {
	Key string `json:"key"`
	// Value is nil for a tombstone.
	Value *string `json:"value"`
}

// writeConfigTopic writes down what Kafka Connect has left in its config topic,
// but for the keys of its sessions.
func (o options) writeConfigTopic(ctx context.Context, topic string, replace map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(o.kafka), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return err
	}
	end, ok := ends.Lookup(topic, 0)
	if !ok || end.Err != nil {
		return errors.Join(errors.New("the config topic has no end"), end.Err)
	}
	var records []record
	for next := int64(0); next < end.Offset; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			if string(r.Key) != "session-key" {
				records = append(records, anonymous(r, replace))
			}
		})
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(records); err != nil {
		return err
	}
	return os.WriteFile(o.topic, out.Bytes(), 0o644)
}

func anonymous(r *kgo.Record, replace map[string]string) record {
	out := record{Key: string(r.Key)}
	if r.Value == nil {
		return out
	}
	value := string(r.Value)
	for k, v := range replace {
		value = strings.ReplaceAll(value, k, v)
	}
	out.Value = &value
	return out
}
