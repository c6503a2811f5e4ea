// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"penstock.dev/runtime/connect"
)

// The files that a schema imports for its logical types.
const (
	decimalFile   = "confluent/type/decimal.proto"
	variantFile   = "confluent/type/variant.proto"
	dateFile      = "google/type/date.proto"
	timeFile      = "google/type/timeofday.proto"
	timestampFile = "google/protobuf/timestamp.proto"
	wrappersFile  = "google/protobuf/wrappers.proto"
)

// fileText is a .proto file of one message, as Confluent makes it of a Connect
// schema.
type fileText struct {
	pkg     string
	imports []string
	message *messageText
}

type messageText struct {
	name     string
	fields   []fieldText
	oneofs   []oneofText
	messages []*messageText
	enums    []enumText

	of    *connect.Schema // of a Struct
	outer *messageText
}

type oneofText struct {
	name   string
	fields []fieldText
}

type fieldText struct {
	label, typ, name string
	number           int32
	params           []connect.Parameter // of the option confluent.field_meta
}

type enumText struct {
	name   string
	values []connect.Parameter
}

// texts makes the file of one Connect schema.
type texts struct {
	rules   Mapping
	file    fileText
	unnamed int
	count   int // of messages
}

// newText returns the file of a Struct schema and the full name of its message.
func newText(r Mapping, s *connect.Schema) (*fileText, string, error) {
	t := &texts{rules: r}
	full := t.nameOr(s.Name)
	steps := strings.Split(strings.TrimRight(full, "."), ".")
	for i, step := range steps {
		steps[i] = t.scrub(step)
		if !isIdentifier(steps[i]) {
			return nil, "", t.badName("schema", full)
		}
	}
	name := steps[len(steps)-1]
	t.file.pkg = strings.Join(steps[:len(steps)-1], ".")
	m, err := t.message(nil, name, s)
	if err != nil {
		return nil, "", err
	}
	t.file.message = m
	return &t.file, strings.Join(steps, "."), nil
}

func (t *texts) scrub(name string) string {
	if t.rules.ScrubInvalidNames {
		return scrub(name)
	}
	return name
}

func (t *texts) nameOr(name string) string {
	if name != "" {
		return name
	}
	t.unnamed++
	return defaultName + strconv.Itoa(t.unnamed)
}

// unqualified returns the last part of a schema's name.
func (t *texts) unqualified(name string) string { return t.scrub(simpleName(t.nameOr(name))) }

func (t *texts) badName(what, name string) error {
	return fmt.Errorf("the %s name %q is none that protobuf allows: letters, digits and underscores; set scrub.invalid.names=true to have it replaced", what, name)
}

// maxMessages bounds how many messages a file has: a struct that many messages use is
// one of each of them.
const maxMessages = 10_000

func (t *texts) message(outer *messageText, name string, s *connect.Schema) (*messageText, error) {
	if !isIdentifier(name) {
		return nil, t.badName("schema", name)
	}
	m := &messageText{name: name, of: s, outer: outer}
	if err := t.checkDepth(m); err != nil {
		return nil, err
	}
	if t.count++; t.count > maxMessages {
		return nil, fmt.Errorf("the schema makes more than %d messages", maxMessages)
	}
	numbers := newNumbers(s)
	for i := range s.Fields {
		f := &s.Fields[i]
		if isUnion(f.Schema) {
			if err := t.oneof(m, f, numbers); err != nil {
				return nil, at(err, f.Name)
			}
			numbers.next++ // as Confluent counts
			continue
		}
		field, err := t.field(m, f.Schema, t.scrub(f.Name), false)
		if err != nil {
			return nil, at(err, f.Name)
		}
		if field.number, err = numbers.of(f.Schema); err != nil {
			return nil, at(err, f.Name)
		}
		m.fields = append(m.fields, field)
	}
	return m, nil
}

