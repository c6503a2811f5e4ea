// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

// Who writes in the tests of the guard.
const (
	operator   = "system:serviceaccount:penstock-system:penstock"
	editor     = "anna"
	viewer     = "otto"
	admin      = "root"
	collector  = "system:serviceaccount:kube-system:generic-garbage-collector"
	namespacer = "system:serviceaccount:kube-system:namespace-controller"
)

// TestTaskGuard writes Tasks as the operator, as people and as Kubernetes' own
// controllers, each with the rights that they have in a cluster.
func TestTaskGuard(t *testing.T) {
	ns := namespace(t)
	as := guarded(t, ns)
	belongs := []string{"a Task belongs to the operator: change its Connector instead", v1alpha1.RestartAnnotation}
	spec := `{spec: {config: {topic: other}, configRevision: r2}}`
	restart := `{metadata: {annotations: {` + v1alpha1.RestartAnnotation + `: now}}}`
	for name, tc := range map[string]struct {
		who  string
		act  func(context.Context, client.Client, *unstructured.Unstructured) error
		want []string
	}{
		"the operator writes the spec":           {operator, patch(t, spec), nil},
		"the operator writes the status":         {operator, patchStatus(t, `{status: {state: Running}}`), nil},
		"the operator deletes":                   {operator, remove, nil},
		"an editor writes the spec":              {editor, patch(t, spec), belongs},
		"an editor asks for a restart":           {editor, patch(t, restart), nil},
		"an editor hides a spec in a restart":    {editor, patch(t, restart, spec), belongs},
		"an editor has no right to delete":       {editor, remove, []string{"anna", "cannot delete resource"}},
		"an editor has no right to create":       {editor, again, []string{"anna", "cannot create resource"}},
		"an editor has no right to a status":     {editor, patchStatus(t, `{status: {state: Running}}`), []string{"anna", "cannot patch resource"}},
		"a viewer has no right to annotate":      {viewer, patch(t, restart), []string{"otto", "cannot patch resource"}},
		"an admin writes the spec":               {admin, patch(t, spec), belongs},
		"an admin binds":                         {admin, patch(t, `{spec: {worker: {name: w-0, uid: u}, epoch: 9}}`), belongs},
		"an admin creates":                       {admin, again, belongs},
		"an admin deletes":                       {admin, remove, belongs},
		"an admin deletes all":                   {admin, removeAll, belongs},
		"an admin asks for a restart":            {admin, patch(t, restart), nil},
		"an admin removes a finalizer":           {admin, patch(t, `{metadata: {finalizers: null}}`), nil},
		"the garbage collector deletes":          {collector, remove, nil},
		"the garbage collector adds a finalizer": {collector, patch(t, `{metadata: {finalizers: [`+v1alpha1.Finalizer+`, foregroundDeletion]}}`), nil},
		"the garbage collector writes the spec":  {collector, patch(t, spec), belongs},
		"the namespace goes":                     {namespacer, removeAll, nil},
	} {
		t.Run(name, func(t *testing.T) {
			u := manifest(t, taskManifest, `{metadata: {finalizers: [`+v1alpha1.Finalizer+`]}}`)
			u.SetNamespace(ns)
			if err := as[operator].Create(t.Context(), u); err != nil {
				t.Fatalf("creating a Task as the operator: %v", err)
			}
			checkError(t, tc.act(t.Context(), as[tc.who], u), tc.want)
		})
	}
}

func patch(t *testing.T, changes ...string) func(context.Context, client.Client, *unstructured.Unstructured) error {
	return func(ctx context.Context, c client.Client, u *unstructured.Unstructured) error {
		before := client.MergeFrom(u.DeepCopy())
		for _, change := range changes {
			u.Object = merge(u.Object, parse(t, change))
		}
		return c.Patch(ctx, u, before)
	}
}

