// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package jsonschemaconv is Confluent's JsonSchemaConverter: JSON behind the id of
// its schema, a JSON Schema that a schema registry keeps.
//
// A record is the byte 0, the schema's id in four bytes, and the text. A JSON Schema
// becomes a Connect schema, and a Connect schema a JSON Schema of draft 7, as in
// io.confluent.connect.json.JsonSchemaData; the text is the same to the byte, with
// the order of Java's hash maps, so that both converters find the same id. The texts
// of values are those of package jsonconv.
//
// Where this differs from Confluent's converter is said in docs/compatibility.md.
package jsonschemaconv

import (
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
	"penstock.dev/runtime/converters/registry"
)

// Config are the keys of the converter, those of
// io.confluent.connect.json.JsonSchemaConverterConfig and JsonSchemaDataConfig.
type Config struct {
	registry.Config
	Mapping
	// Whether a record that its schema does not allow is refused, when it is read and
	// when it is written. This takes much longer than reading or writing it.
	FailInvalid bool `config:"json.fail.invalid.schema" default:"false" importance:"low"`
	// Not supported.
	Indent string `config:"json.indent.output" refused:"is not supported; leave the key out" importance:"low"`
}

// Mapping are the keys about what Connect's and JSON's schemas make of each other.
type Mapping struct {
	// Whether objects may have properties that the schema does not name.
	ObjectAdditionalProperties bool `config:"object.additional.properties" default:"true" importance:"medium"`
	// Whether a property that is not required is read as an optional field.
	OptionalForNonRequired bool `config:"use.optional.for.nonrequired" default:"false" importance:"medium"`
	// Whether enums and unions get the parameters that all formats know:
	// org.apache.kafka.connect.data.Enum and org.apache.kafka.connect.data.Union.
	GeneralizedSumTypes bool `config:"generalized.sum.type.support" default:"false" importance:"medium"`
	// Whether a null field that has a default stays null when it is written.
	IgnoreDefaultForNullables bool `config:"ignore.default.for.nullables" default:"false" importance:"medium"`
	// Whether properties that the schema does not name are kept. Only false is
	// supported: they are dropped.
	PreserveAdditional bool `config:"preserve.additional.properties" default:"false" importance:"medium"`
	// How decimals are written: BASE64, the bytes of the unscaled value, or NUMERIC, a
	// JSON number. Both are read.
	DecimalFormat string `config:"decimal.format" default:"BASE64" importance:"low"`
	// Whether a oneOf, anyOf or allOf of one schema is read as that schema.
	FlattenSingletonUnions bool `config:"flatten.singleton.unions" default:"true" importance:"low"`
	// Whether a schema of a draft after 7 is read by the rules of draft 7. It is so
	// with false, too.
	IgnoreModernDialects bool `config:"ignore.modern.dialects" default:"false" importance:"low"`
	// How many schemas the converter remembers, in each direction.
	SchemasCacheSize int `config:"schemas.cache.config" default:"1000" min:"0" importance:"low"`
}

func (m Mapping) numeric() bool { return strings.EqualFold(m.DecimalFormat, "NUMERIC") }

func (m Mapping) dialect() jsonconv.Dialect {
	return jsonconv.Dialect{NumericDecimals: m.numeric(), IgnoreDefaults: m.IgnoreDefaultForNullables}
}

// check returns what the tags cannot say.
func (c Config) check(props map[string]string) []configdef.Problem {
	problems := c.Config.Check(props)
	if c.PreserveAdditional {
		problems = append(problems, configdef.Problem{Key: "preserve.additional.properties", Message: "true is not supported; set it to false"})
	}
	if c.DecimalFormat != "" && !c.numeric() && !strings.EqualFold(c.DecimalFormat, "BASE64") {
		problems = append(problems, configdef.Problem{Key: "decimal.format", Message: c.DecimalFormat + " is not one of BASE64, NUMERIC"})
	}
	return problems
}

// ClassName is Confluent's name of the converter.
const ClassName = "io.confluent.connect.json.JsonSchemaConverter"

// Plugin returns the converter's description.
func Plugin() connect.ConverterPlugin {
	return connect.ConverterClass[Config]{
		Name: "json-schema", Aliases: []string{ClassName},
		Doc:      "JSON with a schema registry: the format of Confluent's JsonSchemaConverter.",
		Example:  "value.converter: json-schema\nvalue.converter.schema.registry.url: http://localhost:8081\n",
		Families: registry.Families(),
		Check:    Config.check,
		New: func(c Config, props map[string]string, isKey bool) (connect.Converter, []configdef.Problem) {
			c.Headers = registry.Headers(props)
			return New(c, isKey)
		},
	}.Plugin()
}

// New returns a converter for keys or for values, or which keys are wrong. Its
// registry is first asked when a record comes.
func New(c Config, isKey bool) (*Converter, []configdef.Problem) {
	client, problems := registry.New(c.Config, registry.Options{Type: sr.TypeJSON, IsKey: isKey})
	if len(problems) > 0 {
		return nil, problems
	}
	return newConverter(client, c.Mapping, c.FailInvalid), nil
}
