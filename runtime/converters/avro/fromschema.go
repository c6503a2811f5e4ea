// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"
	"strconv"
	"strings"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// builder makes an Avro schema of a Connect schema, as
// io.confluent.connect.avro.AvroData.fromConnectSchema does.
type builder struct {
	rules
	made    map[*connect.Schema]*schema // of schemas that are not optional
	structs []madeStruct                // likewise, for those that are equal but not the same
	open    map[string]*schema          // records that are being made, by Connect name
	seen    map[string]bool             // names of fields' schemas
	unnamed int
}

type madeStruct struct {
	from *connect.Schema
	to   *schema
}

// fromSchema returns the Avro schema; nil stands for values without a schema.
func (r rules) fromSchema(s *connect.Schema) (*schema, error) {
	if s == nil {
		return anything(), nil
	}
	b := builder{rules: r, made: map[*connect.Schema]*schema{}, open: map[string]*schema{}, seen: map[string]bool{}}
	return b.schema(s, false, 0)
}

// schema returns the Avro schema of s, which is not made a union with null if plain
// says so.
func (b *builder) schema(s *connect.Schema, plain bool, depth int) (*schema, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("the schema nests deeper than %d levels; a schema that refers to itself needs a name", maxNesting)
	}
	if s == nil {
		return nil, fmt.Errorf("a part of the schema is missing")
	}
	if isUnion(s) {
		return b.union(s, depth)
	}
	base, err := b.base(s, depth)
	if err != nil || plain || !s.Optional {
		return base, err
	}
	if s.Default != nil && s.Type != connect.Struct {
		return union(base, primitive(kNull)), nil
	}
	return union(primitive(kNull), base), nil
}

// base returns the Avro schema of s as if it were not optional.
func (b *builder) base(s *connect.Schema, depth int) (*schema, error) {
	if known, ok := b.open[s.Name]; ok && s.Name != "" && s.Type == connect.Struct {
		return known, nil
	}
	if known, ok := b.known(s); ok {
		return known, nil
	}
	base, err := b.types(s, depth)
	if err != nil {
		return nil, err
	}
	if err := b.annotate(base, s); err != nil {
		return nil, err
	}
	b.made[s] = base
	if base.named() {
		b.structs = append(b.structs, madeStruct{s, base})
	}
	return base, nil
}

// known finds the schema of an equal one, so that a record without a name gets one
// name.
func (b *builder) known(s *connect.Schema) (*schema, bool) {
	if known, ok := b.made[s]; ok {
		return known, true
	}
	for _, m := range b.structs {
		if sameSchema(m.from, s, true, nil) {
			return m.to, true
		}
	}
	return nil, false
}

func (b *builder) types(s *connect.Schema, depth int) (*schema, error) {
	switch s.Type {
	case connect.Int8, connect.Int16, connect.Int32:
		return primitive(kInt), nil
	case connect.Int64:
		return primitive(kLong), nil
	case connect.Float32:
		return primitive(kFloat), nil
	case connect.Float64:
		return primitive(kDouble), nil
	case connect.Boolean:
		return primitive(kBoolean), nil
	case connect.String:
		return b.stringType(s)
	case connect.Bytes:
		return b.bytesType(s)
	case connect.Array:
		elem, err := b.schema(s.Elem, false, depth+1)
		return &schema{kind: kArray, elem: elem}, at(err, "[]")
	case connect.Map:
		return b.mapType(s, depth)
	case connect.Struct:
		return b.record(s, depth)
	default:
		return nil, fmt.Errorf("couldn't translate unsupported schema type %s", s.Type)
	}
}

// name returns the name of a type: the schema's or a new one.
func (b *builder) name(s *connect.Schema) (string, error) {
	if s.Name == "" {
		b.unnamed++
		if b.unnamed == 1 {
			return defaultName, nil
		}
		return defaultName + strconv.Itoa(b.unnamed), nil
	}
	name := b.scrubFull(s.Name)
	return name, validName("the schema name", name, true)
}

