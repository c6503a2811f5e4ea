// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"
	"strconv"
	"strings"

	"penstock.dev/runtime/connect"
)

// reading makes a Connect schema of an Avro schema, as
// io.confluent.connect.avro.AvroData.toConnectSchema does.
type reading struct {
	rules
	open   map[*schema]*openRecord
	made   map[madeKey]*connect.Schema
	unions int
	left   int // how many more schemas may be made
}

// madeKey is what most schemas depend on.
type madeKey struct {
	s        *schema
	optional bool
}

// maxSchemas bounds how many schemas one may hold; types that refer to each other can
// make it grow without end.
const maxSchemas = 100_000

// openRecord is a record whose fields are being read. Where it refers to itself, the
// schema is taken before it is complete.
type openRecord struct {
	schema   *connect.Schema
	optional *connect.Schema // a copy, completed in the end; nil if nobody asked for it
}

// context is what the place of a schema adds to it.
type context struct {
	optional bool
	def      tree // of a field
	doc      tree // of a field
	version  int  // in the registry
}

func (r rules) toSchema(s *schema, version int) (*connect.Schema, error) {
	d := reading{rules: r, open: map[*schema]*openRecord{}, made: map[madeKey]*connect.Schema{}, left: maxSchemas}
	return d.schema(s, context{version: version}, 0)
}

// known finds a schema that was made in a place that adds nothing to it.
func (d *reading) known(s *schema, c context) (*connect.Schema, bool) {
	known, ok := d.made[madeKey{s, c.optional}]
	return known, ok && d.plain(s, c)
}

func (d *reading) plain(s *schema, c context) bool {
	return s.named() && c.def.kind == jsonNone && c.version == 0 && (!d.discardDocs || !c.doc.isString())
}

func (d *reading) schema(s *schema, c context, depth int) (*connect.Schema, error) {
	if depth > maxNesting {
		return nil, errNesting
	}
	if d.left--; d.left < 0 {
		return nil, fmt.Errorf("it stands for more than %d schemas", maxSchemas)
	}
	if s.kind == kUnion {
		return d.union(s, c, depth)
	}
	if known, ok := d.known(s, c); ok {
		return known, nil
	}
	if o, ok := d.open[s]; ok {
		if !c.optional {
			return o.schema, nil
		}
		if o.optional == nil {
			o.optional = &connect.Schema{}
		}
		return o.optional, nil
	}
	out := &connect.Schema{}
	if s.kind == kRecord {
		d.open[s] = &openRecord{schema: out}
	}
	if err := d.types(s, out, depth); err != nil {
		return nil, err
	}
	if err := d.annotate(s, out, c); err != nil {
		return nil, err
	}
	if d.plain(s, c) {
		d.made[madeKey{s, c.optional}] = out
	}
	if o := d.open[s]; o != nil {
		delete(d.open, s)
		if o.optional != nil {
			*o.optional = *out
			o.optional.Optional = true
		}
	}
	return out, nil
}

// plainTypes are those of the types without parts.
var plainTypes = map[kind]connect.Type{
	kBoolean: connect.Boolean, kInt: connect.Int32, kLong: connect.Int64, kFloat: connect.Float32,
	kDouble: connect.Float64, kString: connect.String, kBytes: connect.Bytes, kFixed: connect.Bytes, kEnum: connect.String,
}

// types sets the type of out and what belongs to it.
func (d *reading) types(s *schema, out *connect.Schema, depth int) (err error) {
	out.Type = plainTypes[s.kind]
	switch s.kind {
	case kNull:
		return fmt.Errorf("standalone null schemas are not supported by this converter")
	case kInt:
		return intType(s, out)
	case kLong:
		if strings.EqualFold(s.propText(logicalProp), logicalTimestamp) {
			out.Name, out.Version = connect.TimestampName, 1
		}
	case kBytes, kFixed:
		return bytesType(s, out)
	case kEnum:
		d.enum(s, out)
	case kArray:
		return d.array(s, out, depth)
	case kMap:
		out.Type, out.Key = connect.Map, connect.StringSchema
		out.Elem, err = d.schema(s.elem, context{}, depth+1)
		return at(err, "{}")
	case kRecord:
		return d.record(s, out, depth)
	}
	return nil
}

func intType(s *schema, out *connect.Schema) error {
	logical := s.propText(logicalProp)
	switch typ := s.propText(typeProp); {
	case strings.EqualFold(logical, logicalDate):
		out.Name, out.Version = connect.DateName, 1
	case strings.EqualFold(logical, logicalTime):
		out.Name, out.Version = connect.TimeName, 1
	case logical != "" || typ == "":
	case typ == "int8":
		out.Type = connect.Int8
	case typ == "int16":
		out.Type = connect.Int16
	default:
		return fmt.Errorf("the property %s of an int is %q and not int8 or int16", typeProp, typ)
	}
	return nil
}

func bytesType(s *schema, out *connect.Schema) error {
	if strings.EqualFold(s.propText(logicalProp), logicalDecimal) {
		scale, ok := s.integer("scale", 0)
		precision, okp := s.integer("precision", defaultPrecision)
		if !ok || !okp {
			return fmt.Errorf("the scale and the precision of a decimal must be whole numbers")
		}
		out.Name, out.Version = connect.DecimalName, 1
		setParameter(out, connect.ScaleParameter, strconv.Itoa(scale))
		if precision != defaultPrecision {
			setParameter(out, precisionParam, strconv.Itoa(precision))
		}
	}
	if s.kind == kFixed {
		setParameter(out, fixedSizeParam, strconv.Itoa(s.size))
	}
	return nil
}

