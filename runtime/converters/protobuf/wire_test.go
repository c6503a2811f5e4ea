// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters/registry"
)

// TestFrames compares with the frames of Confluent's Python client, see
// hack/conformance/protobuf/wire.py.
func TestFrames(t *testing.T) {
	text, err := os.ReadFile("testdata/all.proto")
	if err != nil {
		t.Fatal(err)
	}
	file := mustCompile(t, string(text))
	frames, err := os.ReadFile("testdata/wire.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(frames)) {
		name, want, _ := strings.Cut(strings.TrimSpace(line), "\t")
		md := find(file.Messages(), protoreflect.FullName(name))
		if got := hex.EncodeToString(appendPath(registry.AppendHeader(nil, 258), pathOf(md))); got != want {
			t.Errorf("%s is framed %s, want %s", name, got, want)
		}
		raw, err := hex.DecodeString(want)
		if err != nil {
			t.Fatal(err)
		}
		found, err := messageAt(file, readPath(raw[registry.HeaderSize:]))
		if err != nil || found != md {
			t.Errorf("the path of %s leads to %v, %v", name, found, err)
		}
	}
}

// TestWithRegistry goes through the plugin and a registry's REST API.
func TestWithRegistry(t *testing.T) {
	f := srfake.New()
	t.Cleanup(f.Close)
	f.SeedSchema("price", 1, 1, sr.Schema{Type: sr.TypeProtobuf, Schema: `syntax = "proto3"; package shop; message Price { int64 cents = 1; }`})
	f.SeedSchema("t-value", 1, 2, sr.Schema{
		Type: sr.TypeProtobuf, Schema: `syntax = "proto3"; import "price.proto"; message Item { shop.Price price = 3; string name = 4; }`,
		References: []sr.SchemaReference{{Name: "price.proto", Subject: "price", Version: 1}},
	})
	props := map[string]string{"schema.registry.url": f.URL(), "max.retries": "0"}
	if problems := Plugin().Check(props); len(problems) > 0 {
		t.Fatal(problems)
	}
	c, err := Plugin().New(props, false)
	if err != nil {
		t.Fatal(err)
	}
	s, v, err := c.ToConnect(new(connect.Arena), "t", []byte("\x00\x00\x00\x00\x02\x00\x1a\x02\x08\x05\x22\x01x"))
	if err != nil || describe(s, v) != `{price={cents=5},name="x"}` || s.Version != 1 {
		t.Fatalf("%s, version %d, %v", describe(s, v), s.Version, err)
	}
	data, err := c.FromConnect([]byte{}, "u", s, v)
	if err != nil || string(data) != "\x00\x00\x00\x00\x03\x00\x1a\x02\x08\x05\x22\x01x" {
		t.Fatalf("%q, %v", data, err)
	}
	if _, _, err = c.ToConnect(new(connect.Arena), "u", data); err != nil {
		t.Error(err)
	}
	if _, _, err = c.ToConnect(new(connect.Arena), "u", []byte("\x00\x00\x00\x00\x63\x00")); err == nil || !strings.Contains(err.Error(), "reading the schema with id 99") {
		t.Error(err)
	}
	props["auto.register.schemas"], props["use.schema.id"] = "false", "2"
	if c, err = Plugin().New(props, false); err != nil {
		t.Fatal(err)
	}
	own := &connect.Schema{Type: connect.Struct, Name: "Item", Fields: []connect.Field{{Name: "name", Schema: connect.StringSchema}}}
	data, err = c.FromConnect([]byte{}, "t", own, connect.StructValue([]connect.Value{connect.StringValue("y")}))
	if err != nil || string(data) != "\x00\x00\x00\x00\x02\x00\x22\x01y" {
		t.Errorf("%q, %v", data, err)
	}
	delete(props, "schema.registry.url")
	if _, err = Plugin().New(props, false); err == nil || !strings.Contains(err.Error(), "schema.registry.url") {
		t.Error(err)
	}
}
