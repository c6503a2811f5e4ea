// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// ReplaceFieldConfig are the keys of ReplaceField.
type ReplaceFieldConfig struct {
	// The fields to leave out; they are left out even if include names them.
	Exclude []string `config:"exclude" default:""`
	// The fields to keep; all if there are none.
	Include []string `config:"include" default:""`
	// New names of fields, as pairs: foo:bar,abc:xyz.
	Renames []string `config:"renames" default:""`
	// Whether a null field that has a default is replaced by the default.
	ReplaceNull bool `config:"replace.null.with.default" default:"true"`
	// The name of exclude before Kafka Connect 4.
	Blacklist string `config:"blacklist" refused:"was renamed to exclude, and Kafka Connect 4 ignores it; set exclude instead" importance:"low"`
	// The name of include before Kafka Connect 4.
	Whitelist string `config:"whitelist" refused:"was renamed to include, and Kafka Connect 4 ignores it; set include instead" importance:"low"`
}

// ReplaceField returns the transform that leaves fields out and renames them.
func ReplaceField(side Side) connect.TransformPlugin {
	return connect.TransformClass[ReplaceFieldConfig]{
		Name:    "replace-field-" + side.String(),
		Aliases: []string{side.class("ReplaceField")},
		Doc:     "Leaves out and renames fields of the record's " + side.String() + ".",
		Example: `transforms: tidy
transforms.tidy.type: replace-field-` + side.String() + `
transforms.tidy.exclude: password,ssn
transforms.tidy.renames: uid:user_id,ts:created_at
`,
		Check: func(c ReplaceFieldConfig, _ connect.Kind) []configdef.Problem {
			if _, err := parseRenames(c.Renames); err != nil {
				return []configdef.Problem{{Key: "renames", Message: err.Error()}}
			}
			return nil
		},
		New: func(c ReplaceFieldConfig, _ connect.Kind) (connect.Transform, error) {
			return newReplaceField(c, side)
		},
	}.Plugin()
}

// rename is a pair of names.
type rename struct{ from, to string }

// parseRenames reads pairs as Java does: String.split forgets empty parts at the
// end, so that "a:b:" is a pair too.
func parseRenames(list []string) ([]rename, error) {
	var out []rename
	for _, item := range list {
		parts := strings.Split(strings.TrimRight(item, ":"), ":")
		if len(parts) != 2 {
			return nil, fmt.Errorf("Invalid rename mapping: %s; write pairs of an old and a new name, old:new", item)
		}
		out = slices.DeleteFunc(out, func(r rename) bool { return r.from == parts[0] })
		out = append(out, rename{from: parts[0], to: parts[1]})
	}
	return out, nil
}

type replaceField struct {
	side        Side
	exclude     map[string]bool
	include     map[string]bool
	renames     map[string]connect.Value
	pairs       []rename
	replaceNull bool
	schemas     derived[replacePlan]
	// fates knows what becomes of the fields of maps, layout what was last found at
	// each place.
	fates  map[string]*fate
	layout []*fate
	other  fate // of a field beyond the bound
}

// fate is what becomes of a field of a map.
type fate struct {
	name string
	keep bool
	// to is the new name; null is the old one.
	to connect.Value
}

// maxFates bounds what is remembered of the fields of maps.
const maxFates = 1000

func newReplaceField(c ReplaceFieldConfig, side Side) (*replaceField, error) {
	t := &replaceField{side: side, replaceNull: c.ReplaceNull, exclude: set(c.Exclude), include: set(c.Include), fates: map[string]*fate{}}
	var err error
	if t.pairs, err = parseRenames(c.Renames); err != nil {
		return nil, fmt.Errorf("renames: %w", err)
	}
	t.renames = make(map[string]connect.Value, len(t.pairs))
	for _, r := range t.pairs {
		t.renames[r.from] = connect.StringValue(r.to)
	}
	return t, nil
}

