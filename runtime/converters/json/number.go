// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"math"
	"strconv"

	"penstock.dev/runtime/connect"
)

// number is a JSON number. An integral one that fits 64 bits is in n.
type number struct {
	text     []byte
	n        int64
	integral bool
	fits     bool
}

// maxNumber is the number of characters that Jackson's reader allows a number.
const maxNumber = 1000

// number reads the number where the parser is. Leading zeros are accepted, as
// Kafka Connect accepts them.
func (p *parser) number() (number, error) {
	start := p.pos
	negative := p.data[p.pos] == '-'
	if negative {
		p.pos++
	}
	first := p.pos
	var n uint64
	for p.pos < len(p.data) && isDigit(p.data[p.pos]) {
		n = n*10 + uint64(p.data[p.pos]-'0')
		p.pos++
	}
	if p.pos == first {
		return number{}, p.unexpected("a digit")
	}
	num := number{integral: true}
	if size := p.pos - first; size <= 18 {
		num.n, num.fits = int64(n), true
		if negative {
			num.n = -num.n
		}
	}
	if p.pos < len(p.data) && (p.data[p.pos] == '.' || p.data[p.pos]|0x20 == 'e') {
		num.integral = false
		if err := p.fraction(); err != nil {
			return number{}, err
		}
	}
	num.text = p.data[start:p.pos]
	if len(num.text) > maxNumber {
		return number{}, p.fail("found a number of more than 1000 characters")
	}
	if num.integral && !num.fits {
		var err error
		num.n, err = strconv.ParseInt(str(num.text), 10, 64)
		num.fits = err == nil
	}
	return num, nil
}

func (p *parser) fraction() error {
	if p.data[p.pos] == '.' {
		p.pos++
		if err := p.digits(); err != nil {
			return err
		}
	}
	if p.pos < len(p.data) && p.data[p.pos]|0x20 == 'e' {
		p.pos++
		if p.pos < len(p.data) && (p.data[p.pos] == '+' || p.data[p.pos] == '-') {
			p.pos++
		}
		return p.digits()
	}
	return nil
}

func (p *parser) digits() error {
	first := p.pos
	for p.pos < len(p.data) && isDigit(p.data[p.pos]) {
		p.pos++
	}
	if p.pos == first {
		return p.unexpected("a digit")
	}
	return nil
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// float returns the nearest double, or float for 32 bits; what is too large is
// infinite, as in Java.
func (n number) float(bits int) float64 {
	f, _ := strconv.ParseFloat(str(n.text), bits)
	return f
}

// exact returns the number as an integer, if it is one, however it is written.
func (n number) exact() (int64, bool) {
	if n.integral {
		return n.n, n.fits
	}
	f := n.float(64)
	return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<53
}

// str returns a text that refers to b.
func str(b []byte) string { return connect.StringOf(b).Str() }
