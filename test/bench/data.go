// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// shape says what the records of a work look like. Everything follows from a
// record's number, so that what must come out is known without asking who moved
// it.
type shape struct {
	size int // bytes of an encoded record
	text []byte
}

// structSize is the size from which on records have several fields: the schema
// alone takes most of a smaller one.
const structSize = 512

const (
	structSchema = `{"schema":{"type":"struct","fields":[` +
		`{"type":"int64","optional":false,"field":"id"},` +
		`{"type":"int64","optional":false,"field":"created"},` +
		`{"type":"string","optional":false,"field":"name"},` +
		`{"type":"double","optional":false,"field":"amount"},` +
		`{"type":"boolean","optional":false,"field":"active"},` +
		`{"type":"string","optional":false,"field":"note"}],"optional":false},"payload":`
	// transformedSchema is what the transforms of P4 make of it.
	transformedSchema = `{"schema":{"type":"struct","fields":[` +
		`{"type":"int64","optional":false,"field":"id"},` +
		`{"type":"int64","optional":false,"field":"created"},` +
		`{"type":"string","optional":false,"field":"customer"},` +
		`{"type":"double","optional":false,"field":"amount"},` +
		`{"type":"string","optional":false,"field":"note"},` +
		`{"type":"string","optional":true,"field":"source"}],"optional":false},"payload":`
	stringSchema = `{"schema":{"type":"string","optional":false},"payload":"`
)

func newShape(size int) shape {
	return shape{size: size, text: prose()}
}

// prose returns text to cut fillers from: words, so that it compresses about as
// well as text does.
func prose() []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	words := make([][]byte, 4096)
	for i := range words {
		w := make([]byte, 3+rng.IntN(8))
		for j := range w {
			w[j] = byte('a' + rng.IntN(26))
		}
		words[i] = w
	}
	var text []byte
	for len(text) < 4<<20 {
		text = append(append(text, words[rng.IntN(len(words))]...), ' ')
	}
	return text
}

// filler returns n bytes of text, other ones for each record.
func (s shape) filler(i int64, n int) []byte {
	at := int(uint64(i) * 7919 % uint64(len(s.text)-max(n, 0)))
	return s.text[at : at+max(n, 0)]
}

// record holds the fields of one record.
type record struct{ id, created int64 }

func (r record) name() string { return fmt.Sprintf("customer-%d", r.id%10007) }

// amount has few digits, so that Go and Java print it alike.
func (r record) amount() string { return strconv.FormatInt(1000+r.id%9000, 10) + ".25" }

func (r record) active() bool { return r.id%3 == 0 }

// envelope appends the record as JSON with its schema, of exactly the shape's
// size.
func (s shape) envelope(dst []byte, r record) []byte {
	if s.size < structSize {
		dst = append(dst, stringSchema...)
		dst = s.small(dst, r, s.size-len(stringSchema)-2)
		return append(dst, `"}`...)
	}
	dst = fmt.Appendf(append(dst, structSchema...), `{"id":%d,"created":%d,"name":"%s","amount":%s,"active":%t,"note":"`,
		r.id, r.created, r.name(), r.amount(), r.active())
	dst = append(dst, s.note(r)...)
	return append(dst, `"}}`...)
}

// note fills the record up to the shape's size.
func (s shape) note(r record) []byte {
	used := len(structSchema) + len(`{"id":,"created":,"name":"","amount":,"active":,"note":""}}`) +
		digits(r.id) + digits(r.created) + len(r.name()) + len(r.amount()) + len(strconv.FormatBool(r.active()))
	return s.filler(r.id, s.size-used)
}

func digits(n int64) int { return len(strconv.AppendInt(nil, n, 10)) }

// small appends a text of n bytes that starts with the record's number.
func (s shape) small(dst []byte, r record, n int) []byte {
	start := len(dst)
	dst = append(strconv.AppendInt(dst, r.id, 10), ' ')
	return append(dst, s.filler(r.id, n-(len(dst)-start))...)
}

// printed appends the record as Kafka Connect's file sink prints it.
func (s shape) printed(dst []byte, r record) []byte {
	if s.size < structSize {
		return s.small(dst, r, s.size-len(stringSchema)-2)
	}
	dst = fmt.Appendf(dst, `Struct{id=%d,created=%d,name=%s,amount=%s,active=%t,note=`, r.id, r.created, r.name(), r.amount(), r.active())
	return append(append(dst, s.note(r)...), '}')
}

// transformed appends what P4 makes of the record: the topic, a blank, JSON.
func (s shape) transformed(dst []byte, topic string, r record) []byte {
	dst = append(append(append(dst, topic...), ' '), transformedSchema...)
	dst = fmt.Appendf(dst, `{"id":%d,"created":%d,"customer":"%s","amount":%s,"note":"`, r.id, r.created, r.name(), r.amount())
	return append(append(dst, s.note(r)...), `","source":"bench"}}`...)
}

// line appends a line of a text file, without its end, that is a byte shorter
// than the shape's size.
func (s shape) line(dst []byte, r record) []byte {
	start := len(dst)
	dst = append(strconv.AppendInt(dst, r.created, 10), ' ')
	return s.small(dst, r, s.size-1-(len(dst)-start))
}
