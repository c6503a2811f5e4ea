// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxPath is how many messages may stand within each other in a schema; protoc
// allows 32.
const maxPath = 64

// A record's schema id is followed by the path to its message in the schema's
// file: the number of steps, then for each the position among the messages of
// its level, all of them zigzag varints. The first message of the file, [0], is
// written as the single byte 0.

// appendPath appends a path.
func appendPath(dst []byte, path []int) []byte {
	if len(path) == 1 && path[0] == 0 {
		return append(dst, 0)
	}
	dst = protowire.AppendVarint(dst, protowire.EncodeZigZag(int64(len(path))))
	for _, i := range path {
		dst = protowire.AppendVarint(dst, protowire.EncodeZigZag(int64(i)))
	}
	return dst
}

// pathSize returns the number of bytes of the path at the beginning of data.
func pathSize(data []byte) (int, error) {
	if len(data) > 0 && data[0] == 0 {
		return 1, nil
	}
	steps, size, err := step(data)
	if err != nil {
		return 0, err
	}
	if steps > maxPath {
		return 0, fmt.Errorf("the message's path in its schema has %d steps, at most %d are possible", steps, maxPath)
	}
	for range steps {
		_, n, err := step(data[size:])
		if err != nil {
			return 0, err
		}
		size += n
	}
	return size, nil
}

var errPath = errors.New("the message's path in its schema is cut short or no number")

func step(data []byte) (value, size int, err error) {
	u, n := protowire.ConsumeVarint(data)
	v := protowire.DecodeZigZag(u)
	if n < 0 || v < 0 || v > 1<<31-1 {
		return 0, 0, errPath
	}
	return int(v), n, nil
}

// readPath reads a path that pathSize has measured.
func readPath(data []byte) []int {
	steps, size, _ := step(data)
	if steps == 0 {
		return []int{0}
	}
	path := make([]int, steps)
	for i := range path {
		v, n, _ := step(data[size:])
		path[i], size = v, size+n
	}
	return path
}

// messageAt returns the message at a path of a file.
func messageAt(file protoreflect.FileDescriptor, path []int) (protoreflect.MessageDescriptor, error) {
	messages := ofFile(file).Messages()
	var m protoreflect.MessageDescriptor
	for _, i := range path {
		if i >= messages.Len() {
			return nil, fmt.Errorf("the schema has no message at the path %v of the record", path)
		}
		m = messages.Get(i)
		messages = m.Messages()
	}
	return m, nil
}

// ofFile returns the file whose messages a schema is about: the file itself, or
// the one that it imports publicly if it has nothing else.
func ofFile(file protoreflect.FileDescriptor) protoreflect.FileDescriptor {
	if file.Messages().Len()+file.Enums().Len()+file.Services().Len()+file.Extensions().Len() > 0 {
		return file
	}
	if imports := file.Imports(); imports.Len() == 1 && imports.Get(0).IsPublic {
		return imports.Get(0).FileDescriptor
	}
	return file
}

// pathOf returns the path of a message in its file.
func pathOf(m protoreflect.MessageDescriptor) []int {
	path := []int{m.Index()}
	if outer, ok := m.Parent().(protoreflect.MessageDescriptor); ok {
		return append(pathOf(outer), path...)
	}
	return path
}
