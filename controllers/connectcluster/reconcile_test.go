// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

const (
	yes = metav1.ConditionTrue
	no  = metav1.ConditionFalse
)

func TestWorkersStartWhenTheTopicsAreHeld(t *testing.T) {
	f := newFixture(t)
	spec := plain()
	spec.Replicas = new(int32(2))
	c := f.pass(f.add(spec))
	if !slices.Contains(c.Finalizers, v1alpha1.Finalizer) {
		t.Errorf("finalizers are %v", c.Finalizers)
	}
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonProgressing, "")
	var set appsv1.StatefulSet
	if err := f.get("main-worker", &set); !apierrors.IsNotFound(err) {
		t.Fatalf("before the topics are held, the workers are %v", err)
	}
	if s := f.kafka.settings; s == nil || s.UID != string(c.UID) || s.GroupID != f.ns+".main" || s.OffsetsTopic != f.ns+".main-offsets" || s.Properties["bootstrap.servers"] != "b:9092" {
		t.Errorf("Kafka is connected with %+v", s)
	}
	f.held(string(c.UID))
	c = f.pass(c)
	for _, o := range []client.Object{&set, &corev1.Service{}, &corev1.ServiceAccount{}, &corev1.ConfigMap{}, &rbacv1.Role{}, &rbacv1.RoleBinding{}, &policyv1.PodDisruptionBudget{}} {
		if err := f.get("main-worker", o); err != nil {
			t.Errorf("%T: %v", o, err)
		} else if !metav1.IsControlledBy(o, c) {
			t.Errorf("%T is not the cluster's", o)
		}
	}
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonWorkersNotReady, "0 of 2")
	set.Status = appsv1.StatefulSetStatus{ObservedGeneration: set.Generation, Replicas: 2, ReadyReplicas: 2, UpdatedReplicas: 2}
	if err := api.Client.Status().Update(t.Context(), &set); err != nil {
		t.Fatal(err)
	}
	c = f.pass(c)
	f.check(c, v1alpha1.ReadyCondition, yes, v1alpha1.ReasonReady, "")
	f.check(c, v1alpha1.StalledCondition, no, v1alpha1.ReasonReady, "")
	if st := c.Status; st.WorkersReady != "2/2" || st.KafkaClusterID != "kafka-1" || st.Version != "v1" || len(st.Plugins) != 1 || st.ObservedGeneration != c.Generation {
		t.Errorf("status is %+v", st)
	}
	before := c.ResourceVersion
	if again := f.pass(c); again.ResourceVersion != before {
		t.Error("a pass that has nothing to say writes")
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		change        func(*v1alpha1.ConnectClusterSpec)
		reason, field string
		stalled       metav1.ConditionStatus
	}{
		"a wrong value": {
			func(s *v1alpha1.ConnectClusterSpec) { s.Config = withConfig("offset.flush.interval.ms", "soon") },
			v1alpha1.ReasonConfigInvalid, "offset.flush.interval.ms", yes,
		},
		"a converter that is not built": {
			func(s *v1alpha1.ConnectClusterSpec) {
				s.Config = withConfig("value.converter", "io.apicurio.registry.utils.converter.AvroConverter")
			},
			v1alpha1.ReasonConfigInvalid, "value.converter", yes,
		},
		"a Secret that is missing": {
			func(s *v1alpha1.ConnectClusterSpec) {
				s.Kafka.SASL = &v1alpha1.KafkaSASL{Mechanism: v1alpha1.SASLPlain, Username: "u", PasswordSecretRef: v1alpha1.SecretKeyRef{Name: "sasl", Key: "p"}}
			},
			v1alpha1.ReasonSecretMissing, "spec.kafka.sasl.passwordSecretRef", no,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			spec := plain()
			tc.change(&spec)
			c := f.pass(f.add(spec))
			f.check(c, v1alpha1.ReadyCondition, no, tc.reason, tc.field)
			f.check(c, v1alpha1.StalledCondition, tc.stalled, tc.reason, "")
			if f.kafka.settings != nil {
				t.Error("Kafka is connected with what is wrong")
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	f := newFixture(t)
	spec := plain()
	spec.Kafka.TLS = &v1alpha1.KafkaTLS{CASecretRef: &v1alpha1.SecretKeyRef{Name: "ca", Key: "ca.crt"}}
	spec.Kafka.SASL = &v1alpha1.KafkaSASL{Mechanism: v1alpha1.SASLScramSHA512, Username: "u", PasswordSecretRef: v1alpha1.SecretKeyRef{Name: "sasl", Key: "p"}}
	f.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "ca", Namespace: f.ns}, StringData: map[string]string{"ca.crt": "the-ca"}})
	f.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "sasl", Namespace: f.ns}, StringData: map[string]string{"p": `hush"hush`}})
	c := f.pass(f.add(spec))
	for k, want := range map[string]string{
		"security.protocol": "SASL_SSL", "ssl.truststore.certificates": "the-ca", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "u", "sasl.password": `hush"hush`,
	} {
		if got := f.kafka.settings.Properties[k]; got != want {
			t.Errorf("the operator's %s is %q, want %q", k, got, want)
		}
	}
	f.held(string(c.UID))
	f.pass(c)
	var cm corev1.ConfigMap
	if err := f.get("main-worker", &cm); err != nil {
		t.Fatal(err)
	}
	checkNoSecret(t, cm.Data[propertiesKey], "hush", "the-ca")
}

