// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

func create(t *testing.T, ns, base, change string) *unstructured.Unstructured {
	t.Helper()
	u := manifest(t, base, change)
	u.SetNamespace(ns)
	if err := api.Create(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	return u
}

func setStatus(t *testing.T, u *unstructured.Unstructured, status string) {
	t.Helper()
	u.Object["status"] = parse(t, status)
	if err := api.Status().Update(t.Context(), u); err != nil {
		t.Fatalf("writing the status: %v", err)
	}
}

func TestDefaults(t *testing.T) {
	ns := namespace(t)
	for name, tc := range map[string]struct{ base, want string }{
		"ConnectCluster": {clusterManifest, `{spec: {kafka: {bootstrapServers: ["kafka:9092"]}, replicas: 1}, status: {observedGeneration: -1}}`},
		"Connector":      {connectorManifest, `{spec: {clusterRef: {name: main}, class: file-source, state: Running, tasksMax: 1}, status: {observedGeneration: -1}}`},
	} {
		t.Run(name, func(t *testing.T) {
			u := create(t, ns, tc.base, "")
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(u), u); err != nil {
				t.Fatal(err)
			}
			got := map[string]any{"spec": u.Object["spec"], "status": u.Object["status"]}
			if diff := cmp.Diff(parse(t, tc.want), got); diff != "" {
				t.Errorf("defaults (-want +got):\n%s", diff)
			}
		})
	}
}

// A typed client sends empty structs where a manifest has nothing; the default
// must hold for it too.
func TestObservedGenerationOfATypedClient(t *testing.T) {
	ns := namespace(t)
	c := &v1alpha1.Connector{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "a"},
		Spec:       v1alpha1.ConnectorSpec{ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "x"},
	}
	if err := api.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if c.Status.ObservedGeneration != -1 {
		t.Errorf("observedGeneration is %d, want -1", c.Status.ObservedGeneration)
	}
}

