// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/event"
)

// hub hands keys to every subscriber. Publishing never blocks: a key that waits
// to be handed on waits once, however often it is published.
type hub[K comparable] struct {
	mu   sync.Mutex
	subs []*subscription[K]
}

type subscription[K comparable] struct {
	out     chan event.TypedGenericEvent[K]
	wake    chan struct{}
	mu      sync.Mutex
	pending map[K]struct{}
}

func newHub[K comparable]() *hub[K] { return &hub[K]{} }

// subscribe must be called before run.
func (h *hub[K]) subscribe() <-chan event.TypedGenericEvent[K] {
	s := &subscription[K]{out: make(chan event.TypedGenericEvent[K]), wake: make(chan struct{}, 1), pending: map[K]struct{}{}}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs = append(h.subs, s)
	return s.out
}

func (h *hub[K]) publish(k K) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.subs {
		s.mu.Lock()
		s.pending[k] = struct{}{}
		s.mu.Unlock()
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

func (h *hub[K]) run(ctx context.Context) {
	h.mu.Lock()
	subs := h.subs
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, s := range subs {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Wait()
}

func (s *subscription[K]) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		for _, k := range s.take() {
			select {
			case <-ctx.Done():
				return
			case s.out <- event.TypedGenericEvent[K]{Object: k}:
			}
		}
	}
}

func (s *subscription[K]) take() []K {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make([]K, 0, len(s.pending))
	for k := range s.pending {
		keys = append(keys, k)
	}
	clear(s.pending)
	return keys
}
