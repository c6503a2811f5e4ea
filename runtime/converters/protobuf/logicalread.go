// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"math/big"

	"google.golang.org/protobuf/encoding/protowire"

	"penstock.dev/runtime/connect"
)

// parts are the fields of a small message by their numbers; a varint is in n, the
// bytes of field 1 are in data.
type parts struct {
	n    [5]int64
	data []byte
}

func readParts(data []byte) (parts, error) {
	var p parts
	for len(data) > 0 {
		num, typ, n := consumeTag(data)
		if n < 0 {
			return p, protowire.ParseError(n)
		}
		data = data[n:]
		size := protowire.ConsumeFieldValue(num, typ, data)
		if size < 0 {
			return p, protowire.ParseError(size)
		}
		switch {
		case typ == protowire.VarintType && int(num) < len(p.n):
			u, _ := protowire.ConsumeVarint(data)
			p.n[num] = int64(u)
		case typ == protowire.BytesType && num == 1:
			p.data, _ = protowire.ConsumeBytes(data)
		}
		data = data[size:]
	}
	return p, nil
}

// The seconds of 0001-01-01T00:00:00Z and of 9999-12-31T23:59:59Z, between which
// a google.protobuf.Timestamp lies.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// readTimestamp reads a google.protobuf.Timestamp as milliseconds since
// 1970-01-01T00:00:00Z; what is finer is cut off.
func readTimestamp(data []byte) (connect.Value, error) {
	p, err := readParts(data)
	if err != nil {
		return connect.Value{}, err
	}
	seconds, nanos := p.n[1], int64(int32(p.n[2]))
	if seconds < firstSecond || seconds > lastSecond || nanos < 0 || nanos >= 1e9 {
		return connect.Value{}, fmt.Errorf("timestamp of %d seconds and %d nanoseconds is not between the years 1 and 9999", seconds, nanos)
	}
	return connect.Int64Value(seconds*1000 + nanos/1e6), nil
}

// readDate reads a google.type.Date as days since 1970-01-01.
func readDate(data []byte) (connect.Value, error) {
	p, err := readParts(data)
	if err != nil {
		return connect.Value{}, err
	}
	year, month, day := int64(int32(p.n[1])), int64(int32(p.n[2])), int64(int32(p.n[3]))
	days, ok := daysOf(year, month, day)
	if !ok {
		return connect.Value{}, fmt.Errorf("there is no date of the year %d, month %d, day %d", year, month, day)
	}
	return connect.Int32Value(int32(days)), nil
}

// readTime reads a google.type.TimeOfDay as milliseconds since midnight; what is
// finer is cut off.
func readTime(data []byte) (connect.Value, error) {
	p, err := readParts(data)
	if err != nil {
		return connect.Value{}, err
	}
	h, m, s, n := int64(int32(p.n[1])), int64(int32(p.n[2])), int64(int32(p.n[3])), int64(int32(p.n[4]))
	if h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59 || n < 0 || n >= 1e9 {
		return connect.Value{}, fmt.Errorf("there is no time of day %d:%d:%d and %d nanoseconds", h, m, s, n)
	}
	return connect.Int32Value(int32((h*3600+m*60+s)*1000 + n/1e6)), nil
}

// maxRescale bounds the zeros by which a decimal's scale may differ from its
// schema's.
const maxRescale = 10_000

// decimal reads a confluent.type.Decimal as the unscaled value at the scale of its
// schema.
func (d *decoder) decimal(r *reading, data []byte) (connect.Value, error) {
	p, err := readParts(data)
	if err != nil {
		return connect.Value{}, err
	}
	if len(p.data) == 0 {
		return connect.Value{}, fmt.Errorf("decimal has no bytes, not even one for zero")
	}
	scale := int(int32(p.n[3]))
	if scale == r.scale {
		return connect.BytesValue(minimal(p.data)), nil
	}
	shift := r.scale - scale
	if shift > maxRescale || shift < -maxRescale {
		return connect.Value{}, fmt.Errorf("decimal of scale %d is too far from the scale %d of its field", scale, r.scale)
	}
	n := fromTwosComplement(p.data)
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil)
	if shift > 0 {
		n.Mul(n, factor)
	} else if _, rest := n.QuoRem(n, factor, new(big.Int)); rest.Sign() != 0 {
		return connect.Value{}, fmt.Errorf("decimal of scale %d has more decimals than the scale %d of its field, "+
			"which is the param \"scale\" of the field's option (confluent.field_meta)", scale, r.scale)
	}
	return connect.BytesValue(twosComplement(n)), nil
}

// fromTwosComplement reads a big-endian two's complement.
func fromTwosComplement(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// twosComplement returns the shortest big-endian two's complement.
func twosComplement(n *big.Int) []byte {
	if n.Sign() >= 0 {
		b := n.Bytes()
		if len(b) == 0 || b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	b := new(big.Int).Not(n).Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}

// minimal cuts the leading bytes that only repeat the sign.
func minimal(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xFF && b[1] >= 0x80) {
		b = b[1:]
	}
	return b
}
