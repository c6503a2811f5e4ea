// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/controllers/internal/testapi"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connectors"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/transforms"
)

// api is the API server of this package's tests.
var api *testapi.Server

func TestMain(m *testing.M) {
	os.Exit(testapi.Main(m, func(s *testapi.Server) { api = s }))
}

var errAway = errors.New("kafka is away")

// fakeKafka is a Kafka in memory that notes what is done to it.
type fakeKafka struct {
	mu       sync.Mutex
	clusters map[types.NamespacedName]state.Cluster
	tasks    map[state.TaskKey]state.Task
	groups   map[string]state.Group
	calls    []string
	err      error
	// hangs names a connector whose calls last until they are given up.
	hangs string
}

func newFakeKafka() *fakeKafka {
	return &fakeKafka{clusters: map[types.NamespacedName]state.Cluster{}, tasks: map[state.TaskKey]state.Task{}, groups: map[string]state.Group{}}
}

func (k *fakeKafka) Cluster(key types.NamespacedName) (state.Cluster, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c, ok := k.clusters[key]
	return c, ok
}

func (k *fakeKafka) Task(key state.TaskKey) (state.Task, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.tasks[key]
	return t, ok
}

func (k *fakeKafka) Group(_ types.NamespacedName, connector string) (state.Group, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	g, ok := k.groups[connector]
	return g, ok
}

func (k *fakeKafka) setGroup(connector string, g state.Group) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.groups[connector] = g
}

func (k *fakeKafka) FenceSource(ctx context.Context, _ types.NamespacedName, connector string, tasks int) error {
	return k.call(ctx, connector, fmt.Sprintf("fence %d of %s", tasks, connector))
}

func (k *fakeKafka) RemoveMembers(ctx context.Context, _ types.NamespacedName, connector string, from int) error {
	return k.call(ctx, connector, fmt.Sprintf("remove members of %s from %d", connector, from))
}

func (k *fakeKafka) Forget(ctx context.Context, _ types.NamespacedName, connector string, offsets bool) error {
	return k.call(ctx, connector, fmt.Sprintf("forget %s, offsets %v", connector, offsets))
}

func (k *fakeKafka) call(ctx context.Context, connector, what string) error {
	k.mu.Lock()
	k.calls = append(k.calls, what)
	err, hangs := k.err, k.hangs == connector
	k.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

func (k *fakeKafka) set(key types.NamespacedName, c state.Cluster) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clusters[key] = c
}

func (k *fakeKafka) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

// fixture is a namespace with a cluster main.
type fixture struct {
	t        *testing.T
	ns       string
	kafka    *fakeKafka
	clock    *clocktesting.FakePassiveClock
	recorder *events.FakeRecorder
	live     *countingReader
	r        *Reconciler
	cluster  *v1alpha1.ConnectCluster
}

// countingReader counts the reads past the cache.
type countingReader struct {
	client.Reader
	mu    sync.Mutex
	reads int
}

func (c *countingReader) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	c.mu.Lock()
	c.reads++
	c.mu.Unlock()
	return c.Reader.Get(ctx, key, obj, opts...)
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{
		t: t, ns: api.Namespace(t), kafka: newFakeKafka(), recorder: events.NewFakeRecorder(100), live: &countingReader{Reader: api.Client},
		// The API server's clock gives the times of creation and deletion.
		clock: clocktesting.NewFakePassiveClock(time.Now()),
	}
	f.r = New(Dependencies{Client: api.Client, Live: f.live, Kafka: f.kafka, Clock: f.clock, Recorder: f.recorder, Registry: registry()})
	f.cluster = f.addCluster("main", "")
	return f
}

func registry() connect.Registry {
	return connect.Registry{
		Plugins: connectors.All(), Converters: converters.All(),
		Transforms: transforms.All(), Predicates: transforms.Predicates(),
	}
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// wait lets time pass, also what has passed for the API server meanwhile.
func (f *fixture) wait(d time.Duration) {
	now := f.clock.Now()
	if real := time.Now(); real.After(now) {
		now = real
	}
	f.clock.SetTime(now.Add(d))
}

func (f *fixture) addCluster(name, groupID string) *v1alpha1.ConnectCluster {
	f.t.Helper()
	c := &v1alpha1.ConnectCluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: name},
		Spec:       v1alpha1.ConnectClusterSpec{Kafka: v1alpha1.Kafka{BootstrapServers: []string{"kafka:9092"}}, GroupID: groupID},
	}
	f.must(api.Client.Create(f.t.Context(), c))
	f.kafka.set(client.ObjectKeyFromObject(c), state.Cluster{CaughtUp: true, KafkaClusterID: "k1", HeldBy: string(c.UID)})
	return c
}

