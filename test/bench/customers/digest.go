// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package customers

import (
	"fmt"
	"hash/crc32"
	"math"

	"penstock.dev/runtime/connect"
	"penstock.dev/test/bench/bare"
)

// Add counts a record: each of its fields is in the sum, the whole of each text, and
// the bytes of the texts are counted.
func Add(c *bare.Count, v connect.Value) error {
	if v.Type() != connect.Struct {
		return fmt.Errorf("record %d is %s, not a struct", c.Records, v.Type())
	}
	h, size := fold(0, v.Items())
	c.Records++
	c.Bytes += size
	c.Sum += mix(h)
	return nil
}

// Expect returns what is counted of the first n records.
func (c *Customers) Expect(n int64) (bare.Count, error) {
	var out bare.Count
	var a connect.Arena
	for i := range n {
		a.Reset()
		if err := Add(&out, c.Value(&a, i)); err != nil {
			return out, err
		}
	}
	return out, nil
}

func fold(h uint64, items []connect.Value) (uint64, int64) {
	size := int64(0)
	for _, v := range items {
		h *= 31
		switch v.Type() {
		case connect.Null:
			h += 7
		case connect.String:
			h += uint64(crc32.ChecksumIEEE(v.Bytes())) + uint64(v.Len())<<32
			size += int64(v.Len())
		case connect.Float32, connect.Float64:
			h += math.Float64bits(v.Float())
		case connect.Array:
			var n int64
			h, n = fold(h, v.Items())
			size += n
		default: // numbers; a boolean is 0 or 1
			h += uint64(v.Int())
		}
	}
	return h, size
}

// mix makes of numbers that are like each other some that are not: the end of
// MurmurHash3.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
