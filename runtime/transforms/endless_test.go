// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

const noDates = "transformation was passed a value of type class java.util.Date which is not supported by Connect's data API"

// TestFieldsThatAreInstants gives transforms a java.util.Date in a map.
func TestFieldsThatAreInstants(t *testing.T) {
	at := connect.InstantValue(1700000000123)
	type props = map[string]string
	for name, tc := range map[string]struct {
		class string
		props props
		whole bool
		err   string
		want  connect.Value
	}{
		"cast a field":          {class: "cast-value", props: props{"spec": "at:string"}, err: "Cast " + noDates},
		"cast another field":    {class: "cast-value", props: props{"spec": "n:string"}, want: at},
		"cast the value":        {class: "cast-value", props: props{"spec": "int64"}, whole: true, err: "Cast " + noDates},
		"flatten":               {class: "flatten-value", err: "Flatten " + noDates},
		"mask":                  {class: "mask-field-value", props: props{"fields": "at"}, want: connect.InstantValue(0)},
		"mask with replacement": {class: "mask-field-value", props: props{"fields": "at", "replacement": "7"}, err: "Cannot mask value of type class java.util.Date with custom replacement."},
	} {
		t.Run(name, func(t *testing.T) {
			transform, problem := fresh(t, tc.class, tc.props, connect.SinkKind)
			if problem != "" {
				t.Fatal(problem)
			}
			v := connect.MapValue([]connect.Entry{{Key: connect.StringValue("n"), Value: connect.Int64Value(1)}, {Key: connect.StringValue("at"), Value: at}})
			if tc.whole {
				v = at
			}
			r := new(connect.Record)
			r.Value.Set(nil, v)
			err := apply(transform, new(connect.Arena), r)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want %s", err, tc.err)
				}
				return
			}
			_, out, getErr := r.Value.Get()
			if err != nil || getErr != nil {
				t.Fatal(err, getErr)
			}
			if got, _ := out.Get("at"); !got.IsInstant() || !got.Equal(tc.want) {
				t.Errorf("the field is a %s of %d, an instant: %t", got.Type(), got.Int(), got.IsInstant())
			}
		})
	}
}

// fieldTransforms are configs of those that look into the fields n and f.
var fieldTransforms = map[string]map[string]string{
	"cast-value":                {"spec": "n:string"},
	"extract-field-value":       {"field": "f"},
	"flatten-value":             {},
	"header-from-value":         {"fields": "n,f", "headers": "a,b", "operation": "copy"},
	"hoist-field-value":         {"field": "h"},
	"insert-field-value":        {"static.field": "s", "static.value": "x"},
	"mask-field-value":          {"fields": "n"},
	"replace-field-value":       {"exclude": "n"},
	"set-schema-metadata-value": {"schema.name": "Other"},
	"value-to-key":              {"fields": "n,f"},
}

// TestSchemasThatHoldThemselves gives transforms a Struct that may hold two of its
// kind.
func TestSchemasThatHoldThemselves(t *testing.T) {
	tree := &connect.Schema{Type: connect.Struct, Name: "Tree", Optional: true}
	tree.Fields = []connect.Field{{Name: "n", Schema: connect.Int32Schema}, {Name: "f", Schema: tree}, {Name: "g", Schema: tree}}
	leaf := connect.StructValue([]connect.Value{connect.Int32Value(2), {}, {}})
	v := connect.StructValue([]connect.Value{connect.Int32Value(1), leaf, {}})
	for class, props := range fieldTransforms {
		t.Run(class, func(t *testing.T) {
			transform, problem := fresh(t, class, props, connect.SinkKind)
			if problem != "" {
				t.Fatal(problem)
			}
			r := new(connect.Record)
			r.Value.Set(tree, v)
			err := apply(transform, new(connect.Arena), r)
			if class != "flatten-value" && err != nil {
				t.Error(err)
			}
			if want := `the Struct "Tree" holds itself in the field f`; class == "flatten-value" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("error %v, want %s", err, want)
			}
		})
	}
}

// TestFlattenOfSharedSchemas has each of 40 Structs hold the next one twice.
func TestFlattenOfSharedSchemas(t *testing.T) {
	s := connect.OptionalStringSchema
	for range 40 {
		s = &connect.Schema{Type: connect.Struct, Optional: true, Fields: []connect.Field{{Name: "l", Schema: s}, {Name: "r", Schema: s}}}
	}
	transform, problem := fresh(t, "flatten-value", nil, connect.SinkKind)
	if problem != "" {
		t.Fatal(problem)
	}
	r := new(connect.Record)
	r.Value.Set(s, connect.StructValue([]connect.Value{{}, {}}))
	if err := apply(transform, new(connect.Arena), r); err == nil || !strings.Contains(err.Error(), "more than 100000 fields") {
		t.Errorf("error %v", err)
	}
}

// TestContainersWithoutMemberSchemas gives transforms an Array and a Map of which
// nothing is known but that.
func TestContainersWithoutMemberSchemas(t *testing.T) {
	array := connect.ArrayValue([]connect.Value{connect.Int64Value(1), connect.StringValue("x")})
	object := connect.MapValue([]connect.Entry{{Key: connect.Int64Value(1), Value: connect.StringValue("x")}})
	for name, f := range map[string]struct {
		schema *connect.Schema
		value  connect.Value
	}{
		"list": {&connect.Schema{Type: connect.Array}, array},
		"map":  {&connect.Schema{Type: connect.Map}, object},
	} {
		s := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "n", Schema: connect.Int32Schema}, {Name: "f", Schema: f.schema}}}
		for class, props := range fieldTransforms {
			t.Run(name+" "+class, func(t *testing.T) {
				transform, problem := fresh(t, class, props, connect.SinkKind)
				if problem != "" {
					t.Fatal(problem)
				}
				r := new(connect.Record)
				r.Value.Set(s, connect.StructValue([]connect.Value{connect.Int32Value(1), f.value}))
				r.Headers = []connect.Header{{Key: "h"}}
				r.Headers[0].Value.Set(f.schema, f.value)
				err := apply(transform, new(connect.Arena), r)
				refused := class == "flatten-value" && name == "map"
				if (err != nil) != refused {
					t.Errorf("error %v, want one: %t", err, refused)
				}
				if hs, hv, err := r.Headers[0].Value.Get(); hs != f.schema || !hv.Equal(f.value) || err != nil {
					t.Errorf("the header has become a %s, %v", hv.Type(), err)
				}
			})
		}
	}
}
