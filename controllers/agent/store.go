// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package agent

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/tools/cache"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/worker"
)

// store is what the reflector writes to: the Tasks that are bound to this pod,
// by name.
type store struct {
	podUID string
	// changed holds a token as long as there is something that specs has not
	// returned yet.
	changed chan struct{}

	mu    sync.Mutex
	tasks map[string]worker.TaskSpec
}

var _ cache.ReflectorStore = (*store)(nil)

func newStore(podUID string) *store {
	return &store{podUID: podUID, changed: make(chan struct{}, 1), tasks: map[string]worker.TaskSpec{}}
}

// seed fills the store from a file.
func (s *store) seed(specs map[string]worker.TaskSpec) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks = specs
	s.touch()
}

// Add implements cache.ReflectorStore.
func (s *store) Add(obj any) error { return s.Update(obj) }

// Update implements cache.ReflectorStore.
func (s *store) Update(obj any) error {
	t, err := asTask(obj)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before, had := s.tasks[t.Name]
	s.put(s.tasks, t)
	if after, has := s.tasks[t.Name]; had != has || !reflect.DeepEqual(before, after) {
		s.touch()
	}
	return nil
}

// Delete implements cache.ReflectorStore: the Task is deleted, or bound
// elsewhere.
func (s *store) Delete(obj any) error {
	t, err := asTask(obj)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, had := s.tasks[t.Name]; had {
		delete(s.tasks, t.Name)
		s.touch()
	}
	return nil
}

// Replace implements cache.ReflectorStore.
func (s *store) Replace(objs []any, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tasks := make(map[string]worker.TaskSpec, len(objs))
	for _, obj := range objs {
		t, err := asTask(obj)
		if err != nil {
			return err
		}
		s.put(tasks, t)
	}
	s.tasks = tasks
	s.touch()
	return nil
}

// Resync implements cache.ReflectorStore; there is nothing to do.
func (s *store) Resync() error { return nil }

// specs returns a copy of the assignment, by the name of the Task.
func (s *store) specs() map[string]worker.TaskSpec {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]worker.TaskSpec, len(s.tasks))
	maps.Copy(out, s.tasks)
	return out
}

// put notes a Task in tasks, which may be those of the store.
func (s *store) put(tasks map[string]worker.TaskSpec, t *v1alpha1.Task) {
	if !s.bound(t) {
		delete(tasks, t.Name)
		return
	}
	next := spec(t)
	if now, ok := s.tasks[t.Name]; ok && now.UID == next.UID && now.Epoch == next.Epoch {
		// An incarnation keeps what it started with; a new config comes with a new
		// epoch, and until then the old one goes on.
		paused := next.Paused
		next = now
		next.Paused = paused
	}
	tasks[t.Name] = next
}

// bound reports whether the Task is for this very pod, not for an earlier one of
// the same name, and has an epoch to run under.
func (s *store) bound(t *v1alpha1.Task) bool {
	return t.DeletionTimestamp == nil && t.Spec.Worker != nil && string(t.Spec.Worker.UID) == s.podUID && t.Spec.Epoch > 0
}

func (s *store) touch() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func spec(t *v1alpha1.Task) worker.TaskSpec {
	return worker.TaskSpec{
		UID:       string(t.UID),
		Connector: t.Spec.ConnectorName,
		Index:     int(t.Spec.Index),
		Count:     int(t.Spec.Count),
		Class:     t.Spec.Class,
		Config:    t.Spec.Config,
		Epoch:     t.Spec.Epoch,
		Paused:    t.Spec.DesiredState == v1alpha1.TaskPaused,
	}
}

func sorted(specs map[string]worker.TaskSpec) []worker.TaskSpec {
	out := make([]worker.TaskSpec, 0, len(specs))
	for _, s := range specs {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b worker.TaskSpec) int {
		if c := strings.Compare(a.Connector, b.Connector); c != 0 {
			return c
		}
		return a.Index - b.Index
	})
	return out
}

func asTask(obj any) (*v1alpha1.Task, error) {
	if t, ok := obj.(*v1alpha1.Task); ok {
		return t, nil
	}
	return nil, fmt.Errorf("the watch on Tasks gave a %T", obj)
}
