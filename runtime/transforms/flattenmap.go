// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"strings"

	"penstock.dev/runtime/connect"
)

// maxFlatNames bounds what is remembered of the names of fields, from one map to
// the next.
const maxFlatNames = 4096

// flatNames flattens maps. It remembers the names that it has made.
type flatNames struct {
	delimiter string
	root      flatMembers
	leaves    map[string]*flatLeaf
	count     int
	turn      uint64 // counts the maps
}

// flatMembers are the fields of a map at one place within others.
type flatMembers struct {
	prefix string
	byName map[string]*flatMember
	// order is what was last found at each place.
	order []*flatMember
}

// flatMember is a field of such a map: of its own, and of those within it.
type flatMember struct {
	name   string
	leaf   *flatLeaf
	within flatMembers
}

// flatLeaf is a name in the output. Fields that get the same one share it.
type flatLeaf struct {
	name connect.Value
	// turn is the last map that had it, at is where.
	turn uint64
	at   int
}

// flatten makes a map of one level. Of two fields that get the same name the later
// one counts, at the place of the earlier one.
func (f *flatNames) flatten(a *connect.Arena, entries []connect.Entry) (connect.Value, error) {
	if f.leaves == nil || f.count > maxFlatNames {
		f.root, f.leaves, f.count = flatMembers{}, map[string]*flatLeaf{}, 0
	}
	f.turn++
	w := flatWriter{names: f, a: a, out: a.Entries(countLeaves(entries))}
	if err := w.members(&f.root, entries); err != nil {
		return connect.Value{}, err
	}
	return connect.MapValue(w.out[:w.n]), nil
}

func countLeaves(entries []connect.Entry) int {
	n := 0
	for i := range entries {
		if v := &entries[i].Value; v.Type() == connect.Map {
			n += countLeaves(v.Entries())
		} else {
			n++
		}
	}
	return n
}

// flatWriter writes one map.
type flatWriter struct {
	names *flatNames
	a     *connect.Arena
	out   []connect.Entry
	n     int
}

func (w *flatWriter) members(m *flatMembers, entries []connect.Entry) error {
	for i := range entries {
		key, v := &entries[i].Key, &entries[i].Value
		if key.Type() != connect.String {
			return javaError("class %s cannot be cast to class java.lang.String", javaClass(nil, key.Type()))
		}
		switch v.Type() {
		case connect.Struct:
			return javaError("Flatten transformation does not support class %s for record without schemas (for field %s).",
				javaClass(nil, v.Type()), flatName(m.prefix, w.names.delimiter, key.Str()))
		case connect.Map:
			if err := w.members(&w.names.member(m, i, key.Str()).within, v.Entries()); err != nil {
				return err
			}
		default:
			if v.IsInstant() {
				return noConnectType("Flatten")
			}
			w.put(w.names.member(m, i, key.Str()).leaf, v)
		}
	}
	return nil
}

func (w *flatWriter) put(leaf *flatLeaf, v *connect.Value) {
	if leaf.turn != w.names.turn {
		leaf.turn, leaf.at = w.names.turn, w.n
		w.out[w.n].Key = leaf.name
		w.n++
	}
	w.out[leaf.at].Value = *v
}

// member returns what is known of the field of that name, which is the i-th of its
// map.
func (f *flatNames) member(m *flatMembers, i int, name string) *flatMember {
	if i < len(m.order) && m.order[i].name == name {
		return m.order[i]
	}
	found, ok := m.byName[name]
	if !ok {
		found = f.add(m, strings.Clone(name))
	}
	if i < len(m.order) {
		m.order[i] = found
	} else if i == len(m.order) {
		m.order = append(m.order, found)
	}
	return found
}

func (f *flatNames) add(m *flatMembers, name string) *flatMember {
	full := flatName(m.prefix, f.delimiter, name)
	leaf, ok := f.leaves[full]
	if !ok {
		leaf = &flatLeaf{name: connect.StringValue(full)}
		f.leaves[full] = leaf
	}
	found := &flatMember{name: name, leaf: leaf, within: flatMembers{prefix: full}}
	if m.byName == nil {
		m.byName = map[string]*flatMember{}
	}
	m.byName[name] = found
	f.count++
	return found
}
