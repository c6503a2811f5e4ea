// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"penstock.dev/runtime/connect"
)

// Names and properties of io.confluent.connect.avro.AvroData.
const (
	namespace    = "io.confluent.connect.avro"
	defaultName  = namespace + ".ConnectDefault"
	mapEntryName = "MapEntry"
	anythingName = namespace + ".Anything"
	keyField     = "key"
	valueField   = "value"

	nameProp       = "connect.name"
	docProp        = "connect.doc"
	recordDocProp  = "connect.record.doc"
	enumDocProp    = "connect.enum.doc"
	versionProp    = "connect.version"
	defaultProp    = "connect.default"
	parametersProp = "connect.parameters"
	typeProp       = "connect.type"
	internalProp   = "connect.internal.type"
	logicalProp    = "logicalType"

	avroPrefix        = "avro"
	recordDocParam    = namespace + ".record.doc"
	fieldDocParam     = namespace + ".field.doc."
	enumDocParam      = namespace + ".enum.doc."
	enumDefaultParam  = namespace + ".enum.default."
	fieldDefaultParam = namespace + ".field.default"
	fixedSizeParam    = "connect.fixed.size"
	precisionParam    = "connect.decimal.precision"
	defaultPrecision  = 64

	unionName = namespace + ".Union"
	enumParam = namespace + ".Enum"

	// Those of io.confluent.connect.schema, for generalized.sum.type.support.
	generalUnionParam  = "org.apache.kafka.connect.data.Union"
	generalEnumParam   = "org.apache.kafka.connect.data.Enum"
	generalUnionPrefix = "connect_union_"
	generalFieldPrefix = generalUnionPrefix + "field_"

	logicalDate      = "date"
	logicalTime      = "time-millis"
	logicalTimestamp = "timestamp-millis"
	logicalDecimal   = "decimal"
)

// isUnion reports whether a schema is a union of several types, kept as a Struct of
// which one field is set.
func isUnion(s *connect.Schema) bool {
	if s.Type != connect.Struct {
		return false
	}
	_, general := s.Parameter(generalUnionParam)
	return general || s.Name == unionName
}

func isFixed(s *connect.Schema) bool {
	_, ok := s.Parameter(fixedSizeParam)
	return ok && s.Type == connect.Bytes && s.Name != ""
}

// enumKey is the parameter that holds the name of an enum.
func (r rules) enumKey() string {
	if r.generalSums {
		return generalEnumParam
	}
	return enumParam
}

// asAvroMap reports whether a Map is written as a map of Avro, whose keys are texts,
// and not as an array of entries.
func (r rules) asAvroMap(s *connect.Schema) bool {
	return s.Key.Type == connect.String && (!s.Key.Optional || r.optionalKeys)
}

// scrub makes a part of a name valid if scrub.invalid.names asks for it.
func (r rules) scrub(name string) string {
	if !r.scrubNames || name == "" || isPlainName(name) {
		return name
	}
	encoded := url.QueryEscape(name)
	// Java's URLEncoder leaves the asterisk and escapes the tilde.
	encoded = strings.NewReplacer("%2A", "*", "~", "%7E").Replace(encoded)
	if encoded[0] >= '0' && encoded[0] <= '9' {
		encoded = "x" + encoded
	}
	return strings.Map(func(c rune) rune {
		if isPlain(c) {
			return c
		}
		return '_'
	}, encoded)
}

func isPlain(c rune) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
}

func isPlainName(name string) bool {
	return strings.IndexFunc(name, func(c rune) bool { return !isPlain(c) }) < 0 && (name[0] < '0' || name[0] > '9')
}

// scrubFull does it for each part of a full name.
func (r rules) scrubFull(name string) string {
	if !r.scrubNames || name == "" {
		return name
	}
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = r.scrub(p)
	}
	return strings.Join(parts, ".")
}

// validName reports what is wrong with a full name or the name of a field, as
// Avro's Java library checks them.
func validName(what, name string, dots bool) error {
	parts := []string{name}
	if dots {
		parts = strings.Split(name, ".")
	}
	for _, p := range parts {
		for i, c := range p {
			if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c)) {
				return fmt.Errorf("%s %q is not valid in Avro: it has the character %q; set scrub.invalid.names=true to have it replaced", what, name, c)
			}
		}
		if p == "" {
			return fmt.Errorf("%s %q is not valid in Avro: it, or a part of it, is empty", what, name)
		}
	}
	return nil
}

// branchField is the name of the field for the branch of a union.
func (r rules) branchField(b *schema, index int) string {
	switch {
	case r.generalSums:
		return fmt.Sprintf("%s%d", generalFieldPrefix, index)
	case b.named() && r.enhanced:
		return b.name
	case b.named():
		_, name := splitName(b.name)
		return r.scrub(name)
	default:
		return b.kind.String()
	}
}
