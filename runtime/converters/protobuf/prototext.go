// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"strings"
)

// The text of a file is Confluent's to the byte, with its odd blank lines: a
// registry finds the schema that a Java converter has registered. That is also why
// an option of confluent/meta.proto stands without its import.

// String returns the .proto text.
func (f *fileText) String() string {
	var b strings.Builder
	b.WriteString("syntax = \"proto3\";\n")
	if f.pkg != "" {
		b.WriteString("package " + f.pkg + ";\n")
	}
	if len(f.imports) > 0 {
		b.WriteByte('\n')
		for _, name := range f.imports {
			b.WriteString("import \"" + name + "\";\n")
		}
	}
	b.WriteByte('\n')
	b.WriteString(f.message.String())
	return b.String()
}

// String returns the text of a message and of all that it holds.
func (m *messageText) String() string {
	var b strings.Builder
	b.WriteString("message " + m.name + " {")
	if len(m.fields) > 0 {
		b.WriteByte('\n')
		for i := range m.fields {
			indent(&b, m.fields[i].String())
		}
	}
	if len(m.oneofs) > 0 {
		b.WriteByte('\n')
		for _, o := range m.oneofs {
			indent(&b, o.String())
		}
	}
	if len(m.messages)+len(m.enums) > 0 {
		b.WriteByte('\n')
		for _, n := range m.messages {
			indent(&b, n.String())
		}
		for _, e := range m.enums {
			indent(&b, e.String())
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func (o *oneofText) String() string {
	var b strings.Builder
	b.WriteString("oneof " + o.name + " {")
	if len(o.fields) > 0 {
		b.WriteByte('\n')
		for i := range o.fields {
			indent(&b, o.fields[i].String())
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func (e *enumText) String() string {
	var b strings.Builder
	b.WriteString("enum " + e.name + " {\n")
	for _, v := range e.values {
		indent(&b, v.Name+" = "+v.Value+";\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func (f *fieldText) String() string {
	var b strings.Builder
	if f.label != "" {
		b.WriteString(f.label + " ")
	}
	fmt.Fprintf(&b, "%s %s = %d", f.typ, f.name, f.number)
	if len(f.params) > 0 {
		b.WriteString(" [(confluent.field_meta) = {\n  params: [\n")
		for i, p := range f.params {
			first, second := [2]string{"key", p.Name}, [2]string{"value", p.Value}
			if p.Name == "precision" || p.Name == "scale" {
				first, second = second, first
			}
			end := ","
			if i == len(f.params)-1 {
				end = ""
			}
			fmt.Fprintf(&b, "    {\n      %s: \"%s\",\n      %s: \"%s\"\n    }%s\n", first[0], escape(first[1]), second[0], escape(second[1]), end)
		}
		b.WriteString("  ]\n}]")
	}
	b.WriteString(";\n")
	return b.String()
}

// indent appends a text whose lines end, each two blanks to the right.
func indent(b *strings.Builder, text string) {
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
}

// wrappersText is what is registered for keys and values that are no structs: the
// file of all wrapper messages.
const wrappersText = `syntax = "proto3";
package google.protobuf;

option java_package = "com.google.protobuf";
option java_outer_classname = "WrappersProto";
option java_multiple_files = true;
option go_package = "google.golang.org/protobuf/types/known/wrapperspb";
option cc_enable_arenas = true;
option objc_class_prefix = "GPB";
option csharp_namespace = "Google.Protobuf.WellKnownTypes";

message DoubleValue {
  double value = 1;
}
message FloatValue {
  float value = 1;
}
message Int64Value {
  int64 value = 1;
}
message UInt64Value {
  uint64 value = 1;
}
message Int32Value {
  int32 value = 1;
}
message UInt32Value {
  uint32 value = 1;
}
message BoolValue {
  bool value = 1;
}
message StringValue {
  string value = 1;
}
message BytesValue {
  bytes value = 1;
}
`
