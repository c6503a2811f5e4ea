// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// The union's first branch has the name of the record and cannot read it. While that
// is found out, B is found to be readable, if the first branch is; it is not.
func TestReadsThroughNoBranchThatFails(t *testing.T) {
	const from = `{"type":"record","name":"A","namespace":"three","fields":[
		{"name":"b","type":{"type":"record","name":"two.B","fields":[{"name":"a","type":{"type":"array","items":"three.A"}}]}}]}`
	const to = `{"type":"record","name":"Top","fields":[{"name":"u","type":[
		{"type":"record","name":"A","namespace":"one","fields":[
			{"name":"b","type":{"type":"record","name":"two.B","fields":[{"name":"a","type":{"type":"array","items":"one.A"}}]}},{"name":"q","type":"string"}]},
		{"type":"record","name":"A","namespace":"two","fields":[{"name":"b","type":"two.B"}]}]}]}`
	r := defaultRules(t, "enhanced.avro.schema.support", "true")
	s, target := mustParse(t, `{"type":"record","name":"Top","fields":[{"name":"u","type":`+from+`}]}`), mustParse(t, to)
	c, err := r.toSchema(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	toC, err := r.toSchema(target, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.project(s, c, target, toC); err == nil || !strings.Contains(err.Error(), "no branch of the union can read three.A") {
		t.Errorf("reading: %v", err)
	}
	// The same when it is written.
	if w, err := r.writer(c, target); err == nil || !strings.Contains(err.Error(), "u") {
		inner := connect.StructValue([]connect.Value{connect.StructValue([]connect.Value{connect.ArrayValue(nil)})})
		v := connect.StructValue([]connect.Value{connect.StructValue([]connect.Value{connect.StructValue([]connect.Value{connect.ArrayValue([]connect.Value{inner})})})})
		data, err := encoder{}.value(nil, w, v, 0)
		t.Errorf("writing: %x, %v", data, err)
	}
}
