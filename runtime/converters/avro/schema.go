// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import "strings"

// kind is a type of Avro.
type kind uint8

const (
	kNull kind = iota
	kBoolean
	kInt
	kLong
	kFloat
	kDouble
	kBytes
	kString
	kRecord
	kEnum
	kArray
	kMap
	kUnion
	kFixed
)

var kindNames = [...]string{
	"null", "boolean", "int", "long", "float", "double", "bytes", "string", "record", "enum", "array", "map", "union", "fixed",
}

func (k kind) String() string { return kindNames[k] }

// schema is an Avro schema. One that refers to itself is a cycle of pointers.
type schema struct {
	kind     kind
	name     string // in full, of a record, an enum or a fixed
	aliases  []string
	doc      string
	hasDoc   bool
	fields   []*field
	elem     *schema // of an array's items or a map's values
	branches []*schema
	symbols  []string
	fallback string // the default of an enum
	size     int    // of a fixed
	props    []member
}

type field struct {
	name    string
	schema  *schema
	doc     string
	hasDoc  bool
	def     tree
	order   string
	aliases []string
	props   []member
}

func primitive(k kind) *schema { return &schema{kind: k} }

func union(branches ...*schema) *schema { return &schema{kind: kUnion, branches: branches} }

// prop returns the property of that name, or no value.
func (s *schema) prop(name string) tree { return propOf(s.props, name) }

// propText returns a property that is a text, or "".
func (s *schema) propText(name string) string {
	if p := s.prop(name); p.isString() {
		return p.text
	}
	return ""
}

func propOf(props []member, name string) tree {
	for _, p := range props {
		if p.name == name {
			return p.value
		}
	}
	return tree{}
}

// set adds a property unless it is there.
func (s *schema) set(name string, value tree) {
	if s.prop(name).kind == jsonNone {
		s.props = append(s.props, member{name, value})
	}
}

// named reports whether the schema has a name by which others refer to it.
func (s *schema) named() bool { return s.kind == kRecord || s.kind == kEnum || s.kind == kFixed }

// typeName is what a branch of a union is called: the full name or the type's.
func (s *schema) typeName() string {
	if s.named() {
		return s.name
	}
	return s.kind.String()
}

// field returns the position of the named field, or -1.
func (s *schema) field(name string) int {
	for i, f := range s.fields {
		if f.name == name {
			return i
		}
	}
	return -1
}

// splitName cuts a full name into namespace and name.
func splitName(full string) (space, name string) {
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		return full[:i], full[i+1:]
	}
	return "", full
}

func joinName(space, name string) string {
	if space == "" {
		return name
	}
	return space + "." + name
}

// nullable returns the places of null and of the other branch in a union of the two.
func (s *schema) nullable() (null, other int, ok bool) {
	if s.kind != kUnion || len(s.branches) != 2 {
		return 0, 0, false
	}
	for i, b := range s.branches {
		if b.kind == kNull && s.branches[1-i].kind != kNull {
			return i, 1 - i, true
		}
	}
	return 0, 0, false
}
