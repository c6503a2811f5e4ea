// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

var errRefused = errors.New("SASL authentication failed")

func withPassword() v1alpha1.ConnectClusterSpec {
	spec := plain()
	spec.Kafka.SASL = &v1alpha1.KafkaSASL{Mechanism: v1alpha1.SASLPlain, Username: "u", PasswordSecretRef: v1alpha1.SecretKeyRef{Name: "sasl", Key: "p"}}
	return spec
}

// allRun makes a cluster whose workers all run.
func (f *fixture) allRun(spec v1alpha1.ConnectClusterSpec) *v1alpha1.ConnectCluster {
	f.t.Helper()
	c := f.add(spec)
	f.held(string(c.UID))
	f.pass(c)
	var set appsv1.StatefulSet
	if err := f.get("main-worker", &set); err != nil {
		f.t.Fatal(err)
	}
	set.Status = appsv1.StatefulSetStatus{ObservedGeneration: set.Generation, Replicas: 1, ReadyReplicas: 1, UpdatedReplicas: 1}
	if err := api.Client.Status().Update(f.t.Context(), &set); err != nil {
		f.t.Fatal(err)
	}
	c = f.pass(c)
	f.check(c, v1alpha1.ReadyCondition, yes, v1alpha1.ReasonReady, "")
	return c
}

// forgotten is an operator that knows nothing yet.
func (f *fixture) forgotten() {
	f.kafka.cluster, f.kafka.settings, f.kafka.calls = state.Cluster{}, nil, nil
}

// once reconciles once and returns what it asks for.
func (f *fixture) once(c *v1alpha1.ConnectCluster) reconcile.Result {
	f.t.Helper()
	result, err := f.r.Reconcile(f.t.Context(), f.read(c))
	if err != nil {
		f.t.Fatalf("reconciling: %v", err)
	}
	return result
}

func TestAMendedSecretIsNoticed(t *testing.T) {
	f := newFixture(t)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "sasl", Namespace: f.ns}, StringData: map[string]string{"p": "wrong"}}
	f.create(secret)
	f.kafka.cluster = state.Cluster{Reachable: errRefused}
	c := f.add(withPassword())
	if r := f.once(c); r.RequeueAfter == 0 {
		t.Error("Kafka refuses the password and nobody will look at the Secret again")
	}
	secret.StringData = map[string]string{"p": "right"}
	if err := api.Client.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	f.once(c)
	if got := f.kafka.settings.Properties["sasl.password"]; got != "right" {
		t.Errorf("Kafka is connected with password %q, want the one that is right", got)
	}
	f.held(string(c.UID))
	if r := f.once(c); r.RequeueAfter != claimInterval {
		t.Errorf("Kafka answers for the first time, and the topics are claimed after %v", r.RequeueAfter)
	}
	if r := f.once(c); r.RequeueAfter != secretInterval {
		t.Errorf("Kafka answers, and the Secret is read again after %v, want %v", r.RequeueAfter, secretInterval)
	}
}

func TestAKafkaWithoutSecretsAsksForNoPasses(t *testing.T) {
	f := newFixture(t)
	f.kafka.cluster = state.Cluster{Reachable: errRefused}
	if r := f.once(f.add(plain())); r.RequeueAfter != 0 {
		t.Errorf("a pass is asked for after %v, which could change nothing", r.RequeueAfter)
	}
}

func TestWorkersOutliveASpecThatWentWrong(t *testing.T) {
	f := newFixture(t)
	c := f.allRun(plain())
	c.Spec.Config = withConfig("offset.flush.interval.ms", "soon")
	if err := api.Client.Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	f.forgotten()
	f.held(string(c.UID))
	c = f.pass(c)
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonConfigInvalid, "offset.flush.interval.ms")
	f.check(c, v1alpha1.StalledCondition, yes, v1alpha1.ReasonConfigInvalid, "")
	f.check(c, v1alpha1.KafkaReachableCondition, yes, v1alpha1.ReasonReady, "")
	f.check(c, v1alpha1.WorkersReadyCondition, yes, v1alpha1.ReasonReady, "")
	if f.kafka.settings == nil {
		t.Error("a new operator does not follow the workers that run")
	}
	var cm corev1.ConfigMap
	if err := f.get("main-worker", &cm); err != nil || strings.Contains(cm.Data[propertiesKey], "soon") {
		t.Errorf("workers got what is wrong: %v, %v", cm.Data, err)
	}
}
