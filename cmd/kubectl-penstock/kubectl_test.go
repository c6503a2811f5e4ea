// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"penstock.dev/api/v1alpha1"
)

func TestCommands(t *testing.T) {
	ns := namespace(t)
	made(t, ns, "in", "Failed", v1alpha1.TaskStateRunning, v1alpha1.TaskStateFailed)
	made(t, ns, "out", "Running", v1alpha1.TaskStateRunning)
	happened(t, ns, "in")
	// Commands run in the year 2100 and the API server in this one.
	age := duration.HumanDuration(time.Until(noon()))
	aged := func(s string) string { return strings.ReplaceAll(s, "AGED", age) }
	for name, tc := range map[string]struct {
		args             string
		out, stderr, err string
	}{
		"get": {args: "get", out: "NAME   CLUSTER   CLASS         STATE     TASKS            READY   REASON    AGE\n" +
			"in     main      file-source   Failed    1/2 (1 failed)   True    Running   AGED\n" +
			"out    main      file-source   Running   1/1              True    Running   AGED\n"},
		"get one":           {args: "get out -o wide", out: "READY   REASON    AGE   TYPE     LAG   RESTARTS\nout    main      file-source   Running   1/1     True    Running   AGED   source   -     0\n"},
		"get by label":      {args: "get -l app=out", out: "AGE\nout "},
		"get as JSON":       {args: "get in -o json", out: `"state": "Failed"`},
		"get none":          {args: "get -l app=none", stderr: "No resources found in " + ns + " namespace.\n"},
		"get missing":       {args: "get out missing", out: "out ", err: resource + "/missing: not found in namespace " + ns},
		"get name and all":  {args: "get in -A", err: resource + "/in: a resource cannot be retrieved by name across all namespaces"},
		"get name, label":   {args: "get in -l app=in", err: "name cannot be provided when a selector is specified"},
		"get all":           {args: "get -A", out: "NAMESPACE"},
		"get as XML":        {args: "get -o xml", err: `--output "xml" is unknown, use json or yaml, or leave it out`},
		"a bad label":       {args: "get -l =", err: "--selector: "},
		"describe":          {args: "describe in", out: "\nTasks:\n  TASK   STATE     WORKER\n  0      Running   main-worker-0\n  1      Failed    main-worker-0\n"},
		"describe config":   {args: "describe in", out: "  a.password   [hidden]\n  b.password   ${secrets:db:password}\n  file         /in.txt\n"},
		"describe errors":   {args: "describe in", out: "\nTask 1: error:\n  no file\n  nowhere\n"},
		"describe events":   {args: "describe in", out: "\nEvents:\n  TYPE      REASON        AGE   COUNT   MESSAGE\n  Warning   TasksFailed   AGED   3       task 1 has failed\n"},
		"describe no name":  {args: "describe", err: "name at least one connector, or select some with -l"},
		"offsets":           {args: "offsets get in", out: "PARTITION                 OFFSET\n{\"filename\":\"/in0.txt\"}   {\"position\":12345678901234567}\n{\"filename\":\"/in1.txt\"}   {\"position\":12345678901234567}\n2 of 80 partitions\n"},
		"no offsets set":    {args: "offsets set in", out: "Show where a connector stands"},
		"restart a task":    {args: "restart in --task 7", err: resource + "/in: it has no task 7, its tasks are 0 to 1"},
		"nothing failed":    {args: "restart out --only-failed", out: resource + "/out: nothing has failed, so nothing is restarted\n"},
		"complete":          {args: "__complete pause o", out: "out\n:4\n"},
		"complete spaces":   {args: "__complete get -n " + ns[:len(ns)-1], out: ns + "\n"},
		"complete contexts": {args: "__complete get --context ", out: ":4\n"},
		"version":           {args: "version", out: "kubectl-penstock dev\n"},
	} {
		t.Run(name, func(t *testing.T) {
			args := strings.Split(tc.args, " ")
			out, stderr, err := execute(t, ns, "", args...)
			if want := aged(tc.out); !strings.Contains(out, want) || want == "" && out != "" || tc.stderr != "" && stderr != tc.stderr {
				t.Errorf("printed\n%s%s\nwant\n%s%s", out, stderr, want, tc.stderr)
			}
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error %v, want %s", err, tc.err)
			}
			if strings.Contains(out+stderr, "geheim") {
				t.Errorf("shows a password: %s%s", out, stderr)
			}
		})
	}
}

