// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/secrets"
)

// running is a cluster whose one worker is ready.
func (f *fixture) running(spec v1alpha1.ConnectClusterSpec) *v1alpha1.ConnectCluster {
	f.t.Helper()
	c := f.pass(f.add(spec))
	f.held(string(c.UID))
	c = f.pass(c)
	f.report(1)
	return f.pass(c)
}

// report lets the StatefulSet say that its pods are ready.
func (f *fixture) report(ready int32) {
	f.t.Helper()
	set := f.set()
	set.Status = appsv1.StatefulSetStatus{ObservedGeneration: set.Generation, Replicas: ready, ReadyReplicas: ready, UpdatedReplicas: ready}
	if err := api.Client.Status().Update(f.t.Context(), set); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) set() *appsv1.StatefulSet {
	f.t.Helper()
	var set appsv1.StatefulSet
	if err := f.get("main-worker", &set); err != nil {
		f.t.Fatal(err)
	}
	return &set
}

func (f *fixture) update(c *v1alpha1.ConnectCluster) {
	f.t.Helper()
	if err := api.Client.Update(f.t.Context(), c); err != nil {
		f.t.Fatal(err)
	}
}

// Workers that run go on, and are still counted, while the spec is refused.
func TestARefusedSpecLeavesWorkersAlone(t *testing.T) {
	f := newFixture(t)
	c := f.running(plain())
	f.check(c, v1alpha1.ReadyCondition, yes, v1alpha1.ReasonReady, "")
	before := f.set().Generation
	c.Spec.Config = withConfig("offset.flush.interval.ms", "soon")
	f.update(c)
	c = f.pass(c)
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonConfigInvalid, "offset.flush.interval.ms")
	f.check(c, v1alpha1.WorkersReadyCondition, yes, v1alpha1.ReasonReady, "")
	f.report(0)
	c = f.pass(c)
	f.check(c, v1alpha1.WorkersReadyCondition, no, v1alpha1.ReasonWorkersNotReady, "0 of 1")
	if c.Status.WorkersReady != "0/1" || f.set().Generation != before {
		t.Errorf("workers are %s, their generation went from %d to %d", c.Status.WorkersReady, before, f.set().Generation)
	}
}

// A new operator is not answered by Kafka yet, and still may change the workers.
func TestWorkersAreChangedWhileKafkaIsAway(t *testing.T) {
	f := newFixture(t)
	c := f.running(plain())
	f.kafka.cluster = state.Cluster{Reachable: errAway}
	c.Spec.Replicas = new(int32(3))
	c.Spec.Config = withConfig("offset.flush.interval.ms", "1000")
	f.update(c)
	c = f.pass(c)
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonKafkaUnreachable, "away")
	set := f.set()
	if *set.Spec.Replicas != 3 {
		t.Errorf("there are %d workers, want 3", *set.Spec.Replicas)
	}
	var cm corev1.ConfigMap
	if err := f.get("main-worker", &cm); err != nil {
		t.Fatal(err)
	}
	text := cm.Data[propertiesKey]
	if !strings.Contains(text, "offset.flush.interval.ms=1000") || set.Spec.Template.Annotations[configHashKey] != hash(text) {
		t.Errorf("the workers are not restarted with\n%s", text)
	}
	if c.Status.KafkaClusterID != "kafka-1" {
		t.Errorf("Kafka's id was forgotten: %q", c.Status.KafkaClusterID)
	}
}

// A user's own variables must not meet the operator's in one list.
func TestTheUsersMemoryLimitGoesFirst(t *testing.T) {
	f := newFixture(t)
	spec := plain()
	spec.PodTemplate = &v1alpha1.PodTemplate{Env: []corev1.EnvVar{{Name: "GOMEMLIMIT", Value: "100MiB"}}}
	spec.Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}}
	f.running(spec)
	if got := envOf(f.set().Spec.Template.Spec.Containers[0], "GOMEMLIMIT"); got != "100MiB" {
		t.Errorf("GOMEMLIMIT is %s", got)
	}
}

func TestASecretWithoutTheKey(t *testing.T) {
	f := newFixture(t)
	spec := plain()
	spec.Kafka.TLS = &v1alpha1.KafkaTLS{CertificateSecretRef: &v1alpha1.SecretRef{Name: "cert"}}
	f.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "cert", Namespace: f.ns}, StringData: map[string]string{"tls.crt": "x"}})
	c := f.pass(f.add(spec))
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonSecretMissing, `spec.kafka.tls.certificateSecretRef: the Secret "cert" has no key "tls.key"`)
}

// An empty authority would be the system's.
func TestASecretWithAnEmptyKey(t *testing.T) {
	f := newFixture(t)
	spec := plain()
	spec.Kafka.TLS = &v1alpha1.KafkaTLS{CASecretRef: &v1alpha1.SecretKeyRef{Name: "ca", Key: "ca.crt"}}
	f.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "ca", Namespace: f.ns}, StringData: map[string]string{"ca.crt": ""}})
	c := f.pass(f.add(spec))
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonSecretMissing, `spec.kafka.tls.caSecretRef: the key "ca.crt" of the Secret "ca" is empty`)
}

