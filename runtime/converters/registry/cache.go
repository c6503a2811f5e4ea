// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"sync"
	"sync/atomic"
)

// Cache is a bounded map with the last hit kept apart, because a task mostly sees
// one schema: a hit on it takes no lock and allocates nothing. When it is full, any
// entry makes room. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	size int
	last atomic.Pointer[hit[K, V]]
	mu   sync.RWMutex
	m    map[K]*hit[K, V]
}

type hit[K comparable, V any] struct {
	key   K
	value V
}

// NewCache returns a cache of at most size entries; of none if size is 0.
func NewCache[K comparable, V any](size int) *Cache[K, V] { return &Cache[K, V]{size: size} }

// Get returns the value of the key and whether it is there.
func (c *Cache[K, V]) Get(k K) (V, bool) {
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

// Put sets the value of the key.
func (c *Cache[K, V]) Put(k K, v V) {
	if c.size <= 0 {
		return
	}
	h := &hit[K, V]{k, v}
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
	c.last.Store(h)
}
