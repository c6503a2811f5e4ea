// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package apply

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/testapi"
)

// api is the API server of this package's tests.
var api *testapi.Server

func TestMain(m *testing.M) {
	os.Exit(testapi.Main(m, func(s *testapi.Server) { api = s }))
}

const owner client.FieldOwner = "test"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func connector(t *testing.T, ns, name string) *v1alpha1.Connector {
	t.Helper()
	c := &v1alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}, Spec: v1alpha1.ConnectorSpec{ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "x"}}
	must(t, api.Client.Create(t.Context(), c))
	return c
}

func configMap(ns string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "child", Labels: map[string]string{"a": "b"}}, Data: data}
}

func checkChild(t *testing.T, ns string, want map[string]string) *corev1.ConfigMap {
	t.Helper()
	var got corev1.ConfigMap
	must(t, api.Client.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "child"}, &got))
	if diff := cmp.Diff(want, got.Data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	return &got
}

func TestOwned(t *testing.T) {
	ns := api.Namespace(t)
	parent := connector(t, ns, "parent")
	must(t, Owned(t.Context(), api.Client, owner, parent, configMap(ns, map[string]string{"a": "1", "b": "2"})))
	got := checkChild(t, ns, map[string]string{"a": "1", "b": "2"})
	if !metav1.IsControlledBy(got, parent) {
		t.Errorf("the child's owners are %v, want the parent", got.OwnerReferences)
	}

	// What others add stays, what they change comes back, what we drop goes.
	got.Annotations, got.Data = map[string]string{"theirs": "x"}, map[string]string{"a": "changed", "b": "2", "theirs": "x"}
	must(t, api.Client.Update(t.Context(), got))
	must(t, Owned(t.Context(), api.Client, owner, parent, configMap(ns, map[string]string{"a": "1"})))
	got = checkChild(t, ns, map[string]string{"a": "1", "theirs": "x"})
	if got.Annotations["theirs"] != "x" {
		t.Errorf("somebody's annotation is gone: %v", got.Annotations)
	}

	before := got.ResourceVersion
	must(t, Owned(t.Context(), api.Client, owner, parent, configMap(ns, map[string]string{"a": "1"})))
	if got = checkChild(t, ns, got.Data); got.ResourceVersion != before {
		t.Error("applying the same wrote the child")
	}
}

func TestOwnedLeavesWhatIsNotOurs(t *testing.T) {
	for name, of := range map[string]bool{"nobody's": false, "another parent's": true} {
		t.Run(name, func(t *testing.T) {
			ns := api.Namespace(t)
			parent, other := connector(t, ns, "parent"), connector(t, ns, "other")
			if of {
				must(t, Owned(t.Context(), api.Client, owner, other, configMap(ns, map[string]string{"a": "1"})))
			} else {
				must(t, api.Client.Create(t.Context(), configMap(ns, map[string]string{"a": "1"})))
			}
			// An object that was applied before carries its owner; that must not count as
			// the owner of what is there.
			child := configMap(ns, map[string]string{"a": "2"})
			child.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(parent, v1alpha1.GroupVersion.WithKind("Connector"))}
			if err := Owned(t.Context(), api.Client, owner, parent, child); !errors.Is(err, ErrNotOurs) {
				t.Errorf("the error is %v, want %v", err, ErrNotOurs)
			}
			checkChild(t, ns, map[string]string{"a": "1"})
		})
	}
}

func TestFields(t *testing.T) {
	ns := api.Namespace(t)
	c := connector(t, ns, "a")
	old := c.DeepCopy()
	must(t, Fields(t.Context(), api.Client, owner, c, map[string]any{"spec": map[string]any{"restartNonce": "1"}}))
	var got v1alpha1.Connector
	must(t, api.Client.Get(t.Context(), client.ObjectKeyFromObject(c), &got))
	if got.Spec.RestartNonce != "1" || got.Spec.Class != "x" {
		t.Errorf("the spec is %+v, want the nonce and the rest as it was", got.Spec)
	}
	if c.ResourceVersion != got.ResourceVersion {
		t.Errorf("the object has the version %s, want %s, which was written", c.ResourceVersion, got.ResourceVersion)
	}
	if err := Fields(t.Context(), api.Client, owner, old, map[string]any{"spec": map[string]any{"restartNonce": "2"}}); !apierrors.IsConflict(err) {
		t.Errorf("an old view ends with %v, want a conflict", err)
	}
	must(t, Fields(t.Context(), api.Client, owner, c, map[string]any{"spec": map[string]any{}}))
	must(t, api.Client.Get(t.Context(), client.ObjectKeyFromObject(c), &got))
	if got.Spec.RestartNonce != "" {
		t.Errorf("a field that is not applied any more is %q", got.Spec.RestartNonce)
	}
}

func TestNothingIsMadeAgain(t *testing.T) {
	ns := api.Namespace(t)
	gone := connector(t, ns, "a")
	must(t, api.Client.Delete(t.Context(), gone.DeepCopy()))
	if err := Fields(t.Context(), api.Client, owner, gone.DeepCopy(), map[string]any{"spec": map[string]any{"restartNonce": "1"}}); err == nil {
		t.Error("fields of an object that is gone were applied")
	}
	must(t, Status(t.Context(), api.Client, owner, gone.DeepCopy()))
	if err := api.Client.Get(t.Context(), client.ObjectKeyFromObject(gone), &v1alpha1.Connector{}); !apierrors.IsNotFound(err) {
		t.Errorf("reading it ends with %v, want that it is not there", err)
	}

	// Another one of the name is not it.
	next := connector(t, ns, "a")
	gone.Status.State = "Running"
	if err := Status(t.Context(), api.Client, owner, gone.DeepCopy()); !apierrors.IsConflict(err) {
		t.Errorf("the status of one that is gone ends with %v, want a conflict", err)
	}
	must(t, api.Client.Get(t.Context(), client.ObjectKeyFromObject(next), next))
	if next.Status.State != "" {
		t.Errorf("the next one has the status of the last: %+v", next.Status)
	}
}

func TestStatus(t *testing.T) {
	ns := api.Namespace(t)
	c := connector(t, ns, "a")
	old := c.DeepCopy()
	must(t, api.Client.Patch(t.Context(), c, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"tasksMax":3}}`))))
	old.Status.State, old.Status.Restarts = "Running", 3
	if err := Status(t.Context(), api.Client, owner, old.DeepCopy()); !apierrors.IsConflict(err) {
		t.Errorf("a status that follows from an old one ends with %v, want a conflict", err)
	}
	version := c.ResourceVersion
	c.Status = old.Status
	must(t, Status(t.Context(), api.Client, owner, c))
	if c.ResourceVersion != version {
		t.Error("the object that was given has changed")
	}
	must(t, api.Client.Get(t.Context(), client.ObjectKeyFromObject(c), c))
	if c.Status.State != "Running" || c.Status.Restarts != 3 || *c.Spec.TasksMax != 3 {
		t.Errorf("the status is %+v and tasksMax %d, want Running, 3 and 3", c.Status, *c.Spec.TasksMax)
	}

	// A field that the next status does not have goes.
	c.Status.Restarts = 0
	must(t, Status(t.Context(), api.Client, owner, c))
	must(t, api.Client.Get(t.Context(), client.ObjectKeyFromObject(c), c))
	if c.Status.Restarts != 0 || c.Status.State != "Running" {
		t.Errorf("the status is %+v, want no restarts", c.Status)
	}
}