func TestTopicsOfAnother(t *testing.T) {
	f := newFixture(t)
	c := f.pass(f.add(plain()))
	f.held("uid-first")
	c = f.pass(c)
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonIdentityTaken, "data/first")
	f.check(c, v1alpha1.StalledCondition, yes, v1alpha1.ReasonIdentityTaken, v1alpha1.TakeOverAnnotation)
	if err := f.get("main-worker", &appsv1.StatefulSet{}); !apierrors.IsNotFound(err) {
		t.Errorf("workers use another's topics: %v", err)
	}
	c.Annotations = map[string]string{v1alpha1.TakeOverAnnotation: "uid-first"}
	if err := api.Client.Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	f.pass(c)
	if want := []string{"take over from uid-first"}; !slices.Equal(f.kafka.calls, want) {
		t.Errorf("calls are %q, want %q", f.kafka.calls, want)
	}
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	f := newFixture(t)
	f.create(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "main-worker", Namespace: f.ns}, Data: map[string]string{"a": "b"}})
	c := f.pass(f.add(plain()))
	f.held(string(c.UID))
	if _, err := f.r.Reconcile(t.Context(), f.read(c)); err == nil {
		t.Error("a pass that met another's object succeeded")
	}
	f.check(f.read(c), v1alpha1.ReadyCondition, no, v1alpha1.ReasonNotOurs, "ConfigMap main-worker")
	var cm corev1.ConfigMap
	if err := f.get("main-worker", &cm); err != nil || len(cm.Data) != 1 || cm.Data["a"] != "b" {
		t.Errorf("another's ConfigMap is now %v, %v", cm.Data, err)
	}
}

func TestDelete(t *testing.T) {
	for name, tc := range map[string]struct {
		policy v1alpha1.ConnectorsPolicy
		left   bool
		goes   bool
	}{
		"nothing left":                  {"", false, true},
		"connectors are left":           {"", true, false},
		"connectors are left, to block": {v1alpha1.ConnectorsBlock, true, false},
		"connectors are left behind":    {v1alpha1.ConnectorsOrphan, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			spec := plain()
			if tc.policy != "" {
				spec.Deletion = &v1alpha1.ClusterDeletion{Connectors: tc.policy}
			}
			c := f.pass(f.add(spec))
			f.held(string(c.UID))
			if tc.left {
				f.create(&v1alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Name: "orders", Namespace: f.ns}, Spec: v1alpha1.ConnectorSpec{
					ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "file-sink",
				}})
			}
			if err := api.Client.Delete(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if _, err := f.r.Reconcile(t.Context(), f.read(c)); err != nil {
				t.Fatal(err)
			}
			if !tc.goes {
				f.check(f.read(c), v1alpha1.ReadyCondition, no, v1alpha1.ReasonConnectorsLeft, "orders")
				return
			}
			if err := f.get("main", &v1alpha1.ConnectCluster{}); !apierrors.IsNotFound(err) {
				t.Errorf("the cluster is still there: %v", err)
			}
			if want := []string{"release", "disconnect"}; !slices.Equal(f.kafka.calls, want) {
				t.Errorf("calls are %q, want %q", f.kafka.calls, want)
			}
		})
	}
}
