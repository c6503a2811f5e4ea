// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

// attempts are the plans P that were made for pairs of schemas K. A plan may refer to
// itself, so that it is taken for a good one while it is made. If it turns out that it
// is none, those that were made meanwhile may refer to it, and are forgotten with it.
type attempts[K comparable, P any] struct {
	made   map[K]*P
	order  []K // of made
	failed map[K]error
}

// plan returns the plan for the pair: the one that there is, or the one that fill
// makes of n.
func (a *attempts[K, P]) plan(key K, n *P, fill func() error) (*P, error) {
	if known, ok := a.made[key]; ok {
		return known, nil
	}
	if err, ok := a.failed[key]; ok {
		return nil, err
	}
	if a.made == nil {
		a.made, a.failed = map[K]*P{}, map[K]error{}
	}
	mark := len(a.order)
	a.made[key], a.order = n, append(a.order, key)
	err := fill()
	if err == nil {
		return n, nil
	}
	for _, k := range a.order[mark:] {
		delete(a.made, k)
	}
	a.order, a.failed[key] = a.order[:mark], err
	return nil, err
}
