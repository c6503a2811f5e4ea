// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"penstock.dev/hack/conformance/rest/talk"
	"penstock.dev/runtime/rest"
)

// schema is the part of JSON Schema that docs/reference/openapi.yaml uses.
type schema struct {
	Ref         string             `json:"$ref"`
	Type        any                `json:"type"` // a text or a list of them
	Properties  map[string]*schema `json:"properties"`
	Additional  *schema            `json:"additionalProperties"`
	Required    []string           `json:"required"`
	Items       *schema            `json:"items"`
	Enum        []any              `json:"enum"`
	OneOf       []*schema          `json:"oneOf"`
	Description string             `json:"description"`
}

type content map[string]struct {
	Schema *schema `json:"schema"`
}

type operation struct {
	Body *struct {
		Content content `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content content `json:"content"`
	} `json:"responses"`
}

type openAPI struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

func loadOpenAPI(t *testing.T) (openAPI, map[string]operation) {
	t.Helper()
	data, err := os.ReadFile("../../docs/reference/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc openAPI
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	operations := map[string]operation{}
	for path, methods := range doc.Paths {
		for method, raw := range methods {
			if method == "parameters" {
				continue
			}
			var o operation
			if err := json.Unmarshal(raw, &o); err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			operations[strings.ToUpper(method)+" "+path] = o
		}
	}
	return doc, operations
}

// check returns what is wrong with a value.
func (d openAPI) check(s *schema, at string, v any) error {
	if s == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		if d.Components.Schemas[name] == nil {
			return fmt.Errorf("%s: there is no schema %s", at, name)
		}
		return d.check(d.Components.Schemas[name], at, v)
	}
	if len(s.OneOf) > 0 {
		var errs []string
		for _, o := range s.OneOf {
			err := d.check(o, at, v)
			if err == nil {
				return nil
			}
			errs = append(errs, err.Error())
		}
		return fmt.Errorf("%s: none of: %s", at, strings.Join(errs, "; "))
	}
	if s.Type != nil && !slices.ContainsFunc(types(s.Type), func(t string) bool { return is(t, v) }) {
		return fmt.Errorf("%s: %v is not of type %v", at, v, s.Type)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return fmt.Errorf("%s: %v is not one of %v", at, v, s.Enum)
	}
	return d.checkMembers(s, at, v)
}

func (d openAPI) checkMembers(s *schema, at string, v any) error {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			if err := d.check(s.Items, at+"["+strconv.Itoa(i)+"]", e); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				return fmt.Errorf("%s: %s is missing", at, name)
			}
		}
		for name, e := range v {
			member, known := s.Properties[name]
			if !known && s.Additional == nil && len(s.Properties) > 0 {
				return fmt.Errorf("%s: %s is not described", at, name)
			}
			if !known {
				member = s.Additional
			}
			if err := d.check(member, at+"."+name, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func types(t any) []string {
	list, ok := t.([]any)
	if !ok {
		return []string{t.(string)}
	}
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = e.(string)
	}
	return out
}

func is(kind string, v any) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	case []any:
		return kind == "array"
	}
	return kind == "object"
}

func TestOpenAPIHasEveryRoute(t *testing.T) {
	_, operations := loadOpenAPI(t)
	var want, got []string
	for _, r := range rest.New(rest.Options{}).Routes() {
		want = append(want, r.Method+" "+r.Path)
	}
	for o := range operations {
		got = append(got, o)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("the document has\n%s\nand the API serves\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Every answer that was recorded, and that this build gives as well, is one that
// the document describes.
func TestOpenAPIDescribesAnswers(t *testing.T) {
	doc, operations := loadOpenAPI(t)
	const dir = "../../runtime/standalone/testdata/"
	requests, err := talk.Load[talk.Request](dir + "rest.json")
	if err != nil {
		t.Fatal(err)
	}
	answers, err := talk.Load[talk.Answer](dir + "rest.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, r := range requests {
		name := match(operations, r)
		if name == "" {
			continue // it is answered with 404 or 405, or is HEAD or OPTIONS
		}
		code := answers[i].Status
		if r.Penstock > 0 {
			code = r.Penstock
		}
		seen[name] = true
		response, ok := operations[name].Responses[strconv.Itoa(code)]
		if !ok {
			t.Errorf("%s: %s may be answered with %d, which the document does not say", r.Name, name, code)
			continue
		}
		body := response.Content["application/json"].Schema
		if (body == nil) != (len(answers[i].Body) == 0) {
			t.Errorf("%s: %s is answered with %q, which the document describes otherwise", r.Name, name, answers[i].Body)
			continue
		}
		var v any
		if len(answers[i].Body) > 0 {
			if err := json.Unmarshal(answers[i].Body, &v); err != nil {
				t.Fatal(err)
			}
			if err := doc.check(body, "body", v); err != nil {
				t.Errorf("%s: %v", r.Name, err)
			}
		}
		if sent := operations[name].Body; sent != nil && code < 300 {
			var v any
			if err := json.Unmarshal(r.Body, &v); err != nil {
				t.Fatal(err)
			}
			if err := doc.check(sent.Content["application/json"].Schema, "request", v); err != nil {
				t.Errorf("%s: %v", r.Name, err)
			}
		}
	}
	for o := range operations {
		if !seen[o] {
			t.Errorf("no recorded request is %s", o)
		}
	}
}

// match returns the operation of a request.
func match(operations map[string]operation, r talk.Request) string {
	path, _, _ := strings.Cut(r.Path, "?")
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for name := range operations {
		method, pattern, _ := strings.Cut(name, " ")
		want := strings.Split(strings.TrimSuffix(pattern, "/"), "/")
		if method != r.Method || len(want) != len(parts) {
			continue
		}
		same := true
		for i := range want {
			same = same && (want[i] == parts[i] || strings.HasPrefix(want[i], "{"))
		}
		if same {
			return name
		}
	}
	return ""
}