// settings make a config of pairs.
func settings(pairs ...string) *v1alpha1.ConnectorConfig {
	out := &v1alpha1.ConnectorConfig{Values: map[string]v1alpha1.Scalar{}}
	for i := 0; i < len(pairs); i += 2 {
		out.Values[pairs[i]] = v1alpha1.ScalarOf(pairs[i+1])
	}
	return out
}

// sourceOf is a connector whose tasks share the work, sinkOf one as well.
func sourceOf(tasks int32) v1alpha1.ConnectorSpec {
	return v1alpha1.ConnectorSpec{
		ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "datagen-source", TasksMax: &tasks,
		Config: settings("kafka.topic", "orders", "quickstart", "orders"),
	}
}

func sinkOf(tasks int32) v1alpha1.ConnectorSpec {
	return v1alpha1.ConnectorSpec{
		ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "file-sink", TasksMax: &tasks,
		Config: settings("topics", "orders, returns", "file", "/tmp/out"),
	}
}

func (f *fixture) add(name string, spec v1alpha1.ConnectorSpec) *v1alpha1.Connector {
	f.t.Helper()
	c := &v1alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: name}, Spec: spec}
	f.must(api.Client.Create(f.t.Context(), c))
	return c
}

// pass runs one pass with what the API server has.
func (f *fixture) pass(c *v1alpha1.Connector) reconcile.Result {
	f.t.Helper()
	result, err := f.r.Reconcile(f.t.Context(), f.read(c))
	f.must(err)
	return result
}

// failingPass runs one pass that must fail.
func (f *fixture) failingPass(c *v1alpha1.Connector, want error) {
	f.t.Helper()
	if _, err := f.r.Reconcile(f.t.Context(), f.read(c)); !errors.Is(err, want) {
		f.t.Fatalf("the pass ended with %v, want %v", err, want)
	}
}

func (f *fixture) read(c *v1alpha1.Connector) *v1alpha1.Connector {
	f.t.Helper()
	var out v1alpha1.Connector
	f.must(api.Client.Get(f.t.Context(), client.ObjectKeyFromObject(c), &out))
	return &out
}

func (f *fixture) change(c *v1alpha1.Connector, change func(*v1alpha1.Connector)) {
	f.t.Helper()
	now := f.read(c)
	change(now)
	f.must(api.Client.Update(f.t.Context(), now))
}

func (f *fixture) delete(c *v1alpha1.Connector) {
	f.t.Helper()
	f.must(api.Client.Delete(f.t.Context(), c.DeepCopy()))
}

func (f *fixture) checkGone(c *v1alpha1.Connector) {
	f.t.Helper()
	err := api.Client.Get(f.t.Context(), client.ObjectKeyFromObject(c), &v1alpha1.Connector{})
	if !apierrors.IsNotFound(err) {
		f.t.Fatalf("the connector is still there (%v)", err)
	}
}

func (f *fixture) tasks(c *v1alpha1.Connector) []v1alpha1.Task {
	f.t.Helper()
	var list v1alpha1.TaskList
	f.must(api.Client.List(f.t.Context(), &list, client.InNamespace(f.ns), client.MatchingLabels{v1alpha1.ConnectorLabel: c.Name}))
	slices.SortFunc(list.Items, func(a, b v1alpha1.Task) int { return int(a.Spec.Index - b.Spec.Index) })
	return list.Items
}

// checkTasks checks the names of a connector's tasks; one that is going has a -
// before it.
func (f *fixture) checkTasks(c *v1alpha1.Connector, want ...string) []v1alpha1.Task {
	f.t.Helper()
	tasks := f.tasks(c)
	var got []string
	for _, t := range tasks {
		name := t.Name
		if t.DeletionTimestamp != nil {
			name = "-" + name
		}
		got = append(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Fatalf("tasks (-want +got):\n%s", diff)
	}
	return tasks
}

// bind binds tasks to a pod under an epoch, as the task controller does.
func (f *fixture) bind(c *v1alpha1.Connector, pod *corev1.Pod, epoch int64) {
	f.t.Helper()
	for _, t := range f.tasks(c) {
		f.must(apply.Fields(f.t.Context(), api.Client, "penstock-task", &t, map[string]any{"spec": map[string]any{
			"worker": map[string]any{"name": pod.Name, "uid": string(pod.UID)}, "epoch": epoch, "boundRevision": t.Spec.ConfigRevision,
		}}))
	}
}

// say gives all tasks of a connector a state, as the task controller does.
func (f *fixture) say(c *v1alpha1.Connector, s v1alpha1.TaskState, more ...func(*v1alpha1.TaskStatus)) {
	f.t.Helper()
	for _, t := range f.tasks(c) {
		f.sayOne(t, s, more...)
	}
}

func (f *fixture) sayOne(t v1alpha1.Task, s v1alpha1.TaskState, more ...func(*v1alpha1.TaskStatus)) {
	f.t.Helper()
	t.Status.State = s
	ready := metav1.ConditionFalse
	if s == v1alpha1.TaskStateRunning || s == v1alpha1.TaskStatePaused {
		ready = metav1.ConditionTrue
	}
	meta.SetStatusCondition(&t.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ReadyCondition, Status: ready, Reason: string(s), LastTransitionTime: metav1.NewTime(f.clock.Now()),
	})
	for _, m := range more {
		m(&t.Status)
	}
	f.must(apply.Status(f.t.Context(), api.Client, "penstock-task", &t))
}

