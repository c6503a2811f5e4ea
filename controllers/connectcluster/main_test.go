// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/controllers/internal/testapi"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connectors"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/transforms"
)

var api *testapi.Server

func TestMain(m *testing.M) {
	os.Exit(testapi.Main(m, func(s *testapi.Server) { api = s }))
}

// fakeKafka notes what it is asked for.
type fakeKafka struct {
	cluster  state.Cluster
	settings *state.Settings
	calls    []string
}

func (k *fakeKafka) Connect(_ types.NamespacedName, s state.Settings) { k.settings = &s }
func (k *fakeKafka) Disconnect(types.NamespacedName)                  { k.calls = append(k.calls, "disconnect") }
func (k *fakeKafka) Cluster(types.NamespacedName) (state.Cluster, bool) {
	return k.cluster, k.settings != nil
}

func (k *fakeKafka) Workers(types.NamespacedName) []state.Worker {
	return []state.Worker{{Pod: "main-worker-0", Version: "v1", Plugins: []state.Plugin{{Class: "file-sink", Type: "sink", Version: "1"}}}}
}

func (k *fakeKafka) TakeOver(_ context.Context, _ types.NamespacedName, from string) error {
	k.calls = append(k.calls, "take over from "+from)
	return nil
}

func (k *fakeKafka) Release(context.Context, types.NamespacedName) error {
	if k.cluster.Reachable != nil || !k.cluster.CaughtUp {
		return errAway
	}
	k.calls = append(k.calls, "release")
	return nil
}

type fixture struct {
	t     *testing.T
	ns    string
	kafka *fakeKafka
	r     *Reconciler
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, ns: api.Namespace(t), kafka: &fakeKafka{}}
	f.r = New(Dependencies{
		Client: api.Client, Live: api.Client, Kafka: f.kafka, Clock: clocktesting.NewFakePassiveClock(time.Now()),
		Recorder: events.NewFakeRecorder(100),
		Registry: connect.Registry{Plugins: connectors.All(), Converters: converters.All(), Transforms: transforms.All(), Predicates: transforms.Predicates()},
		Image:    Image{Name: "local.test/penstock:1", PullPolicy: corev1.PullNever},
	})
	return f
}

// add creates a ConnectCluster.
func (f *fixture) add(spec v1alpha1.ConnectClusterSpec) *v1alpha1.ConnectCluster {
	f.t.Helper()
	c := &v1alpha1.ConnectCluster{ObjectMeta: metav1.ObjectMeta{Name: "main", Namespace: f.ns}, Spec: spec}
	f.create(c)
	return c
}

func (f *fixture) create(o client.Object) {
	f.t.Helper()
	if err := api.Client.Create(f.t.Context(), o); err != nil {
		f.t.Fatalf("creating %s: %v", o.GetName(), err)
	}
}

// held says that Kafka answers and that somebody holds the topics.
func (f *fixture) held(by string) {
	f.kafka.cluster = state.Cluster{CaughtUp: true, KafkaClusterID: "kafka-1", HeldBy: by, HeldByName: "data/first"}
}

// pass reconciles once and returns the cluster as it is then.
func (f *fixture) pass(c *v1alpha1.ConnectCluster) *v1alpha1.ConnectCluster {
	f.t.Helper()
	if _, err := f.r.Reconcile(f.t.Context(), f.read(c)); err != nil {
		f.t.Fatalf("reconciling: %v", err)
	}
	return f.read(c)
}

func (f *fixture) read(c *v1alpha1.ConnectCluster) *v1alpha1.ConnectCluster {
	f.t.Helper()
	var now v1alpha1.ConnectCluster
	if err := api.Client.Get(f.t.Context(), client.ObjectKeyFromObject(c), &now); err != nil {
		f.t.Fatalf("reading the cluster: %v", err)
	}
	return &now
}

func (f *fixture) get(name string, into client.Object) error {
	return api.Client.Get(f.t.Context(), client.ObjectKey{Namespace: f.ns, Name: name}, into)
}

// check fails unless a condition says so; the message must hold the text.
func (f *fixture) check(c *v1alpha1.ConnectCluster, kind string, status metav1.ConditionStatus, reason, text string) {
	f.t.Helper()
	got := meta.FindStatusCondition(c.Status.Conditions, kind)
	if got == nil || got.Status != status || got.Reason != reason || !strings.Contains(got.Message, text) {
		f.t.Errorf("condition %s is %+v, want %s, %s, %q", kind, got, status, reason, text)
	}
}

func plain() v1alpha1.ConnectClusterSpec {
	return v1alpha1.ConnectClusterSpec{Kafka: v1alpha1.Kafka{BootstrapServers: []string{"b:9092"}}}
}

func withConfig(pairs ...string) *v1alpha1.WorkerConfig {
	values := map[string]v1alpha1.Scalar{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = v1alpha1.Scalar(fmt.Sprintf("%q", pairs[i+1]))
	}
	return &v1alpha1.WorkerConfig{Values: values}
}
