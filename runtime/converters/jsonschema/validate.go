// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// validator says whether a record is what its schema allows.
type validator struct{ schema *jsonschema.Schema }

// rootURL is where relative references of a schema without an $id start.
const rootURL = "schema:///root.json"

// newValidator compiles a schema, as of draft 7 unless it says otherwise. Nothing is
// read from anywhere: what it refers to is in needs.
func newValidator(text string, needs map[string]string) (*validator, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.UseLoader(noLoader{})
	base := rootURL
	if root, err := parse(text); err == nil && strings.Contains(root.str("$id"), "://") {
		base = root.str("$id")
	}
	add := func(url, text string) error {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return fmt.Errorf("the schema is no JSON: %w", err)
		}
		return c.AddResource(url, doc)
	}
	if err := add(base, text); err != nil {
		return nil, err
	}
	d, err := openOne("{}", nil)
	if err != nil {
		return nil, err
	}
	d.base = d.resolve(base)
	for name, text := range needs {
		if err := add(withoutFragment(d.resolve(name)), text); err != nil {
			return nil, fmt.Errorf("%s, to which the schema refers: %w", name, err)
		}
	}
	s, err := c.Compile(base)
	if err != nil {
		return nil, fmt.Errorf("json.fail.invalid.schema: the schema is not valid: %w", err)
	}
	return &validator{s}, nil
}

// noLoader finds nothing.
type noLoader struct{}

// Load implements jsonschema.URLLoader.
func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not among the references of the schema in the registry", url)
}

// check returns why the record is not valid, with the place in it.
func (v *validator) check(data []byte) error {
	record, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("the record is no JSON: %w", err)
	}
	err = v.schema.Validate(record)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	return fmt.Errorf("json.fail.invalid.schema: the record is not what its schema allows: %s", reasons(invalid.Error()))
}

// reasons makes one line of the list that the library writes.
func reasons(text string) string {
	const most = 500
	var out []string
	for line := range strings.Lines(text) {
		if line, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			out = append(out, line)
		}
	}
	joined := strings.Join(out, "; ")
	if len(joined) > most {
		joined = strings.ToValidUTF8(joined[:most], "") + "..."
	}
	return joined
}
