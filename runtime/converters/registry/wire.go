// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// HeaderSize is how many bytes stand before the data of a record.
const HeaderSize = 5

// magic is the first byte of a record, the version of the format.
const magic = 0

// AppendHeader appends what stands before the data of a record: the byte 0 and the
// id of the schema in four bytes, the highest first.
func AppendHeader(dst []byte, id int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, magic), uint32(id))
}

// ParseHeader returns the id of the schema and the data behind it.
func ParseHeader(data []byte) (id int, rest []byte, err error) {
	switch {
	case len(data) == 0:
		return 0, nil, errors.New("the record is empty, but not null: it does not begin with the id of a schema; was it written by another converter?")
	case data[0] != magic:
		return 0, nil, fmt.Errorf("the record begins with the byte 0x%02x and not with the byte 0 and the id of a schema;"+
			" was it written by another converter?", data[0])
	case len(data) < HeaderSize:
		return 0, nil, fmt.Errorf("the record has %d bytes, fewer than the %d of the id of a schema", len(data), HeaderSize)
	}
	n := binary.BigEndian.Uint32(data[1:])
	if n > math.MaxInt32 {
		return 0, nil, fmt.Errorf("the record begins with the schema id %d, which is negative", int32(n))
	}
	return int(n), data[HeaderSize:], nil
}
