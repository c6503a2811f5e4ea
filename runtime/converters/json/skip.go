// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

// skip steps over one value of any kind, which must be well formed.
func (p *parser) skip(depth int) error {
	switch c := p.next(); c {
	case '"':
		end, wide := scan(p.data, p.pos+1)
		if !wide && end < len(p.data) && p.data[end] == '"' {
			p.pos = end + 1
			return nil
		}
		_, err := p.str()
		return err
	case '{':
		return p.skipAll('}', depth)
	case '[':
		return p.skipAll(']', depth)
	case 't', 'f', 'n':
		_, err := p.word(c)
		return err
	default:
		if c != '-' && !isDigit(c) {
			return p.unexpected("a JSON value")
		}
		return p.skipNumber()
	}
}

// skipNumber is for whole numbers that end where the member does, as most do.
func (p *parser) skipNumber() error {
	end := p.pos + 1
	for end < len(p.data) && isDigit(p.data[end]) {
		end++
	}
	if end < len(p.data) && isDigit(p.data[end-1]) && end-p.pos <= maxNumber && (p.data[end] == ',' || p.data[end] == '}') {
		p.pos = end
		return nil
	}
	_, err := p.number()
	return err
}

func (p *parser) skipAll(closing byte, depth int) error {
	if depth >= maxDepth {
		return p.fail(errDepth.Error())
	}
	p.pos++
	if p.next() == closing {
		p.pos++
		return nil
	}
	for {
		if closing == '}' {
			if _, err := p.name(); err != nil {
				return err
			}
		}
		if err := p.skip(depth + 1); err != nil {
			return err
		}
		more, err := p.more(closing)
		if !more || err != nil {
			return err
		}
	}
}

// span is a part of the data.
type span struct{ start, end int }

// members calls f with the name and the place of each member of the object where
// the parser is.
func (p *parser) members(f func(name string, s span)) error {
	p.pos++
	if p.next() == '}' {
		p.pos++
		return nil
	}
	for {
		name, err := p.name()
		if err != nil {
			return err
		}
		s, err := p.span()
		if err != nil {
			return err
		}
		f(string(name), s)
		more, err := p.more('}')
		if !more || err != nil {
			return err
		}
	}
}

// elements returns the places of the elements of the array where the parser is.
func (p *parser) elements() ([]span, error) {
	p.pos++
	if p.next() == ']' {
		p.pos++
		return nil, nil
	}
	var out []span
	for {
		s, err := p.span()
		if err != nil {
			return nil, err
		}
		out = append(out, s)
		more, err := p.more(']')
		if !more || err != nil {
			return out, err
		}
	}
}

func (p *parser) span() (span, error) {
	p.next()
	s := span{start: p.pos}
	err := p.skip(1)
	s.end = p.pos
	return s, err
}

// envelope finds the schema and the payload of a message, which must be an
// object of just these two. The last of equal names wins.
func (p *parser) envelope() (schema, payload span, err error) {
	if p.next() != '{' {
		if p.pos < len(p.data) {
			if err := p.skip(0); err != nil {
				return span{}, span{}, err
			}
		}
		return span{}, span{}, ErrEnvelope
	}
	others := false
	err = p.members(func(name string, s span) {
		switch name {
		case "schema":
			schema = s
		case "payload":
			payload = s
		default:
			others = true
		}
	})
	if err == nil {
		err = p.end()
	}
	if err == nil && (others || schema.end == 0 || payload.end == 0) {
		err = ErrEnvelope
	}
	return schema, payload, err
}