// released lets the worker of all tasks say that it has let them go.
func (f *fixture) released(c *v1alpha1.Connector) {
	f.t.Helper()
	for _, t := range f.tasks(c) {
		f.kafka.mu.Lock()
		f.kafka.tasks[state.TaskKey{Cluster: t.Cluster(), Connector: t.Spec.ConnectorName, Index: int(t.Spec.Index)}] = state.Task{Released: true, Epoch: t.Spec.Epoch}
		f.kafka.mu.Unlock()
	}
}

func (f *fixture) addPod(name string) *corev1.Pod {
	f.t.Helper()
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "worker", Image: "x"}}},
	}
	f.must(api.Client.Create(f.t.Context(), p))
	return p
}

// run makes a connector and lets its tasks run.
func (f *fixture) run(name string, spec v1alpha1.ConnectorSpec) (*v1alpha1.Connector, *corev1.Pod) {
	f.t.Helper()
	c, pod := f.add(name, spec), f.addPod(name+"-worker")
	f.pass(c)
	f.bind(c, pod, 1)
	f.say(c, v1alpha1.TaskStateRunning)
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	f.events()
	return c, pod
}

// checkCalls checks what was done to Kafka since the last look.
func (f *fixture) checkCalls(want ...string) {
	f.t.Helper()
	f.kafka.mu.Lock()
	defer f.kafka.mu.Unlock()
	if diff := cmp.Diff(want, f.kafka.calls); diff != "" {
		f.t.Fatalf("calls to Kafka (-want +got):\n%s", diff)
	}
	f.kafka.calls = nil
}

func (f *fixture) condition(c *v1alpha1.Connector, kind string) metav1.Condition {
	f.t.Helper()
	got := meta.FindStatusCondition(f.read(c).Status.Conditions, kind)
	if got == nil {
		return metav1.Condition{}
	}
	return *got
}

func (f *fixture) checkCondition(c *v1alpha1.Connector, kind string, status metav1.ConditionStatus, reason string, words ...string) {
	f.t.Helper()
	got := f.condition(c, kind)
	if got.Status != status || got.Reason != reason {
		f.t.Fatalf("%s is %s, %s, %q; want %s, %s", kind, got.Status, got.Reason, got.Message, status, reason)
	}
	for _, w := range words {
		if !strings.Contains(got.Message, w) {
			f.t.Errorf("%s says %q, want it to say %q", kind, got.Message, w)
		}
	}
}

func (f *fixture) checkReady(c *v1alpha1.Connector, status metav1.ConditionStatus, reason string, words ...string) {
	f.t.Helper()
	f.checkCondition(c, v1alpha1.ReadyCondition, status, reason, words...)
}

// checkStanding checks the two conditions that tell kstatus whether to wait.
func (f *fixture) checkStanding(c *v1alpha1.Connector, reconciling, stalled bool) {
	f.t.Helper()
	if got := f.condition(c, v1alpha1.ReconcilingCondition).Status; got != is(reconciling) {
		f.t.Errorf("Reconciling is %s, want %v", got, reconciling)
	}
	if got := f.condition(c, v1alpha1.StalledCondition).Status; got != is(stalled) {
		f.t.Errorf("Stalled is %s, want %v", got, stalled)
	}
}

// events returns the events since the last call.
func (f *fixture) events() []string {
	f.t.Helper()
	var out []string
	for {
		select {
		case e := <-f.recorder.Events:
			out = append(out, e)
		default:
			return out
		}
	}
}

func (f *fixture) checkEvent(want string) {
	f.t.Helper()
	got := f.events()
	if !slices.ContainsFunc(got, func(e string) bool { return strings.Contains(e, want) }) {
		f.t.Errorf("the events are %q, want one with %q", got, want)
	}
}

// raw makes a connector from JSON, as a user can write it; kubectl asks for
// strictness too.
func (f *fixture) raw(name, spec string) (*v1alpha1.Connector, error) {
	f.t.Helper()
	var u unstructured.Unstructured
	f.must(json.Unmarshal(fmt.Appendf(nil, `{"metadata":{"name":%q,"namespace":%q},"spec":%s}`, name, f.ns, spec), &u.Object))
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.ConnectorKind))
	err := api.Client.Create(f.t.Context(), &u, client.FieldValidation(metav1.FieldValidationStrict))
	return &v1alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: name}}, err
}