// checkDepth ends what has no end: messages that hold each other under new names.
func (t *texts) checkDepth(m *messageText) error {
	depth := 0
	for o := m.outer; o != nil; o = o.outer {
		depth++
	}
	if depth >= maxPath {
		return fmt.Errorf("structs nest deeper than %d levels, or without end", maxPath)
	}
	return nil
}

func (t *texts) oneof(m *messageText, f *connect.Field, numbers *numbers) error {
	name, ok := f.Schema.Parameter(anyUnionParam)
	if !ok || !t.rules.GeneralizedSumTypes {
		name = t.unqualified(strings.TrimPrefix(strings.TrimPrefix(f.Schema.Name, unionName), "."))
	}
	if name == "" {
		name = t.scrub(f.Name)
	}
	if !isIdentifier(name) {
		return t.badName("union", name)
	}
	o := oneofText{name: name}
	for i := range f.Schema.Fields {
		member := &f.Schema.Fields[i]
		if typ := member.Schema.Type; typ == connect.Array || typ == connect.Map || isUnion(member.Schema) {
			return at(fmt.Errorf("a %s cannot be the member of a protobuf oneof", typ), member.Name)
		}
		field, err := t.field(m, member.Schema, t.scrub(member.Name), true)
		if err != nil {
			return at(err, member.Name)
		}
		if field.number, err = numbers.of(member.Schema); err != nil {
			return at(err, member.Name)
		}
		field.label = ""
		o.fields = append(o.fields, field)
	}
	m.oneofs = append(m.oneofs, o)
	return nil
}

// field returns a field without its number, and adds to the message what its type
// needs.
func (t *texts) field(m *messageText, s *connect.Schema, name string, member bool) (fieldText, error) {
	f := fieldText{name: name}
	if !isIdentifier(name) {
		return f, t.badName("field", name)
	}
	switch {
	case s.Type == connect.Array || s.Type == connect.Map:
		f.label = "repeated"
	case t.rules.OptionalForNullables && s.Optional:
		f.label = "optional"
	}
	if s.Type == connect.Array {
		if s = s.Elem; s == nil {
			return f, fmt.Errorf("array schema has no element schema")
		}
		if s.Type == connect.Array || s.Type == connect.Map {
			return f, fmt.Errorf("an array of %ss has no form in protobuf; put each into a struct", s.Type)
		}
		if isUnion(s) {
			return f, fmt.Errorf("an array of unions has no form in protobuf; put each into a struct")
		}
	}
	var err error
	f.typ, err = t.typeOf(m, s, &f, member)
	return f, err
}

func (t *texts) typeOf(m *messageText, s *connect.Schema, f *fieldText, member bool) (string, error) {
	if typ, file := logicalMessage(s); typ != "" {
		t.addImport(file)
		if typ == decimalMessage {
			f.params = decimalParams(s)
		}
		return typ, nil
	}
	switch s.Type {
	case connect.Struct:
		return t.structType(m, s, f.name)
	case connect.Map:
		return t.mapType(m, s)
	}
	if name, param, ok := enumOf(s, t.rules.GeneralizedSumTypes); ok && (s.Type == connect.String || s.Type == connect.Int32) {
		return t.enumType(m, s, name, param)
	}
	kind, err := kindOf(s)
	if err != nil {
		return "", err
	}
	if s.Type == connect.Int8 || s.Type == connect.Int16 {
		f.params = []connect.Parameter{{Name: connectType, Value: s.Type.String()}}
	}
	if t.rules.wraps(s, member) {
		t.addImport(wrappersFile)
		return string(wrapperOf(kind)), nil
	}
	return kind.String(), nil
}

// wraps reports whether a field of a scalar type is a wrapper message.
func (r Mapping) wraps(s *connect.Schema, member bool) bool {
	if !r.WrapperForNullables || !s.Optional {
		return false
	}
	marked, _ := s.Parameter(wrapperParam)
	return !member || strings.EqualFold(marked, "true")
}

