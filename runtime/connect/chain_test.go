// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

type stampConfig struct {
	Field string `config:"field"`
	Count int    `config:"count" default:"1" min:"1"`
}

type stamp struct{ stampConfig }

func (s *stamp) Apply(sel *connect.Selection) {
	for r := sel.Next(); r != nil; r = sel.Next() {
		r.Topic += s.Field
	}
}

type always struct{}

func (always) Test(*connect.Record) (bool, error) { return true, nil }

func chainRegistry() connect.Registry {
	class := func(name string) connect.TransformPlugin {
		return connect.TransformClass[stampConfig]{
			Name: "stamp-" + strings.ToLower(name), Aliases: []string{"org.example.Stamp$" + name},
			Check: func(c stampConfig, kind connect.Kind) []configdef.Problem {
				if c.Field == "source" && kind == connect.SourceKind {
					return []configdef.Problem{{Key: "field", Message: "not for sources"}}
				}
				return nil
			},
			New: func(c stampConfig, _ connect.Kind) (connect.Transform, error) {
				if c.Count == 13 {
					return nil, errors.New("no luck")
				}
				return &stamp{c}, nil
			},
		}.Plugin()
	}
	return connect.Registry{
		Transforms: []connect.TransformPlugin{class("Key"), class("Value")},
		Predicates: []connect.PredicatePlugin{connect.PredicateClass[struct{}]{
			Name: "always", Aliases: []string{"org.example.Always"},
			New: func(struct{}) (connect.Predicate, error) { return always{}, nil },
		}.Plugin()},
	}
}

func texts(problems []configdef.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.Error())
	}
	return out
}

func TestChainFor(t *testing.T) {
	const has = "this build has stamp-key, stamp-value"
	for name, tc := range map[string]struct {
		props              map[string]string
		aliases            []string
		problems, warnings []string
	}{
		"nothing": {},
		"names and class names": {
			props: map[string]string{
				"transforms": "a, b,c", "transforms.a.type": "stamp-key", "transforms.b.type": "org.example.Stamp$Value",
				"transforms.c.type": "Stamp$Value", "transforms.a.field": "x", "transforms.b.field": "y", "transforms.c.field": "z",
			},
			aliases: []string{"a stamp-key x", "b stamp-value y", "c stamp-value z"},
		},
		"predicates": {
			props: map[string]string{
				"transforms": "a,b", "transforms.a.type": "stamp-key", "transforms.a.field": "x", "transforms.a.predicate": "p", "transforms.a.negate": "TRUE",
				"transforms.b.type": "stamp-key", "transforms.b.field": "y", "transforms.b.predicate": "p", "transforms.b.negate": "false",
				"predicates": "p", "predicates.p.type": "Always",
			},
			aliases: []string{"a stamp-key x if not p", "b stamp-key y if p"},
		},
		"all problems at once": {
			props: map[string]string{
				"transforms": "a,b,a,c,d,e,f", "transforms.a.type": "stamp-key", "transforms.a.count": "0", "transforms.b.field": "x",
				"transforms.c.type": "nope", "transforms.d.type": "io.debezium.transforms.ExtractNewRecordState",
				"transforms.e.type": "Stamp", "transforms.f.type": "stamp-key", "transforms.f.field": "source", "transforms.f.plugin.version": "4",
				"predicates": "p,q", "predicates.p.type": "allways",
			},
			problems: []string{
				"transforms: names the transform a twice; give each an alias of its own",
				"predicates.p.type: unknown predicate allways, did you mean always?; this build has always",
				"predicates.q.type: must be set to the class of the predicate; this build has always",
				"transforms.a.field: is required and has no default; set it to a text",
				`transforms.a.count: "0" is not a whole number, at least 1`,
				"transforms.b.type: must be set to the class of the transform; " + has,
				"transforms.c.type: unknown transform nope; " + has,
				"transforms.d.type: io.debezium.transforms.ExtractNewRecordState is not built into this version; it has stamp-key, stamp-value",
				"transforms.e.type: Stamp does not say what it works on; use Stamp$Key or Stamp$Value",
				"transforms.f.plugin.version: 4 is not there: this build has 4.3.1; ask for that, or remove the key",
				"transforms.f.field: not for sources",
			},
		},
		"wrong predicates": {
			props: map[string]string{
				"transforms": "a,b,c", "transforms.a.type": "stamp-key", "transforms.a.field": "x", "transforms.a.predicate": "pp",
				"transforms.b.type": "stamp-key", "transforms.b.field": "x", "transforms.b.negate": "true",
				"transforms.c.type": "stamp-key", "transforms.c.field": "x", "transforms.c.negate": "yes", "transforms.c.predicate": "p1",
				"predicates": "p1", "predicates.p1.type": "always",
			},
			aliases: []string{"a stamp-key x if pp", "b stamp-key x", "c stamp-key x if p1"},
			problems: []string{
				"transforms.a.predicate: names the predicate pp, which predicates does not list (did you mean p1?); add it there and set predicates.pp.type",
				"transforms.b.negate: is set but transforms.b.predicate is not, so there is nothing to negate; set that, or remove this",
				`transforms.c.negate: "yes" is not true or false`,
			},
		},
		"unknown keys": {
			props: map[string]string{
				"transforms": "route", "transforms.route.type": "stamp-key", "transforms.route.field": "x", "transforms.route.feild": "y",
				"transforms.route.predicat": "p", "transforms.rout.field": "x", "predicates.p.type": "always",
			},
			aliases: []string{"route stamp-key x"},
			warnings: []string{
				"transforms.route.feild: is not a key of the transform stamp-key and has no effect, did you mean transforms.route.field?",
				"transforms.route.predicat: is not a key of the transform stamp-key and has no effect, did you mean transforms.route.predicate?",
				"transforms.rout.field: has no effect, because transforms does not name rout; did you mean route?",
				"predicates.p.type: has no effect, because predicates does not name p; add it there if it is meant to apply",
			},
		},
		"an alias with a dot": {
			props: map[string]string{
				"transforms": "a,a.b", "transforms.a.type": "stamp-key", "transforms.a.field": "x",
				"transforms.a.b.type": "stamp-key", "transforms.a.b.field": "y",
			},
			aliases: []string{"a stamp-key x", "a.b stamp-key y"},
		},
		"not known yet": {
			props: map[string]string{
				"transforms": "a,b", "transforms.a.type": "${env:T}", "transforms.a.negate": "${env:N}", "transforms.b.type": "stamp-key",
				"transforms.b.field": "${env:F}", "transforms.b.predicate": "${env:P}",
			},
			aliases: []string{"b stamp-key ${env:F} if ${env:P}"},
		},
		"the list is not known yet": {props: map[string]string{"transforms": "${env:T}", "predicates": "${env:P}", "transforms.a.type": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := chainRegistry().ChainFor(connect.SourceKind, tc.props)
			var aliases []string
			for _, l := range c.Transforms {
				text := l.Alias + " " + l.Plugin.Name + " " + l.Props["field"]
				if l.Negate {
					text += " if not " + l.Predicate
				} else if l.Predicate != "" {
					text += " if " + l.Predicate
				}
				aliases = append(aliases, text)
			}
			if name != "all problems at once" && !slices.Equal(aliases, tc.aliases) {
				t.Errorf("the chain is %q, want %q", aliases, tc.aliases)
			}
			if d := cmp.Diff(tc.problems, texts(c.Problems)); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tc.warnings, texts(c.Warnings)); d != "" {
				t.Errorf("warnings (-want +got):\n%s", d)
			}
		})
	}
}

