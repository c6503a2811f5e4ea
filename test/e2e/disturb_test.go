// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

// disturbed does to the running system what happens to systems, while lines keep
// coming in; at the end every line must have come out, and no committed offset
// may ever have moved back.
func disturbed(t *testing.T, s *suite, files string) {
	in, out := filepath.Join(files, "load.txt"), filepath.Join(files, "load-out.txt")
	l := startLoad(in)
	watch := s.watchOffsets(ns)
	s.apply(t, fileSource(ns, "load-in", "/files/load.txt", "load"))
	s.apply(t, fileSink(ns, "load-out", "/files/load-out.txt", "load", 2))
	s.kubectl(t, "-n", ns, "wait", "--for=condition=Ready", "connector/load-in", "connector/load-out", "--timeout=60s")
	for _, d := range []struct {
		name string
		do   func(*testing.T, *suite)
	}{
		{"pause and resume", pauseAndResume},
		{"stop and run", stopAndRun},
		{"three workers", func(t *testing.T, s *suite) { scale(t, s, 3) }},
		{"one worker", func(t *testing.T, s *suite) { scale(t, s, 1) }},
		{"two workers", func(t *testing.T, s *suite) { scale(t, s, 2) }},
		{"a worker is killed", killWorker},
		{"the operator restarts", restartOperator},
		{"the broker restarts", restartBroker},
		{"upgrade", upgrade},
		{"one task restarts", restartTask},
		{"one connector restarts", restartConnector},
	} {
		if !t.Run(d.name, func(t *testing.T) { d.do(t, s) }) {
			break
		}
		moving(t, out, d.name)
	}
	want := l.end(t)
	eventually(t, 60*time.Second, "every line of the load arrives", func() error { return missing(want, lines(t, out)) })
	got := lines(t, out)
	if err := foreign(want, got); err != nil {
		t.Error(err)
	}
	t.Logf("load: %d lines in, all of them out, %d repeated (at least once)", len(want), repeated(got))
	if n := watch.end(t); n < 2 {
		t.Errorf("only %d committed offsets were ever seen in a status", n)
	}
}

// moving waits until lines come out again.
func moving(t *testing.T, out, after string) {
	t.Helper()
	before := len(lines(t, out))
	eventually(t, 40*time.Second, "data moves after: "+after, func() error {
		if n := len(lines(t, out)); n < before+50 {
			return fmt.Errorf("%d lines before, %d now", before, n)
		}
		return nil
	})
}

func (s *suite) patch(t testing.TB, what, patch string) {
	t.Helper()
	s.kubectl(t, "-n", ns, "patch", what, "--type=merge", "-p", patch)
}

func (s *suite) stateIs(t testing.TB, name string, state v1alpha1.TaskState) error {
	t.Helper()
	for _, task := range s.tasks(t, ns, name) {
		if task.Status.State != state {
			return fmt.Errorf("%s is %s, not %s", task.Name, task.Status.State, state)
		}
	}
	return s.ready(t, ns, name)
}

func pauseAndResume(t *testing.T, s *suite) {
	for _, name := range []string{"load-in", "load-out"} {
		s.patch(t, "connector/"+name, `{"spec":{"state":"Paused"}}`)
		eventually(t, truth, name+" is paused", func() error { return s.stateIs(t, name, v1alpha1.TaskStatePaused) })
		s.patch(t, "connector/"+name, `{"spec":{"state":"Running"}}`)
		eventually(t, truth, name+" runs again", func() error { return s.stateIs(t, name, v1alpha1.TaskStateRunning) })
	}
}

func stopAndRun(t *testing.T, s *suite) {
	for _, name := range []string{"load-in", "load-out"} {
		s.patch(t, "connector/"+name, `{"spec":{"state":"Stopped"}}`)
		eventually(t, 2*truth, name+" has no task left", func() error {
			if n := len(s.tasks(t, ns, name)); n != 0 {
				return fmt.Errorf("%d tasks", n)
			}
			return s.ready(t, ns, name)
		})
		s.patch(t, "connector/"+name, `{"spec":{"state":"Running"}}`)
		eventually(t, 4*truth, name+" runs again", func() error { return errors.Join(s.allRunning(t, ns, name), s.ready(t, ns, name)) })
	}
}