func (t *texts) addImport(file string) {
	if !slices.Contains(t.file.imports, file) {
		t.file.imports = append(t.file.imports, file)
	}
}

// structType returns the name of a Struct's message, which becomes one of m's
// unless it is m itself or a message around it.
func (t *texts) structType(m *messageText, s *connect.Schema, field string) (string, error) {
	name := t.unqualified(s.Name)
	if name == field {
		name += "Message" // a message and a field of the same name cannot stand together
	}
	if t.known(m, name, s) {
		return name, nil
	}
	if slices.ContainsFunc(m.messages, func(n *messageText) bool { return n.name == name }) {
		return "", fmt.Errorf("two different structs of message %s have the name %s", m.name, name)
	}
	at := len(m.messages)
	m.messages = append(m.messages, &messageText{name: name, of: s, outer: m})
	n, err := t.message(m, name, s)
	if err != nil {
		return "", err
	}
	m.messages[at] = n
	return name, nil
}

// known reports whether the name means the message of that Struct already: that of
// a field before, or one that holds m.
func (t *texts) known(m *messageText, name string, s *connect.Schema) bool {
	for _, n := range m.messages {
		if n.name == name {
			return n.of != nil && sameFields(n.of, s)
		}
	}
	for o := m; o != nil; o = o.outer {
		if o.name == name {
			return o.of != nil && sameFields(o.of, s)
		}
	}
	return false
}

func (t *texts) mapType(m *messageText, s *connect.Schema) (string, error) {
	if s.Key == nil || s.Elem == nil {
		return "", fmt.Errorf("map schema has no key or no value schema")
	}
	name := mapEntry(t.unqualified(s.Name))
	if !isIdentifier(name) {
		return "", t.badName("map", name)
	}
	e := &messageText{name: name, outer: m}
	key, err := t.field(e, s.Key, "key", false)
	if err != nil {
		return "", at(err, "key")
	}
	value, err := t.field(e, s.Elem, "value", false)
	if err != nil {
		return "", at(err, "value")
	}
	key.number, value.number = 1, 2
	e.fields = []fieldText{key, value}
	if i := slices.IndexFunc(m.messages, func(n *messageText) bool { return n.name == name }); i >= 0 {
		if m.messages[i].of == nil && m.messages[i].String() == e.String() {
			return name, nil
		}
		return "", fmt.Errorf("two different maps or structs of message %s have the name %s", m.name, name)
	}
	m.messages = append(m.messages, e)
	return name, nil
}

func (t *texts) enumType(m *messageText, s *connect.Schema, typ, param string) (string, error) {
	name := typ
	if s.Name != "" {
		name = t.unqualified(s.Name)
	}
	if typ == "" { // JSON Schema's enums have no name
		typ = name
	}
	if !isIdentifier(name) || typ != name {
		return "", fmt.Errorf("the enum's name is %q in the schema and %q in its parameter %s; both must be the same identifier", name, typ, param)
	}
	e := enumText{name: name}
	for _, p := range s.Parameters {
		symbol, ok := strings.CutPrefix(p.Name, param+".")
		if !ok {
			continue
		}
		if _, ok := number(p.Value); !ok || !isIdentifier(symbol) {
			return "", fmt.Errorf("parameter %s=%s of enum %s is no symbol and number of a protobuf enum", p.Name, p.Value, name)
		}
		e.values = append(e.values, connect.Parameter{Name: symbol, Value: p.Value})
	}
	if len(e.values) == 0 {
		return "", fmt.Errorf("enum %s has no symbols: no parameter begins with %s", name, param+".")
	}
	if i := slices.IndexFunc(m.enums, func(n enumText) bool { return n.name == name }); i >= 0 {
		if !slices.Equal(m.enums[i].values, e.values) {
			return "", fmt.Errorf("two different enums of message %s have the name %s", m.name, name)
		}
		return typ, nil
	}
	m.enums = append(m.enums, e)
	return typ, nil
}