func TestChain(t *testing.T) {
	props := map[string]string{
		"transforms": "a,b", "transforms.a.type": "stamp-key", "transforms.a.field": "-x", "transforms.a.predicate": "p",
		"transforms.b.type": "stamp-value", "transforms.b.field": "-y",
		"predicates": "p", "predicates.p.type": "always",
	}
	links, err := chainRegistry().ChainFor(connect.SinkKind, props).Chain(connect.SinkKind)
	if err != nil || len(links) != 2 || links[0].Predicate == nil || links[1].Predicate != nil || links[0].PredicateAlias != "p" {
		t.Fatalf("the chain is %+v, error %v", links, err)
	}
	var sel connect.Selection
	records := []*connect.Record{{Topic: "one"}, {Topic: "two"}}
	for _, l := range links {
		sel.Start(new(connect.Arena), records)
		l.Transform.Apply(&sel)
	}
	if records[0].Topic != "one-x-y" || records[1].Topic != "two-x-y" {
		t.Errorf("topics are %s and %s", records[0].Topic, records[1].Topic)
	}
	props["transforms.b.count"] = "13"
	if _, err := chainRegistry().ChainFor(connect.SinkKind, props).Chain(connect.SinkKind); err == nil || err.Error() != "making the transform b: no luck" {
		t.Errorf("got error %v", err)
	}
}

func TestCompact(t *testing.T) {
	b := connect.NewBatch(10, 1000)
	for i := range 6 {
		b.Add().Offset = int64(i)
	}
	var sel connect.Selection
	var records []*connect.Record
	for i := range b.Records {
		records = append(records, &b.Records[i])
	}
	sel.Start(&b.Arena, records)
	for r := sel.Next(); r != nil; r = sel.Next() {
		if r.Offset%3 != 1 {
			sel.Drop()
		}
	}
	b.Compact()
	if len(b.Records) != 2 || b.Records[0].Offset != 1 || b.Records[1].Offset != 4 {
		t.Errorf("left are %+v", b.Records)
	}
	if r := b.Add(); r.Offset != 0 || r.Dropped() {
		t.Errorf("the room of a dropped record still holds %+v", r)
	}
}
