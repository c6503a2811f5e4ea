// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr/testr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func secretsOf(t *testing.T, cfg *rest.Config, ns string) typedv1.SecretInterface {
	t.Helper()
	c, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c.CoreV1().Secrets(ns)
}

func checkGet(t *testing.T, s *Secrets, path, key, want string) {
	t.Helper()
	got, err := s.Get(t.Context(), path, key)
	if err != nil || got != want {
		t.Errorf("%s:%s is %q, %v; want %q", path, key, got, err, want)
	}
}

func checkGetFails(t *testing.T, s *Secrets, path, key, want string) {
	t.Helper()
	if got, err := s.Get(t.Context(), path, key); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s:%s is %q, %v; want an error that says %q", path, key, got, err, want)
	}
}

func TestSecrets(t *testing.T) {
	ns, dir := api.Namespace(t), t.TempDir()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "db"}, Data: map[string][]byte{"user": []byte("me"), "password": []byte("p\x00\xffw\n")}}
	if err := api.Client.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	there := NewSecrets(secretsOf(t, api.Config, ns), dir, testr.New(t))
	checkGet(t, there, "db", "password", "p\x00\xffw\n")
	checkGetFails(t, there, "db", "pass", `the Secret db has no key "pass"`)
	checkGetFails(t, there, "other", "x", "the Secret other does not exist")

	// Another container of the pod, and no API server.
	away := NewSecrets(secretsOf(t, nowhere(), ns), dir, testr.New(t))
	checkGet(t, away, "db", "user", "me")
	checkGet(t, away, "db", "password", "p\x00\xffw\n")
	checkGetFails(t, away, "db", "pass", `the Secret db has no key "pass"`)
	checkGetFails(t, away, "unread", "x", "reading the Secret unread")

	// It is back, with another value.
	secret.Data = map[string][]byte{"user": []byte("you")}
	if err := api.Client.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	back := NewSecrets(secretsOf(t, api.Config, ns), dir, testr.New(t))
	checkGet(t, back, "db", "user", "you")
	checkGetFails(t, back, "db", "password", "has no key")

	// One that is deleted is not served from memory while the server says so.
	if err := api.Client.Delete(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	checkGetFails(t, back, "db", "user", "the Secret db does not exist")
}

// A worker that may not read a Secret must not go on with what it read once.
func TestASecretThatMayNotBeRead(t *testing.T) {
	ns, dir := api.Namespace(t), t.TempDir()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "db"}, Data: map[string][]byte{"k": []byte("v")}}
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "worker"}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"db"}, Verbs: []string{"get"}}}}
	binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "worker"}, RoleRef: rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "worker"},
		Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: "rbac.authorization.k8s.io", Name: "worker"}}}
	for _, o := range []client.Object{secret, role, binding} {
		o.SetNamespace(ns)
		if err := api.Client.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	cfg := rest.CopyConfig(api.Config)
	cfg.Impersonate.UserName = "worker"
	s := NewSecrets(secretsOf(t, cfg, ns), dir, testr.New(t))
	eventually(t, "the role counts", func() bool { _, err := s.Get(t.Context(), "db", "k"); return err == nil })
	checkGetFails(t, s, "other", "k", "may not read the Secret other")
	if err := api.Client.Delete(t.Context(), binding); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the role counts no more", func() bool { _, err := s.Get(t.Context(), "db", "k"); return err != nil })
	checkGetFails(t, s, "db", "k", "may not read the Secret db")
}

func TestDamagedSecrets(t *testing.T) {
	for name, text := range map[string]string{"cut off": `{"db":{"k":`, "null": `null`, "of another kind": `[1]`, "half": `{"db":{"k":"dg=="},"x":3}`} {
		t.Run(name, func(t *testing.T) {
			ns, dir := api.Namespace(t), t.TempDir()
			writeFile(t, filepath.Join(dir, "secrets.json"), text)
			if err := api.Client.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "db"}, Data: map[string][]byte{"k": []byte("w")}}); err != nil {
				t.Fatal(err)
			}
			checkGet(t, NewSecrets(secretsOf(t, api.Config, ns), dir, testr.New(t)), "db", "k", "w")
			checkGet(t, NewSecrets(secretsOf(t, nowhere(), ns), dir, testr.New(t)), "db", "k", "w")
		})
	}
}

func TestSecretsAreForTheirUserOnly(t *testing.T) {
	ns, dir := api.Namespace(t), t.TempDir()
	if err := api.Client.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "db"}, Data: map[string][]byte{"k": []byte("w")}}); err != nil {
		t.Fatal(err)
	}
	checkGet(t, NewSecrets(secretsOf(t, api.Config, ns), dir, testr.New(t)), "db", "k", "w")
	info, err := os.Stat(filepath.Join(dir, "secrets.json"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %o, want 600", info.Mode().Perm())
	}
}
