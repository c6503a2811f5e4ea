// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package definition reads connectors as Kafka Connect's users write them, and as
// our manifests have them.
package definition

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/standalone"
)

// maxDefinition bounds a file of one connector.
const maxDefinition = 16 << 20

// Definition is a connector in Kafka Connect's terms.
type Definition struct {
	// Name is the connector's name in Kafka.
	Name   string
	Config map[string]string
	// State is RUNNING, PAUSED or STOPPED; empty is what the server takes for none.
	State string
	// Origin is where it stands: a file, and the number of a document.
	Origin string
}

// Input is what was read.
type Input struct {
	// Definitions came as Kafka Connect's JSON or properties.
	Definitions []Definition
	Manifest    manifest.Manifest
}

// Loader reads manifests, as manifest.Load does.
type Loader func(ctx context.Context, sources []string, stdin io.Reader) (manifest.Manifest, error)

// Load reads Kafka Connect's JSON, {name, config}, a flat object, or what GET
// /connectors?expand=info answers, its properties files, and leaves all else to
// load.
func Load(ctx context.Context, sources []string, stdin io.Reader, load Loader) (Input, error) {
	var in Input
	var manifests []string
	var errs []error
	for _, source := range sources {
		found, rest, err := parse(source, stdin)
		switch {
		case err != nil:
			errs = append(errs, err)
		case found == nil:
			manifests, stdin = append(manifests, source), rest
		default:
			in.Definitions = append(in.Definitions, found...)
		}
	}
	if len(manifests) > 0 {
		m, err := load(ctx, manifests, stdin)
		in.Manifest, errs = m, append(errs, err)
	}
	return in, errors.Join(errs...)
}

// Connectors are all connectors as they would run.
func (in Input) Connectors() ([]standalone.Connector, error) {
	out := slices.Clone(in.Manifest.Connectors)
	var errs []error
	for _, d := range in.Definitions {
		c, err := d.Connector()
		out, errs = append(out, c), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// Read reads connectors for a Connect server, those of manifests too. What its API
// has no room for is refused.
func Read(ctx context.Context, sources []string, stdin io.Reader) ([]Definition, error) {
	in, err := Load(ctx, sources, stdin, manifest.Load)
	if err != nil {
		return nil, err
	}
	out := in.Definitions
	var errs []error
	for _, c := range in.Manifest.Connectors {
		d, err := fromManifest(c)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Origin, err))
			continue
		}
		out = append(out, d)
	}
	return out, errors.Join(errs...)
}

// parse reads one source. It returns nil if that is something else: a directory,
// an address, or manifests, which for stdin are to be read from rest.
func parse(source string, stdin io.Reader) (found []Definition, rest io.Reader, err error) {
	info, err := os.Stat(source)
	if source != "-" && (err != nil || info.IsDir()) {
		// What loads manifests says what is missing.
		return nil, stdin, nil
	}
	data, err := readDefinition(source, stdin)
	if err != nil {
		return nil, stdin, fmt.Errorf("reading %s: %w", source, err)
	}
	origin := source
	if source == "-" {
		origin, stdin = "stdin", bytes.NewReader(data)
	}
	var object map[string]json.RawMessage
	switch isJSON := json.Unmarshal(data, &object) == nil; {
	case isJSON && isExpanded(object):
		found, err := fromExpanded(object, origin)
		return found, nil, err
	case isJSON && object["apiVersion"] == nil:
		d, err := fromJSON(data, object)
		d, err = checked(d, origin, err)
		return []Definition{d}, nil, err
	case !isJSON && isProperties(source, data):
		config, err := secrets.ParseProperties(string(data))
		d, err := checked(Definition{Name: config["name"], Config: config}, origin, err)
		return []Definition{d}, nil, err
	}
	return nil, stdin, nil
}

func readDefinition(source string, stdin io.Reader) ([]byte, error) {
	r := stdin
	if source != "-" {
		f, err := os.Open(source)
		if err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // it was only read
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, maxDefinition+1))
	if err == nil && len(data) > maxDefinition {
		err = fmt.Errorf("it is larger than %d MiB", maxDefinition>>20)
	}
	return data, err
}

// isProperties tells a properties file by its name; of stdin by the first line
// that is not a comment, which has a = before any colon.
func isProperties(source string, data []byte) bool {
	if source != "-" {
		return filepath.Ext(source) == ".properties"
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		equals, colon := strings.IndexByte(line, '='), strings.IndexByte(line, ':')
		return equals > 0 && (colon < 0 || equals < colon)
	}
	return false
}

