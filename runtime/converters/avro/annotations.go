// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"
	"strings"

	"penstock.dev/runtime/connect"
)

// annotate reads what an Avro schema says beside its type.
func (d *reading) annotate(s *schema, out *connect.Schema, c context) error {
	d.docs(s, out, c)
	if err := version(s, out, c); err != nil {
		return err
	}
	if params := s.prop(parametersProp); d.metadata && params.kind != jsonNone {
		if params.kind != jsonObject {
			return fmt.Errorf("expected JSON object for schema parameters but found: %s", params)
		}
		for _, m := range params.members {
			if !m.value.isString() {
				return fmt.Errorf("expected schema parameter values to be strings but found: %s", m.value)
			}
			setParameter(out, m.name, m.value.text)
		}
	}
	for _, p := range s.props {
		if strings.HasPrefix(p.name, avroPrefix) {
			setParameter(out, p.name, p.value.String())
		}
	}
	if err := d.name(s, out); err != nil {
		return err
	}
	optional := out.Optional || c.optional
	out.Optional = optional
	d.defaults(s, out, c)
	return nil
}

func (d *reading) docs(s *schema, out *connect.Schema, c context) {
	own := s.prop(docProp)
	if !d.discardDocs {
		if d.metadata && own.isString() {
			out.Doc = own.text
		}
		return
	}
	switch {
	case c.doc.isString():
		out.Doc = c.doc.text
	case s.hasDoc:
		out.Doc = s.doc
	case own.isString():
		out.Doc = own.text
	}
	if d.metadata && s.hasDoc {
		setParameter(out, recordDocProp, s.doc)
	}
}

// version sets the version: the schema's own, or else the registry's.
func version(s *schema, out *connect.Schema, c context) error {
	own := s.prop(versionProp)
	if own.kind == jsonNone {
		if out.Version == 0 {
			out.Version = c.version
		}
		return nil
	}
	n, ok := s.integer(versionProp, 0)
	switch {
	case !ok:
		return fmt.Errorf("invalid Connect version found: %s", own)
	case n < 0:
	case out.Version != 0 && n != out.Version:
		return fmt.Errorf("mismatched versions: version already added to SchemaBuilder (%d) differs from version in source schema (%d)", out.Version, n)
	default:
		out.Version = n
	}
	return nil
}

func (d *reading) name(s *schema, out *connect.Schema) error {
	name := ""
	switch own := s.prop(nameProp); {
	case own.isString():
		name = own.text
	case own.kind != jsonNone:
		return fmt.Errorf("invalid schema name: %s", own)
	case s.kind == kRecord, s.kind == kEnum, s.kind == kFixed && out.Name != connect.DecimalName:
		name = s.name
	}
	switch {
	case name == "" || strings.HasPrefix(name, defaultName):
	case out.Name != "" && out.Name != name:
		return fmt.Errorf("mismatched names: name already added to SchemaBuilder (%s) differs from name in source schema (%s)", out.Name, name)
	default:
		out.Name = name
	}
	return nil
}

// defaults sets the default: a field's, or else the schema's own. One that does not
// fit is left out, as Confluent's converter does.
func (d *reading) defaults(s *schema, out *connect.Schema, c context) {
	own := s.prop(defaultProp)
	def := c.def
	switch {
	case def.kind == jsonNone:
		def = own
	case !d.discardDocs && d.metadata && own.kind == jsonNone:
		setParameter(out, fieldDefaultParam, "true")
	}
	if def.kind == jsonNone || def.kind == jsonNull {
		return
	}
	if v, err := d.readDefault(out, s, def); err == nil && !v.IsNull() {
		out.Default = &v
	}
}
