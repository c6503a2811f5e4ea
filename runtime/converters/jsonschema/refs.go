// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// follow returns what a reference refers to; other references are followed, too.
func (d *document) follow(s *schema) (*schema, *document, error) {
	const most = 50
	for range most {
		if s.kind != reference {
			return s, d, nil
		}
		target, in, err := d.lookup(s.ref)
		if err != nil {
			return nil, nil, err
		}
		if s, err = in.schema(target); err != nil {
			return nil, nil, err
		}
		d = in
	}
	return nil, nil, fmt.Errorf("$ref %q leads in a circle", s.ref)
}

func (d *document) lookup(ref string) (*value, *document, error) {
	file, fragment, _ := strings.Cut(ref, "#")
	in := d
	if file != "" {
		var ok bool
		if in, ok = d.others[file]; !ok {
			in, ok = d.others[withoutFragment(d.resolve(file))]
		}
		if !ok && d.base != nil && withoutFragment(d.resolve(file)) == withoutFragment(d.base) {
			in, ok = d, true
		}
		if !ok {
			if v := findID(d.root, ref); v != nil {
				return v, d, nil
			}
			return nil, nil, fmt.Errorf("the schema refers to %q, which is not among its references in the registry", ref)
		}
	}
	if fragment == "" {
		return in.root, in, nil
	}
	if !strings.HasPrefix(fragment, "/") {
		if v := findID(in.root, "#"+fragment); v != nil {
			return v, in, nil
		}
		return nil, nil, fmt.Errorf("the schema refers to %q, which is the $id of none of its parts", ref)
	}
	v := in.root
	for step := range strings.SplitSeq(fragment[1:], "/") {
		if plain, err := url.PathUnescape(step); err == nil {
			step = plain
		}
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		v = inner(v, step)
		if v == nil {
			return nil, nil, fmt.Errorf("the schema refers to %q, which is not there", ref)
		}
	}
	return v, in, nil
}

// inner returns a member or an element. Definitions are found under either of
// their names.
func inner(v *value, step string) *value {
	if v.kind == '[' {
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(v.items) {
			return v.items[i]
		}
		return nil
	}
	m := v.get(step)
	if m == nil && step == "$defs" {
		m = v.get("definitions")
	}
	return m
}

// findID finds the part with an $id, or the id of draft 4.
func findID(v *value, id string) *value {
	if v.kind == '{' && (v.str("$id") == id || v.str("id") == id || v.str("$anchor") != "" && "#"+v.str("$anchor") == id) {
		return v
	}
	for _, m := range v.members {
		if found := findID(m.value, id); found != nil {
			return found
		}
	}
	for _, item := range v.items {
		if found := findID(item, id); found != nil {
			return found
		}
	}
	return nil
}
