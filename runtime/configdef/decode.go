// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import (
	"reflect"
	"strings"
)

// HasReference reports whether a value refers to something that is resolved only
// where the task runs: "${", up to the first "}", with a colon. "${topic}" does not.
func HasReference(value string) bool {
	for {
		_, rest, ok := strings.Cut(value, "${")
		if !ok {
			return false
		}
		inside, _, ok := strings.Cut(rest, "}")
		if ok && strings.Contains(inside, ":") {
			return true
		}
		value = rest
	}
}

// Decode reads C from props. Every problem is reported, not only the first, in
// the order of C's fields; keys that C does not know are no problem here. A field
// whose value is refused is left zero.
func Decode[C any](props map[string]string) (C, []Problem) {
	return decode[C](props, false)
}

// Plan reads C as Decode does, at a time when secrets and references are not
// resolved: a value that has a reference counts as present, is not checked, and
// leaves its field zero.
func Plan[C any](props map[string]string) (C, []Problem) {
	return decode[C](props, true)
}

func decode[C any](props map[string]string, planning bool) (C, []Problem) {
	var c C
	var problems []Problem
	into := reflect.ValueOf(&c).Elem()
	for _, f := range fieldsOf[C]() {
		text, present := props[f.key.Name]
		if planning && f.refused == "" && HasReference(text) {
			continue
		}
		if message := f.read(into.FieldByIndex(f.index), text, present); message != "" {
			problems = append(problems, Problem{Key: f.key.Name, Message: message})
		}
	}
	return c, problems
}

// read sets v from the text, or from the default if the key is not present, and
// returns what is wrong.
func (f *field) read(v reflect.Value, text string, present bool) string {
	switch {
	case f.refused != "" && present:
		return f.refused
	case f.key.Required && !present:
		return "is required and has no default; set it to " + f.accepted()
	case f.key.Required && trim(text) == "":
		return "is empty; set it to " + f.accepted()
	case !present && !f.key.HasDefault:
		return ""
	case !present:
		text = f.key.Default
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(f.typ)
		message := f.set(p.Elem(), text)
		if message == "" {
			v.Set(p)
		}
		return message
	}
	return f.set(v, text)
}
