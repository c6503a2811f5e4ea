// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package plugins

import (
	"path/filepath"
	"strconv"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
	"penstock.dev/test/bench/bare"
	"penstock.dev/test/bench/customers"
)

func TestCustomersFeedCustomers(t *testing.T) {
	const n = 2500
	src, err := customerSourcePlugin().OpenSource(t.Context(), connecttest.Env(t, nil), map[string]string{"topic": "t", "records": strconv.Itoa(n)})
	if err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(t.TempDir(), "count")
	dst, err := customerSinkPlugin().OpenSink(t.Context(), connecttest.Env(t, nil), map[string]string{"records": strconv.Itoa(n), "report": report})
	if err != nil {
		t.Fatal(err)
	}
	b := connect.NewBatch(1000, 1<<20)
	for moved := 0; moved < n; moved += len(b.Records) {
		b.Reset()
		if err := src.Poll(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := dst.Put(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	want, err := customers.New().Expect(n)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := bare.Read(report); err != nil || got != want {
		t.Errorf("the sink counted %+v, %v; want %+v", got, err, want)
	}
	b.Reset()
	b.Add().Value.Set(connect.StringSchema, connect.StringValue("x"))
	if err := dst.Put(t.Context(), b); err == nil {
		t.Error("a string was taken for a struct")
	}
}