// integer returns a property that is a whole number.
func (s *schema) integer(name string, fallback int) (int, bool) {
	p := s.prop(name)
	if p.kind == jsonNone {
		return fallback, true
	}
	n, err := strconv.ParseInt(p.text, 10, 32)
	return int(n), p.kind == jsonNumber && err == nil
}

// setParameter replaces the parameter or appends it.
func setParameter(s *connect.Schema, name, value string) {
	for i := range s.Parameters {
		if s.Parameters[i].Name == name {
			s.Parameters[i].Value = value
			return
		}
	}
	s.Parameters = append(s.Parameters, connect.Parameter{Name: name, Value: value})
}

func (d *reading) enum(s *schema, out *connect.Schema) {
	_, name := splitName(s.name)
	switch {
	case !d.metadata:
	case d.discardDocs && s.hasDoc:
		setParameter(out, enumDocProp, s.doc)
	case !d.discardDocs:
		if s.hasDoc {
			setParameter(out, enumDocParam+name, s.doc)
		}
		if s.fallback != "" {
			setParameter(out, enumDefaultParam+name, s.fallback)
		}
	}
	key := d.enumKey()
	setParameter(out, key, s.name)
	for i, symbol := range s.symbols {
		value := symbol
		if d.generalSums {
			value = strconv.Itoa(i)
		}
		setParameter(out, key+"."+symbol, value)
	}
}

// isEntry reports whether the items of an array are the entries of a map.
func isEntry(s *schema) bool {
	return s.kind == kRecord && (s.name == joinName(namespace, mapEntryName) || s.propText(internalProp) == mapEntryName)
}

func (d *reading) array(s *schema, out *connect.Schema, depth int) (err error) {
	if !isEntry(s.elem) {
		out.Type = connect.Array
		out.Elem, err = d.schema(s.elem, context{}, depth+1)
		return at(err, "[]")
	}
	key, value := s.elem.field(keyField), s.elem.field(valueField)
	if len(s.elem.fields) != 2 || key < 0 || value < 0 {
		return fmt.Errorf("found map encoded as array of key-value pairs, but array elements do not match the expected format")
	}
	out.Type = connect.Map
	if out.Key, err = d.schema(s.elem.fields[key].schema, context{}, depth+1); err != nil {
		return at(err, "{}")
	}
	out.Elem, err = d.schema(s.elem.fields[value].schema, context{}, depth+1)
	return at(err, "{}")
}

func (d *reading) record(s *schema, out *connect.Schema, depth int) error {
	out.Type = connect.Struct
	keep := d.metadata && !d.discardDocs
	if keep && s.hasDoc {
		setParameter(out, recordDocParam, s.doc)
	}
	out.Fields = make([]connect.Field, len(s.fields))
	for i, f := range s.fields {
		if keep && f.hasDoc {
			setParameter(out, fieldDocParam+f.name, f.doc)
		}
		c := context{def: f.def}
		if f.hasDoc {
			c.doc = text(f.doc)
		}
		made, err := d.schema(f.schema, c, depth+1)
		if err != nil {
			return at(err, f.name)
		}
		if params := propOf(f.props, parametersProp); d.metadata && params.kind == jsonObject {
			made = withParameters(made, params)
		}
		out.Fields[i] = connect.Field{Name: f.name, Schema: made}
	}
	return nil
}

// withParameters returns the schema with the parameters of a field's own.
func withParameters(s *connect.Schema, params tree) *connect.Schema {
	out := *s
	out.Parameters = append([]connect.Parameter(nil), s.Parameters...)
	same := true
	for _, m := range params.members {
		if v, ok := s.Parameter(m.name); !ok || v != m.value.String() {
			same = false
			setParameter(&out, m.name, m.value.String())
		}
	}
	if same {
		return s
	}
	return &out
}

func (d *reading) union(s *schema, c context, depth int) (*connect.Schema, error) {
	if len(s.branches) == 1 && d.flattenSingle {
		return d.schema(s.branches[0], context{doc: c.doc}, depth+1)
	}
	if _, other, ok := s.nullable(); ok {
		return d.schema(s.branches[other], context{optional: true, doc: c.doc}, depth+1)
	}
	out := &connect.Schema{Type: connect.Struct, Name: unionName}
	if d.generalSums {
		out.Name = generalUnionPrefix + strconv.Itoa(d.unions)
		d.unions++
		setParameter(out, generalUnionParam, out.Name)
	}
	for i, b := range s.branches {
		if b.kind == kNull {
			out.Optional = true
			continue
		}
		name := d.branchField(b, i)
		if out.FieldIndex(name) >= 0 {
			return nil, fmt.Errorf("multiple union schemas map to the Connect union field name %s; set enhanced.avro.schema.support=true to have full names", name)
		}
		made, err := d.schema(b, context{optional: true}, depth+1)
		if err != nil {
			return nil, at(err, name)
		}
		out.Fields = append(out.Fields, connect.Field{Name: name, Schema: made})
	}
	return out, d.annotate(s, out, c)
}