// fromJSON reads {name, config, initial_state} or a flat object of keys.
func fromJSON(data []byte, object map[string]json.RawMessage) (Definition, error) {
	if c := object["config"]; c == nil || bytes.TrimSpace(c)[0] != '{' {
		config, err := scalars(data)
		return Definition{Name: config["name"], Config: config}, err
	}
	d := Definition{}
	for k, v := range object {
		var err error
		switch k {
		case "name":
			err = json.Unmarshal(v, &d.Name)
		case "config":
			d.Config, err = scalars(v)
		case "initial_state":
			err = json.Unmarshal(v, &d.State)
		case "tasks", "type":
			// GET /connectors/{name} says them; they are no part of what is created.
		default:
			err = errors.New("is unknown, use name, config and initial_state")
		}
		if err != nil {
			return d, fmt.Errorf("%s: %w", k, err)
		}
	}
	if d.Name == "" {
		d.Name = d.Config["name"]
	}
	return d, nil
}

// scalars reads a config. Numbers and booleans are taken as they are written, as
// Kafka Connect takes them.
func scalars(data []byte) (map[string]string, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var values map[string]any
	if err := d.Decode(&values); err != nil {
		return nil, err
	}
	out := make(map[string]string, len(values))
	for k, v := range values {
		switch v := v.(type) {
		case string:
			out[k] = v
		case json.Number:
			out[k] = v.String()
		case bool:
			out[k] = strconv.FormatBool(v)
		default:
			return nil, fmt.Errorf("%s must be text, a number or a boolean", k)
		}
	}
	return out, nil
}

// checked checks a definition.
func checked(d Definition, origin string, err error) (Definition, error) {
	named := d.Config["name"]
	switch {
	case err != nil:
	case d.Name == "":
		err = errors.New("name must be set")
	case named != "" && named != d.Name:
		err = fmt.Errorf("name is %q, and %q in the config; leave one out", d.Name, named)
	case d.Config["connector.class"] == "":
		err = errors.New("connector.class must be set")
	}
	if err != nil {
		return d, fmt.Errorf("%s: %w", origin, err)
	}
	d.Origin = origin
	return d, nil
}

func fromManifest(c standalone.Connector) (Definition, error) {
	d := Definition{Name: c.Name, Config: maps.Clone(c.Config), Origin: c.Origin}
	if d.Config == nil {
		d.Config = map[string]string{}
	}
	if c.Restart != nil {
		return d, errors.New("spec.restartPolicy: a Connect server has no such thing; leave it out")
	}
	for _, k := range slices.Sorted(maps.Keys(d.Config)) {
		if strings.HasPrefix(d.Config[k], "${"+manifest.SecretsProvider+":") {
			return d, fmt.Errorf("spec.configFrom: a Connect server reads no Secrets; set %s in spec.config, to a reference that the server's own config providers resolve", k)
		}
	}
	d.Config["connector.class"] = c.Class
	if c.TasksMax > 0 {
		d.Config["tasks.max"] = strconv.Itoa(c.TasksMax)
	}
	switch strings.ToUpper(string(c.State)) {
	case "PAUSED":
		d.State = "PAUSED"
	case "STOPPED":
		d.State = "STOPPED"
	}
	return d, nil
}

// Connector is the connector as it would run.
func (d Definition) Connector() (standalone.Connector, error) {
	c := standalone.Connector{Name: d.Name, Class: d.Config["connector.class"], Config: maps.Clone(d.Config), Origin: d.Origin}
	for _, k := range []string{"name", "connector.class", "tasks.max"} {
		delete(c.Config, k)
	}
	if text := d.Config["tasks.max"]; text != "" {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return c, fmt.Errorf("%s: connector %s: tasks.max must be a number of 1 or more, not %q", d.Origin, d.Name, text)
		}
		c.TasksMax = n
	}
	switch state := strings.ToUpper(d.State); state {
	case "", "RUNNING":
		c.State = standalone.Running
	case "PAUSED":
		c.State = standalone.Paused
	case "STOPPED":
		c.State = standalone.Stopped
	default:
		return c, fmt.Errorf("%s: connector %s: initial_state %q is unknown, use RUNNING, PAUSED or STOPPED", d.Origin, d.Name, d.State)
	}
	return c, nil
}
