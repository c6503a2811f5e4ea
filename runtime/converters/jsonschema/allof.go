// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"errors"

	"penstock.dev/runtime/connect"
)

// parts are those of an allOf by their kinds; of several of a kind the last.
type parts [other + 1]*schema

// gathered are the properties of all parts of an allOf.
type gathered struct {
	props    []property
	required map[string]bool
	seen     map[*schema]bool
}

// allOf returns the schema of an allOf: a struct of the properties of all parts, or
// else what of its parts says the most.
func (b *schemas) allOf(d *document, s *schema, version int, optional bool) (*connect.Schema, error) {
	var p parts
	g := gathered{required: map[string]bool{}, seen: map[*schema]bool{}}
	for _, sub := range s.subs {
		p[sub.kind] = sub
		if err := g.add(d, sub); err != nil {
			return nil, err
		}
	}
	if len(g.props) > 0 {
		c, err := b.structOf(s, g.props, g.required)
		if err != nil {
			return nil, err
		}
		c.Name, c.Optional = "", optional // as in Confluent's, it has no name
		return c, nil
	}
	if most := p.most(); most != nil {
		return b.schema(d, most, version, optional)
	}
	return nil, errors.New("unsupported criterion allOf: its parts say no single type")
}

func (p *parts) most() *schema {
	switch {
	case p[combined] != nil:
		return p[combined]
	case p[constant] != nil && p[text] != nil:
		return p[text]
	case p[constant] != nil:
		return p[numeric]
	case p[enum] != nil && p[text] != nil:
		return p[enum]
	case p[enum] != nil:
		return p[numeric]
	case p[text] != nil && p[text].format && p[numeric] != nil:
		return p[numeric]
	case p[text] != nil && p[text].format:
		return p[text]
	default:
		return p[reference]
	}
}

func (g *gathered) add(d *document, s *schema) error {
	if g.seen[s] {
		return nil
	}
	g.seen[s] = true
	switch {
	case s.kind == combined && s.criterion == "allOf":
		for _, sub := range s.subs {
			if err := g.add(d, sub); err != nil {
				return err
			}
		}
	case s.kind == object:
		for _, p := range s.props {
			g.set(p)
			g.required[p.name] = s.required[p.name]
		}
	case s.kind == reference:
		target, in, err := d.follow(s)
		if err != nil {
			return err
		}
		return g.add(in, target)
	}
	return nil
}

func (g *gathered) set(p property) {
	for i := range g.props {
		if g.props[i].name == p.name {
			g.props[i] = p
			return
		}
	}
	g.props = append(g.props, p)
}