func set(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// Apply implements connect.Transform.
func (t *replaceField) Apply(s *connect.Selection) { edit(s, t.side, t) }

func (t *replaceField) purpose() string { return "field replacement" }

func (t *replaceField) keeps(name string) bool {
	return !t.exclude[name] && (len(t.include) == 0 || t.include[name])
}

func (t *replaceField) renamed(name string) string {
	if to, ok := t.renames[name]; ok {
		return to.Str()
	}
	return name
}

// replacePlan is what is known of an input schema.
type replacePlan struct {
	schema *connect.Schema
	// from says for each field of schema which one of the input it is.
	from   []int
	strict []int
	err    error
}

func (t *replaceField) plan(s *connect.Schema) *replacePlan {
	p := new(replacePlan)
	var fields []connect.Field
	for _, f := range s.Fields {
		if t.keeps(f.Name) {
			fields = append(fields, connect.Field{Name: t.renamed(f.Name), Schema: f.Schema})
		}
	}
	if p.schema, p.err = structLike(s, fields); p.err != nil {
		return p
	}
	p.strict = strict(fields)
	for _, f := range fields {
		old := t.before(f.Name, s)
		at := s.FieldIndex(old)
		if at < 0 {
			p.err = javaError("%s is not a valid field name", old)
			return p
		}
		p.from = append(p.from, at)
	}
	return p
}

// before returns the old name of a field, as Kafka Connect looks for it: where a
// rename has this name as its target, the field is taken for the renamed one, even
// if it has had the name before and the other does not exist.
func (t *replaceField) before(name string, s *connect.Schema) string {
	old, found := name, false
	for _, r := range t.pairs {
		if r.to != name || found && s.FieldIndex(r.from) < 0 {
			continue
		}
		old, found = r.from, true
	}
	return old
}

func (t *replaceField) record(a *connect.Arena, _ *connect.Record, s *connect.Schema, fields []connect.Value) (*connect.Schema, connect.Value, error) {
	p := t.schemas.of(s, t.plan)
	if p.err != nil {
		return nil, connect.Value{}, p.err
	}
	out := a.Values(len(p.from))
	for i, from := range p.from {
		out[i] = fields[from]
	}
	if err := settle(out, p.strict, p.schema.Fields, t.replaceNull); err != nil {
		return nil, connect.Value{}, err
	}
	return p.schema, connect.StructValue(out), nil
}

func (t *replaceField) object(a *connect.Arena, _ *connect.Record, entries []connect.Entry) (connect.Value, error) {
	out, n := a.Entries(len(entries)), 0
	crowded := false // a name may stand twice
	for i := range entries {
		e := &entries[i]
		if e.Key.Type() != connect.String {
			return connect.Value{}, javaError("class %s cannot be cast to class java.lang.String", javaClass(nil, e.Key.Type()))
		}
		f := t.fateOf(i, e.Key.Str())
		if !f.keep {
			continue
		}
		out[n] = *e
		if !f.to.IsNull() {
			out[n].Key, crowded = f.to, true
		}
		n++
	}
	if crowded {
		n = t.merge(out[:n])
	}
	return connect.MapValue(out[:n]), nil
}

// fateOf returns what becomes of a field. Maps of a stream mostly have the same
// fields in the same order, so the one that was last at this place is looked at
// first.
func (t *replaceField) fateOf(at int, name string) *fate {
	if at < len(t.layout) && t.layout[at].name == name {
		return t.layout[at]
	}
	f, ok := t.fates[name]
	switch {
	case ok:
	case len(t.fates) >= maxFates:
		t.other = fate{name: name, keep: t.keeps(name), to: t.renames[name]}
		return &t.other
	default:
		f = &fate{name: strings.Clone(name), keep: t.keeps(name), to: t.renames[name]}
		t.fates[f.name] = f
	}
	if at < len(t.layout) {
		t.layout[at] = f
	} else if at == len(t.layout) && at < maxFates {
		t.layout = append(t.layout, f)
	}
	return f
}

// merge makes one of the entries that a rename has given the same name: the later
// value at the earlier place. It returns how many are left.
func (t *replaceField) merge(entries []connect.Entry) int {
	n := len(entries)
	for _, r := range t.pairs {
		first := find(entries[:n], r.to)
		for first < n {
			next := first + 1 + find(entries[first+1:n], r.to)
			if next == n {
				break
			}
			entries[first].Value = entries[next].Value
			copy(entries[next:], entries[next+1:n])
			n--
		}
	}
	return n
}
