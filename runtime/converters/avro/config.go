// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters/registry"
)

// Config are the keys of the converter, those of
// io.confluent.connect.avro.AvroConverterConfig and AvroDataConfig.
type Config struct {
	// Whether enums stay enums when they are written again, and whether the fields of a
	// union are called by the full names of their types.
	Enhanced bool `config:"enhanced.avro.schema.support" default:"false" importance:"medium"`
	// Whether names that are not valid in Avro are changed, instead of refused.
	ScrubNames bool `config:"scrub.invalid.names" default:"false" importance:"medium"`
	// Whether Avro schemas say what of a Connect schema Avro has no place for: name,
	// version, documentation, default, parameters. Time, date and decimal types are kept
	// in any case.
	Metadata bool `config:"connect.meta.data" default:"true" importance:"low"`
	// Whether only the documentation and the defaults of fields are kept, and not those
	// of types. Deprecated by Confluent.
	DiscardDocs bool `config:"discard.type.doc.default" default:"false" importance:"low"`
	// Whether a map whose keys are optional strings is written as a map of Avro, and not
	// as an array of entries.
	OptionalKeys bool `config:"allow.optional.map.keys" default:"false" importance:"low"`
	// Whether a union of one type is read as that type.
	FlattenSingle bool `config:"flatten.singleton.unions" default:"true" importance:"low"`
	// Whether enums and unions are kept in the form that is common to Confluent's
	// converters.
	GeneralSums bool `config:"generalized.sum.type.support" default:"false" importance:"medium"`
	// Whether a null field that has a default stays null, in both directions.
	IgnoreDefaults bool `config:"ignore.default.for.nullables" default:"false" importance:"medium"`
	// How many schemas the converter remembers in each direction.
	CacheSize int `config:"schemas.cache.config" default:"1000" min:"1" importance:"low"`
	// Whether a record is refused that has bytes behind its value.
	FailOnTrailing bool `config:"avro.fail.on.trailing.data" default:"false" importance:"low"`

	registry.Config
}

// ClassName is Confluent's name of the converter.
const ClassName = "io.confluent.connect.avro.AvroConverter"

// rules are the settings that the mapping of schemas and values depends on.
type rules struct {
	enhanced, scrubNames, metadata, discardDocs bool
	optionalKeys, flattenSingle, generalSums    bool
	useDefaults                                 bool
}

func (c Config) rules() rules {
	return rules{
		enhanced: c.Enhanced, scrubNames: c.ScrubNames, metadata: c.Metadata, discardDocs: c.DiscardDocs,
		optionalKeys: c.OptionalKeys, flattenSingle: c.FlattenSingle, generalSums: c.GeneralSums,
		useDefaults: !c.IgnoreDefaults,
	}
}

// Plugin returns the converter's description.
func Plugin() connect.ConverterPlugin {
	return connect.ConverterClass[Config]{
		Name: "avro", Aliases: []string{ClassName},
		Doc:      "Avro with a schema registry: the format of Confluent's AvroConverter.",
		Example:  "value.converter: avro\nvalue.converter.schema.registry.url: http://localhost:8081\n",
		Families: registry.Families(),
		Check:    func(c Config, props map[string]string) []configdef.Problem { return c.Check(props) },
		New: func(c Config, props map[string]string, isKey bool) (connect.Converter, []configdef.Problem) {
			c.Headers = registry.Headers(props)
			return New(c, isKey)
		},
	}.Plugin()
}

// New returns a converter for keys or for values, or which keys are wrong.
func New(c Config, isKey bool) (*Converter, []configdef.Problem) {
	client, problems := registry.New(c.Config, registry.Options{Type: sr.TypeAvro, IsKey: isKey})
	if len(problems) > 0 {
		return nil, problems
	}
	return newConverter(c, client), nil
}
