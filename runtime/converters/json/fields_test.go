// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"testing"

	"penstock.dev/runtime/connect"
)

// checkFields compares reading fields alone with what was read of the whole.
func checkFields(t *testing.T, names []string, s, whole *connect.Schema, got, v connect.Value) {
	t.Helper()
	if s != whole || got.Type() != v.Type() {
		t.Fatalf("the fields are read as a %s of another schema than the whole, a %s", got.Type(), v.Type())
	}
	for _, name := range names {
		var a, b connect.Value
		var in, of bool
		if s == nil {
			a, in = got.Get(name)
			b, of = v.Get(name)
		} else if i := s.FieldIndex(name); i >= 0 {
			a, b = got.Items()[i], v.Items()[i]
		}
		if in != of || !a.Equal(b) {
			t.Fatalf("the field %q is read as %v alone, and as %v of the whole", name, a, b)
		}
	}
}

// namesIn returns up to three fields that a value has, and one that it has not.
func namesIn(s *connect.Schema, v connect.Value, pick byte) []string {
	names := []string{"there is none"}
	for i := range min(v.Len(), 3) {
		at := (int(pick) + i*7) % v.Len()
		switch {
		case v.Type() == connect.Map:
			names = append(names, v.Entries()[at].Key.Str())
		default:
			names = append(names, s.Fields[at].Name)
		}
	}
	return names
}

// FuzzFields says that fields that are read alone are what they are in the whole, and
// that they can be read alone wherever there is an object.
func FuzzFields(f *testing.F) {
	for _, text := range []string{
		`{"a":1,"b":[1,{"c":null}],"a":{"b":2},"d":-1.5e3}`, `{"\u0061":"x","a":"\n"}`, `{}`, `[1]`, `null`, ` {"a" : 12 , "b" : 1234567890123456789012 } `,
		`{"schema":{"type":"struct","fields":[{"field":"a","type":"int32","optional":true,"default":5},{"field":"b","type":"string"},{"field":"c","type":"struct","fields":[{"field":"x","type":"boolean"}],"optional":true}]},"payload":{"c":{"x":true},"a":null,"b":"é","b":"z","q":[]}}`,
		`{"schema":{"type":"map","keys":{"type":"string"},"values":{"type":"int32"}},"payload":{"a":1}}`,
		`{"schema":null,"payload":{"a":1,"a":null,"b":0.5}}`, `{"payload":{"a":1},"schema":null}`,
		`{"schema":{"type":"struct","fields":[{"field":"a","type":"int32"},{"field":"b","type":"int8"}]},"payload":{"a":1,"b":1000}}`,
	} {
		f.Add([]byte(text), byte(0))
	}
	bare, envelope := newConverter(f, schemaless), newConverter(f, nil)
	f.Fuzz(func(t *testing.T, data []byte, pick byte) {
		for _, c := range []*Converter{bare, envelope} {
			var a connect.Arena
			s, v, err := c.ToConnect(&a, "t", data)
			if err != nil {
				s, v = nil, connect.Value{}
			}
			hasFields := s == nil && v.Type() == connect.Map || v.Type() == connect.Struct
			var names []string
			if hasFields {
				names = namesIn(s, v, pick)
			}
			s2, v2, ok := c.ReadFields(&a, "t", data, connect.NewFields(names...))
			switch {
			case ok && err == nil:
				checkFields(t, names, s2, s, v2, v)
			case !ok && c == bare && hasFields:
				t.Fatalf("the fields %q of %q cannot be read alone", names, data)
			}
			if s == nil || s.Type != connect.Struct || c == bare {
				continue
			}
			checkCodec(t, s, v, names)
		}
	})
}

// checkCodec does the same for the codec of the schema.
func checkCodec(t *testing.T, s *connect.Schema, v connect.Value, names []string) {
	t.Helper()
	codec, err := NewCodec(s, Dialect{})
	if err != nil {
		return
	}
	data, err := codec.Append(nil, v)
	if err != nil {
		return
	}
	var a connect.Arena
	whole, err := codec.Read(&a, data)
	if err != nil || whole.Type() != connect.Struct {
		return
	}
	if got, ok := codec.ReadFields(&a, data, connect.NewFields(names...)); ok {
		checkFields(t, names, s, s, got, whole)
	}
}

func TestReadFields(t *testing.T) {
	const schema = `{"schema":{"type":"struct","fields":[{"field":"a","type":"int32"},{"field":"b","type":"int32","default":7},{"field":"c","type":"string"}]},"payload":`
	tests := map[string]struct {
		bare bool
		data string
		ok   bool
	}{
		"map":                          {true, `{"a":1,"b":2,"c":3}`, true},
		"a member is no JSON":          {true, `{"a":1,"b":2,"c":x}`, false},
		"something follows":            {true, `{"a":1,"b":2} 1`, false},
		"no object":                    {true, `[1]`, false},
		"struct":                       {false, schema + `{"a":1,"b":2,"c":"x"}}`, true},
		"a default":                    {false, schema + `{"a":1,"c":"x"}}`, true},
		"another is of another type":   {false, schema + `{"a":1,"c":5}}`, true},
		"another is missing":           {false, schema + `{"a":1}}`, true},
		"the field is of another type": {false, schema + `{"a":"x","c":"x"}}`, false},
		"the field is missing":         {false, schema + `{"c":"x"}}`, false},
		"a third member":               {false, schema + `{"a":1,"c":"x"},"more":1}`, false},
		"payload first":                {false, `{"payload":{"a":1},"schema":null}`, false},
		"null":                         {false, schema + `null}`, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			change := schemaless
			if !tc.bare {
				change = nil
			}
			c := newConverter(t, change)
			var a connect.Arena
			for range 2 { // the second time its schema is known
				_, _, _ = c.ToConnect(&a, "t", []byte(schema+`{"a":1,"c":"x"}}`))
			}
			s, v, ok := c.ReadFields(&a, "t", []byte(tc.data), connect.NewFields("b", "a"))
			if ok != tc.ok {
				t.Fatalf("read: %t", ok)
			}
			if whole, w, err := c.ToConnect(&a, "t", []byte(tc.data)); ok && err == nil {
				checkFields(t, []string{"a", "b"}, s, whole, v, w)
			} else if ok && s != nil && v.Items()[0].Int() != 1 {
				t.Errorf("%v", v.Items()[0])
			}
		})
	}
}
