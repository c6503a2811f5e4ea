// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import "fmt"

// Type is the type of a schema or of a value, as in Kafka Connect's
// org.apache.kafka.connect.data.Schema.Type.
type Type uint8

// The types. Null is the type of a null value and of no schema.
const (
	Null Type = iota
	Int8
	Int16
	Int32
	Int64
	Float32
	Float64
	Boolean
	String
	Bytes
	Array
	Map
	Struct
)

var typeNames = [...]string{
	"null", "int8", "int16", "int32", "int64", "float", "double", "boolean", "string", "bytes", "array", "map", "struct",
}

// String returns the type's name as JsonConverter writes it: float32 is
// "float" and float64 is "double".
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// Names of the logical types of org.apache.kafka.connect.data. A value of a
// logical type is kept as its underlying type.
const (
	// DecimalName marks Bytes: the big-endian two's complement of the unscaled
	// value; the parameter "scale" holds the number of decimals.
	DecimalName = "org.apache.kafka.connect.data.Decimal"
	// DateName marks Int32: days since 1970-01-01.
	DateName = "org.apache.kafka.connect.data.Date"
	// TimeName marks Int32: milliseconds since midnight.
	TimeName = "org.apache.kafka.connect.data.Time"
	// TimestampName marks Int64: milliseconds since 1970-01-01T00:00:00Z.
	TimestampName = "org.apache.kafka.connect.data.Timestamp"
)

// ScaleParameter is the parameter of a Decimal schema that holds its scale.
const ScaleParameter = "scale"

// Schema describes a value, as Kafka Connect's ConnectSchema does. A schema is
// immutable once a record refers to it; equal pointers mean equal schemas, and
// converters cache what they derive from a schema by its pointer.
type Schema struct {
	Type     Type
	Optional bool
	// Name is the schema's name, or the name of a logical type; "" is none.
	Name string
	// Version is the schema's version; 0 is none.
	Version int
	// Doc is the documentation; "" is none.
	Doc string
	// Parameters are kept in the order in which they are written.
	Parameters []Parameter
	// Default is the default value; nil is none.
	Default *Value
	// Fields are the members of a Struct, in order.
	Fields []Field
	// Key is the schema of a Map's keys, Elem that of an Array's elements or a
	// Map's values.
	Key, Elem *Schema
}

// Parameter is a name and a value attached to a schema.
type Parameter struct{ Name, Value string }

// Field is a member of a Struct schema.
type Field struct {
	Name   string
	Schema *Schema
}

// Schemas without name, doc or default, shared by all.
var (
	StringSchema         = &Schema{Type: String}
	OptionalStringSchema = &Schema{Type: String, Optional: true}
	BytesSchema          = &Schema{Type: Bytes}
	OptionalBytesSchema  = &Schema{Type: Bytes, Optional: true}
	BooleanSchema        = &Schema{Type: Boolean}
	Int8Schema           = &Schema{Type: Int8}
	Int16Schema          = &Schema{Type: Int16}
	Int32Schema          = &Schema{Type: Int32}
	Int64Schema          = &Schema{Type: Int64}
	Float32Schema        = &Schema{Type: Float32}
	Float64Schema        = &Schema{Type: Float64}
	TimestampSchema      = &Schema{Type: Int64, Name: TimestampName, Version: 1}
	DateSchema           = &Schema{Type: Int32, Name: DateName, Version: 1}
	TimeSchema           = &Schema{Type: Int32, Name: TimeName, Version: 1}
)

// FieldIndex returns the position of the named field of a Struct schema, or -1.
func (s *Schema) FieldIndex(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// Parameter returns the named parameter and whether it is there.
func (s *Schema) Parameter(name string) (string, bool) {
	for _, p := range s.Parameters {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// AsOptional returns the schema itself if it is optional, or else an optional copy.
func (s *Schema) AsOptional() *Schema {
	if s.Optional {
		return s
	}
	c := *s
	c.Optional = true
	return &c
}
