// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"

	"penstock.dev/test/apache"
)

// Reference is a schema's reference to another one.
type Reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// Registered is a schema that is in the registry before a case starts.
type Registered struct {
	Subject string `json:"subject"`
	// Type is AVRO, JSON or PROTOBUF.
	Type       string      `json:"type"`
	Schema     string      `json:"schema"`
	References []Reference `json:"references,omitempty"`
	// Compatibility is set for the subject, once the schema is registered.
	Compatibility string `json:"compatibility,omitempty"`
}

// Encoded is data that an independent implementation writes.
type Encoded struct {
	// As is avro, json or protobuf.
	As string `json:"as"`
	// Schema is what it is written with; that of protobuf is the latest of the subject.
	Schema     string      `json:"schema,omitempty"`
	References []Reference `json:"references,omitempty"`
	// Message is the name of the message of protobuf.
	Message string `json:"message,omitempty"`
	// Data is the value, with the conventions of python/formats.py.
	Data json.RawMessage `json:"data"`
}

// Reading says how the keys or values in the topics of a case are read.
type Reading struct {
	// As is avro, json or protobuf; Message the name of the message of protobuf.
	As      string `json:"as"`
	Message string `json:"message,omitempty"`
}

// registries are the schema registry and its independent client.
type registries struct {
	server  *apache.Registry
	formats *formats
}

// startRegistries starts both, with logs in dir.
func startRegistries(ctx context.Context, o options, dir string) (*registries, error) {
	home, err := apache.InstallRegistry(ctx, o.cache)
	if err != nil {
		return nil, err
	}
	r := &registries{}
	if r.server, err = apache.StartRegistry(ctx, home, filepath.Join(dir, "registry.log")); err != nil {
		return nil, err
	}
	r.formats, err = startFormats(ctx, o, r.server.URL(), filepath.Join(dir, "formats.log"))
	if err != nil {
		return nil, errors.Join(err, r.stop())
	}
	return r, nil
}

// url is where the registry is, or nothing if there is none.
func (r *registries) url() string {
	if r == nil {
		return ""
	}
	return r.server.URL()
}

func (r *registries) stop() error {
	if r == nil {
		return nil
	}
	var err error
	if r.formats != nil {
		err = r.formats.stop()
	}
	return errors.Join(err, r.server.Stop())
}

// ask makes a request of the registry.
func (r *registries) ask(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, r.server.URL()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	var answer bytes.Buffer
	_, err = answer.ReadFrom(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s %s", method, path, resp.Status, answer.String())
	}
	return json.Unmarshal(answer.Bytes(), out)
}

// register puts the schemas of a case into the registry.
func (a *attempt) register(ctx context.Context) error {
	var none struct{}
	for _, s := range a.c.Schemas {
		subject := url.PathEscape(a.expand(s.Subject))
		in := map[string]any{"schemaType": s.Type, "schema": a.expand(s.Schema), "references": a.references(s.References)}
		if err := a.reg.ask(ctx, http.MethodPost, "/subjects/"+subject+"/versions", in, &none); err != nil {
			return fmt.Errorf("registering a schema of %s: %w", s.Subject, err)
		}
		if s.Compatibility != "" {
			if err := a.reg.ask(ctx, http.MethodPut, "/config/"+subject, map[string]string{"compatibility": s.Compatibility}, &none); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *attempt) references(refs []Reference) []Reference {
	out := slices.Clone(refs)
	for i := range out {
		out[i].Subject = a.expand(out[i].Subject)
	}
	return out
}

// encode has a key or value written.
func (a *attempt) encode(side string, e *Encoded) ([]byte, error) {
	answer, err := a.reg.formats.ask(question{Do: "write", As: e.As, Topic: a.topic("in"), Side: side, Schema: a.expand(e.Schema),
		References: a.references(e.References), Message: e.Message, Data: e.Data})
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(answer.Bytes)
}
