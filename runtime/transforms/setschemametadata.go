// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"slices"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// SetSchemaMetadataConfig are the keys of SetSchemaMetadata.
type SetSchemaMetadataConfig struct {
	// The name that the schema gets; left out, it keeps its own.
	SchemaName *string `config:"schema.name" optional:"true" importance:"high"`
	// The version that the schema gets; left out, it keeps its own.
	SchemaVersion *int32 `config:"schema.version" optional:"true" importance:"high"`
	// Whether a null field that has a default is replaced by the default.
	ReplaceNull bool `config:"replace.null.with.default" default:"true"`
}

// SetSchemaMetadata returns the transform that changes the name and the version
// of a key's or value's schema.
func SetSchemaMetadata(side Side) connect.TransformPlugin {
	return connect.TransformClass[SetSchemaMetadataConfig]{
		Name:    "set-schema-metadata-" + side.String(),
		Aliases: []string{side.class("SetSchemaMetadata")},
		Doc:     "Gives the schema of the record's " + side.String() + " another name, another version, or both.",
		Example: `transforms: call
transforms.call.type: set-schema-metadata-` + side.String() + `
transforms.call.schema.name: com.example.Order
transforms.call.schema.version: 2
`,
		Check: SetSchemaMetadataConfig.check,
		New: func(c SetSchemaMetadataConfig, _ connect.Kind) (connect.Transform, error) {
			return &setSchemaMetadata{side: side, config: c}, nil
		},
	}.Plugin()
}

func (c SetSchemaMetadataConfig) check(connect.Kind) []configdef.Problem {
	var out []configdef.Problem
	if c.SchemaName == nil && c.SchemaVersion == nil {
		out = append(out, configdef.Problem{Key: "type", Message: "Neither schema name nor version configured; set schema.name, schema.version, or both"})
	}
	if c.SchemaName != nil && *c.SchemaName == "" {
		out = append(out, configdef.Problem{Key: "schema.name", Message: "is empty; set it to the name of the schema, or remove it"})
	}
	if c.SchemaVersion != nil && *c.SchemaVersion == 0 {
		out = append(out, configdef.Problem{Key: "schema.version", Message: "is 0, which stands for no version here; set it to another number, or remove it"})
	}
	return out
}

type setSchemaMetadata struct {
	side    Side
	config  SetSchemaMetadataConfig
	schemas derived[metadataPlan]
}

// metadataPlan is what is known of an input schema.
type metadataPlan struct {
	schema *connect.Schema
	strict []int
}

// Apply implements connect.Transform.
func (t *setSchemaMetadata) Apply(s *connect.Selection) { remake(s, t.side, t) }

func (t *setSchemaMetadata) remake(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	switch {
	case s == nil && v.IsNull():
		return nil, v, nil
	case s == nil:
		return nil, connect.Value{}, javaError("Schema required for [updating schema metadata]")
	}
	p := t.schemas.of(s, t.plan)
	if v.Type() != connect.Struct {
		return p.schema, v, nil
	}
	v, err := settled(a, v, p.strict, s.Fields, t.config.ReplaceNull)
	return p.schema, v, err
}

func (t *setSchemaMetadata) plan(s *connect.Schema) *metadataPlan {
	out := *s
	if t.config.SchemaName != nil {
		out.Name = *t.config.SchemaName
	}
	if t.config.SchemaVersion != nil {
		out.Version = int(*t.config.SchemaVersion)
	}
	return &metadataPlan{schema: &out, strict: strict(s.Fields)}
}

// settled is settle for a Struct that is to stay as it is: it is copied only if
// one of the strict fields is null.
func settled(a *connect.Arena, v connect.Value, strict []int, fields []connect.Field, replaceNull bool) (connect.Value, error) {
	values := v.Items()
	if !slices.ContainsFunc(strict, func(i int) bool { return values[i].IsNull() }) {
		return v, nil
	}
	out := a.Values(len(values))
	copy(out, values)
	err := settle(out, strict, fields, replaceNull)
	return connect.StructValue(out), err
}
