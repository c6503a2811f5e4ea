// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javadate

import "unicode/utf8"

// utcName is the long name of UTC in the locale en.
const utcName = "Coordinated Universal Time"

const minuteMillis = 60 * 1000

// zone reads what z and Z stand for: +hhmm, GMT, GMT+h:mm or a name.
func (p *parser) zone(start int) bool {
	if sign := p.sign(); sign != 0 {
		return p.offset(p.at+1, sign, offsetForm{minutes: true})
	}
	if n := prefix(p.text[start:], "GMT"); n > 0 {
		p.at = start + n
		sign := p.sign()
		if sign == 0 {
			p.fields.set(zoneOffset, 0)
			return true
		}
		return p.offset(p.at+1, sign, offsetForm{minutes: true, colon: true, short: true})
	}
	for _, n := range [...]string{"UTC", utcName} {
		if l := prefix(p.text[p.at:], n); l > 0 {
			p.at += l
			return true
		}
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	p.zoneName = r >= utf8.RuneSelf || isLetter(byte(r))
	return false
}

// isoZone reads what X stands for: Z, +hh, +hhmm or +hh:mm.
func (p *parser) isoZone(count int) bool {
	if p.text[p.at] == 'Z' {
		p.at++
		p.fields.set(zoneOffset, 0)
		return true
	}
	sign := p.sign()
	if sign == 0 {
		return false
	}
	return p.offset(p.at+1, sign, offsetForm{minutes: count > 1, colon: count == 3})
}

// sign returns 1 for a plus, -1 for a minus, 0 for anything else.
func (p *parser) sign() int32 {
	if p.at < len(p.text) {
		switch p.text[p.at] {
		case '+':
			return 1
		case '-':
			return -1
		}
	}
	return 0
}

// offsetForm says how an offset is written after its sign.
type offsetForm struct {
	minutes bool // has minutes
	colon   bool // between hours and minutes
	short   bool // one digit may do for the hours
}

// offset reads an offset from UTC.
func (p *parser) offset(at int, sign int32, form offsetForm) bool {
	hours, n := p.digits(at, 2)
	if n == 0 || n == 1 && !form.short || hours > 23 {
		return false
	}
	at += n
	var minutes int32
	if form.minutes {
		if form.colon {
			if at >= len(p.text) || p.text[at] != ':' {
				return false
			}
			at++
		}
		if minutes, n = p.digits(at, 2); n < 2 || minutes > 59 {
			return false
		}
		at += n
	}
	p.at = at
	p.fields.set(zoneOffset, sign*(hours*60+minutes)*minuteMillis)
	return true
}

// digits reads at most limit digits.
func (p *parser) digits(at, limit int) (value int32, n int) {
	for ; n < limit && at+n < len(p.text); n++ {
		c := p.text[at+n]
		if c < '0' || c > '9' {
			break
		}
		value = value*10 + int32(c-'0')
	}
	return value, n
}
