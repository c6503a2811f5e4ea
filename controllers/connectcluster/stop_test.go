// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

func (f *fixture) checkReplicas(want int32) {
	f.t.Helper()
	if got := f.set().Spec.Replicas; got == nil || *got != want {
		f.t.Errorf("the StatefulSet has %v replicas, want %d", got, want)
	}
}

// Two clusters must not both write to the same topics.
func TestWorkersStopWhenTheTopicsAreTakenOver(t *testing.T) {
	for name, tc := range map[string]struct {
		replicas *int32
		wrong    bool
		want     int32
	}{
		"of one that says how many":  {new(int32(2)), false, 2},
		"of one that does not":       {nil, false, 1},
		"of one whose spec is wrong": {nil, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			spec := plain()
			spec.Replicas = tc.replicas
			c := f.running(spec)
			if tc.wrong {
				c.Spec.Config = withConfig("offset.flush.interval.ms", "soon")
				f.update(c)
			}
			recorder := events.NewFakeRecorder(10)
			f.r.Recorder = recorder
			f.held("uid-other")
			c = f.pass(c)
			f.checkReplicas(0)
			f.check(c, v1alpha1.IdentityHeldCondition, no, v1alpha1.ReasonIdentityTaken, "data/first")
			generation := f.set().Generation
			f.pass(c)
			told := 0
			for len(recorder.Events) > 0 {
				if e := <-recorder.Events; strings.Contains(e, "Warning WorkersStopped") {
					told++
				}
			}
			if f.set().Generation != generation || told != 1 {
				t.Errorf("the workers were stopped again; told %d times", told)
			}
			// An operator that knows nothing yet does not start them.
			f.forgotten()
			f.kafka.cluster = state.Cluster{Reachable: errAway}
			f.pass(c)
			f.pass(c)
			f.checkReplicas(0)
			// They start when the topics are its own again.
			f.held(string(c.UID))
			f.pass(c)
			f.checkReplicas(tc.want)
		})
	}
}

// The one that is to take the topics over keeps its workers.
func TestWorkersAreNotStoppedToTakeOver(t *testing.T) {
	f := newFixture(t)
	c := f.running(plain())
	c.Annotations = map[string]string{v1alpha1.TakeOverAnnotation: "uid-other"}
	f.update(c)
	f.held("uid-other")
	f.pass(c)
	f.checkReplicas(1)
	if want := []string{"take over from uid-other"}; !slices.Equal(f.kafka.calls, want) {
		t.Errorf("calls are %q, want %q", f.kafka.calls, want)
	}
}

// One that is being deleted takes nothing over any more, whatever its annotation
// says.
func TestWorkersAreStoppedOfADeletedClusterThatTookOver(t *testing.T) {
	f := newFixture(t)
	c := f.running(plain())
	f.create(&v1alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Name: "orders", Namespace: f.ns}, Spec: v1alpha1.ConnectorSpec{
		ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "file-sink",
	}})
	c.Annotations = map[string]string{v1alpha1.TakeOverAnnotation: "uid-other"}
	f.update(c)
	if err := api.Client.Delete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	f.held("uid-other")
	f.once(c)
	f.checkReplicas(0)
}

// addWorker makes a worker's pod as the StatefulSet would.
func (f *fixture) addWorker(c *v1alpha1.ConnectCluster) *corev1.Pod {
	f.t.Helper()
	set := f.set()
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "main-worker-0", Namespace: f.ns, Labels: labels(c),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "worker", Image: "x"}}},
	}
	f.create(p)
	return p
}

// The claim must outlast the workers, whatever becomes of the connectors.
func TestTheTopicsAreReleasedAfterTheWorkersHaveEnded(t *testing.T) {
	for name, policy := range map[string]v1alpha1.ConnectorsPolicy{"left behind": v1alpha1.ConnectorsOrphan, "none": v1alpha1.ConnectorsBlock} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			spec := plain()
			spec.Deletion = &v1alpha1.ClusterDeletion{Connectors: policy}
			c := f.running(spec)
			if policy == v1alpha1.ConnectorsOrphan {
				f.create(&v1alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Name: "orders", Namespace: f.ns}, Spec: v1alpha1.ConnectorSpec{
					ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "file-sink",
				}})
			}
			pod := f.addWorker(c)
			if err := api.Client.Delete(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if r := f.once(c); r.RequeueAfter != stopInterval {
				t.Errorf("the worker is looked for again after %v", r.RequeueAfter)
			}
			f.checkReplicas(0)
			f.check(f.read(c), v1alpha1.ReadyCondition, no, v1alpha1.ReasonDeleting, "1 workers are stopping")
			if len(f.kafka.calls) != 0 {
				t.Errorf("while a worker runs, calls are %q", f.kafka.calls)
			}
			if err := api.Client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
				t.Fatal(err)
			}
			f.once(c)
			if want := []string{"release", "disconnect"}; !slices.Equal(f.kafka.calls, want) {
				t.Errorf("calls are %q, want %q", f.kafka.calls, want)
			}
			if err := f.get("main", &v1alpha1.ConnectCluster{}); !apierrors.IsNotFound(err) {
				t.Errorf("the cluster is still there: %v", err)
			}
		})
	}
}