func patchStatus(t *testing.T, change string) func(context.Context, client.Client, *unstructured.Unstructured) error {
	return func(ctx context.Context, c client.Client, u *unstructured.Unstructured) error {
		before := client.MergeFrom(u.DeepCopy())
		u.Object = merge(u.Object, parse(t, change))
		return c.Status().Patch(ctx, u, before)
	}
}

func remove(ctx context.Context, c client.Client, u *unstructured.Unstructured) error {
	return c.Delete(ctx, u)
}

func removeAll(ctx context.Context, c client.Client, u *unstructured.Unstructured) error {
	return c.DeleteAllOf(ctx, &v1alpha1.Task{}, client.InNamespace(u.GetNamespace()))
}

// again creates another Task with the same content.
func again(ctx context.Context, c client.Client, u *unstructured.Unstructured) error {
	u = u.DeepCopy()
	u.SetName("")
	u.SetResourceVersion("")
	return c.Create(ctx, u)
}

// guarded installs the guard and the roles of config for one namespace, because
// other tests write Tasks as they like, and returns a client for each person.
func guarded(t *testing.T, ns string) map[string]client.Client {
	t.Helper()
	install(t, `{apiVersion: v1, kind: Namespace, metadata: {name: penstock-system}}`)
	for _, file := range []string{"rbac/role.yaml", "rbac/bindings.yaml", "rbac/edit.yaml", "rbac/view.yaml", "admission/policy.yaml"} {
		install(t, read(t, file))
	}
	install(t, read(t, "admission/binding.yaml"), `{spec: {matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: `+ns+`}}}}}`)
	for who, role := range map[string]string{editor: "penstock-edit", viewer: "penstock-view"} {
		bind(t, ns, who, role)
	}
	as := map[string]client.Client{}
	for _, who := range []string{operator, editor, viewer, admin, collector, namespacer} {
		as[who] = person(t, who)
	}
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		return enforced(ctx, t, ns, as), nil
	})
	if err != nil {
		t.Fatalf("the guard and the roles do not work yet: %v", err)
	}
	return as
}

// enforced reports whether the API server has taken notice of the guard and of
// everybody's rights.
func enforced(ctx context.Context, t *testing.T, ns string, as map[string]client.Client) bool {
	t.Helper()
	for _, c := range as {
		if c.List(ctx, &v1alpha1.TaskList{}, client.InNamespace(ns)) != nil {
			return false
		}
	}
	u := manifest(t, taskManifest, "")
	u.SetNamespace(ns)
	err := as[admin].Create(ctx, u.DeepCopy(), client.DryRunAll)
	return err != nil && strings.Contains(err.Error(), "penstock-tasks") && as[operator].Create(ctx, u, client.DryRunAll) == nil
}

// person is a client with somebody's rights; the admin has all of them.
func person(t *testing.T, who string) client.Client {
	t.Helper()
	cfg := rest.CopyConfig(server)
	if who != admin {
		cfg.Impersonate = rest.ImpersonationConfig{UserName: who}
	}
	c, err := client.New(cfg, client.Options{Scheme: api.Scheme()})
	if err != nil {
		t.Fatalf("building a client for %s: %v", who, err)
	}
	return c
}

func bind(t *testing.T, ns, who, role string) {
	t.Helper()
	err := api.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: who},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: who}},
	})
	if err != nil {
		t.Fatalf("binding %s to %s: %v", who, role, err)
	}
}

// read is a file of config.
func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../config", file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(data), "---\n")
}

// install creates every document of a file, changed as asked, until the test ends.
func install(t *testing.T, text string, changes ...string) {
	t.Helper()
	for doc := range strings.SplitSeq(text, "\n---\n") {
		u := manifest(t, doc, strings.Join(changes, "\n"))
		if err := api.Create(t.Context(), u); err != nil {
			t.Fatalf("creating %s %s: %v", u.GetKind(), u.GetName(), err)
		}
		t.Cleanup(func() {
			if err := api.Delete(context.Background(), u); err != nil {
				t.Errorf("deleting %s %s: %v", u.GetKind(), u.GetName(), err)
			}
		})
	}
}
