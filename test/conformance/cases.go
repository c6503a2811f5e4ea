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
// every text, ${name} is the connector's name, ${topic:x} a topic of the case's
// own and ${dir} a folder of its own; each system has others of the same length.
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
	Key       *string       `json:"key,omitempty"`
	Value     *string       `json:"value,omitempty"`
	Headers   []InputHeader `json:"headers,omitempty"`
	Partition int32         `json:"partition,omitempty"`
	Timestamp int64         `json:"timestamp,omitempty"`
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
	}
	return nil
}
