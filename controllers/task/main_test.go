// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/controllers/internal/testapi"
)

// api is the API server of this package's tests.
var api *testapi.Server

func TestMain(m *testing.M) {
	os.Exit(testapi.Main(m, func(s *testapi.Server) { api = s }))
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fakeKafka is a status topic in memory.
type fakeKafka struct {
	mu      sync.Mutex
	cluster state.Cluster
	unknown bool
	tasks   map[state.TaskKey]state.Task
	epochs  map[state.TaskKey]int64
	raised  int
	err     error
	// onRaise runs while an epoch is raised.
	onRaise func()
}

func newFakeKafka() *fakeKafka {
	return &fakeKafka{cluster: state.Cluster{CaughtUp: true}, tasks: map[state.TaskKey]state.Task{}, epochs: map[state.TaskKey]int64{}}
}

func (k *fakeKafka) Cluster(types.NamespacedName) (state.Cluster, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cluster, !k.unknown
}

func (k *fakeKafka) Task(key state.TaskKey) (state.Task, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.tasks[key]
	t.HighestEpoch = k.epochs[key]
	return t, ok
}

func (k *fakeKafka) NextEpoch(_ context.Context, key state.TaskKey, above int64) (int64, error) {
	if k.onRaise != nil {
		k.onRaise()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return 0, k.err
	}
	k.raised++
	k.epochs[key] = max(k.epochs[key], above) + 1
	return k.epochs[key], nil
}

// say is a worker's word about a task.
func (k *fakeKafka) say(key state.TaskKey, s state.Task) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tasks[key] = s
}

var errAway = errors.New("kafka is away")

// fixture is a namespace with a cluster main and a connector orders.
type fixture struct {
	t         *testing.T
	ns        string
	kafka     *fakeKafka
	clock     *clocktesting.FakePassiveClock
	recorder  *events.FakeRecorder
	binder    *Binder
	tasks     *Reconciler
	connector *v1alpha1.Connector
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, ns: api.Namespace(t), kafka: newFakeKafka(), clock: clocktesting.NewFakePassiveClock(start), recorder: events.NewFakeRecorder(100)}
	f.binder, f.tasks = New(Dependencies{Client: api.Client, Live: api.Client, Kafka: f.kafka, Clock: f.clock, Recorder: f.recorder})
	f.connector = &v1alpha1.Connector{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: "orders"},
		Spec:       v1alpha1.ConnectorSpec{ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "file-source"},
	}
	f.must(api.Client.Create(t.Context(), f.connector))
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) wait(d time.Duration) { f.clock.SetTime(f.clock.Now().Add(d)) }

// addTask makes the Task as the connector controller does.
func (f *fixture) addTask(name string, index int32) *v1alpha1.Task {
	f.t.Helper()
	t := &v1alpha1.Task{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: name, Labels: map[string]string{v1alpha1.ClusterLabel: "main", v1alpha1.ConnectorLabel: "orders"}},
		Spec: v1alpha1.TaskSpec{
			ClusterName: "main", ConnectorRef: v1alpha1.ConnectorRef{Name: "orders", UID: f.connector.UID}, ConnectorName: "orders",
			Class: "file-source", Type: v1alpha1.SourceType, Index: index, Count: 4, ConfigRevision: "r1", DesiredState: v1alpha1.TaskRunning,
		},
	}
	f.must(api.Client.Create(f.t.Context(), t))
	return t
}

// addWorker makes a worker's pod that is ready.
func (f *fixture) addWorker(name string) *corev1.Pod {
	f.t.Helper()
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: name, Labels: map[string]string{v1alpha1.ClusterLabel: "main", ComponentLabel: WorkerComponent},
			// so that it can be seen terminating
			Finalizers: []string{"test.penstock.dev/keep"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "worker", Image: "x"}}},
	}
	f.must(api.Client.Create(f.t.Context(), p))
	f.setReady(p, corev1.ConditionTrue)
	return p
}

