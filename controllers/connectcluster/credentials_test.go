// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

func TestCredentialsRevision(t *testing.T) {
	base := credentials{ca: "ca", certificate: "crt", key: "key", password: "hush", passwordVersion: "uid/1"}
	same := base
	same.password = "another"
	if base.revision() != same.revision() {
		t.Error("the password itself is in the revision, where it could be guessed")
	}
	seen := map[string]string{base.revision(): "as it was"}
	for name, change := range map[string]func(*credentials){
		"another CA":              func(c *credentials) { c.ca = "ca2" },
		"another certificate":     func(c *credentials) { c.certificate = "crt2" },
		"another key":             func(c *credentials) { c.key = "key2" },
		"another password":        func(c *credentials) { c.passwordVersion = "uid/2" },
		"no certificate":          func(c *credentials) { c.certificate, c.key = "", "" },
		"the CA as a certificate": func(c *credentials) { c.ca, c.certificate = "", "ca" },
	} {
		c := base
		change(&c)
		if other, twice := seen[c.revision()]; twice {
			t.Errorf("%s has the revision of %s", name, other)
		}
		seen[c.revision()] = name
	}
	if r := (credentials{}).revision(); r != "" {
		t.Errorf("no credentials have the revision %q", r)
	}
}

// rotating is a cluster that runs with a CA and a password.
func rotating(t *testing.T) (f *fixture, c *v1alpha1.ConnectCluster, ca, password *corev1.Secret) {
	t.Helper()
	f = newFixture(t)
	ca = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "ca", Namespace: f.ns}, StringData: map[string]string{"ca.crt": "old-ca", "other": "x"}}
	password = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "sasl", Namespace: f.ns}, StringData: map[string]string{"p": "old"}}
	f.create(ca)
	f.create(password)
	spec := withPassword()
	spec.Kafka.TLS = &v1alpha1.KafkaTLS{CASecretRef: &v1alpha1.SecretKeyRef{Name: "ca", Key: "ca.crt"}}
	return f, f.running(spec), ca, password
}

func (f *fixture) rotate(s *corev1.Secret, key, value string) {
	f.t.Helper()
	s.StringData = map[string]string{key: value}
	if err := api.Client.Update(f.t.Context(), s); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) annotation() string {
	f.t.Helper()
	return f.set().Spec.Template.Annotations[credentialsHashKey]
}

func TestARotatedSecretRestartsTheWorkers(t *testing.T) {
	f, c, ca, password := rotating(t)
	recorder := events.NewFakeRecorder(10)
	f.r.Recorder = recorder
	first := f.annotation()
	if first == "" {
		t.Fatal("the workers do not carry with which Secrets they run")
	}
	generation := f.set().Generation
	if f.pass(c); f.set().Generation != generation {
		t.Error("the workers restart although nothing has changed")
	}
	f.rotate(ca, "other", "y")
	if f.pass(c); f.annotation() != first {
		t.Error("the workers restart for a key that is not theirs")
	}
	f.rotate(ca, "ca.crt", "new-ca")
	f.pass(c)
	second := f.annotation()
	if second == first || f.kafka.settings.Properties["ssl.truststore.certificates"] != "new-ca" {
		t.Errorf("after the CA was rotated the workers have %q, and the operator %q", second, f.kafka.settings.Properties["ssl.truststore.certificates"])
	}
	f.rotate(password, "p", "new")
	f.pass(c)
	if third := f.annotation(); third == second || f.kafka.settings.Properties["sasl.password"] != "new" {
		t.Errorf("after the password was rotated the workers have %q", third)
	}
	told := 0
	for len(recorder.Events) > 0 {
		if e := <-recorder.Events; strings.Contains(e, "CredentialsChanged") {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d events tell of two rotations", told)
	}
}

// Credentials with which the operator does not reach Kafka must not end workers
// that do.
func TestWorkersAreKeptFromWrongCredentials(t *testing.T) {
	f, c, _, password := rotating(t)
	before := f.annotation()
	for _, state := range []state.Cluster{{Reachable: errRefused}, {KafkaClusterID: "kafka-1"}} {
		f.kafka.cluster = state
		f.rotate(password, "p", "wrong")
		f.pass(c)
		if f.annotation() != before {
			t.Errorf("the workers restart although the operator knows of %+v", state)
		}
	}
	// What the user changes beside restarts them anyway, once.
	c = f.read(c)
	c.Spec.Config = withConfig("offset.flush.interval.ms", "1000")
	f.update(c)
	f.pass(c)
	once := f.annotation()
	if once == before {
		t.Error("the workers restart without the credentials that they start with")
	}
	f.held(string(c.UID))
	if f.pass(c); f.annotation() != once {
		t.Error("the workers restart twice")
	}
	f.kafka.cluster = state.Cluster{Reachable: errRefused}
	other := password.DeepCopy()
	other.ObjectMeta = metav1.ObjectMeta{Name: "sasl-2", Namespace: f.ns}
	f.create(other)
	c = f.read(c)
	c.Spec.Kafka.SASL.PasswordSecretRef.Name = "sasl-2"
	f.update(c)
	if f.pass(c); f.annotation() == once {
		t.Error("the workers are given another Secret and not its revision")
	}
}

func TestClustersWithoutSecretsCarryNoRevision(t *testing.T) {
	f := newFixture(t)
	f.running(plain())
	keys := f.set().Spec.Template.Annotations
	if _, has := keys[credentialsHashKey]; has || keys[configHashKey] == "" {
		t.Errorf("the annotations are %v", keys)
	}
}
