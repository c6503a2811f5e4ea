// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"slices"
	"testing"

	"github.com/google/cel-go/cel"

	"penstock.dev/runtime/connect"
)

func TestFieldsOf(t *testing.T) {
	// fields are what is read of the value; whole says all of it.
	for text, want := range map[string]struct {
		fields []string
		whole  bool
	}{
		`topic == "x"`:                    {},
		`value.a > 1`:                     {fields: []string{"a"}},
		`value.a.b.c > 1`:                 {fields: []string{"a"}},
		`has(value.a) && value["b"] == 1`: {fields: []string{"a", "b"}},
		`value.?a.orValue(0) > 1 && value[?"b"].hasValue()`: {fields: []string{"a", "b"}},
		`"a" in value`:                                  {fields: []string{"a"}},
		`value.a.exists(x, x == value.b)`:               {fields: []string{"a", "b"}},
		`[1].exists(x, x == value.a)`:                   {fields: []string{"a"}},
		`key.a == 1`:                                    {},
		`value == null`:                                 {whole: true},
		`value.a == 1 && size(value) == 2`:              {whole: true},
		`value[topic] == 1`:                             {whole: true},
		`topic in value`:                                {whole: true},
		`value.exists(k, k == "a")`:                     {whole: true},
		`[value][0].a == 1`:                             {whole: true},
		`cel.bind(v, value, v.a == 1)`:                  {whole: true},
		`(topic == "x" ? value : key).a == 1`:           {whole: true},
		`value[0] == 1`:                                 {whole: true},
		`value in [1]`:                                  {whole: true},
		`{"a": value}.a == 1`:                           {whole: true},
		`[1].exists(value, value == 1) && topic == "x"`: {whole: true}, // another variable of that name
	} {
		env, err := environment(connect.SinkKind)
		if err != nil {
			t.Fatal(err)
		}
		checked, issues := env.Compile(text)
		if issues.Err() != nil {
			t.Fatalf("%s: %v", text, issues.Err())
		}
		names := namesOf(checked)
		whole := names == nil
		slices.Sort(names)
		names = slices.Compact(names)
		if whole != want.whole || !slices.Equal(names, want.fields) {
			t.Errorf("%s reads %q, the whole %t", text, names, whole)
		}
	}
}

// namesOf returns the names of fieldsOf, nil for the whole.
func namesOf(a *cel.Ast) []string {
	f := fieldsOf(a.NativeRep(), valueVariable)
	if f == nil {
		return nil
	}
	names := []string{}
	for _, name := range []string{"a", "b", "c", "x"} {
		if f.Wants([]byte(name)) {
			names = append(names, name)
		}
	}
	return names
}
