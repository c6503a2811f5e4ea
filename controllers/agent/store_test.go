// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/worker"
)

func TestStore(t *testing.T) {
	one, two := taskOf("orders-0", 0, us()), taskOf("orders-1", 1, us())
	with := func(t *v1alpha1.Task, change func(*v1alpha1.Task)) *v1alpha1.Task {
		t = t.DeepCopy()
		change(t)
		return t
	}
	foreign := with(one, func(t *v1alpha1.Task) { t.Spec.Worker.UID = "an earlier pod" })
	unbound := with(one, func(t *v1alpha1.Task) { t.Spec.Worker = nil })
	deleted := with(one, func(t *v1alpha1.Task) { t.DeletionTimestamp = &metav1.Time{} })
	early := with(one, func(t *v1alpha1.Task) { t.Spec.Epoch = 0 })
	reconfigured := with(one, func(t *v1alpha1.Task) { t.Spec.Config, t.Spec.Count = map[string]string{"x": "y"}, 9 })
	recreated := with(reconfigured, func(t *v1alpha1.Task) { t.UID = "another" })
	next := with(reconfigured, func(t *v1alpha1.Task) { t.Spec.Epoch = 5 })
	pausedTask := with(reconfigured, func(t *v1alpha1.Task) { t.Spec.DesiredState = v1alpha1.TaskPaused })
	labelled := with(one, func(t *v1alpha1.Task) { t.Labels, t.Generation = map[string]string{"a": "b"}, 7 })
	pausedSpec := spec(one)
	pausedSpec.Paused = true

	for name, tc := range map[string]struct {
		before  []any
		do      func(*store) error
		want    []worker.TaskSpec
		changed bool
	}{
		"add":                         {nil, func(s *store) error { return s.Add(one) }, []worker.TaskSpec{spec(one)}, true},
		"add for an earlier pod":      {nil, func(s *store) error { return s.Add(foreign) }, nil, false},
		"add without an epoch":        {nil, func(s *store) error { return s.Add(early) }, nil, false},
		"update the same":             {[]any{one}, func(s *store) error { return s.Update(labelled) }, []worker.TaskSpec{spec(one)}, false},
		"update to an earlier pod":    {[]any{one}, func(s *store) error { return s.Update(foreign) }, nil, true},
		"update to nowhere":           {[]any{one}, func(s *store) error { return s.Update(unbound) }, nil, true},
		"update while it is deleted":  {[]any{one}, func(s *store) error { return s.Update(deleted) }, nil, true},
		"a config of the same epoch":  {[]any{one}, func(s *store) error { return s.Update(reconfigured) }, []worker.TaskSpec{spec(one)}, false},
		"a pause with another config": {[]any{one}, func(s *store) error { return s.Update(pausedTask) }, []worker.TaskSpec{pausedSpec}, true},
		"a config of the next epoch":  {[]any{one}, func(s *store) error { return s.Update(next) }, []worker.TaskSpec{spec(next)}, true},
		"another Task of the name":    {[]any{one}, func(s *store) error { return s.Update(recreated) }, []worker.TaskSpec{spec(recreated)}, true},
		"delete":                      {[]any{one, two}, func(s *store) error { return s.Delete(one) }, []worker.TaskSpec{spec(two)}, true},
		"delete what is not there":    {[]any{two}, func(s *store) error { return s.Delete(one) }, []worker.TaskSpec{spec(two)}, false},
		"replace":                     {[]any{one}, func(s *store) error { return s.Replace([]any{two, foreign}, "1") }, []worker.TaskSpec{spec(two)}, true},
		"replace by a config":         {[]any{one}, func(s *store) error { return s.Replace([]any{reconfigured}, "1") }, []worker.TaskSpec{spec(one)}, true},
		"replace by nothing":          {[]any{one}, func(s *store) error { return s.Replace(nil, "1") }, nil, true},
		"replace nothing by nothing":  {nil, func(s *store) error { return s.Replace(nil, "1") }, nil, true},
		"resync":                      {[]any{one}, (*store).Resync, []worker.TaskSpec{spec(one)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(podUID)
			if tc.before != nil {
				if err := s.Replace(tc.before, "0"); err != nil {
					t.Fatal(err)
				}
				<-s.changed
			}
			if err := tc.do(s); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, sorted(s.specs()), cmpEmpty); diff != "" {
				t.Errorf("tasks (-want +got):\n%s", diff)
			}
			if got := len(s.changed) == 1; got != tc.changed {
				t.Errorf("it says that something changed: %t, want %t", got, tc.changed)
			}
		})
	}
}

var cmpEmpty = cmp.Transformer("empty", func(s []worker.TaskSpec) []worker.TaskSpec { return append([]worker.TaskSpec{}, s...) })

func TestTheStoreTakesTasksOnly(t *testing.T) {
	s := newStore(podUID)
	for name, err := range map[string]error{
		"add": s.Add(&corev1.Pod{}), "delete": s.Delete(&corev1.Pod{}), "replace": s.Replace([]any{&corev1.Pod{}}, "1"),
	} {
		if err == nil || !strings.Contains(err.Error(), "*v1.Pod") {
			t.Errorf("%s of a Pod ends with %v, want an error that names it", name, err)
		}
	}
}

func TestSorted(t *testing.T) {
	got := sorted(map[string]worker.TaskSpec{
		"a": {Connector: "b", Index: 10}, "b": {Connector: "b", Index: 2}, "c": {Connector: "a", Index: 5},
	})
	want := []worker.TaskSpec{{Connector: "a", Index: 5}, {Connector: "b", Index: 2}, {Connector: "b", Index: 10}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "assignment.json")
	if got, err := load(file, podUID); got != nil || err != nil {
		t.Fatalf("no file is %v, %v; want nothing", got, err)
	}
	want := map[string]worker.TaskSpec{"orders-0": spec(taskOf("orders-0", 0, us())), "orders-1": {Paused: true}}
	for range 2 {
		if err := save(file, podUID, want); err != nil {
			t.Fatal(err)
		}
		got, err := load(file, podUID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tasks (-want +got):\n%s", diff)
		}
	}
	if got, err := load(file, "another"); got != nil || err != nil {
		t.Errorf("another pod's file is %v, %v; want nothing", got, err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %o, want 600", info.Mode().Perm())
	}
	checkAlone(t, file)
}

func TestAnEmptyAssignmentIsOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "assignment.json")
	if err := save(file, podUID, map[string]worker.TaskSpec{}); err != nil {
		t.Fatal(err)
	}
	if got, err := load(file, podUID); got == nil || len(got) != 0 || err != nil {
		t.Errorf("an empty assignment is read as %v, %v", got, err)
	}
}

// A write that fails leaves the file as it was, and nothing beside it.
func TestAWriteThatFails(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "assignment.json")
	if err := os.MkdirAll(filepath.Join(file, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := save(file, podUID, nil); err == nil {
		t.Error("a folder was written over")
	}
	checkAlone(t, file)
	if err := writeJSON(filepath.Join(dir, "x"), func() {}); err == nil {
		t.Error("a function was encoded")
	}
	checkAlone(t, file)
}

func TestADamagedFileIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "assignment.json")
	writeFile(t, file, `{"podUID": 3}`)
	if _, err := load(file, podUID); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("the error is %v, want one that names %s", err, file)
	}
}

func checkAlone(t *testing.T, file string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != filepath.Base(file) {
		t.Errorf("the folder holds %v, want the file alone", entries)
	}
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
