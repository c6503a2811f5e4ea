// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Case is one entry of a file in cases/<area>: what both systems are given. In
// every text, ${name} is the connector's name, ${word} that name without hyphens,
// ${topic:x} a topic of the case's own and ${dir} a folder of its own; each system has
// others of the same length.
type Case struct {
	// Name is what the case shows, in the words of a file name.
	Name string `json:"name"`
	// Config is the connector's, without name. Nil is a case of steps only.
	Config map[string]string `json:"config,omitempty"`
	// Records are what the source of the case makes.
	Records []SourceRecord `json:"records,omitempty"`
	// Input is what is in the topic "in" before a sink starts.
	Input []InputRecord `json:"input,omitempty"`
	// Topics are made before the case starts, with their number of partitions.
	Topics map[string]int32 `json:"topics,omitempty"`
	// Files are made in ${dir} before the case starts.
	Files map[string]string `json:"files,omitempty"`
	// Steps are requests, made after the connector has done its work.
	Steps []Step `json:"steps,omitempty"`
	// Settle says what is waited for before the steps: "done" (the default of a
	// connector) that all records were handled or a task has failed, "none" nothing.
	Settle string `json:"settle,omitempty"`
	// Unordered compares JSON in keys and values without the order of members: that of
	// a map without schema is a hash map's in Kafka Connect.
	Unordered bool `json:"unordered,omitempty"`
	// Schemas are registered before the case starts, in this order. ${registry} is where
	// the schema registry is; converters are named as Confluent's.
	Schemas []Registered `json:"schemas,omitempty"`
	// Subjects are looked at after the case, beside those that begin with its topics.
	Subjects []string `json:"subjects,omitempty"`
	// ReadKey and ReadValue say how an independent implementation reads what is in the
	// case's topics.
	ReadKey   *Reading `json:"readKey,omitempty"`
	ReadValue *Reading `json:"readValue,omitempty"`
	// Expect is what is to come of the case on Penstock, an aspect a text; Kafka Connect,
	// which has no such converter, is not asked. Other aspects are not looked at.
	Expect map[string]string `json:"expect,omitempty"`
	// Fails are texts that the error of Penstock's task has to hold.
	Fails []string `json:"fails,omitempty"`
	// Differs names for each aspect in which the systems differ the entry of
	// docs/compatibility.md that says why.
	Differs map[string]string `json:"differs,omitempty"`

	area string
}

// SourceRecord is a record of the replay source. Key and Value are envelopes of
// JsonConverter; absent is null without schema.
type SourceRecord struct {
	Topic     string          `json:"topic"`
	Partition *int32          `json:"partition,omitempty"`
	Timestamp *int64          `json:"timestamp,omitempty"`
	Key       json.RawMessage `json:"key,omitempty"`
	Value     json.RawMessage `json:"value,omitempty"`
	Headers   []SourceHeader  `json:"headers,omitempty"`
}

// SourceHeader is a header of a SourceRecord.
type SourceHeader struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// InputRecord is a record that is in Kafka before the case starts. Texts that
// begin with 0x are bytes in hexadecimal digits; absent is null.
type InputRecord struct {
	Key   *string `json:"key,omitempty"`
	Value *string `json:"value,omitempty"`
	// WriteKey and WriteValue, in the place of Key and Value, are written by an
	// independent implementation of a format with a schema registry.
	WriteKey   *Encoded      `json:"writeKey,omitempty"`
	WriteValue *Encoded      `json:"writeValue,omitempty"`
	Headers    []InputHeader `json:"headers,omitempty"`
	Partition  int32         `json:"partition,omitempty"`
	Timestamp  int64         `json:"timestamp,omitempty"`
}

// InputHeader is a header of an InputRecord.
type InputHeader struct {
	Key   string  `json:"key"`
	Value *string `json:"value,omitempty"`
}

// Step is a request.
type Step struct {
	// Do is its method and path: "GET /connectors/${name}/status".
	Do string `json:"do"`
	// Body is sent as it is; Type is its content type, application/json if empty.
	Body string `json:"body,omitempty"`
	Type string `json:"type,omitempty"`
	// Until repeats the request until its answer holds this text.
	Until string `json:"until,omitempty"`
	// Quiet leaves the answer out of the comparison.
	Quiet bool `json:"quiet,omitempty"`
}

// id is the case's name among all.
func (c Case) id() string { return c.area + "/" + c.Name }

// slug is a name for topics and connectors.
func (c Case) slug() string { return c.area + "-" + c.Name }

// Source reports whether the case's connector is a source that replays.
func (c Case) source() bool { return c.Records != nil }

// registry reports whether the case needs a schema registry.
func (c Case) registry() bool { return strings.HasPrefix(c.area, "registry-") }

var nameShape = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// loadCases reads all files below dir: a folder an area, a list of cases a file.
func loadCases(dir string) ([]Case, error) {
	var all []Case
	var problems []error
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		cases, err := loadFile(path)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", path, err))
		}
		all = append(all, cases...)
		return nil
	})
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.id()] {
			problems = append(problems, fmt.Errorf("there are two cases %s", c.id()))
		}
		seen[c.id()] = true
	}
	slices.SortFunc(all, func(a, b Case) int { return strings.Compare(a.id(), b.id()) })
	return all, errors.Join(append(problems, err)...)
}

func loadFile(path string) ([]Case, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var cases []Case
	if err := yaml.UnmarshalStrict(data, &cases); err != nil {
		return nil, err
	}
	for i := range cases {
		c := &cases[i]
		c.area = filepath.Base(filepath.Dir(path))
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("case %q: %w", c.Name, err)
		}
	}
	return cases, nil
}

func (c Case) check() error {
	switch {
	case !nameShape.MatchString(c.Name):
		return errors.New("name: use lower-case letters, digits and hyphens")
	case c.Records != nil && c.Input != nil:
		return errors.New("records are for a source and input is for a sink: give one")
	case c.Config == nil && len(c.Steps) == 0:
		return errors.New("there is neither config nor steps")
	case c.Settle != "" && c.Settle != "done" && c.Settle != "none":
		return fmt.Errorf("settle %q: use done or none", c.Settle)
	case c.Expect != nil && c.Differs != nil:
		return errors.New("expect says what is right on Penstock, and differs what is not as in Kafka Connect: give one")
	}
	return c.checkRegistry()
}

// checkRegistry checks what only areas with a schema registry may say.
func (c Case) checkRegistry() error {
	uses := c.Schemas != nil || c.Subjects != nil || c.ReadKey != nil || c.ReadValue != nil
	for _, in := range c.Input {
		if in.WriteKey != nil && in.Key != nil || in.WriteValue != nil && in.Value != nil {
			return errors.New("writeKey and writeValue are written in the place of key and value: give one")
		}
		uses = uses || in.WriteKey != nil || in.WriteValue != nil
	}
	if uses && !c.registry() {
		return errors.New("there is a schema registry in areas that begin with registry- only")
	}
	return nil
}
