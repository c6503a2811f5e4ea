// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"penstock.dev/runtime/connect"
)

const millisPerDay = 24 * 60 * 60 * 1000

// scope shows a record to an expression. What it shows of structs, maps and lists
// is good until the next record.
type scope struct {
	record  *connect.Record
	objects []object
	lists   []list
	// failed is why a member could not be shown. Comparing maps and lists, CEL takes
	// an error for just unequal.
	failed error

	key, value part
	// narrow says that the expression looks at nothing but the fields of the parts.
	narrow bool
}

// fail notes that a member cannot be shown.
func (s *scope) fail(err error) ref.Val {
	if s.failed == nil {
		s.failed = err
	}
	return types.WrapErr(err)
}

// part is the key or the value.
type part struct {
	// fields are all that the expression looks at; nil is all of it.
	fields *connect.Fields
	shown  ref.Val // nil: not yet
	looked bool    // only fields were asked for
}

// again shows the part of the next record, or the same one in another way.
func (p *part) again() {
	if p.looked {
		p.fields.Forget()
	}
	p.shown, p.looked = nil, false
}

// slab is how many views are made at a time.
const slab = 16

// end forgets the record, whose memory belongs to its batch.
func (s *scope) end() {
	clear(s.objects)
	clear(s.lists)
	s.record, s.objects, s.lists, s.failed = nil, s.objects[:0], s.lists[:0], nil
	s.key.again()
	s.value.again()
	s.narrow = false
}

// Parent implements cel.Activation.
func (s *scope) Parent() cel.Activation { return nil }

// ResolveName implements cel.Activation.
func (s *scope) ResolveName(name string) (any, bool) {
	r := s.record
	switch name {
	case valueVariable:
		return s.datum(connect.ValueSide, &r.Value, &s.value), true
	case keyVariable:
		return s.datum(connect.KeySide, &r.Key, &s.key), true
	case topicVariable:
		return types.String(r.Topic), true
	case partitionVariable:
		if r.Partition == connect.ByKey {
			return types.NullValue, true
		}
		return types.Int(r.Partition), true
	case offsetVariable:
		if r.Source != nil {
			return types.NullValue, true
		}
		return types.Int(r.Offset), true
	case timestampVariable:
		if r.Timestamp == connect.NoTimestamp {
			return types.NullValue, true
		}
		return timestamp(r.Timestamp), true
	case headersVariable:
		o := s.object(nil, connect.Value{})
		o.headers = r.Headers
		return o, true
	}
	return nil, false
}

func (s *scope) datum(side string, d *connect.Datum, p *part) ref.Val {
	if p.shown == nil {
		schema, v, err := s.read(d, p)
		if err != nil {
			return types.WrapErr(fmt.Errorf("reading the %s: %w", side, err))
		}
		p.shown = s.show(schema, v)
	}
	return p.shown
}

func (s *scope) read(d *connect.Datum, p *part) (*connect.Schema, connect.Value, error) {
	if !s.narrow || p.fields == nil {
		return d.Get()
	}
	p.looked = true
	return d.Look(p.fields)
}

// show returns what an expression sees of a value.
func (s *scope) show(schema *connect.Schema, v connect.Value) ref.Val {
	switch v.Type() {
	case connect.Null:
		return types.NullValue
	case connect.Boolean:
		return types.Bool(v.Bool())
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		return showInt(schema, v)
	case connect.Float32, connect.Float64:
		return types.Double(v.Float())
	case connect.String:
		return types.String(v.Str())
	case connect.Bytes:
		return s.bytes(schema, v)
	case connect.Array:
		return s.list(schema, v)
	default:
		return s.object(schema, v)
	}
}

func showInt(schema *connect.Schema, v connect.Value) ref.Val {
	if v.IsInstant() {
		return timestamp(v.Int())
	}
	if schema != nil {
		switch schema.Name {
		case connect.TimestampName:
			return timestamp(v.Int())
		case connect.DateName:
			return timestamp(v.Int() * millisPerDay)
		case connect.TimeName:
			return types.Duration{Duration: time.Duration(v.Int()) * time.Millisecond}
		}
	}
	return types.Int(v.Int())
}

func timestamp(millis int64) ref.Val { return types.Timestamp{Time: time.UnixMilli(millis).UTC()} }

func (s *scope) bytes(schema *connect.Schema, v connect.Value) ref.Val {
	if schema == nil || schema.Name != connect.DecimalName {
		return types.Bytes(v.Bytes())
	}
	text, _ := schema.Parameter(connect.ScaleParameter)
	scale, err := strconv.Atoi(text)
	if err != nil {
		return s.fail(fmt.Errorf("the schema of a Decimal has the scale %q, which is no whole number", text))
	}
	// Beyond the range of a double it is an infinity, as in Java.
	f, _ := strconv.ParseFloat(unscaled(v.Bytes()).String()+"e"+strconv.Itoa(-scale), 64)
	return types.Double(f)
}

// unscaled reads a big-endian two's complement.
func unscaled(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}

func (s *scope) object(schema *connect.Schema, v connect.Value) *object {
	if len(s.objects) == cap(s.objects) {
		s.objects = make([]object, 0, slab) // what points to the old ones keeps them
	}
	s.objects = append(s.objects, object{scope: s, schema: schema, value: v})
	return &s.objects[len(s.objects)-1]
}

func (s *scope) list(schema *connect.Schema, v connect.Value) *list {
	if len(s.lists) == cap(s.lists) {
		s.lists = make([]list, 0, slab)
	}
	s.lists = append(s.lists, list{s, schema, v})
	return &s.lists[len(s.lists)-1]
}
