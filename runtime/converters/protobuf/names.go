// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"net/url"
	"strconv"
	"strings"

	"penstock.dev/runtime/connect"
)

// The parameters and names by which Confluent's ProtobufData keeps in a Connect
// schema what Connect has no word for.
const (
	namespace    = "io.confluent.connect.protobuf"
	tagParam     = namespace + ".Tag"     // the number of a field
	typeParam    = namespace + ".Type"    // the type of a number, unless it is int32 or int64
	wrapperParam = namespace + ".Wrapper" // "true": a oneof's member is a wrapper message
	enumParam    = namespace + ".Enum"    // the name of an enum; its symbols follow a dot
	unionName    = namespace + ".Union"   // begins the name of a struct that stands for a oneof

	// The same for every format, with generalized.sum.type.support.
	anyEnumParam  = "org.apache.kafka.connect.data.Enum"
	anyUnionParam = "org.apache.kafka.connect.data.Union"

	variantName    = "org.apache.kafka.connect.data.Variant"
	precisionParam = "connect.decimal.precision"
	connectType    = "connect.type" // in confluent.Meta: the Connect type of an int32
)

// defaultName begins the name of what has none in Connect.
const defaultName = "ConnectDefault"

// unknownEnum begins the symbol of a number that an open enum does not name, as
// Java's runtime calls it; the enum's name and the number follow.
const unknownEnum = "UNKNOWN_ENUM_VALUE_"

// Full names of the messages that stand for a logical type.
const (
	decimalMessage   = "confluent.type.Decimal"
	variantMessage   = "confluent.type.Variant"
	dateMessage      = "google.type.Date"
	timeMessage      = "google.type.TimeOfDay"
	timestampMessage = "google.protobuf.Timestamp"
)

// isUnion reports whether a struct stands for a oneof: one of its fields is set.
func isUnion(s *connect.Schema) bool {
	if s.Type != connect.Struct {
		return false
	}
	_, ok := s.Parameter(anyUnionParam)
	return ok || strings.HasPrefix(s.Name, unionName)
}

// enumOf returns the name of the enum that a schema stands for and the parameter
// that holds it; general says which is looked at first.
func enumOf(s *connect.Schema, general bool) (name, param string, ok bool) {
	params := [2]string{enumParam, anyEnumParam}
	if general {
		params = [2]string{anyEnumParam, enumParam}
	}
	for _, p := range params {
		if name, ok := s.Parameter(p); ok {
			return name, p, true
		}
	}
	return "", "", false
}

// simpleName returns the part of a name after its last dot.
func simpleName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// scrub makes an identifier of any name, as scrub.invalid.names asks for.
func scrub(name string) string {
	if name == "" || isIdentifier(name) && name[0] != '_' {
		return name
	}
	// QueryEscape differs from Java's URLEncoder in these only.
	encoded := strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(name))
	if encoded[0] == '_' || isDigit(encoded[0]) {
		encoded = "x" + encoded
	}
	b := []byte(encoded)
	for i, c := range b {
		if !isLetter(c) && !isDigit(c) {
			b[i] = '_'
		}
	}
	return string(b)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func isIdentifier(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) && (i == 0 || !isDigit(s[i])) {
			return false
		}
	}
	return s != ""
}

const entrySuffix = "Entry"

// mapEntry returns the name of the message that holds an entry of a map called s:
// my_tags becomes MyTagsEntry, tags becomes tagsEntry.
func mapEntry(s string) string {
	if !strings.Contains(s, "_") {
		return s + entrySuffix
	}
	var b strings.Builder
	for word := range strings.SplitSeq(s, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
		}
	}
	return b.String() + entrySuffix
}

// mapName returns the name of a map from the full or simple name of its entry
// message: MyTagsEntry becomes my_tags.
func mapName(entry string) string {
	simple := simpleName(entry)
	path := entry[:len(entry)-len(simple)]
	word, ok := strings.CutSuffix(simple, entrySuffix)
	if !ok {
		return entry
	}
	var b strings.Builder
	for i := range len(word) {
		if c := word[i]; c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			b.WriteByte(c | 0x20)
		} else {
			b.WriteByte(c)
		}
	}
	return path + b.String()
}

// number reads a parameter that is a field number or an enum value.
func number(text string) (int32, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return int32(n), err == nil
}
