// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
)

// texts makes the JSON schema of a Connect schema.
type texts struct {
	rules Mapping
	ids   map[string]bool           // of what stands before
	own   map[*connect.Field]string // ids of structs that hold themselves and have none
	seen  map[*connect.Field]bool   // by findLoops
	depth int
	parts int
}

// maxParts bounds how many parts a text has: a struct that many share is written for
// each of them. Likewise when a text is read, where many refer to one part.
const maxParts = 100_000

// newText returns the text of the JSON schema, to the byte as Confluent makes it.
func newText(m Mapping, s *connect.Schema) (string, error) {
	t := &texts{rules: m, ids: map[string]bool{}, own: map[*connect.Field]string{}, seen: map[*connect.Field]bool{}}
	t.findLoops(s, nil)
	return t.schema(s, -1, false)
}

// findLoops gives ids to the structs that hold themselves: Confluent's reader does,
// those of other formats do not.
func (t *texts) findLoops(s *connect.Schema, outer []*connect.Field) {
	if s == nil {
		return
	}
	if s.Type == connect.Struct && len(s.Fields) > 0 {
		first := &s.Fields[0]
		if slices.Contains(outer, first) {
			if _, ok := s.Parameter(idParam); !ok && t.own[first] == "" {
				t.own[first] = "#struct" + strconv.Itoa(len(t.own)+1)
			}
			return
		}
		if t.seen[first] {
			return
		}
		t.seen[first] = true
		outer = append(slices.Clip(outer), first)
		for i := range s.Fields {
			t.findLoops(s.Fields[i].Schema, outer)
		}
		return
	}
	t.findLoops(s.Key, outer)
	t.findLoops(s.Elem, outer)
}

func (t *texts) idOf(s *connect.Schema) string {
	if id, ok := s.Parameter(idParam); ok {
		return id
	}
	if s.Type == connect.Struct && len(s.Fields) > 0 {
		return t.own[&s.Fields[0]]
	}
	return ""
}

// jsonObject collects the members of a JSON object.
type jsonObject []string

func (o *jsonObject) add(name, json string) { *o = append(*o, quote(name)+":"+json) }

func (o *jsonObject) json() string { return "{" + strings.Join(*o, ",") + "}" }

// props are the members that JSON Schema knows nothing of, which Java keeps in a
// hash map.
type props map[string]string

func (p props) addTo(o *jsonObject) {
	names := []string{"connect.type", "connect.version", "connect.parameters", "connect.index"}
	names = javaOrder(slices.DeleteFunc(names, func(n string) bool { return p[n] == "" }), defaultBuckets)
	for _, name := range javaOrder(names, copiedBuckets(len(names))) {
		o.add(name, p[name])
	}
}

// part returns the text of a schema, or a reference to where it stands already.
func (t *texts) part(s *connect.Schema, index int) (string, error) {
	if s == nil {
		return "", errors.New("a list, map or struct has a member without schema")
	}
	id := t.idOf(s)
	if id == "" || !t.ids[id] {
		return t.schema(s, index, false)
	}
	ref := `{"$ref":` + quote(id) + `}`
	if !s.Optional {
		return ref, nil
	}
	p := props{}
	if index >= 0 {
		p["connect.index"] = strconv.Itoa(index)
	}
	return oneOf("", p, `{"type":"null"}`, ref), nil // Confluent forgets the null
}

// schema returns the text of a schema; index is that of the field in its struct, -1
// for none. A member of a union is not optional in itself.
func (t *texts) schema(s *connect.Schema, index int, member bool) (string, error) {
	if t.depth++; t.depth > maxLevels {
		return "", fmt.Errorf("the schema nests deeper than %d levels", maxLevels)
	}
	if t.parts++; t.parts > maxParts {
		return "", fmt.Errorf("the schema has more than %d parts", maxParts)
	}
	defer func() { t.depth-- }()
	id := t.idOf(s)
	if id != "" {
		t.ids[id] = true
	}
	p := props{}
	if index >= 0 {
		p["connect.index"] = strconv.Itoa(index)
	}
	switch {
	case jsonconv.IsUnion(s):
		return t.union(s, id, p)
	case s.Type == connect.Struct && s.Optional && !member:
		inner := *s
		inner.Optional = false
		text, err := t.schema(&inner, -1, false)
		return oneOf(id, p, `{"type":"null"}`, text), err
	case s.Optional && !member:
		text, err := t.plain(s, "", props{})
		return oneOf(id, p, `{"type":"null"}`, text), err
	default:
		return t.plain(s, id, p)
	}
}

func oneOf(id string, p props, subs ...string) string {
	var o jsonObject
	if id != "" {
		o.add("id", quote(id))
	}
	p.addTo(&o)
	o.add("oneOf", "["+strings.Join(subs, ",")+"]")
	return o.json()
}

func (t *texts) union(s *connect.Schema, id string, p props) (string, error) {
	var subs []string
	if s.Optional {
		subs = append(subs, `{"type":"null"}`)
	}
	for i, f := range s.Fields {
		if f.Schema == nil {
			return "", fmt.Errorf("field %s has no schema", f.Name)
		}
		if id := t.idOf(f.Schema); id != "" && t.ids[id] {
			subs = append(subs, `{"$ref":`+quote(id)+`}`)
			continue
		}
		m := *f.Schema
		m.Optional = false
		text, err := t.schema(&m, i, true)
		if err != nil {
			return "", at(err, f.Name)
		}
		subs = append(subs, text)
	}
	return oneOf(id, p, subs...), nil
}

