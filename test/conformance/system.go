// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/test/bench/proc"
)

// system is one of the two that are compared.
type system struct {
	// name is for people; prefix begins all that is its own, and is as long as the
	// other's, so that texts with lengths in them can be compared.
	name, prefix string
	// url is where its REST API is, dir where its files are.
	url, dir string
	// broker is the address of Kafka.
	broker string
	cl     *kgo.Client
	adm    *kadm.Client
	proc   *proc.Process
	reg    *registries // nil without cases that need it
	norm   normalizer
}

// The systems' prefixes.
const (
	theirPrefix = "zkc-"
	ourPrefix   = "zps-"
)

// settings are the worker's properties, the same for both systems.
func settings(prefix, broker, addr, plugins string) map[string]string {
	s := map[string]string{
		"bootstrap.servers": broker,
		"group.id":          prefix + "worker",
		"key.converter":     "org.apache.kafka.connect.json.JsonConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
		"config.storage.topic": prefix + "configs", "config.storage.replication.factor": "1",
		"offset.storage.topic": prefix + "offsets", "offset.storage.replication.factor": "1", "offset.storage.partitions": "1",
		"status.storage.topic": prefix + "status", "status.storage.replication.factor": "1", "status.storage.partitions": "1",
		"offset.flush.interval.ms": "500",
		"listeners":                "http://" + addr,
	}
	if plugins != "" {
		s["plugin.path"] = plugins
	}
	return s
}

// start starts a system and waits until it answers.
func (s *system) start(ctx context.Context, c proc.Command) error {
	c.Log = filepath.Join(s.dir, "log")
	p, err := proc.Start(c)
	if err != nil {
		return err
	}
	s.proc = p
	deadline := time.Now().Add(2 * time.Minute)
	for {
		if code, _, err := s.call(ctx, http.MethodGet, "/connectors", "", ""); err == nil && code == http.StatusOK {
			return nil
		}
		if err := p.Err(); err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not answer; its log ends with:\n%s", s.name, p.LogTail(2000))
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *system) stop() error {
	if s.proc == nil {
		return nil
	}
	return s.proc.Stop()
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// connectCommand is how Kafka Connect is started, distributed: that is the one
// which keeps configs, offsets and states in Kafka.
func connectCommand(root, jars, classes, config string) proc.Command {
	return proc.Command{Path: "java", Args: []string{
		"-Xms256M", "-Xmx1G", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Dlog4j2.configurationFile=" + filepath.Join(root, "hack/kafka/log4j2.xml"),
		"-cp", classes + string(os.PathListSeparator) + filepath.Join(jars, "*"),
		"org.apache.kafka.connect.cli.ConnectDistributed", config,
	}}
}

// writeProperties writes a properties file.
func writeProperties(path string, props map[string]string) error {
	var out strings.Builder
	for _, k := range slices.Sorted(maps.Keys(props)) {
		fmt.Fprintf(&out, "%s=%s\n", k, strings.ReplaceAll(props[k], `\`, `\\`))
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

// topics returns the topics of the broker with their numbers of partitions. It asks
// the broker: the admin client would answer from what it remembers.
func (s *system) topics(ctx context.Context) (map[string]int, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = nil // all
	resp, err := req.RequestWith(ctx, s.cl)
	if err != nil {
		return nil, fmt.Errorf("listing topics: %w", err)
	}
	topics := map[string]int{}
	for _, t := range resp.Topics {
		topics[*t.Topic] = len(t.Partitions)
	}
	return topics, nil
}

// ends returns the ends of a topic's partitions.
func (s *system) ends(ctx context.Context, topic string) (map[int32]int64, error) {
	offsets, err := s.adm.ListEndOffsets(ctx, topic)
	if err == nil {
		err = offsets.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("reading the ends of topic %s: %w", topic, err)
	}
	ends := map[int32]int64{}
	for p, o := range offsets[topic] {
		ends[p] = o.Offset
	}
	return ends, nil
}

// read returns all records of a topic, by partition and offset. Records that an
// aborted transaction wrote and ends of transactions are not among them.
func (s *system) read(ctx context.Context, topic string) ([]*kgo.Record, error) {
	ends, err := s.ends(ctx, topic)
	if err != nil {
		return nil, err
	}
	from := map[int32]kgo.Offset{}
	for p, end := range ends {
		if end > 0 {
			from[p] = kgo.NewOffset().AtStart()
		}
	}
	if len(from) == 0 {
		return nil, nil
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(s.broker), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.KeepControlRecords(), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("building a client: %w", err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var all []*kgo.Record
	for len(from) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("reading topic %s: %w", topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				all = append(all, r)
			}
			if r.Offset >= ends[r.Partition]-1 {
				delete(from, r.Partition)
			}
		})
	}
	slices.SortFunc(all, func(a, b *kgo.Record) int {
		if a.Partition != b.Partition {
			return int(a.Partition - b.Partition)
		}
		return int(a.Offset - b.Offset)
	})
	return all, nil
}
