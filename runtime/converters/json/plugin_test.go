// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

func TestPluginDefaults(t *testing.T) {
	p := Plugin()
	want := map[string]string{
		"schemas.enable": "true", "schemas.cache.size": "1000", "schema.content": "",
		"decimal.format": "BASE64", "replace.null.with.default": "true",
	}
	if p.Name != "json" || len(p.Aliases) != 1 || len(p.Keys) != len(want) {
		t.Fatalf("plugin %+v", p)
	}
	for _, k := range p.Keys {
		if d, ok := want[k.Name]; !ok || d != k.Default || k.Required {
			t.Errorf("key %s has default %q, want %q", k.Name, k.Default, d)
		}
	}
}

func TestPluginCheck(t *testing.T) {
	tests := map[string]struct {
		props map[string]string
		key   string // of the problem, "" for none
		text  string
	}{
		"nothing":      {nil, "", ""},
		"all":          {map[string]string{"schemas.enable": "false", "schemas.cache.size": "5", "decimal.format": "numeric", "replace.null.with.default": "FALSE"}, "", ""},
		"bool":         {map[string]string{"schemas.enable": "maybe"}, "schemas.enable", "maybe"},
		"size":         {map[string]string{"schemas.cache.size": "-1"}, "schemas.cache.size", "-1"},
		"format":       {map[string]string{"decimal.format": "HEX"}, "decimal.format", "NUMERIC"},
		"content":      {map[string]string{"schema.content": `{"type":"int33"}`}, "schema.content", "Unknown schema type: int33"},
		"content JSON": {map[string]string{"schema.content": `{"type":`}, "schema.content", "the text ends"},
		"content more": {map[string]string{"schema.content": `{"type":"int32"}}`}, "schema.content", "after the JSON value"},
		"reference":    {map[string]string{"schema.content": "${file:x}"}, "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			problems := Plugin().Check(tc.props)
			_, err := Plugin().New(tc.props, false)
			if tc.key == "" {
				if len(problems) != 0 || err != nil && name != "reference" {
					t.Errorf("problems %v, error %v", problems, err)
				}
				return
			}
			if len(problems) != 1 || problems[0].Key != tc.key || !strings.Contains(problems[0].Message, tc.text) {
				t.Errorf("problems %v", problems)
			}
			if err == nil || !strings.Contains(err.Error(), tc.key+": ") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestPluginNumeric(t *testing.T) {
	c, err := Plugin().New(map[string]string{"decimal.format": "numeric", "schemas.enable": "false"}, true)
	if err != nil {
		t.Fatal(err)
	}
	s := &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Parameters: []connect.Parameter{{Name: "scale", Value: "1"}}}
	out, err := c.FromConnect([]byte{}, "t", s, connect.BytesValue([]byte{15}))
	if string(out) != "1.5" || err != nil {
		t.Errorf("got %s, %v", out, err)
	}
}