func scale(t *testing.T, s *suite, n int) {
	s.kubectl(t, "-n", ns, "scale", "connectcluster/main", fmt.Sprintf("--replicas=%d", n))
	eventually(t, 60*time.Second, fmt.Sprintf("%d workers", n), func() error {
		if got := len(s.workers(t)); got != n {
			return fmt.Errorf("%d pods", got)
		}
		var c v1alpha1.ConnectCluster
		if err := s.kube.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "main"}, &c); err != nil {
			return err
		}
		if want := fmt.Sprintf("%d/%d", n, n); c.Status.WorkersReady != want {
			return fmt.Errorf("status says %s workers, want %s", c.Status.WorkersReady, want)
		}
		return nil
	})
	s.settled(t)
	eventually(t, truth, "the tasks are shared out", func() error { return s.shared(t, n) })
}

// shared fails if one worker has two tasks more than another.
func (s *suite) shared(t *testing.T, workers int) error {
	t.Helper()
	var list v1alpha1.TaskList
	if err := s.kube.List(t.Context(), &list, client.InNamespace(ns)); err != nil {
		return err
	}
	load := map[string]int{}
	for _, task := range list.Items {
		if task.Spec.Worker == nil {
			return fmt.Errorf("%s has no worker", task.Name)
		}
		load[task.Spec.Worker.Name]++
	}
	least, most := len(list.Items), 0
	for _, n := range load {
		least, most = min(least, n), max(most, n)
	}
	if len(load) != min(workers, len(list.Items)) || most-least > 1 {
		return fmt.Errorf("%d tasks lie on the workers as %v", len(list.Items), load)
	}
	return nil
}

// settled waits until every task runs on a worker that is there.
func (s *suite) settled(t *testing.T) {
	t.Helper()
	eventually(t, 60*time.Second, "every task runs", func() error {
		alive := map[string]bool{}
		for _, p := range s.workers(t) {
			alive[string(p.UID)] = true
		}
		for _, name := range []string{"load-in", "load-out"} {
			for _, task := range s.tasks(t, ns, name) {
				if task.Spec.Worker == nil || !alive[string(task.Spec.Worker.UID)] {
					return fmt.Errorf("%s is bound to %v", task.Name, task.Spec.Worker)
				}
			}
			if err := errors.Join(s.allRunning(t, ns, name), s.ready(t, ns, name)); err != nil {
				return err
			}
		}
		return nil
	})
}

func killWorker(t *testing.T, s *suite) {
	tasks := s.tasks(t, ns, "load-in")
	if len(tasks) != 1 || tasks[0].Spec.Worker == nil {
		t.Fatalf("load-in has %d tasks", len(tasks))
	}
	s.kubectl(t, "-n", ns, "delete", "pod", tasks[0].Spec.Worker.Name, "--force", "--grace-period=0")
	s.settled(t)
}

func restartOperator(t *testing.T, s *suite) {
	s.kubectl(t, "-n", system, "rollout", "restart", "deployment/"+release)
	s.kubectl(t, "-n", system, "rollout", "status", "deployment/"+release, "--timeout=90s")
	s.settled(t)
}

func restartBroker(t *testing.T, s *suite) {
	s.kafka(t, "restart")
	s.settled(t)
}

func upgrade(t *testing.T, s *suite) {
	s.shell(t, s.helm, "upgrade", release, "charts/penstock", "--namespace", system, "--wait", "--timeout", "3m", "--reuse-values",
		"--set", "log.level=debug", "--set-string", "podAnnotations.upgraded=yes")
	s.settled(t)
}

func restartTask(t *testing.T, s *suite) {
	before := s.tasks(t, ns, "load-out")
	s.kubectl(t, "-n", ns, "annotate", "tasks.connect.penstock.dev/"+before[0].Name,
		"connect.penstock.dev/restart-requested-at="+time.Now().UTC().Format(time.RFC3339))
	eventually(t, 2*truth, "that task has a new epoch and runs", func() error {
		return s.newEpochs(t, "load-out", before, func(name string) bool { return name == before[0].Name })
	})
}

func restartConnector(t *testing.T, s *suite) {
	before := s.tasks(t, ns, "load-out")
	s.patch(t, "connector/load-out", `{"spec":{"restartNonce":"again"}}`)
	eventually(t, 2*truth, "every task has a new epoch and runs", func() error {
		return s.newEpochs(t, "load-out", before, func(string) bool { return true })
	})
}

func (s *suite) newEpochs(t *testing.T, connector string, before []v1alpha1.Task, restarted func(string) bool) error {
	t.Helper()
	epochs := map[string]int64{}
	for _, task := range before {
		epochs[task.Name] = task.Spec.Epoch
	}
	for _, task := range s.tasks(t, ns, connector) {
		if (task.Spec.Epoch > epochs[task.Name]) != restarted(task.Name) {
			return fmt.Errorf("%s had epoch %d and has %d", task.Name, epochs[task.Name], task.Spec.Epoch)
		}
	}
	return s.allRunning(t, ns, connector)
}
