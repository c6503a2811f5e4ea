// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package agent

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/worker"
)

func TestTheAgentFollowsTheBindings(t *testing.T) {
	checkLeaks(t)
	ns, dir := api.Namespace(t), t.TempDir()
	bound := addTask(t, ns, "orders-1", 1, us())
	waiting := addTask(t, ns, "orders-0", 0, nil)
	addTask(t, ns, "other-0", 0, &v1alpha1.WorkerRef{Name: "main-worker-1", UID: "x"})
	earlier := addTask(t, ns, "orders-2", 2, &v1alpha1.WorkerRef{Name: podName, UID: "an earlier pod"})

	r := run(t, api.Config, ns, dir)
	r.want(specOf(bound))
	change(t, waiting, `{"spec":{"worker":{"name":"`+podName+`","uid":"`+podUID+`"}}}`)
	r.want(specOf(waiting), specOf(bound))
	change(t, earlier, `{"spec":{"worker":{"uid":"`+podUID+`"},"epoch":5}}`)
	third := specOf(earlier)
	third.Epoch = 5
	r.want(specOf(waiting), specOf(bound), third)

	change(t, bound, `{"spec":{"desiredState":"Paused"}}`)
	paused := specOf(bound)
	paused.Paused = true
	r.want(specOf(waiting), paused, third)
	change(t, bound, `{"spec":{"worker":{"name":"main-worker-1","uid":"x"}}}`)
	r.want(specOf(waiting), third)
	change(t, waiting, `{"spec":{"worker":null}}`)
	r.want(third)
	if err := api.Client.Delete(t.Context(), earlier); err != nil {
		t.Fatal(err)
	}
	r.want()
	if !r.agent.Synced() {
		t.Error("the agent has assigned and is not in sync")
	}
}

// An empty assignment is one too: a worker with nothing to do is in sync.
func TestNoTaskIsAnAssignment(t *testing.T) {
	r := run(t, api.Config, api.Namespace(t), t.TempDir())
	r.want()
}

func TestAStatusIsNoChange(t *testing.T) {
	ns := api.Namespace(t)
	task := addTask(t, ns, "orders-0", 0, us())
	r := run(t, api.Config, ns, t.TempDir())
	r.want(specOf(task))
	task.Status.State = v1alpha1.TaskStateRunning
	if err := api.Client.Status().Update(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	// What comes after the status is seen next.
	second := addTask(t, ns, "orders-1", 1, us())
	r.want(specOf(task), specOf(second))
	if len(r.last) != 2 {
		t.Fatalf("%d tasks are assigned, want 2", len(r.last))
	}
	r.quiet()
}

// A new config comes with a new epoch; until then the incarnation goes on with
// what it has.
func TestANewConfigWaitsForItsEpoch(t *testing.T) {
	ns := api.Namespace(t)
	task := addTask(t, ns, "orders-0", 0, us())
	r := run(t, api.Config, ns, t.TempDir())
	r.want(specOf(task))
	change(t, task, `{"spec":{"config":{"file":"/g"},"configRevision":"r2"}}`)
	change(t, task, `{"spec":{"desiredState":"Paused"}}`)
	same := specOf(task)
	same.Paused = true
	r.want(same)
	change(t, task, `{"spec":{"epoch":5,"boundRevision":"r2"}}`)
	next := same
	next.Epoch, next.Config = 5, map[string]string{"file": "/g", "p": "${secrets:s:k}"}
	r.want(next)
}

func TestARestartWithoutTheAPIServer(t *testing.T) {
	checkLeaks(t)
	ns, dir := api.Namespace(t), t.TempDir()
	one, two := addTask(t, ns, "orders-0", 0, us()), addTask(t, ns, "orders-1", 1, us())
	first := run(t, api.Config, ns, dir)
	first.want(specOf(one), specOf(two))
	first.stop()

	away := run(t, nowhere(), ns, dir)
	away.want(specOf(one), specOf(two))
	away.stop()
	if !away.agent.Synced() {
		t.Error("the agent has assigned what its file held and is not in sync")
	}

	// While the container was away one task went elsewhere: the server has the last
	// word.
	change(t, one, `{"spec":{"worker":null}}`)
	back := run(t, api.Config, ns, dir)
	back.want(specOf(one), specOf(two))
	back.want(specOf(two))
}

func TestAnotherPodsFileIsNoAssignment(t *testing.T) {
	dir := t.TempDir()
	if err := save(filepath.Join(dir, "assignment.json"), "an earlier pod", map[string]worker.TaskSpec{"orders-0": {Connector: "orders"}}); err != nil {
		t.Fatal(err)
	}
	ns := api.Namespace(t)
	r := run(t, api.Config, ns, dir)
	if got := <-r.assigned; len(got) != 0 {
		t.Errorf("another pod's tasks are assigned: %v", got)
	}
}

// A file that is damaged costs the assignment of the time before, no more.
func TestADamagedFileIsPassedOver(t *testing.T) {
	dir, ns := t.TempDir(), api.Namespace(t)
	writeFile(t, filepath.Join(dir, "assignment.json"), `{"podUID":"uid-0","tas`)
	task := addTask(t, ns, "orders-0", 0, us())
	r := run(t, api.Config, ns, dir)
	r.want(specOf(task))
	got, err := load(filepath.Join(dir, "assignment.json"), podUID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]worker.TaskSpec{"orders-0": specOf(task)}, got); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
}

// The assignment counts even where it cannot be kept.
func TestAFolderThatIsNotThere(t *testing.T) {
	ns := api.Namespace(t)
	task := addTask(t, ns, "orders-0", 0, us())
	r := run(t, api.Config, ns, filepath.Join(t.TempDir(), "missing"))
	r.want(specOf(task))
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"no namespace": {Pod: podName, PodUID: podUID},
		"no pod":       {Namespace: "n", PodUID: podUID},
		"no uid":       {Namespace: "n", Pod: podName},
	} {
		t.Run(name, func(t *testing.T) {
			if a, err := New(o); err == nil {
				t.Errorf("it is accepted: %v", a)
			}
		})
	}
}

// A config that no client can be built from is said at once.
func TestABadConfig(t *testing.T) {
	a, err := New(Options{REST: &rest.Config{Host: "://"}, Namespace: "n", Pod: podName, PodUID: podUID, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context()); err == nil {
		t.Error("the agent runs without a server")
	}
}

// The agent may get, list and watch tasks and nothing else; the field selector
// must do with that.
func TestTheAgentSeesOnlyItsNamespace(t *testing.T) {
	ns, other := api.Namespace(t), api.Namespace(t)
	addTask(t, other, "orders-0", 0, us())
	task := addTask(t, ns, "orders-1", 1, us())
	r := run(t, api.Config, ns, t.TempDir())
	r.want(specOf(task))
	var list v1alpha1.TaskList
	if err := api.Client.List(t.Context(), &list, client.InNamespace(other)); err != nil || len(list.Items) != 1 {
		t.Fatalf("the other namespace has %d tasks, %v; want 1", len(list.Items), err)
	}
}