// stringType returns an enum if the schema was one and may be one again.
func (b *builder) stringType(s *connect.Schema) (*schema, error) {
	key := b.enumKey()
	full, ok := s.Parameter(key)
	if !ok || !b.generalSums && !b.enhanced {
		return primitive(kString), nil
	}
	e := &schema{kind: kEnum, name: full}
	for _, p := range s.Parameters {
		if symbol, ok := strings.CutPrefix(p.Name, key+"."); ok {
			if err := validName("the enum symbol", symbol, false); err != nil {
				return nil, err
			}
			e.symbols = append(e.symbols, symbol)
		}
	}
	name, err := b.name(s)
	if err != nil {
		return nil, err
	}
	if b.discardDocs {
		e.doc, e.hasDoc = s.Parameter(enumDocProp)
		return e, validName("the enum name", full, true)
	}
	_, name = splitName(name)
	e.doc, e.hasDoc = s.Parameter(enumDocParam + name)
	e.fallback, _ = s.Parameter(enumDefaultParam + name)
	return e, validName("the enum name", full, true)
}

func (b *builder) bytesType(s *connect.Schema) (*schema, error) {
	out := primitive(kBytes)
	if isFixed(s) {
		text, _ := s.Parameter(fixedSizeParam)
		size, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("the parameter %s is %q, which is no size", fixedSizeParam, text)
		}
		name, err := b.name(s)
		if err != nil {
			return nil, err
		}
		out = &schema{kind: kFixed, name: name, size: int(size)}
	}
	if s.Name != connect.DecimalName {
		return out, nil
	}
	scale, ok := javatext.Scale(s)
	if !ok {
		return nil, fmt.Errorf("a Decimal schema has no valid parameter %s", connect.ScaleParameter)
	}
	precision := defaultPrecision
	if text, ok := s.Parameter(precisionParam); ok {
		var err error
		if precision, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("the parameter %s is %q, which is no number", precisionParam, text)
		}
	}
	out.set("scale", number(strconv.Itoa(scale)))
	out.set("precision", number(strconv.Itoa(precision)))
	return out, nil
}

// mapType returns a map, or an array of entries if the keys are no texts.
func (b *builder) mapType(s *connect.Schema, depth int) (*schema, error) {
	if s.Key == nil || s.Elem == nil {
		return nil, fmt.Errorf("a map schema has no key or no value schema")
	}
	if b.asAvroMap(s) {
		elem, err := b.schema(s.Elem, false, depth+1)
		return &schema{kind: kMap, elem: elem}, at(err, "{}")
	}
	entry := &schema{kind: kRecord, name: joinName(namespace, mapEntryName)}
	if s.Name != "" {
		name, err := b.name(s)
		if err != nil {
			return nil, err
		}
		entry.name = name
		entry.set(internalProp, text(mapEntryName))
	}
	for _, f := range []connect.Field{{Name: keyField, Schema: s.Key}, {Name: valueField, Schema: s.Elem}} {
		made, err := b.field(s, f, depth)
		if err != nil {
			return nil, at(err, "{}")
		}
		made.doc, made.hasDoc = "", false
		entry.fields = append(entry.fields, made)
	}
	return &schema{kind: kArray, elem: entry}, nil
}

func (b *builder) union(s *connect.Schema, depth int) (*schema, error) {
	u := &schema{kind: kUnion}
	if s.Optional {
		u.branches = append(u.branches, primitive(kNull))
	}
	for _, f := range s.Fields {
		branch, err := b.schema(f.Schema, true, depth+1)
		if err != nil {
			return nil, at(err, f.Name)
		}
		for _, other := range u.branches {
			if other.typeName() == branch.typeName() {
				return nil, fmt.Errorf("the union has two branches of type %s; enums stay enums with enhanced.avro.schema.support=true", branch.typeName())
			}
		}
		u.branches = append(u.branches, branch)
	}
	return u, nil
}

