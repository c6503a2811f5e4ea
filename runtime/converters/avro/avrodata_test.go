// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"encoding/hex"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// otherwise are the golden cases in which the AvroData that wrote avrodata.tsv, a copy
// of Confluent's from 2020, does something else, and why.
var otherwise = map[string]string{
	"fixed":                     "fixed became bytes, and is kept today",
	"decimal fixed":             "likewise",
	"union of all":              "likewise, so that bytes were there twice",
	"defaults":                  "defaults that are records were errors",
	"/defaults without records": "a property connect.default that is bytes was base64, and is Latin-1 today",
	"enhanced.avro.schema.support=true/defaults without records": "likewise",
	"decimals":            "a decimal had to say its scale, and so had a default",
	"union of namespaces": "the symbol of an enum in a union was an error",
	"unnamed of Connect":  "only the first of Connect's names for records without one was none",
	"map entries":         "the test shows its entries in another order",
	"enhanced.avro.schema.support=true/nested names":       "a field did not repeat the parameters of a type that is used twice",
	"enhanced.avro.schema.support=true/records everywhere": "likewise",
	"/records everywhere":                                  "likewise",
}

// mapped returns the columns that Mapping.java writes.
func mapped(t *testing.T, r rules, row []string) string {
	t.Helper()
	s := mustParse(t, row[1])
	data := fromHex(t, row[2])
	var c *connect.Schema
	var v connect.Value
	if isAnything(s) {
		v = decodeAll(t, nil, data)
	} else {
		var err error
		if c, err = r.toSchema(s, 0); err != nil {
			t.Fatal(err)
		}
		n, err := r.reader(s, c)
		if err != nil {
			t.Fatal(err)
		}
		v = decodeAll(t, n, data)
	}
	back, err := r.fromSchema(c)
	if err != nil {
		return "error " + err.Error()
	}
	text, err := back.print()
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	switch {
	case c == nil:
		out, err = encoder{}.anything([]byte{}, v, 0)
	case !v.IsNull():
		w, wrong := r.writer(c, back)
		if wrong != nil {
			t.Fatal(wrong)
		}
		out, err = encoder{useDefaults: true}.value([]byte{}, w, v, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join([]string{showSchema(c), show(v), text, hex.EncodeToString(out)}, "\t")
}

// TestAvroData compares with what AvroData itself makes of the golden cases: the Connect
// schema, the value, and the Avro schema and the bytes that it makes of these. What it
// did with documentation then, discard.type.doc.default asks for today.
func TestAvroData(t *testing.T) {
	golden := map[string][]string{}
	for _, row := range rows(t, "golden.tsv", 3) {
		golden[row[0]] = row
	}
	compared := 0
	for _, row := range rows(t, "avrodata.tsv", 6) {
		t.Run(row[0]+"/"+row[1], func(t *testing.T) {
			extra := []string{"discard.type.doc.default", "true"}
			if key, value, ok := strings.Cut(row[0], "="); ok {
				extra = append(extra, key, value)
			}
			got, want := mapped(t, defaultRules(t, extra...), golden[row[1]]), strings.Join(row[2:], "\t")
			if row[2] == "error" && strings.HasPrefix(got, "error") {
				return
			}
			why, known := otherwise[row[1]]
			if !known {
				why, known = otherwise[row[0]+"/"+row[1]]
			}
			switch {
			case known && got == want:
				t.Errorf("there is no difference: %s", why)
			case !known && got != want:
				t.Errorf("got\n%s\nand AvroData has\n%s", got, want)
			case !known:
				compared++
			}
		})
	}
	if compared < 120 {
		t.Errorf("only %d cases were compared", compared)
	}
}
