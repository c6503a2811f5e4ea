// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"bytes"
	"context"
	"embed"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// wellKnown are the files that a schema may import without a reference to them,
// beside those of google/protobuf, which the compiler has.
//
//go:embed wellknown
var wellKnown embed.FS

// rootFile is the name of the file that is compiled; a reference cannot have it.
const rootFile = ".proto"

// compile compiles a schema as a registry keeps it: the text of a .proto file, or
// the base64 of a serialized FileDescriptorProto. Imports holds the schemas of its
// references by the names under which they are imported.
func compile(text string, imports map[string]string) (protoreflect.FileDescriptor, error) {
	c := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(resolver{text, imports}),
		MaxParallelism: 1,
	}
	files, err := c.Compile(context.Background(), rootFile)
	if err != nil {
		return nil, fmt.Errorf("compiling the protobuf schema: %w", err)
	}
	return files[0], nil
}

// resolver finds the files of one schema.
type resolver struct {
	root    string
	imports map[string]string
}

// FindFileByPath implements protocompile.Resolver.
func (r resolver) FindFileByPath(path string) (protocompile.SearchResult, error) {
	if path == rootFile {
		return parse(path, r.root)
	}
	if text, ok := r.imports[path]; ok {
		return parse(path, text)
	}
	text, err := wellKnown.ReadFile("wellknown/" + path)
	if err != nil {
		return protocompile.SearchResult{}, protoregistry.NotFound
	}
	return protocompile.SearchResult{Source: bytes.NewReader(text)}, nil
}

// parse reads one file. What Confluent's registry and its converters write is not
// always what protoc takes; lenient makes it so.
func parse(path, text string) (protocompile.SearchResult, error) {
	file, err := fileProto(path, text)
	if err != nil {
		return protocompile.SearchResult{}, err
	}
	lenient(file, strings.Contains(text, "(confluent."))
	return protocompile.SearchResult{Proto: file}, nil
}

func fileProto(path, text string) (*descriptorpb.FileDescriptorProto, error) {
	handler := reporter.NewHandler(nil)
	node, err := parser.Parse(path, strings.NewReader(text), handler)
	if err != nil {
		if file, ok := serialized(path, text); ok {
			return file, nil
		}
		return nil, err
	}
	result, err := parser.ResultFromAST(node, false, handler)
	if err != nil {
		return nil, err
	}
	return result.FileDescriptorProto(), nil
}

// serialized reads a schema in the registry's format "serialized".
func serialized(path, text string) (*descriptorpb.FileDescriptorProto, bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, false
	}
	file := new(descriptorpb.FileDescriptorProto)
	if proto.Unmarshal(raw, file) != nil {
		return nil, false
	}
	file.Name = proto.String(path)
	return file, true
}

const metaFile = "confluent/meta.proto"

// lenient changes a parsed file so that the compiler takes it: the options of
// confluent/meta.proto may stand without its import, a map may be spelled out as
// a repeated message with the option map_entry, and the first value of a proto3 enum
// need not be its zero.
func lenient(file *descriptorpb.FileDescriptorProto, meta bool) {
	if meta && file.GetPackage() != "confluent" && !slices.Contains(file.Dependency, metaFile) {
		file.Dependency = append(file.Dependency, metaFile)
	}
	open := file.GetSyntax() == "proto3"
	for _, e := range file.EnumType {
		zeroFirst(e, open)
	}
	for _, m := range file.MessageType {
		lenientMessage(m, open)
	}
}

func lenientMessage(m *descriptorpb.DescriptorProto, open bool) {
	if m.Options == nil {
		m.Options = new(descriptorpb.MessageOptions)
	}
	if m.GetOptions().MapEntry == nil {
		m.Options.UninterpretedOption = slices.DeleteFunc(m.Options.UninterpretedOption, func(o *descriptorpb.UninterpretedOption) bool {
			if len(o.Name) != 1 || o.Name[0].GetNamePart() != "map_entry" {
				return false
			}
			m.Options.MapEntry = proto.Bool(o.GetIdentifierValue() == "true")
			return true
		})
	}
	for _, e := range m.EnumType {
		zeroFirst(e, open)
	}
	for _, n := range m.NestedType {
		lenientMessage(n, open)
	}
}

func zeroFirst(e *descriptorpb.EnumDescriptorProto, open bool) {
	if !open || len(e.Value) == 0 || e.Value[0].GetNumber() == 0 {
		return
	}
	i := slices.IndexFunc(e.Value, func(v *descriptorpb.EnumValueDescriptorProto) bool { return v.GetNumber() == 0 })
	if i > 0 {
		zero := e.Value[i]
		copy(e.Value[1:i+1], e.Value[:i])
		e.Value[0] = zero
	}
}