// happened writes an event about a connector.
func happened(t *testing.T, ns, name string) {
	t.Helper()
	at := metav1.Now()
	e := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: ns, GenerateName: name},
		InvolvedObject: corev1.ObjectReference{Kind: v1alpha1.ConnectorKind, Namespace: ns, Name: name},
		Type:           "Warning", Reason: "TasksFailed", Message: "task 1 has failed", Count: 3, LastTimestamp: at,
	}
	if err := api.Create(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func TestPause(t *testing.T) {
	ns := namespace(t)
	made(t, ns, "in", "Running", v1alpha1.TaskStateRunning)
	out, _, err := execute(t, ns, "", "pause", "in")
	if err != nil || out != resource+"/in paused\n" {
		t.Fatalf("%q, %v", out, err)
	}
	var c v1alpha1.Connector
	read(t, ns, "in", &c)
	if c.Spec.State != v1alpha1.ConnectorPaused || c.Spec.Class != "file-source" {
		t.Errorf("spec %+v", c.Spec)
	}
	if out, _, err = execute(t, ns, "", "resume", "-l", "app=in"); err != nil || out != resource+"/in resumed\n" {
		t.Errorf("%q, %v", out, err)
	}
	if _, _, err = execute(t, ns, "", "stop", "missing"); err == nil || err.Error() != resource+"/missing: not found in namespace "+ns {
		t.Errorf("error %v", err)
	}
}

// TestWait plays the operator: the command must not believe states from before the
// change.
func TestWait(t *testing.T) {
	ns := namespace(t)
	made(t, ns, "in", "Running", v1alpha1.TaskStateRunning)
	e, done, _ := start(t, ns, "pause", "in", "--wait")
	c := changed(t, ns, "in", func(c *v1alpha1.Connector) bool { return c.Spec.State == v1alpha1.ConnectorPaused })
	e.err.until(t, resource+"/in: Running, tasks 1/1\n")
	var task v1alpha1.Task
	read(t, ns, "in-0", &task)
	says(t, &task, v1alpha1.TaskStatePaused)
	operator(t, c, "Paused", true)
	if err := <-done; err != nil || e.out.String() != resource+"/in: Paused, tasks 1/1\n" {
		t.Errorf("%q, %v", &e.out, err)
	}
}

func TestWaitForARefusedConfig(t *testing.T) {
	ns := namespace(t)
	made(t, ns, "in", "Running", v1alpha1.TaskStateRunning)
	_, done, _ := start(t, ns, "restart", "in", "--wait")
	c := changed(t, ns, "in", func(c *v1alpha1.Connector) bool { return c.Spec.RestartNonce == "2100-01-01T12:00:00Z" })
	operator(t, c, "Running", false)
	if err := <-done; err == nil || err.Error() != resource+"/in: ConfigInvalid: file: must be set" {
		t.Errorf("error %v", err)
	}
}

func TestRestartFailedTasks(t *testing.T) {
	ns := namespace(t)
	c := made(t, ns, "in", "Failed", v1alpha1.TaskStateRunning, v1alpha1.TaskStateFailed)
	e, done, _ := start(t, ns, "restart", "in", "--only-failed", "--wait")
	e.err.until(t, resource+"/in: Failed, tasks 1/2 (1 failed)\n")
	var first, second v1alpha1.Task
	read(t, ns, "in-0", &first)
	read(t, ns, "in-1", &second)
	if first.Annotations[v1alpha1.RestartAnnotation] != "" || second.Annotations[v1alpha1.RestartAnnotation] != "2100-01-01T12:00:00Z" {
		t.Errorf("annotations %v and %v", first.Annotations, second.Annotations)
	}
	operator(t, c, "Running", true)
	says(t, &second, v1alpha1.TaskStateRunning)
	if err := <-done; err != nil || e.out.String() != resource+"/in: Running, tasks 2/2\n" {
		t.Errorf("%q, %v", &e.out, err)
	}
	if out, _, err := execute(t, ns, "", "restart", "in", "--task", "0"); err != nil || out != resource+"/in restarted\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestRestartOfAStoppedConnector(t *testing.T) {
	ns := namespace(t)
	made(t, ns, "in", "Running")
	if _, _, err := execute(t, ns, "", "stop", "in"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := execute(t, ns, "", "restart", "in"); err == nil || err.Error() != resource+"/in: it is stopped and has no tasks to restart; resume it" {
		t.Errorf("error %v", err)
	}
}

func TestNoOffsets(t *testing.T) {
	ns := namespace(t)
	made(t, ns, "in", "Stopped")
	out, stderr, err := execute(t, ns, "", "offsets", "get", "in")
	if err != nil || out != "" || stderr != resource+"/in: no offsets are committed yet\n" {
		t.Errorf("%q, %q, %v", out, stderr, err)
	}
	if out, _, err = execute(t, ns, "", "offsets", "get", "in", "-o", "json"); err != nil || out != "{\n  \"offsets\": []\n}\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestDelete(t *testing.T) {
	ns := namespace(t)
	c := made(t, ns, "in", "Running")
	controllerutil.AddFinalizer(c, v1alpha1.Finalizer)
	if err := api.Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	e, done, _ := start(t, ns, "delete", "in")
	gone := changed(t, ns, "in", func(c *v1alpha1.Connector) bool { return c.DeletionTimestamp != nil })
	e.err.until(t, resource+"/in: Running, tasks 0/0\n")
	select {
	case err := <-done:
		t.Fatalf("has not waited: %v", err)
	default:
	}
	controllerutil.RemoveFinalizer(gone, v1alpha1.Finalizer)
	if err := api.Update(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || e.out.String() != resource+"/in deleted\n" {
		t.Errorf("%q, %v", &e.out, err)
	}
}

func TestWatch(t *testing.T) {
	ns := namespace(t)
	c := made(t, ns, "in", "Running", v1alpha1.TaskStateRunning)
	e, done, stop := start(t, ns, "get", "-w")
	e.out.until(t, "AGE\nin")
	operator(t, c, "Pending", true)
	e.out.until(t, "Pending")
	if err := api.Delete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	e.out.until(t, "DELETED")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := strings.Count(e.out.String(), "\n"); n != 4 {
		t.Errorf("%d lines: %s", n, &e.out)
	}
}

func TestPlugins(t *testing.T) {
	ns := namespace(t)
	c := &v1alpha1.ConnectCluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "main"},
		Spec:       v1alpha1.ConnectClusterSpec{Kafka: v1alpha1.Kafka{BootstrapServers: []string{"kafka:9092"}}},
	}
	if err := api.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.Status.Plugins = []v1alpha1.PluginStatus{{Class: "file-sink", Type: v1alpha1.SinkType, Version: "1"}}
	if err := api.Status().Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	out, _, err := execute(t, ns, "", "plugins")
	if want := "CLUSTER   CLASS       TYPE   VERSION\nmain      file-sink   sink   1\n"; err != nil || out != want {
		t.Errorf("%q, %v", out, err)
	}
	out, _, err = execute(t, ns, "", "plugins", "--cluster", "main", "-o", "json")
	var list []clusterPlugin
	if err != nil || json.Unmarshal([]byte(out), &list) != nil || len(list) != 1 || list[0].Class != "file-sink" {
		t.Errorf("%q, %v", out, err)
	}
	if _, _, err = execute(t, ns, "", "plugins", "--cluster", "other"); err == nil || err.Error() != "connectcluster.connect.penstock.dev/other: not found in namespace "+ns {
		t.Errorf("error %v", err)
	}
	if out, _, err = execute(t, ns, "", "__complete", "plugins", "--cluster", "m"); err != nil || out != "main\n:4\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestBehind(t *testing.T) {
	task := func(change func(*v1alpha1.Task)) []v1alpha1.Task {
		out := v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Generation: 2}, Status: v1alpha1.TaskStatus{ObservedGeneration: 2, RestartHandled: "1"}}
		out.Annotations = map[string]string{v1alpha1.RestartAnnotation: "1"}
		out.Spec.Worker = &v1alpha1.WorkerRef{}
		change(&out)
		return []v1alpha1.Task{out}
	}
	working := func(c *v1alpha1.Connector, reason string) {
		c.Status.Conditions = []metav1.Condition{{Type: "Reconciling", Status: "True", Reason: reason}}
	}
	for name, tc := range map[string]struct {
		connector func(*v1alpha1.Connector)
		task      func(*v1alpha1.Task)
		want      bool
	}{
		"settled":           {want: false},
		"a new spec":        {connector: func(c *v1alpha1.Connector) { c.Generation++ }, want: true},
		"at work":           {connector: func(c *v1alpha1.Connector) { working(c, "SecretMissing") }, want: true},
		"paused anyway":     {connector: func(c *v1alpha1.Connector) { c.Spec.State = "Paused"; working(c, "SecretMissing") }, want: false},
		"pausing":           {connector: func(c *v1alpha1.Connector) { c.Spec.State = "Paused"; working(c, "Progressing") }, want: true},
		"a restart":         {task: func(t *v1alpha1.Task) { t.Annotations[v1alpha1.RestartAnnotation] = "2" }, want: true},
		"a new binding":     {task: func(t *v1alpha1.Task) { t.Generation++ }, want: true},
		"a new config":      {task: func(t *v1alpha1.Task) { t.Spec.ConfigRevision = "2" }, want: true},
		"waits for workers": {task: func(t *v1alpha1.Task) { t.Spec.ConfigRevision, t.Spec.Worker = "2", nil }, want: false},
	} {
		t.Run(name, func(t *testing.T) {
			c := &v1alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Generation: 3}, Spec: v1alpha1.ConnectorSpec{State: "Running"}}
			c.Status.ObservedGeneration = 3
			if tc.connector != nil {
				tc.connector(c)
			}
			if tc.task == nil {
				tc.task = func(*v1alpha1.Task) {}
			}
			if got := behind(c, task(tc.task)); got != tc.want {
				t.Errorf("behind %v, want %v", got, tc.want)
			}
		})
	}
}

func TestParsedOffsets(t *testing.T) {
	for name, tc := range map[string]struct {
		partition, offset string
		want              string
	}{
		"source":      {`{"f":"a"}`, `{"n":9007199254740993}`, `[{"partition":{"f":"a"},"offset":{"n":9007199254740993}}]`},
		"sink":        {"my-topic-12", "9007199254740993", `[{"partition":{"kafka_partition":12,"kafka_topic":"my-topic"},"offset":{"kafka_offset":9007199254740993}}]`},
		"cut":         {`{"f":"aaaa…`, `{"n":1}`, `[{"partition":{"text":"{\"f\":\"aaaa…"},"offset":{"text":"{\"n\":1}"}}]`},
		"cut offset":  {`{"f":1}`, `{"n":1…`, `[{"partition":{"f":1},"offset":{"text":"{\"n\":1…"}}]`},
		"no a number": {"topic-x", "1", `[{"partition":{"text":"topic-x"},"offset":{"text":"1"}}]`},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(parsed([]v1alpha1.PartitionOffset{{Partition: tc.partition, Offset: tc.offset}}))
			if err != nil || string(data) != tc.want {
				t.Errorf("%s, %v; want %s", data, err, tc.want)
			}
		})
	}
}
