// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"sync"
	"sync/atomic"
)

// cache is a bounded map with the last hit kept apart, because a task mostly
// sees one schema. When it is full, any entry makes room.
type cache[K comparable, V any] struct {
	size int
	last atomic.Pointer[hit[K, V]]
	mu   sync.RWMutex
	m    map[K]*hit[K, V]
}

type hit[K comparable, V any] struct {
	key   K
	value V
}

func (c *cache[K, V]) get(k K) (V, bool) {
	if h := c.last.Load(); h != nil && h.key == k {
		return h.value, true
	}
	c.mu.RLock()
	h, ok := c.m[k]
	c.mu.RUnlock()
	if !ok {
		var zero V
		return zero, false
	}
	c.last.Store(h)
	return h.value, true
}

func (c *cache[K, V]) put(k K, v V) {
	if c.size == 0 {
		return
	}
	h := &hit[K, V]{k, v}
	c.last.Store(h)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = make(map[K]*hit[K, V])
	}
	if _, ok := c.m[k]; !ok && len(c.m) >= c.size {
		for old := range c.m {
			delete(c.m, old)
			break
		}
	}
	c.m[k] = h
}

// readCache finds a schema by its text, so that equal texts give equal pointers.
type readCache struct{ cache cache[string, *node] }

// prefix returns the schema that was found last and the length of its text, if
// b begins with it; no other JSON object begins with one, so the text ends there.
func (c *readCache) prefix(b []byte) (*node, int) {
	h := c.cache.last.Load()
	if h == nil || len(b) < len(h.key) || string(b[:len(h.key)]) != h.key {
		return nil, 0
	}
	return h.value, len(h.key)
}

func (c *readCache) get(raw []byte) (*node, bool) {
	c.cache.mu.RLock()
	h, ok := c.cache.m[string(raw)]
	c.cache.mu.RUnlock()
	if !ok {
		return nil, false
	}
	c.cache.last.Store(h)
	return h.value, true
}

func (c *readCache) put(raw []byte, n *node) { c.cache.put(string(raw), n) }