func (b *builder) record(s *connect.Schema, depth int) (*schema, error) {
	name, err := b.name(s)
	if err != nil {
		return nil, err
	}
	r := &schema{kind: kRecord, name: name}
	doc := recordDocParam
	if b.discardDocs {
		doc = recordDocProp
	}
	r.doc, r.hasDoc = s.Parameter(doc)
	if s.Name != "" {
		b.open[s.Name] = r
		defer delete(b.open, s.Name)
	}
	seen := map[string]bool{}
	for _, f := range s.Fields {
		made, err := b.field(s, f, depth)
		if err != nil {
			return nil, at(err, f.Name)
		}
		if err := validName("the field name", made.name, false); err != nil {
			return nil, err
		}
		if seen[made.name] {
			return nil, fmt.Errorf("the record %s has two fields of the name %s in Avro", r.name, made.name)
		}
		seen[made.name] = true
		r.fields = append(r.fields, made)
	}
	return r, nil
}

// field makes the field f of a schema.
func (b *builder) field(of *connect.Schema, f connect.Field, depth int) (*field, error) {
	if f.Schema == nil {
		return nil, fmt.Errorf("it has no schema")
	}
	out := &field{name: b.scrub(f.Name)}
	name := b.scrubFull(f.Schema.Name)
	again := name != "" && b.seen[name]
	b.seen[name] = true
	var err error
	if out.schema, err = b.schema(f.Schema, false, depth+1); err != nil {
		return nil, err
	}
	if b.discardDocs {
		out.doc, out.hasDoc = f.Schema.Doc, f.Schema.Doc != ""
	} else {
		out.doc, out.hasDoc = of.Parameter(fieldDocParam + f.Name)
	}
	switch {
	case f.Schema.Default != nil:
		if def, err := b.defaultTree(f.Schema, *f.Schema.Default); err == nil && fits(out.schema, def) {
			out.def = def
		}
	case f.Schema.Optional:
		out.def = tree{kind: jsonNull}
	}
	if params := b.parameters(f.Schema); b.metadata && again && len(params.members) > 0 && hasNamed(out.schema) {
		out.props = []member{{parametersProp, params}}
	}
	return out, nil
}

// hasNamed reports whether a schema has a name, or is a union with a branch that has.
func hasNamed(s *schema) bool {
	for _, b := range s.branches {
		if b.named() {
			return true
		}
	}
	return s.named()
}

// parameters are those that are written.
func (b *builder) parameters(s *connect.Schema) tree {
	t := tree{kind: jsonObject}
	for _, p := range s.Parameters {
		if b.discardDocs || p.Name != fieldDefaultParam {
			t.set(p.Name, text(p.Value))
		}
	}
	return t
}

// annotate adds what Avro has no place for.
func (b *builder) annotate(out *schema, s *connect.Schema) error {
	if b.metadata {
		if err := b.annotations(out, s); err != nil {
			return err
		}
	}
	switch s.Name {
	case connect.DecimalName:
		if s.Type == connect.Bytes {
			out.set(logicalProp, text(logicalDecimal))
		}
	case connect.TimeName:
		out.set(logicalProp, text(logicalTime))
	case connect.TimestampName:
		out.set(logicalProp, text(logicalTimestamp))
	case connect.DateName:
		out.set(logicalProp, text(logicalDate))
	}
	for _, p := range s.Parameters {
		if strings.HasPrefix(p.Name, avroPrefix) {
			out.set(p.Name, text(p.Value))
		}
	}
	return nil
}

func (b *builder) annotations(out *schema, s *connect.Schema) error {
	if s.Doc != "" {
		out.set(docProp, text(s.Doc))
	}
	if s.Version != 0 {
		out.set(versionProp, number(strconv.Itoa(s.Version)))
	}
	if params := b.parameters(s); len(params.members) > 0 {
		out.set(parametersProp, params)
	}
	if _, ofField := s.Parameter(fieldDefaultParam); s.Default != nil && (b.discardDocs || !ofField) {
		def, err := b.defaultTree(s, *s.Default)
		if err != nil {
			return err
		}
		out.set(defaultProp, def)
	}
	if s.Name != "" {
		out.set(nameProp, text(s.Name))
	}
	switch s.Type {
	case connect.Int8:
		out.set(typeProp, text("int8"))
	case connect.Int16:
		out.set(typeProp, text("int16"))
	}
	return nil
}