func (f *fixture) setReady(p *corev1.Pod, ready corev1.ConditionStatus) {
	f.t.Helper()
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.NewTime(f.clock.Now())}}
	f.must(api.Client.Status().Update(f.t.Context(), p))
}

// terminate asks a pod to go; remove lets it go.
func (f *fixture) terminate(p *corev1.Pod) {
	f.t.Helper()
	f.must(client.IgnoreNotFound(api.Client.Delete(f.t.Context(), p, client.GracePeriodSeconds(0))))
}

func (f *fixture) remove(p *corev1.Pod) {
	f.t.Helper()
	f.terminate(p)
	f.must(client.IgnoreNotFound(api.Client.Patch(f.t.Context(), p, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))))
}

// bind runs the binder once.
func (f *fixture) bind() reconcile.Result {
	f.t.Helper()
	r, err := f.binder.Reconcile(f.t.Context(), reconcile.Request{NamespacedName: types.NamespacedName{Namespace: f.ns, Name: "main"}})
	f.must(err)
	return r
}

// look runs the task reconciler once with what the API server has.
func (f *fixture) look(t *v1alpha1.Task) reconcile.Result {
	f.t.Helper()
	r, err := f.tasks.Reconcile(f.t.Context(), f.read(t))
	f.must(err)
	return r
}

func (f *fixture) read(t *v1alpha1.Task) *v1alpha1.Task {
	f.t.Helper()
	var out v1alpha1.Task
	f.must(api.Client.Get(f.t.Context(), client.ObjectKeyFromObject(t), &out))
	return &out
}

// change changes a Task as somebody else does.
func (f *fixture) change(t *v1alpha1.Task, patch string) {
	f.t.Helper()
	f.must(api.Client.Patch(f.t.Context(), t.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(patch))))
}

// say lets a task's worker report a state for the epoch that it is bound under.
func (f *fixture) say(t *v1alpha1.Task, s state.Task) {
	f.t.Helper()
	s.Epoch = f.read(t).Spec.Epoch
	f.kafka.say(keyOf(t), s)
}

// checkBinding checks to which pod a Task is bound under which epoch; nil is none.
func (f *fixture) checkBinding(t *v1alpha1.Task, p *corev1.Pod, epoch int64) *v1alpha1.Task {
	f.t.Helper()
	got := f.read(t)
	switch {
	case p == nil && got.Spec.Worker != nil:
		f.t.Fatalf("%s is bound to %v, want to none", t.Name, *got.Spec.Worker)
	case p != nil && (got.Spec.Worker == nil || *got.Spec.Worker != v1alpha1.WorkerRef{Name: p.Name, UID: p.UID}):
		f.t.Fatalf("%s is bound to %v, want to %s", t.Name, got.Spec.Worker, p.Name)
	case got.Spec.Epoch != epoch:
		f.t.Fatalf("%s has the epoch %d, want %d", t.Name, got.Spec.Epoch, epoch)
	case p != nil && got.Spec.Releasing != nil:
		f.t.Fatalf("%s is bound and still being released by %v", t.Name, *got.Spec.Releasing)
	}
	return got
}

func (f *fixture) checkState(t *v1alpha1.Task, want v1alpha1.TaskState) *v1alpha1.Task {
	f.t.Helper()
	got := f.read(t)
	if got.Status.State != want {
		f.t.Fatalf("%s is %q, want %s", t.Name, got.Status.State, want)
	}
	return got
}

// checkRaised checks how many epochs were raised in all.
func (f *fixture) checkRaised(want int) {
	f.t.Helper()
	f.kafka.mu.Lock()
	defer f.kafka.mu.Unlock()
	if f.kafka.raised != want {
		f.t.Fatalf("%d epochs were raised, want %d", f.kafka.raised, want)
	}
}

// set changes what is known of the cluster.
func (k *fakeKafka) set(c state.Cluster) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cluster = c
}