func TestSelectableFieldsOfTasks(t *testing.T) {
	ns := namespace(t)
	one := create(t, ns, taskManifest, `{metadata: {name: one, generateName: null}, spec: {worker: {name: w-0, uid: u}, connectorName: a}}`)
	create(t, ns, taskManifest, `{metadata: {name: two, generateName: null}, spec: {worker: {name: w-1, uid: u}, connectorName: b}}`)
	create(t, ns, taskManifest, `{metadata: {name: three, generateName: null}, spec: {connectorName: b}}`)
	setStatus(t, one, `{state: Failed}`)
	for name, tc := range map[string]struct {
		fields client.MatchingFields
		want   []string
	}{
		"by worker":    {client.MatchingFields{"spec.worker.name": "w-0"}, []string{"one"}},
		"unbound":      {client.MatchingFields{"spec.worker.name": ""}, []string{"three"}},
		"by connector": {client.MatchingFields{"spec.connectorName": "b"}, []string{"three", "two"}},
		"by state":     {client.MatchingFields{"status.state": "Failed"}, []string{"one"}},
	} {
		t.Run(name, func(t *testing.T) {
			var list v1alpha1.TaskList
			if err := api.List(t.Context(), &list, client.InNamespace(ns), tc.fields); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, item := range list.Items {
				got = append(got, item.Name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("tasks (-want +got):\n%s", diff)
			}
		})
	}
}

// table asks for what kubectl get prints: one line, by the name of the column.
func table(t *testing.T, resource, ns, name string) (all map[string]any, short []string) {
	t.Helper()
	cfg := rest.CopyConfig(server)
	cfg.GroupVersion, cfg.APIPath = &v1alpha1.GroupVersion, "/apis"
	cfg.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	c, err := rest.RESTClientFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	data, err := c.Get().Namespace(ns).Resource(resource).Name(name).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got metav1.Table
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 1 {
		t.Fatalf("the table has %d rows, want 1", len(got.Rows))
	}
	all = map[string]any{}
	for i, col := range got.ColumnDefinitions {
		all[col.Name] = got.Rows[0].Cells[i]
		if col.Priority == 0 {
			short = append(short, col.Name)
		}
	}
	delete(all, "Name")
	delete(all, "Age")
	return all, short
}

func TestColumns(t *testing.T) {
	const ready = `conditions: [{type: Ready, status: "False", reason: TasksFailed, message: m, lastTransitionTime: "2026-01-02T03:04:05Z"}]`
	ns := namespace(t)
	for name, tc := range map[string]struct {
		base, resource, change, status string
		short                          []string
		want                           map[string]any
	}{
		"ConnectCluster": {
			base: clusterManifest, resource: "connectclusters",
			status: `{workersReady: 2/3, connectors: {total: 4, failed: 1}, tasks: {total: 9, running: 7, failed: 2}, version: v1, kafkaClusterID: k, ` + ready + `}`,
			short:  []string{"Name", "Workers", "Connectors", "Tasks", "Failed", "Ready", "Reason", "Age"},
			want: map[string]any{"Workers": "2/3", "Connectors": 4.0, "Tasks": 9.0, "Failed": 2.0, "Ready": "False", "Reason": "TasksFailed",
				"Version": "v1", "Kafka": "k"},
		},
		"Connector": {
			base: connectorManifest, resource: "connectors",
			status: `{state: Running, tasksReady: 5/6, type: sink, lag: {records: 42}, restarts: 3, ` + ready + `}`,
			short:  []string{"Name", "Cluster", "Class", "State", "Tasks", "Ready", "Reason", "Age"},
			want: map[string]any{"Cluster": "main", "Class": "file-source", "State": "Running", "Tasks": "5/6", "Ready": "False", "Reason": "TasksFailed",
				"Type": "sink", "Lag": 42.0, "Restarts": 3.0},
		},
		"Task": {
			base: taskManifest, resource: "tasks", change: `{spec: {worker: {name: w-0, uid: u}}}`,
			status: `{state: Running, restarts: 2, lag: 7, recordsPerSecond: "12.5", assignment: [a-0, a-1]}`,
			short:  []string{"Name", "Connector", "Index", "State", "Worker", "Restarts", "Age"},
			want: map[string]any{"Connector": "orders", "Index": 0.0, "State": "Running", "Worker": "w-0", "Restarts": 2.0,
				"Lag": 7.0, "Rate": "12.5", "Assignment": `["a-0","a-1"]`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			u := create(t, ns, tc.base, tc.change)
			setStatus(t, u, tc.status)
			got, short := table(t, tc.resource, ns, u.GetName())
			if diff := cmp.Diff(tc.short, short); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScale(t *testing.T) {
	ns := namespace(t)
	for name, tc := range map[string]struct {
		base, status, selector, field string
		typed                         client.Object
	}{
		"ConnectCluster": {clusterManifest, `{replicas: 2, selector: a=b}`, "a=b", "replicas", &v1alpha1.ConnectCluster{}},
		"Connector":      {connectorManifest, `{taskCount: 2, selector: c=d}`, "c=d", "tasksMax", &v1alpha1.Connector{}},
	} {
		t.Run(name, func(t *testing.T) {
			u := create(t, ns, tc.base, "")
			setStatus(t, u, tc.status)
			tc.typed.SetNamespace(ns)
			tc.typed.SetName(u.GetName())
			var scale autoscalingv1.Scale
			if err := api.SubResource("scale").Get(t.Context(), tc.typed, &scale); err != nil {
				t.Fatal(err)
			}
			want := autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 1}, Status: autoscalingv1.ScaleStatus{Replicas: 2, Selector: tc.selector}}
			if scale.Spec != want.Spec || scale.Status != want.Status {
				t.Errorf("scale is %+v %+v, want %+v %+v", scale.Spec, scale.Status, want.Spec, want.Status)
			}
			patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"replicas":5}}`))
			if err := api.SubResource("scale").Patch(t.Context(), tc.typed, patch, client.WithSubResourceBody(&scale)); err != nil {
				t.Fatal(err)
			}
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(u), u); err != nil {
				t.Fatal(err)
			}
			if n, _, err := unstructured.NestedInt64(u.Object, "spec", tc.field); err != nil || n != 5 {
				t.Errorf("scaled to 5 it is %d, %v", n, err)
			}
		})
	}
}

// What operator and CLI rely on by name: short names and the category.
func TestNames(t *testing.T) {
	client, err := dynamic.NewForConfig(server)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ resource, short string }{{"connectclusters", "ccl"}, {"connectors", "cctr"}, {"tasks", "ctask"}} {
		crd, err := client.Resource(definitionResource).Get(t.Context(), fmt.Sprintf("%s.%s", want.resource, v1alpha1.Group), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		short, _, _ := unstructured.NestedStringSlice(crd.Object, "spec", "names", "shortNames")
		categories, _, _ := unstructured.NestedStringSlice(crd.Object, "spec", "names", "categories")
		if diff := cmp.Diff([]string{want.short}, short); diff != "" {
			t.Errorf("%s: short names (-want +got):\n%s", want.resource, diff)
		}
		if diff := cmp.Diff([]string{"connect"}, categories); diff != "" {
			t.Errorf("%s: categories (-want +got):\n%s", want.resource, diff)
		}
	}
}
