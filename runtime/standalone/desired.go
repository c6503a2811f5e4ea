// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Desired says which connectors are to run. Its methods may be called from any
// goroutine and do not block.
type Desired interface {
	// Version changes whenever Connectors does; it is negative as long as they are
	// not known.
	Version() int64
	// Connectors returns them in order.
	Connectors() []Connector
}

// Fixed are connectors that stand in files. Only their states change, and not for
// longer than the process runs.
type Fixed struct {
	version atomic.Int64

	mu   sync.Mutex
	list []Connector
}

// NewFixed returns connectors that have passed Validate.
func NewFixed(list []Connector) *Fixed { return &Fixed{list: slices.Clone(list)} }

// Version implements Desired.
func (f *Fixed) Version() int64 { return f.version.Load() }

// Connectors implements Desired.
func (f *Fixed) Connectors() []Connector {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

func (f *Fixed) find(name string) (Connector, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.list, func(c Connector) bool { return c.Name == name })
	if i < 0 {
		return Connector{}, false
	}
	return f.list[i], true
}

func (f *Fixed) setState(name string, state TargetState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		if f.list[i].Name == name {
			f.list[i].State = state
		}
	}
	f.version.Add(1)
}
