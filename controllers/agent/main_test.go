// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package agent

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/testapi"
	"penstock.dev/runtime/worker"
)

// api is the API server of this package's tests.
var api *testapi.Server

func TestMain(m *testing.M) {
	os.Exit(testapi.Main(m, func(s *testapi.Server) { api = s }))
}

const (
	podName = "main-worker-0"
	podUID  = "uid-0"
)

// nowhere is an API server that does not answer.
func nowhere() *rest.Config { return &rest.Config{Host: "https://127.0.0.1:1"} }

// checkLeaks checks that a test leaves no goroutine behind, but for those of
// connections that are kept for later.
func checkLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, before,
			goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
			goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
			goleak.IgnoreAnyFunction("golang.org/x/net/http2.(*clientConnReadLoop).run"),
			goleak.IgnoreAnyFunction("golang.org/x/net/http2.(*ClientConn).readLoop"),
			goleak.IgnoreAnyFunction("net/http.(*http2ClientConn).readLoop"),
		)
	})
}

// running is an agent that runs, with what it assigns.
type running struct {
	t        *testing.T
	agent    *Agent
	assigned chan []worker.TaskSpec
	last     []worker.TaskSpec
	stop     func()
}

func run(t *testing.T, cfg *rest.Config, ns, dir string) *running {
	t.Helper()
	r := &running{t: t, assigned: make(chan []worker.TaskSpec, 1000)}
	a, err := New(Options{
		REST: cfg, Namespace: ns, Pod: podName, PodUID: podUID, Dir: dir, Logger: testr.New(t),
		Assign: func(s []worker.TaskSpec) { r.assigned <- s },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.agent = a
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("the agent ended with %v", err)
			}
		case <-time.After(time.Minute):
			t.Error("the agent does not end")
		}
	}
	t.Cleanup(r.stop)
	return r
}

// want waits for an assignment.
func (r *running) want(specs ...worker.TaskSpec) {
	r.t.Helper()
	if specs == nil {
		specs = []worker.TaskSpec{}
	}
	deadline := time.After(30 * time.Second)
	for {
		select {
		case r.last = <-r.assigned:
			if cmp.Equal(specs, r.last) {
				return
			}
		case <-deadline:
			r.t.Fatalf("assignment (-want +got):\n%s", cmp.Diff(specs, r.last))
		}
	}
}

// quiet checks that nothing was assigned since.
func (r *running) quiet() {
	r.t.Helper()
	select {
	case got := <-r.assigned:
		r.t.Errorf("something was assigned that changes nothing: %v", got)
	default:
	}
}

// addTask makes a Task that is bound to a pod, nil is none.
func addTask(t *testing.T, ns, name string, index int32, to *v1alpha1.WorkerRef) *v1alpha1.Task {
	t.Helper()
	task := taskOf(name, index, to)
	task.Namespace = ns
	if err := api.Client.Create(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	return task
}

func taskOf(name string, index int32, to *v1alpha1.WorkerRef) *v1alpha1.Task {
	return &v1alpha1.Task{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-of-" + name)},
		Spec: v1alpha1.TaskSpec{
			ClusterName: "main", ConnectorRef: v1alpha1.ConnectorRef{Name: "orders", UID: "c"}, ConnectorName: "orders.ES", Class: "file-source",
			Type: v1alpha1.SourceType, Index: index, Count: 3, Config: map[string]string{"file": "/f", "p": "${secrets:s:k}"}, ConfigRevision: "r1", BoundRevision: "r1",
			DesiredState: v1alpha1.TaskRunning, Worker: to, Epoch: 4,
		},
	}
}

func specOf(t *v1alpha1.Task) worker.TaskSpec {
	return worker.TaskSpec{
		UID: string(t.UID), Connector: "orders.ES", Index: int(t.Spec.Index), Count: 3, Class: "file-source",
		Config: map[string]string{"file": "/f", "p": "${secrets:s:k}"}, Epoch: 4,
	}
}

func us() *v1alpha1.WorkerRef { return &v1alpha1.WorkerRef{Name: podName, UID: podUID} }

func change(t *testing.T, task *v1alpha1.Task, patch string) {
	t.Helper()
	if err := api.Client.Patch(t.Context(), task.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) { return ok(), nil })
	if err != nil {
		t.Fatalf("waiting until %s: %v", what, err)
	}
}
