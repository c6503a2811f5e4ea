// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package protobufconv is Confluent's ProtobufConverter: records in Protocol
// Buffers behind the id of a schema, which a schema registry keeps.
//
// A record is the byte 0, the schema's id in four bytes, the path to its message
// in the schema's file (see appendPath), and the message. A schema becomes a Connect
// schema, and a Connect schema the text of a .proto file, as in
// io.confluent.connect.protobuf.ProtobufData; the text is the same to the byte, so
// that both converters find the same id. Bytes are read and written by a plan that
// is made of a message type once; google.golang.org/protobuf's dynamic messages,
// with which the tests compare, are not used.
//
// Where this differs from Confluent's converter is said in docs/compatibility.md.
package protobufconv

import (
	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters/registry"
)

// Config are the keys of the converter, those of
// io.confluent.connect.protobuf.ProtobufConverterConfig and ProtobufDataConfig.
type Config struct {
	registry.Config
	Mapping
}

// Mapping are the keys about what Connect's and protobuf's schemas make of each
// other.
type Mapping struct {
	// Whether the names of schemas have the package of the messages and enums that
	// they are made of.
	EnhancedSupport bool `config:"enhanced.protobuf.schema.support" default:"false" importance:"medium"`
	// Whether enums and oneofs get the parameters that all formats know:
	// org.apache.kafka.connect.data.Enum and org.apache.kafka.connect.data.Union.
	GeneralizedSumTypes bool `config:"generalized.sum.type.support" default:"false" importance:"medium"`
	// Whether a null field that has a default stays null when it is written.
	IgnoreDefaultForNullables bool `config:"ignore.default.for.nullables" default:"false" importance:"medium"`
	// Whether characters of names that protobuf does not allow are replaced when a
	// schema is written. Otherwise such a name is an error.
	ScrubInvalidNames bool `config:"scrub.invalid.names" default:"false" importance:"medium"`
	// Whether enums are read as their numbers and not as their symbols.
	IntForEnums bool `config:"int.for.enums" default:"false" importance:"medium"`
	// Whether optional fields are written, and recognised, as optional in proto3.
	// Without this and wrapper.for.nullables a null is written as nothing, which is
	// read as zero.
	OptionalForNullables bool `config:"optional.for.nullables" default:"false" importance:"medium"`
	// Whether an optional field of a proto2 file that is not there is read as null and
	// not as its default.
	OptionalForProto2 bool `config:"optional.for.proto2" default:"true" importance:"medium"`
	// Whether optional fields are written, and recognised, as messages such as
	// google.protobuf.StringValue.
	WrapperForNullables bool `config:"wrapper.for.nullables" default:"false" importance:"medium"`
	// Whether a record that is a message such as google.protobuf.StringValue is read as
	// what it holds.
	WrapperForRawPrimitives bool `config:"wrapper.for.raw.primitives" default:"true" importance:"medium"`
	// Whether a message that is not there is read as one whose fields are zero.
	GenerateStructForNulls bool `config:"generate.struct.for.nulls" default:"false" importance:"medium"`
	// Whether the field of a oneof has its position behind its name: id_0.
	GenerateIndexForUnions bool `config:"generate.index.for.unions" default:"true" importance:"low"`
	// Whether the members of a oneof are read as fields of the message itself.
	FlattenUnions bool `config:"flatten.unions" default:"false" importance:"low"`
	// How many schemas the converter remembers, in each direction.
	SchemasCacheSize int `config:"schemas.cache.config" default:"1000" min:"0" importance:"low"`
}

// ClassName is Confluent's name of the converter.
const ClassName = "io.confluent.connect.protobuf.ProtobufConverter"

// Plugin returns the converter's description.
func Plugin() connect.ConverterPlugin {
	return connect.ConverterClass[Config]{
		Name: "protobuf", Aliases: []string{ClassName},
		Doc:      "Protobuf with a schema registry: the format of Confluent's ProtobufConverter.",
		Example:  "value.converter: protobuf\nvalue.converter.schema.registry.url: http://localhost:8081\n",
		Families: registry.Families(),
		Check:    func(c Config, props map[string]string) []configdef.Problem { return c.Check(props) },
		New: func(c Config, props map[string]string, isKey bool) (connect.Converter, []configdef.Problem) {
			c.Headers = registry.Headers(props)
			return New(c, isKey)
		},
	}.Plugin()
}

// New returns a converter for keys or for values, or which keys are wrong. Its
// registry is first asked when a record comes.
func New(c Config, isKey bool) (*Converter, []configdef.Problem) {
	client, problems := registry.New(c.Config, registry.Options{Type: sr.TypeProtobuf, IsKey: isKey})
	if len(problems) > 0 {
		return nil, problems
	}
	return newConverter(client, c.Mapping), nil
}