func TestMayRun(t *testing.T) {
	now := time.Unix(1000, 0)
	ends := func(at time.Time) *metav1.Time { return &metav1.Time{Time: at} }
	for name, tc := range map[string]struct {
		phase corev1.PodPhase
		ends  *metav1.Time
		owner string
		want  bool
	}{
		"it runs":                       {corev1.PodRunning, nil, "main-worker", true},
		"it waits":                      {corev1.PodPending, nil, "main-worker", true},
		"it has ended":                  {corev1.PodSucceeded, nil, "main-worker", false},
		"it has failed":                 {corev1.PodFailed, nil, "main-worker", false},
		"it is ending":                  {corev1.PodRunning, ends(now.Add(time.Second)), "main-worker", true},
		"it should have ended just now": {corev1.PodRunning, ends(now), "main-worker", true},
		"its node is lost":              {corev1.PodRunning, ends(now.Add(-lostAfter)), "main-worker", false},
		"a copy, or left behind":        {corev1.PodRunning, nil, "", false},
		"another's":                     {corev1.PodRunning, nil, "other-worker", false},
	} {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: tc.ends}, Status: corev1.PodStatus{Phase: tc.phase}}
		if tc.owner != "" {
			p.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: tc.owner, Controller: new(true)}}
		}
		if got := mayRun(p, "main-worker", now); got != tc.want {
			t.Errorf("%s: it may run is %v, want %v", name, got, tc.want)
		}
	}
}

// That there may be a claim is in the status before there is one: an operator
// that starts later knows what is to be withdrawn.
func TestTheStatusComesBeforeTheClaim(t *testing.T) {
	f := newFixture(t)
	c := f.add(plain())
	f.once(c)
	if f.kafka.settings.MayClaim {
		t.Error("the topics are claimed before anything is known of Kafka")
	}
	f.kafka.cluster = state.Cluster{CaughtUp: true, KafkaClusterID: "kafka-1"}
	if r := f.once(c); f.kafka.settings.MayClaim || r.RequeueAfter != claimInterval {
		t.Errorf("the topics may be claimed: %v, before the status says in which Kafka; the next pass comes after %v", f.kafka.settings.MayClaim, r.RequeueAfter)
	}
	if r := f.once(c); !f.kafka.settings.MayClaim || r.RequeueAfter != 0 {
		t.Errorf("the topics may be claimed: %v; the next pass comes after %v", f.kafka.settings.MayClaim, r.RequeueAfter)
	}
	// Deleted before the claim is known of: it is withdrawn all the same.
	if err := api.Client.Delete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	f.once(c)
	if want := []string{"release", "disconnect"}; !slices.Equal(f.kafka.calls, want) || f.kafka.settings.MayClaim {
		t.Errorf("calls are %q, want %q; the topics may be claimed: %v", f.kafka.calls, want, f.kafka.settings.MayClaim)
	}
}

func TestTheTopicsAreNotTakenOverBeforeTheStatusSaysSo(t *testing.T) {
	f := newFixture(t)
	c := f.add(plain())
	c.Annotations = map[string]string{v1alpha1.TakeOverAnnotation: "uid-first"}
	f.update(c)
	f.held("uid-first")
	if r := f.once(c); len(f.kafka.calls) != 0 || r.RequeueAfter != claimInterval {
		t.Errorf("calls are %q; the next pass comes after %v", f.kafka.calls, r.RequeueAfter)
	}
	f.once(c)
	if want := []string{"take over from uid-first"}; !slices.Equal(f.kafka.calls, want) {
		t.Errorf("calls are %q, want %q", f.kafka.calls, want)
	}
}

// A new operator has an answer, or none, before it gives a claim up.
func TestALateDeletionWaitsForANewOperator(t *testing.T) {
	f := newFixture(t)
	c := f.running(plain())
	f.forgotten()
	if err := api.Client.Delete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	late := f.read(c)
	late.DeletionTimestamp = &metav1.Time{Time: late.DeletionTimestamp.Add(-time.Hour)}
	if _, err := f.r.Reconcile(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	f.check(f.read(c), v1alpha1.ReadyCondition, no, v1alpha1.ReasonDeleting, "releasing")
	f.held(string(c.UID))
	f.once(c)
	if want := []string{"release", "disconnect"}; !slices.Equal(f.kafka.calls, want) {
		t.Errorf("calls are %q, want %q", f.kafka.calls, want)
	}
}