func TestAnotherAnnotationTakesNothingOver(t *testing.T) {
	f := newFixture(t)
	c := f.add(plain())
	c.Annotations = map[string]string{v1alpha1.TakeOverAnnotation: "uid-of-an-older-one"}
	f.update(c)
	f.pass(c)
	f.held("uid-first")
	c = f.pass(c)
	if len(f.kafka.calls) != 0 {
		t.Errorf("calls are %q", f.kafka.calls)
	}
	f.check(c, v1alpha1.IdentityHeldCondition, no, v1alpha1.ReasonIdentityTaken, "uid-first")
}

// unreadable is an API server that lets nobody read Secrets.
type unreadable struct{ client.Reader }

func (u unreadable) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if _, ok := o.(*corev1.Secret); ok {
		return apierrors.NewForbidden(corev1.Resource("secrets"), key.Name, errors.New("not you"))
	}
	return u.Reader.Get(ctx, key, o, opts...)
}

// Secrets that nobody can read any more do not keep a cluster for ever.
func TestDeletedWithoutItsSecrets(t *testing.T) {
	f := newFixture(t)
	f.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "ca", Namespace: f.ns}, StringData: map[string]string{"ca.crt": "x"}})
	spec := plain()
	spec.Kafka.TLS = &v1alpha1.KafkaTLS{CASecretRef: &v1alpha1.SecretKeyRef{Name: "ca", Key: "ca.crt"}}
	c := f.running(spec)
	f.r.Live, f.kafka.settings, f.kafka.cluster = unreadable{f.r.Live}, nil, state.Cluster{Reachable: errAway}
	if err := api.Client.Delete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	f.once(c)
	if err := f.get("main", &v1alpha1.ConnectCluster{}); err != nil {
		t.Errorf("the cluster did not wait: %v", err)
	}
	f.r.Clock = clocktesting.NewFakePassiveClock(time.Now().Add(2 * releaseTimeout))
	f.once(c)
	if err := f.get("main", &v1alpha1.ConnectCluster{}); !apierrors.IsNotFound(err) {
		t.Errorf("the cluster is still there: %v", err)
	}
}

// An operator that started only now reaches Kafka before it lets a cluster go.
func TestDeletedBeforeANewOperatorKnowsKafka(t *testing.T) {
	for name, tc := range map[string]struct {
		then  func(*fixture, *v1alpha1.ConnectCluster)
		calls []string
		event bool
	}{
		"Kafka answers":  {func(f *fixture, c *v1alpha1.ConnectCluster) { f.held(string(c.UID)) }, []string{"release", "disconnect"}, false},
		"another has it": {func(f *fixture, _ *v1alpha1.ConnectCluster) { f.held("uid-other") }, []string{"release", "disconnect"}, false},
		"Kafka stays away": {func(f *fixture, _ *v1alpha1.ConnectCluster) {
			f.r.Clock = clocktesting.NewFakePassiveClock(time.Now().Add(2 * releaseTimeout))
			f.kafka.cluster.Tried = true
		}, []string{"disconnect"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c := f.running(plain())
			f.kafka.settings, f.kafka.cluster = nil, state.Cluster{Reachable: errAway}
			recorder := events.NewFakeRecorder(10)
			f.r.Recorder = recorder
			if err := api.Client.Delete(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			c = f.pass(c)
			f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonDeleting, "")
			if f.kafka.settings == nil || len(f.kafka.calls) != 0 {
				t.Fatalf("connected with %v; calls are %q", f.kafka.settings, f.kafka.calls)
			}
			tc.then(f, c)
			if _, err := f.r.Reconcile(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if err := f.get("main", &v1alpha1.ConnectCluster{}); !apierrors.IsNotFound(err) {
				t.Errorf("the cluster is still there: %v", err)
			}
			if !slices.Equal(f.kafka.calls, tc.calls) {
				t.Errorf("calls are %q, want %q", f.kafka.calls, tc.calls)
			}
			told := false
			for len(recorder.Events) > 0 {
				told = strings.Contains(<-recorder.Events, "NotCleaned") || told
			}
			if told != tc.event {
				t.Errorf("an event says that the claim stays: %v, want %v", told, tc.event)
			}
		})
	}
}

// What is written is read back whatever stands in it.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"", " ", "\f", "a\\", "\\u0041", "x=y", "\ttab", "#", "a\r\nb", "ü"} {
		f.Add("k"+s, s)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		if key == "" {
			return // no properties file can hold it
		}
		key, value = strings.ToValidUTF8(key, ""), strings.ToValidUTF8(value, "")
		if key == "" {
			return
		}
		want := map[string]string{key: value}
		got, err := secrets.ParseProperties(format(want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

var errAway = errors.New("kafka is away")
