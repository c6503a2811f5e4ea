// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"penstock.dev/runtime/connect"
)

// example is a pair of the file of examples.
type example struct{ Before, After string }

// exampleRecord is a record of it.
type exampleRecord struct {
	Topic     *string         `json:"topic"`
	Key       json.RawMessage `json:"key"`
	Value     json.RawMessage `json:"value"`
	Headers   map[string]any  `json:"headers"`
	Timestamp *int64          `json:"timestamp"`
}

// The example of each page does what the page says: hack/configdoc writes the same
// pairs into it.
func TestExamples(t *testing.T) {
	data, err := os.ReadFile("testdata/examples.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var pages map[string][]example
	if err := yaml.UnmarshalStrict(data, &pages); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	shown := func(name, config string) {
		used[name] = true
		if len(pages[name]) == 0 {
			t.Errorf("%s has no example of a record", name)
		}
		for i, e := range pages[name] {
			t.Run(fmt.Sprint(name, " ", i+1), func(t *testing.T) { e.run(t, config) })
		}
	}
	r := registry()
	for _, p := range r.Transforms {
		name, value := strings.CutSuffix(p.Name, "-value")
		if key := strings.TrimSuffix(p.Name, "-key"); !value && slices.ContainsFunc(r.Transforms, func(p connect.TransformPlugin) bool { return p.Name == key+"-value" }) {
			continue // the page of both has the example of values
		}
		shown(name, p.Example)
	}
	for _, p := range r.Predicates {
		shown(p.Name, p.Example)
	}
	for name := range pages {
		if !used[name] {
			t.Errorf("there is no page %s", name)
		}
	}
}

func (e example) run(t *testing.T, config string) {
	var before exampleRecord
	if err := json.Unmarshal([]byte(e.Before), &before); err != nil {
		t.Fatal(err)
	}
	conv := jsonConverter(t, strings.Contains(e.Before, `"schema"`))
	var arena connect.Arena
	r := before.record(&connect.Codec{Converter: conv, Topic: "t", Arena: &arena})
	through(t, config, &arena, r)
	if e.After == "dropped" || r.Dropped() {
		if e.After != "dropped" || !r.Dropped() {
			t.Errorf("the record is dropped: %t, want %s", r.Dropped(), e.After)
		}
		return
	}
	var want, got map[string]any
	if err := json.Unmarshal([]byte(e.After), &want); err != nil {
		t.Fatal(err)
	}
	text := shownAgain(t, conv, r)
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for k := range got {
		if _, named := want[k]; !named {
			delete(got, k)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s becomes (-want +got):\n%s", e.Before, diff)
	}
}

func (b exampleRecord) record(codec *connect.Codec) *connect.Record {
	r := &connect.Record{Timestamp: connect.NoTimestamp}
	if b.Topic != nil {
		r.Topic = *b.Topic
	}
	if b.Timestamp != nil {
		r.Timestamp = *b.Timestamp
	}
	r.Key.SetRaw(dataOf(b.Key), codec)
	r.Value.SetRaw(dataOf(b.Value), codec)
	for _, name := range slices.Sorted(maps.Keys(b.Headers)) {
		h := connect.Header{Key: name}
		h.Value.Set(connect.StringSchema, connect.StringValue(fmt.Sprint(b.Headers[name])))
		r.Headers = append(r.Headers, h)
	}
	return r
}

// dataOf is a record's data: null is none.
func dataOf(text json.RawMessage) []byte {
	if string(text) == "null" || len(text) == 0 {
		return nil
	}
	return text
}

// through gives a record to the chain of a config.
func through(t *testing.T, config string, arena *connect.Arena, r *connect.Record) {
	t.Helper()
	var values map[string]any
	if err := yaml.Unmarshal([]byte(config), &values); err != nil {
		t.Fatal(err)
	}
	props := map[string]string{}
	for k, v := range values {
		props[k] = fmt.Sprint(v)
	}
	c := registry().ChainFor(connect.SinkKind, props)
	if len(c.Problems)+len(c.Warnings) > 0 {
		t.Fatal(c.Problems, c.Warnings)
	}
	for _, link := range c.Transforms {
		if link.Predicate != "" {
			p := c.Predicates[link.Predicate]
			predicate, err := p.Plugin.New(p.Props)
			if err != nil {
				t.Fatal(err)
			}
			yes, err := predicate.Test(r)
			if err != nil {
				t.Fatal(err)
			}
			if yes == link.Negate {
				continue
			}
		}
		transform, err := link.Plugin.New(link.Props, connect.SinkKind)
		if err != nil {
			t.Fatal(err)
		}
		if err := apply(transform, arena, r); err != nil {
			t.Fatal(err)
		}
	}
}

// shownAgain writes a record as the file does.
func shownAgain(t *testing.T, conv connect.Converter, r *connect.Record) string {
	t.Helper()
	data := func(d *connect.Datum) json.RawMessage {
		s, v, err := d.Get()
		if err != nil {
			t.Fatal(err)
		}
		out, err := conv.FromConnect([]byte{}, "t", s, v)
		if err != nil {
			t.Fatal(err)
		}
		if out == nil {
			return json.RawMessage("null")
		}
		return out
	}
	shown := exampleRecord{Topic: &r.Topic, Key: data(&r.Key), Value: data(&r.Value), Headers: map[string]any{}, Timestamp: &r.Timestamp}
	for i := range r.Headers {
		_, v, err := r.Headers[i].Value.Get()
		if err != nil {
			t.Fatal(err)
		}
		shown.Headers[r.Headers[i].Key] = v.Str()
	}
	out, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
