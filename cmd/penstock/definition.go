// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

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

// definition is a connector that a server is to have.
type definition struct {
	Name   string
	Config map[string]string
	// State is RUNNING, PAUSED or STOPPED; empty is what the server takes for none.
	State string
	// Origin is where it stands: a file, and the number of a document.
	Origin string
}

// definitions reads connectors as Kafka Connect's JSON, {name, config} or a flat
// object, as its properties files, or as our manifests.
func definitions(ctx context.Context, sources []string, stdin io.Reader) ([]definition, error) {
	var out []definition
	var errs []error
	for _, source := range sources {
		more, err := definitionsOf(ctx, source, stdin)
		out, errs = append(out, more...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

func definitionsOf(ctx context.Context, source string, stdin io.Reader) ([]definition, error) {
	info, err := os.Stat(source)
	if source != "-" && (err != nil || info.IsDir()) {
		// A directory or an address, or else the error says what is missing.
		return manifests(ctx, source, stdin)
	}
	data, err := readDefinition(source, stdin)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", source, err)
	}
	origin := source
	if source == "-" {
		origin = "stdin"
	}
	var object map[string]json.RawMessage
	switch isJSON := json.Unmarshal(data, &object) == nil; {
	case isJSON && object["apiVersion"] == nil:
		d, err := fromJSON(data, object)
		return one(d, origin, err)
	case !isJSON && isProperties(source, data):
		config, err := secrets.ParseProperties(string(data))
		return one(definition{Name: config["name"], Config: config}, origin, err)
	case source == "-":
		return manifests(ctx, "-", bytes.NewReader(data))
	}
	return manifests(ctx, source, stdin)
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
func fromJSON(data []byte, object map[string]json.RawMessage) (definition, error) {
	if c := object["config"]; c == nil || bytes.TrimSpace(c)[0] != '{' {
		config, err := scalars(data)
		return definition{Name: config["name"], Config: config}, err
	}
	d := definition{}
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

// one checks a definition.
func one(d definition, origin string, err error) ([]definition, error) {
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
		return nil, fmt.Errorf("%s: %w", origin, err)
	}
	d.Origin = origin
	return []definition{d}, nil
}

// manifests reads Connector documents. What Kafka Connect's API has no room for is
// refused.
func manifests(ctx context.Context, source string, stdin io.Reader) ([]definition, error) {
	m, err := manifest.Load(ctx, []string{source}, stdin)
	if err != nil {
		return nil, err
	}
	var out []definition
	var errs []error
	for _, c := range m.Connectors {
		d, err := fromManifest(c)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Origin, err))
			continue
		}
		out = append(out, d)
	}
	return out, errors.Join(errs...)
}

func fromManifest(c standalone.Connector) (definition, error) {
	d := definition{Name: c.Name, Config: maps.Clone(c.Config), Origin: c.Origin}
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
