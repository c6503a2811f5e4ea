// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// gather adds what can be seen outside: states, topics, files, offsets.
func (a *attempt) gather(ctx context.Context) error {
	if a.c.Config != nil {
		if a.out["create"] == "" {
			if err := a.shown(ctx); err != nil {
				return err
			}
		}
		st, err := a.status(ctx, a.name)
		if err != nil {
			return err
		}
		if st.Connector.State != "" {
			a.out["state"] = st.String()
		}
		if err := a.fails(st); err != nil {
			return err
		}
	}
	return errors.Join(a.gatherTopics(ctx), a.gatherSubjects(ctx), a.gatherFiles(), a.gatherGroup(ctx))
}

// fails looks whether the error of Penstock's task says what the case wants it to.
func (a *attempt) fails(st status) error {
	if a.system.prefix != ourPrefix || a.c.Fails == nil {
		return nil
	}
	traces := []string{st.Connector.Trace}
	for _, t := range st.Tasks {
		traces = append(traces, t.Trace)
	}
	for _, want := range a.c.Fails {
		if trace := strings.Join(traces, "\n"); !strings.Contains(trace, a.expand(want)) {
			return fmt.Errorf("the error does not say %q: %s", a.expand(want), trace)
		}
	}
	return nil
}

// gatherTopics adds the records and settings of the case's topics.
func (a *attempt) gatherTopics(ctx context.Context) error {
	if !a.c.source() && a.c.Input == nil {
		return nil // what has come by now is a matter of chance
	}
	topics, err := a.topics(ctx)
	if err != nil {
		return err
	}
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		name, own := strings.CutPrefix(topic, a.name+"--")
		if !own || name == "in" {
			continue
		}
		records, err := a.read(ctx, topic)
		if err != nil {
			return err
		}
		var lines []string
		for _, r := range records {
			line, err := a.line(ctx, r)
			if err != nil {
				return err
			}
			lines = append(lines, line)
		}
		if err := a.gatherRead(name, records); err != nil {
			return err
		}
		a.put("topic "+name, lines)
		if err := a.gatherSettings(ctx, topic, name, topics[topic]); err != nil {
			return err
		}
	}
	return nil
}

func (a *attempt) gatherSettings(ctx context.Context, topic, name string, partitions int) error {
	configs, err := a.adm.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return fmt.Errorf("reading the config of topic %s: %w", topic, err)
	}
	lines := []string{strconv.Itoa(partitions) + " partitions"}
	for _, rc := range configs {
		for _, c := range rc.Configs {
			if c.Source.String() == "DYNAMIC_TOPIC_CONFIG" {
				lines = append(lines, c.Key+"="+c.MaybeValue())
			}
		}
	}
	a.put("settings of topic "+name, lines)
	return nil
}

// line is a record in readable form.
func (a *attempt) line(ctx context.Context, r *kgo.Record) (string, error) {
	key, kerr := a.data(ctx, r.Key)
	value, verr := a.data(ctx, r.Value)
	if err := errors.Join(kerr, verr); err != nil {
		return "", err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d/%d at %s: %s = %s", r.Partition, r.Offset, a.norm.millis(r.Timestamp.UnixMilli()), key, value)
	for _, h := range r.Headers {
		value := a.norm.octets(h.Value)
		if h.Key == stackTraceHeader {
			value = "${stacktrace}"
		}
		fmt.Fprintf(&out, "\n  %s: %s", h.Key, value)
	}
	return out.String(), nil
}

// data is a key or value in readable form.
func (a *attempt) data(ctx context.Context, b []byte) (string, error) {
	if a.c.registry() && len(b) >= 5 && b[0] == 0 {
		return a.framed(ctx, b)
	}
	if a.c.Unordered && json.Valid(b) {
		return a.norm.answer(b), nil
	}
	return a.norm.octets(b), nil
}

// gatherFiles adds what a sink has written, except the harness's own files.
func (a *attempt) gatherFiles() error {
	files, err := os.ReadDir(a.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, given := a.c.Files[f.Name()]; given || f.Name() == "done" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(a.dir, f.Name()))
		if err != nil {
			return err
		}
		var lines []string
		for line := range strings.Lines(string(data)) {
			if a.c.registry() && a.c.Expect == nil {
				line = unversioned(line)
			}
			lines = append(lines, a.norm.answer([]byte(line)))
		}
		if len(a.c.Topics) > 0 {
			slices.Sort(lines) // there is no order among partitions
		}
		a.put("file "+f.Name(), lines)
	}
	return nil
}

// gatherGroup adds what the sink's group has committed.
func (a *attempt) gatherGroup(ctx context.Context) error {
	if a.c.Input == nil {
		return nil
	}
	offsets, err := a.adm.FetchOffsets(ctx, a.group())
	if err != nil {
		return fmt.Errorf("reading the offsets of the group: %w", err)
	}
	var lines []string
	offsets.Each(func(o kadm.OffsetResponse) {
		lines = append(lines, fmt.Sprintf("%s/%d %d", a.norm.text(o.Topic), o.Partition, o.At))
	})
	slices.Sort(lines)
	a.put("group", lines)
	return nil
}
