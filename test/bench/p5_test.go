// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock.dev/test/bench/bare"
	"penstock.dev/test/bench/customers"
)

func TestSameAvro(t *testing.T) {
	for name, tc := range map[string]struct {
		text, want string
	}{
		"the same":                {customers.AvroSchema, ""},
		"attributes of Connect's": {strings.Replace(customers.AvroSchema, `"fields"`, `"connect.name":"dev.penstock.bench.Customer","fields"`, 1), ""},
		"another field":           {strings.Replace(customers.AvroSchema, `"visits"`, `"calls"`, 1), "calls"},
		"another type":            {strings.Replace(customers.AvroSchema, `"type":"int"`, `"type":"long"`, 1), `"visits","type":"long"`},
		"another order of a union": {
			strings.Replace(customers.AvroSchema, `["null","long"],"default":null`, `["long","null"]`, 1), `["long","null"]`,
		},
		"none": {"{", "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			err := sameAvro(tc.text)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

func TestReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "count")
	if n, err := reported(path); n != 0 || err != nil {
		t.Errorf("%d, %v before the first report", n, err)
	}
	if err := (&bare.Count{Records: 3}).Write(path); err != nil {
		t.Fatal(err)
	}
	if n, err := reported(path); n != 3 || err != nil {
		t.Errorf("%d, %v, want 3", n, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := reported(path); err == nil {
		t.Error("half a report was taken")
	}
}

func TestCustomersAreAccepted(t *testing.T) {
	for name, c := range map[string]connector{
		"source": {class: "dev.penstock.bench.CustomerSource", config: map[string]string{"topic": "t", "records": "1"}},
		"sink":   {class: "dev.penstock.bench.CustomerSink", config: map[string]string{"topics": "t", "records": "1", "report": "/r"}},
	} {
		c.name = name
		c.config["value.converter"], c.config["value.converter.schema.registry.url"] = confluentAvro, "http://localhost:1"
		if err := refused(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
