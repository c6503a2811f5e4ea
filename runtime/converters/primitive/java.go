// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package primitiveconv

import (
	"strings"

	"penstock.dev/runtime/connect"
)

// isMoment reports whether values of the schema are a java.util.Date in Java.
func isMoment(s *connect.Schema) bool {
	if s == nil {
		return false
	}
	switch s.Name {
	case connect.DateName, connect.TimeName:
		return s.Type == connect.Int32
	case connect.TimestampName:
		return s.Type == connect.Int64
	default:
		return false
	}
}

// javaType returns the name of the type in Java's Schema.Type.
func javaType(t connect.Type) string {
	switch t {
	case connect.Float32:
		return "FLOAT32"
	case connect.Float64:
		return "FLOAT64"
	default:
		return strings.ToUpper(t.String())
	}
}

// classes are what a value of a type is in Java.
var classes = [...]string{
	connect.Int8: "java.lang.Byte", connect.Int16: "java.lang.Short", connect.Int32: "java.lang.Integer", connect.Int64: "java.lang.Long",
	connect.Float32: "java.lang.Float", connect.Float64: "java.lang.Double", connect.Boolean: "java.lang.Boolean",
	connect.String: "java.lang.String", connect.Bytes: "[B", connect.Array: "java.util.ArrayList", connect.Map: "java.util.HashMap",
	connect.Struct: "org.apache.kafka.connect.data.Struct",
}

// javaClass returns the text of the class that the value has in Java.
func javaClass(s *connect.Schema, v connect.Value) string {
	switch {
	case isMoment(s):
		return "class java.util.Date"
	case s != nil && s.Name == connect.DecimalName && s.Type == connect.Bytes:
		return "class java.math.BigDecimal"
	default:
		return "class " + classes[v.Type()]
	}
}