// plain returns the text of a schema that is not optional: what the library that
// Confluent uses prints of it, in that order.
func (t *texts) plain(s *connect.Schema, id string, p props) (string, error) {
	var before, after jsonObject
	if err := t.typed(s, p, &before, &after); err != nil {
		return "", err
	}
	if s.Name != "" {
		before.add("title", quote(s.Name))
	}
	if s.Doc != "" {
		before.add("description", quote(s.Doc))
	}
	if s.Version != 0 {
		p["connect.version"] = strconv.Itoa(s.Version)
	}
	if params := parameters(s.Parameters); params != "" {
		p["connect.parameters"] = params
	}
	if s.Default != nil && !s.Default.IsNull() {
		text, err := t.fallback(s)
		if err != nil {
			return "", fmt.Errorf("default: %w", err)
		}
		before.add("default", text)
	}
	if id != "" {
		before.add("id", quote(id))
	}
	p.addTo(&before)
	return joined(before, after), nil
}

func (t *texts) typed(s *connect.Schema, p props, before, after *jsonObject) error {
	switch s.Type {
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		before.add("type", `"integer"`)
		p["connect.type"] = quote(s.Type.String())
	case connect.Float32:
		before.add("type", `"number"`)
		p["connect.type"] = `"float32"`
	case connect.Float64:
		before.add("type", `"number"`)
		p["connect.type"] = `"float64"`
	case connect.Boolean:
		after.add("type", `"boolean"`) // the one that comes last
	case connect.String:
		t.text(s, before)
	case connect.Bytes:
		before.add("type", `"string"`)
		if s.Name == connect.DecimalName && t.rules.numeric() {
			*before = nil
			before.add("type", `"number"`)
		}
		p["connect.type"] = `"bytes"`
	case connect.Array:
		before.add("type", `"array"`)
		items, err := t.part(s.Elem, -1)
		after.add("items", items)
		return err
	case connect.Map:
		return t.mapping(s, p, before, after)
	case connect.Struct:
		return t.structure(s, before, after)
	default:
		return fmt.Errorf("unsupported type %s", s.Type)
	}
	return nil
}

func (t *texts) text(s *connect.Schema, before *jsonObject) {
	if _, ok := jsonconv.EnumParameter(s, t.rules.GeneralizedSumTypes); !ok {
		before.add("type", `"string"`)
		return
	}
	param := jsonconv.EnumParam
	if t.rules.GeneralizedSumTypes {
		param = jsonconv.AnyEnumParam
	}
	var symbols []string
	for _, q := range s.Parameters {
		if symbol, ok := strings.CutPrefix(q.Name, param+"."); ok {
			symbols = append(symbols, symbol)
		}
	}
	var values []string
	for _, symbol := range enumOrder(symbols) {
		if symbol == nullSymbol {
			values = append(values, "null")
		} else {
			values = append(values, quote(symbol))
		}
	}
	before.add("enum", "["+strings.Join(values, ",")+"]")
}

// enumOrder is that of a hash set, in which null has the hash 0.
func enumOrder(symbols []string) []string {
	hashed := make([]string, len(symbols))
	for i, s := range symbols {
		if hashed[i] = s; s == nullSymbol {
			hashed[i] = ""
		}
	}
	hashed = javaOrder(hashed, defaultBuckets)
	for i, s := range hashed {
		if s == "" && slices.Contains(symbols, nullSymbol) {
			hashed[i] = nullSymbol
		}
	}
	return hashed
}

func (t *texts) mapping(s *connect.Schema, p props, before, after *jsonObject) error {
	if s.Key == nil || s.Elem == nil {
		return errors.New("map schema has no key or no value schema")
	}
	p["connect.type"] = `"map"`
	if s.Key.Type == connect.String && !s.Key.Optional {
		before.add("type", `"object"`)
		value, err := t.part(s.Elem, -1)
		after.add("additionalProperties", value)
		return err
	}
	before.add("type", `"array"`)
	key, err := t.schema(s.Key, 0, false)
	if err != nil {
		return at(err, "key")
	}
	value, err := t.part(s.Elem, 1)
	if err != nil {
		return at(err, "value")
	}
	members := map[string]string{"key": key, "value": value}
	var entry jsonObject
	for _, name := range javaOrder([]string{"key", "value"}, defaultBuckets) {
		entry.add(name, members[name])
	}
	after.add("items", `{"type":"object","properties":`+entry.json()+`}`)
	return nil
}

func (t *texts) structure(s *connect.Schema, before, after *jsonObject) error {
	before.add("type", `"object"`)
	if !t.rules.ObjectAdditionalProperties {
		before.add("additionalProperties", "false")
	}
	if len(s.Fields) == 0 {
		return nil
	}
	names := make([]string, len(s.Fields))
	members := make(map[string]string, len(s.Fields))
	for i, f := range s.Fields {
		text, err := t.part(f.Schema, i)
		if err != nil {
			return at(err, f.Name)
		}
		names[i], members[f.Name] = f.Name, text
	}
	var fields jsonObject
	for _, name := range javaOrder(names, defaultBuckets) {
		fields.add(name, members[name])
	}
	after.add("properties", fields.json())
	return nil
}

// parameters returns the parameters that are not of this converter, "" for none.
func parameters(params []connect.Parameter) string {
	var names []string
	values := map[string]string{}
	for _, p := range params {
		if !strings.HasPrefix(p.Name, namespace) {
			names = append(names, p.Name)
			values[p.Name] = p.Value
		}
	}
	if len(names) == 0 {
		return ""
	}
	var o jsonObject
	for _, name := range javaOrder(javaOrder(names, defaultBuckets), sizedBuckets(len(names))) {
		o.add(name, quote(values[name]))
	}
	return o.json()
}

func joined(before, after jsonObject) string {
	all := slices.Concat(before, after)
	return all.json()
}
