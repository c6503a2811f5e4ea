// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func number(n int64) *int64 { return &n }

func TestOf(t *testing.T) {
	keys := Of[sample]()
	want := map[string]Key{
		"server":     {Name: "server", Type: "STRING", Required: true, Importance: "HIGH", Doc: "The server."},
		"topic":      {Name: "topic", Type: "STRING", Required: true, Importance: "HIGH", Doc: "The topic."},
		"batch.size": {Name: "batch.size", Type: "INT", Default: "2000", HasDefault: true, Importance: "LOW", Min: number(1), Max: number(100000)},
		"small":      {Name: "small", Type: "INT", Default: "-5", HasDefault: true, Importance: "MEDIUM"},
		"big":        {Name: "big", Type: "LONG", Default: "5000000000", HasDefault: true, Importance: "MEDIUM", Max: number(6e9)},
		"ratio":      {Name: "ratio", Type: "DOUBLE", Default: "0.5", HasDefault: true, Importance: "MEDIUM", Min: number(0), Max: number(1)},
		"on":         {Name: "on", Type: "BOOLEAN", Default: "true", HasDefault: true, Importance: "MEDIUM"},
		"wait.ms":    {Name: "wait.ms", Type: "LONG", Default: "1500", HasDefault: true, Importance: "MEDIUM", Min: number(0)},
		"list":       {Name: "list", Type: "LIST", Default: "a, b", HasDefault: true, Importance: "MEDIUM"},
		"mode":       {Name: "mode", Type: "STRING", Default: "insert", HasDefault: true, Importance: "MEDIUM", Enum: []string{"insert", "upsert", "update"}},
		"events":     {Name: "events", Type: "LIST", Importance: "MEDIUM", Enum: []string{"create", "delete"}},
		"password":   {Name: "password", Type: "PASSWORD", Importance: "MEDIUM"},
		"token":      {Name: "token", Type: "STRING", Importance: "MEDIUM", Enum: []string{"t0k3n"}},
		"seed":       {Name: "seed", Type: "LONG", Importance: "MEDIUM", Min: number(0)},
		"note":       {Name: "note", Type: "STRING", Importance: "MEDIUM"},
		"later":      {Name: "later", Type: "STRING", Importance: "MEDIUM"},
	}
	if d := cmp.Diff("server topic batch.size small big ratio on wait.ms list mode events password token seed note later",
		strings.Join(Names(keys), " ")); d != "" {
		t.Error(d)
	}
	for _, k := range keys {
		if d := cmp.Diff(want[k.Name], k); d != "" {
			t.Errorf("%s: %s", k.Name, d)
		}
	}
}

func TestFind(t *testing.T) {
	if k, ok := Find(Of[sample](), "ratio"); !ok || k.Type != "DOUBLE" {
		t.Errorf("got %v %v", k, ok)
	}
	if _, ok := Find(Of[sample](), "none"); ok {
		t.Error("found a key that is not there")
	}
}

func TestOfPanicsAtMistakes(t *testing.T) {
	for name, tc := range map[string]struct {
		of   func() []Key
		want string
	}{
		"no struct": {Of[int], "int is not a struct"},
		"two of a name": {Of[struct {
			A string `config:"a" optional:"true"`
			B string `config:"a" optional:"true"`
		}], "two fields for a"},
		"no name": {Of[struct {
			A string `config:""`
		}], "names its key"},
		"type": {Of[struct {
			A []int `config:"a"`
		}], "[]int is not a type of config"},
		"default": {Of[struct {
			A int `config:"a" default:"x"`
		}], `"x" is not a whole number`},
		"default of a bound": {Of[struct {
			A int `config:"a" default:"0" min:"1"`
		}], "at least 1"},
		"default and optional": {Of[struct {
			A int `config:"a" default:"1" optional:"true"`
		}], "optional anyway"},
		"importance": {Of[struct {
			A int `config:"a" importance:"huge"`
		}], `importance "huge"`},
		"bound": {Of[struct {
			A int `config:"a" max:"many"`
		}], "reading max"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, tc.want) {
					t.Errorf("panics with %q, want %q", got, tc.want)
				}
			}()
			tc.of()
		})
	}
}

func TestMarkdown(t *testing.T) {
	got := Markdown([]Key{
		{Name: "a", Type: "STRING", Required: true, Importance: "HIGH", Doc: "One | two.\nThree."},
		{Name: "b", Type: "INT", HasDefault: true, Default: "1", Importance: "LOW", Min: number(0), Max: number(9)},
		{Name: "c", Type: "LIST", HasDefault: true, Importance: "LOW", Enum: []string{"x", "y"}},
		{Name: "d", Type: "LONG", Importance: "LOW", Max: number(9)},
	})
	want := "| Key | Type | Default | Accepts | Importance | Meaning |\n|---|---|---|---|---|---|\n" +
		"| `a` | string | **required** |  | high | One \\| two.<br>Three. |\n" +
		"| `b` | int | `1` | 0 to 9 | low |  |\n" +
		"| `c` | list | empty | x, y | low |  |\n" +
		"| `d` | long |  | at most 9 | low |  |\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := Markdown(nil); got != "No keys.\n" {
		t.Errorf("got %q", got)
	}
}
