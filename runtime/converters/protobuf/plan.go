// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

// form says which value a field's bytes are.
type form uint8

const (
	scalar    form = iota
	structure      // a message as a Struct
	wrapper        // a google.protobuf.StringValue and its like as its value
	timestamp
	date
	timeOfDay
	decimal
)

// many says how often a field may occur.
type many uint8

const (
	single many = iota
	list
	mapping
)

// readMessage is how the bytes of a message become a Struct.
type readMessage struct {
	name   string
	size   int // the number of the Struct's fields
	fields []readField
	dense  []int32                    // by number: the place in fields plus one
	sparse map[protowire.Number]int32 // the same, of large numbers
	slots  []int32                    // by number: the slot of a field that goes into it alone; or noSlot
	unions []readUnion
	lists  int // how many fields are lists or maps
	fill   []fill
}

// readUnion is a oneof.
type readUnion struct {
	slot  int   // in the Struct; -1: its members are fields of the Struct
	size  int   // of its own Struct
	slots []int // its members' fields, if they are fields of the Struct
}

// fill is what a field holds that did not occur.
type fill struct {
	slot  int
	value connect.Value
}

type readField struct {
	name   string
	number protowire.Number
	slot   int // in the Struct
	union  int // in unions; -1 is none
	member int // in the union's own Struct
	many   many
	list   int     // the place among the lists of a message
	value  reading // of the field or of each of its elements
	key    reading // of a map
	// The numbers of a map's key and value in its entries.
	keyNumber, valueNumber protowire.Number
}

// reading is how one value is read.
type reading struct {
	form   form
	kind   protoreflect.Kind // of a scalar or of what is wrapped
	wire   protowire.Type    // of kind
	typ    connect.Type
	packed bool // the elements of a list may stand together
	enum   *symbols
	sub    *readMessage
	scale  int           // of a decimal
	zero   connect.Value // of a scalar that did not occur
}

// find returns the field of a number, or nil.
func (m *readMessage) find(number protowire.Number) *readField {
	var i int32
	if uint32(number) < uint32(len(m.dense)) {
		i = m.dense[number]
	} else if m.sparse != nil {
		i = m.sparse[number]
	}
	if i == 0 {
		return nil
	}
	return &m.fields[i-1]
}

// noSlot is for a number that there is none of, and for members of a oneof that are
// fields of the Struct: one takes the others away.
const noSlot = -1

// slotOf returns the slot of a number, or noSlot.
func (m *readMessage) slotOf(number protowire.Number) int {
	if uint32(number) < uint32(len(m.slots)) {
		return int(m.slots[number])
	}
	return noSlot
}

// index makes find and slotOf work.
func (m *readMessage) index() {
	const maxDense = 1 << 10
	largest := protowire.Number(0)
	for i := range m.fields {
		if n := m.fields[i].number; n < maxDense {
			largest = max(largest, n)
		}
	}
	m.dense, m.slots = make([]int32, largest+1), slices.Repeat([]int32{noSlot}, int(largest+1))
	for i := range m.fields {
		f := &m.fields[i]
		n := f.number
		if n < maxDense {
			m.dense[n] = int32(i + 1)
			if f.union < 0 || m.unions[f.union].slot >= 0 {
				m.slots[n] = int32(f.slot)
			}
			continue
		}
		if m.sparse == nil {
			m.sparse = map[protowire.Number]int32{}
		}
		m.sparse[n] = int32(i + 1)
	}
}

// symbols are the names of an enum's values.
type symbols struct {
	names   map[int32]connect.Value
	unknown string // begins the name of a number without one
	closed  bool   // such a number is no value at all
	numbers bool   // the value is the number
}

func symbolsOf(e protoreflect.EnumDescriptor, numbers bool) *symbols {
	values := e.Values()
	s := &symbols{
		names:   make(map[int32]connect.Value, values.Len()),
		unknown: unknownEnum + string(e.Name()) + "_",
		closed:  e.IsClosed(),
		numbers: numbers,
	}
	for i := range values.Len() {
		v := values.Get(i)
		if _, ok := s.names[int32(v.Number())]; !ok {
			s.names[int32(v.Number())] = connect.PlainString([]byte(v.Name()))
		}
	}
	return s
}

// value returns the value of a number; null says that it is none.
func (s *symbols) value(n int32) connect.Value {
	name, ok := s.names[n]
	switch {
	case !ok && s.closed:
		return connect.Value{}
	case s.numbers:
		return connect.Int32Value(n)
	case !ok:
		return connect.StringValue(s.unknown + strconv.Itoa(int(n)))
	default:
		return name
	}
}

// wireOf returns the wire type of a kind.
func wireOf(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.GroupKind:
		return protowire.StartGroupType
	default:
		return protowire.VarintType
	}
}

// wrappedKind returns the kind of value that a message of google.protobuf wraps.
func wrappedKind(name protoreflect.FullName) (protoreflect.Kind, bool) {
	switch name {
	case "google.protobuf.DoubleValue":
		return protoreflect.DoubleKind, true
	case "google.protobuf.FloatValue":
		return protoreflect.FloatKind, true
	case "google.protobuf.Int64Value":
		return protoreflect.Int64Kind, true
	case "google.protobuf.UInt64Value":
		return protoreflect.Uint64Kind, true
	case "google.protobuf.Int32Value":
		return protoreflect.Int32Kind, true
	case "google.protobuf.UInt32Value":
		return protoreflect.Uint32Kind, true
	case "google.protobuf.BoolValue":
		return protoreflect.BoolKind, true
	case "google.protobuf.StringValue":
		return protoreflect.StringKind, true
	case "google.protobuf.BytesValue":
		return protoreflect.BytesKind, true
	default:
		return 0, false
	}
}
