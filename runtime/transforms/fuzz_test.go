// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// FuzzRecords gives every transform, as its example configures it, whatever a record
// may hold: it changes the record or refuses it, and what it makes can be written or
// is refused in turn.
func FuzzRecords(f *testing.F) {
	for _, value := range []string{
		`{"id":1,"name":"a","price":"3.5","when":1700000000000,"nested":{"a":[1,{"b":null}]}}`, `[]`, `null`, `"text"`, `1e400`,
		`{"":{"":""}}`, `{"a.b":{"c":1},"a":{"b.c":2}}`, strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50),
	} {
		f.Add([]byte(value), false)
	}
	f.Add([]byte(`{"schema":{"type":"struct","fields":[{"field":"id","type":"int64","optional":true},{"field":"name","type":"string","default":"x"},`+
		`{"field":"when","type":"int64","name":"org.apache.kafka.connect.data.Timestamp"}]},"payload":{"id":null,"when":-1}}`), true)
	f.Fuzz(func(t *testing.T, data []byte, schemas bool) {
		conv := jsonConverter(t, schemas)
		for _, p := range registry().Transforms {
			transform, refused := fresh(t, p.Name, exampleOf(p.Example), connect.SinkKind)
			if refused != "" {
				t.Fatal(p.Name, refused)
			}
			arena := new(connect.Arena)
			codec := &connect.Codec{Converter: conv, Topic: "t", Arena: arena}
			r := &connect.Record{Topic: "t", Timestamp: 1}
			r.Key.SetRaw(data, codec)
			r.Value.SetRaw(data, codec)
			if apply(transform, arena, r) != nil {
				continue
			}
			for _, d := range []*connect.Datum{&r.Key, &r.Value} {
				if s, v, err := d.Get(); err == nil {
					_, _ = conv.FromConnect(nil, "t", s, v) // must not panic
				}
			}
		}
	})
}

// exampleOf returns the keys of a class's example, without those of the chain
// around it.
func exampleOf(example string) map[string]string {
	props := map[string]string{}
	for line := range strings.Lines(example) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if parts := strings.SplitN(key, ".", 3); len(parts) == 3 && parts[0] == "transforms" && parts[2] != "type" && parts[2] != "predicate" && parts[2] != "negate" {
			props[parts[2]] = value
		}
	}
	return props
}
