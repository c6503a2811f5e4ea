// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package primitiveconv holds Kafka Connect's BooleanConverter, ShortConverter,
// IntegerConverter, LongConverter, FloatConverter and DoubleConverter: a boolean as
// one byte, 0 or 1, and numbers as 2, 4 or 8 bytes, big-endian, floats as IEEE 754.
// They are the formats of org.apache.kafka.common.serialization's serializers.
package primitiveconv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// Config are the keys of the converters, of which there are none.
type Config struct{}

const packageName = "org.apache.kafka.connect.converters."

// Boolean returns the description of BooleanConverter.
func Boolean() connect.ConverterPlugin {
	return plugin("boolean", "Boolean", "Converts a boolean to one byte, 0 or 1, and back.", booleanConverter{})
}

// Short returns the description of ShortConverter.
func Short() connect.ConverterPlugin {
	return plugin("short", "Short", "Converts a 16-bit integer to two bytes, big-endian, and back.", number{connect.Int16})
}

// Integer returns the description of IntegerConverter.
func Integer() connect.ConverterPlugin {
	return plugin("integer", "Integer", "Converts a 32-bit integer to four bytes, big-endian, and back.", number{connect.Int32})
}

// Long returns the description of LongConverter.
func Long() connect.ConverterPlugin {
	return plugin("long", "Long", "Converts a 64-bit integer to eight bytes, big-endian, and back.", number{connect.Int64})
}

// Float returns the description of FloatConverter.
func Float() connect.ConverterPlugin {
	return plugin("float", "Float", "Converts a 32-bit float to its four bytes, big-endian, and back.", number{connect.Float32})
}

// Double returns the description of DoubleConverter.
func Double() connect.ConverterPlugin {
	return plugin("double", "Double", "Converts a 64-bit float to its eight bytes, big-endian, and back.", number{connect.Float64})
}

func plugin(name, class, doc string, c connect.Converter) connect.ConverterPlugin {
	return connect.ConverterClass[Config]{
		Name: name, Aliases: []string{packageName + class + "Converter"},
		Doc: doc, Example: "key.converter: " + name + "\n", Sides: connect.EverySide(),
		New: func(Config, map[string]string, bool) (connect.Converter, []configdef.Problem) { return c, nil },
	}.Plugin()
}

// booleanConverter converts booleans.
type booleanConverter struct{}

// TopicFree implements connect.TopicFree.
func (booleanConverter) TopicFree() {}

var optionalBoolean = connect.BooleanSchema.AsOptional()

// FromConnect implements connect.Converter. Null is null.
func (booleanConverter) FromConnect(dst []byte, _ string, s *connect.Schema, v connect.Value) ([]byte, error) {
	switch {
	case s != nil && s.Type != connect.Boolean:
		return nil, fmt.Errorf("Invalid schema type for BooleanConverter: %s", javaType(s.Type))
	case v.IsNull():
		return nil, nil
	case v.Type() != connect.Boolean:
		return nil, fmt.Errorf("BooleanConverter is not compatible with objects of type %s", javaClass(s, v))
	case v.Bool():
		return append(dst, 1), nil
	default:
		return append(dst, 0), nil
	}
}

// ToConnect implements connect.Converter. Bytes other than a single 0 or 1 are an
// error.
func (booleanConverter) ToConnect(_ *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	switch {
	case data == nil:
		return optionalBoolean, connect.Value{}, nil
	case len(data) != 1:
		return nil, connect.Value{}, errors.New("Failed to deserialize boolean: Size of data received by BooleanDeserializer is not 1")
	case data[0] > 1:
		return nil, connect.Value{}, fmt.Errorf("Failed to deserialize boolean: Unexpected byte received by BooleanDeserializer: %d", int8(data[0]))
	default:
		return optionalBoolean, connect.BooleanValue(data[0] == 1), nil
	}
}

// number converts the numbers of one type.
type number struct{ of connect.Type }

// TopicFree implements connect.TopicFree.
func (number) TopicFree() {}

// kind is what there is to know of a number, with the deserializer by the name
// that its errors have.
type kind struct {
	name, deserializer string // "integer", "IntegerDeserializer"
	size               int    // in bytes
	schema             *connect.Schema
}

var (
	shorts   = kind{"short", "ShortDeserializer", 2, connect.Int16Schema.AsOptional()}
	integers = kind{"integer", "IntegerDeserializer", 4, connect.Int32Schema.AsOptional()}
	longs    = kind{"long", "LongDeserializer", 8, connect.Int64Schema.AsOptional()}
	floats   = kind{"float", "Deserializer", 4, connect.Float32Schema.AsOptional()}
	doubles  = kind{"double", "Deserializer", 8, connect.Float64Schema.AsOptional()}
)

func (n number) kind() *kind {
	switch n.of {
	case connect.Int16:
		return &shorts
	case connect.Int32:
		return &integers
	case connect.Int64:
		return &longs
	case connect.Float32:
		return &floats
	default:
		return &doubles
	}
}

// FromConnect implements connect.Converter. The schema does not matter, but for a
// logical type, which is none of a number. Null is null.
func (n number) FromConnect(dst []byte, _ string, s *connect.Schema, v connect.Value) ([]byte, error) {
	if v.IsNull() {
		return nil, nil
	}
	if v.Type() != n.of || isMoment(s) {
		k := n.kind()
		return nil, fmt.Errorf("Failed to serialize to %s (was %s): the %s converter takes values of type %s only",
			k.name, javaClass(s, v), k.name, n.of)
	}
	switch n.of {
	case connect.Int16:
		return binary.BigEndian.AppendUint16(dst, uint16(v.Int())), nil
	case connect.Int32:
		return binary.BigEndian.AppendUint32(dst, uint32(v.Int())), nil
	case connect.Int64:
		return binary.BigEndian.AppendUint64(dst, uint64(v.Int())), nil
	case connect.Float32:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(v.Float()))), nil
	default:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.Float())), nil
	}
}

// ToConnect implements connect.Converter. The value's schema is optional. Bytes of
// another size are an error.
func (n number) ToConnect(_ *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	k := n.kind()
	if data == nil {
		return k.schema, connect.Value{}, nil
	}
	if len(data) != k.size {
		return nil, connect.Value{}, fmt.Errorf("Failed to deserialize %s: Size of data received by %s is not %d",
			k.name, k.deserializer, k.size)
	}
	switch n.of {
	case connect.Int16:
		return k.schema, connect.Int16Value(int16(binary.BigEndian.Uint16(data))), nil
	case connect.Int32:
		return k.schema, connect.Int32Value(int32(binary.BigEndian.Uint32(data))), nil
	case connect.Int64:
		return k.schema, connect.Int64Value(int64(binary.BigEndian.Uint64(data))), nil
	case connect.Float32:
		return k.schema, connect.Float32Value(math.Float32frombits(binary.BigEndian.Uint32(data))), nil
	default:
		return k.schema, connect.Float64Value(math.Float64frombits(binary.BigEndian.Uint64(data))), nil
	}
}
