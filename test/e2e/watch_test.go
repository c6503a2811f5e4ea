// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

func (s *suite) connector(t testing.TB, ns, name string) *v1alpha1.Connector {
	t.Helper()
	var c v1alpha1.Connector
	if err := s.kube.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, &c); err != nil {
		t.Fatalf("reading connector %s: %v", name, err)
	}
	return &c
}

func (s *suite) tasks(t testing.TB, ns, connector string) []v1alpha1.Task {
	t.Helper()
	var list v1alpha1.TaskList
	err := s.kube.List(t.Context(), &list, client.InNamespace(ns), client.MatchingLabels{v1alpha1.ConnectorLabel: connector})
	if err != nil {
		t.Fatalf("listing tasks of %s: %v", connector, err)
	}
	return list.Items
}

// ready fails unless a connector's Ready condition is True for its generation.
func (s *suite) ready(t testing.TB, ns, name string) error {
	t.Helper()
	c := s.connector(t, ns, name)
	if c.Status.ObservedGeneration != c.Generation {
		return fmt.Errorf("status speaks of generation %d, not of %d", c.Status.ObservedGeneration, c.Generation)
	}
	cond := meta.FindStatusCondition(c.Status.Conditions, "Ready")
	if cond == nil || cond.Status != "True" {
		return fmt.Errorf("%s is not Ready: %+v", name, cond)
	}
	return nil
}

// allRunning fails unless every task of a connector runs, in its status.
func (s *suite) allRunning(t testing.TB, ns, connector string) error {
	t.Helper()
	tasks := s.tasks(t, ns, connector)
	if len(tasks) == 0 {
		return fmt.Errorf("%s has no task", connector)
	}
	for _, task := range tasks {
		if task.Status.State != v1alpha1.TaskStateRunning || task.Status.Epoch != task.Spec.Epoch {
			return fmt.Errorf("task %s is %s (epoch %d of %d)", task.Name, task.Status.State, task.Status.Epoch, task.Spec.Epoch)
		}
	}
	return nil
}

func (s *suite) gone(t testing.TB, ns, connector string) error {
	t.Helper()
	var c v1alpha1.Connector
	err := s.kube.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: connector}, &c)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return errors.Join(fmt.Errorf("%s is still there, finalizers %v", connector, c.Finalizers), err)
}

// offsets watches the committed offsets that resources show and notes each time
// that one moves backwards.
type offsets struct {
	stop chan struct{}
	wg   sync.WaitGroup

	mu    sync.Mutex
	high  map[string]int64
	wrong []string
}

func (s *suite) watchOffsets(ns string) *offsets {
	o := &offsets{stop: make(chan struct{}), high: map[string]int64{}}
	o.wg.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-o.stop:
				return
			case <-tick.C:
			}
			var list v1alpha1.TaskList
			if err := s.kube.List(context.Background(), &list, client.InNamespace(ns)); err != nil {
				continue // the API server is asked again in a moment
			}
			for _, task := range list.Items {
				o.note(&task)
			}
		}
	})
	return o
}

func (o *offsets) note(task *v1alpha1.Task) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range task.Status.Offsets {
		key := task.Spec.ConnectorName + " " + p.Partition
		n, err := position(p.Offset)
		if err != nil {
			o.wrong = append(o.wrong, fmt.Sprintf("%s: %v", key, err))
			continue
		}
		if n < o.high[key] {
			o.wrong = append(o.wrong, fmt.Sprintf("%s went from %d back to %d", key, o.high[key], n))
		}
		o.high[key] = max(n, o.high[key])
	}
}

// position reads `{"position":12}` of a source or `12` of a sink.
func position(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	var v struct {
		Position  *int64 `json:"position"`
		Iteration *int64 `json:"current.iteration"`
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return 0, fmt.Errorf("reading the offset %q: %w", text, err)
	}
	for _, n := range []*int64{v.Position, v.Iteration} {
		if n != nil {
			return *n, nil
		}
	}
	return 0, fmt.Errorf("the offset %q has no number", text)
}

// end stops watching, fails the test if an offset went back, and returns how many
// offsets were seen.
func (o *offsets) end(t testing.TB) int {
	t.Helper()
	close(o.stop)
	o.wg.Wait()
	for _, w := range o.wrong {
		t.Errorf("offset: %s", w)
	}
	return len(o.high)
}
