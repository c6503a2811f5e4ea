// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"context"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	crconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/event"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

// live is a fixture whose controller runs in a manager, with its cache.
type live struct {
	*fixture
	tasks    chan event.TypedGenericEvent[state.TaskKey]
	clusters chan event.TypedGenericEvent[types.NamespacedName]
	groups   chan event.TypedGenericEvent[state.ConnectorKey]
}

func newLive(t *testing.T) *live {
	t.Helper()
	l := &live{
		fixture: newFixture(t), tasks: make(chan event.TypedGenericEvent[state.TaskKey], 100),
		clusters: make(chan event.TypedGenericEvent[types.NamespacedName], 100),
		groups:   make(chan event.TypedGenericEvent[state.ConnectorKey], 100),
	}
	off := true
	mgr, err := ctrl.NewManager(api.Config, ctrl.Options{
		Scheme: api.Client.Scheme(), Logger: testr.New(t), Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{l.ns: {}}},
		Controller: crconfig.Controller{SkipNameValidation: &off},
	})
	l.must(err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	l.must(SetupWithManager(ctx, mgr, Dependencies{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Kafka: l.kafka, Clock: clock.RealClock{}, Recorder: l.recorder, Registry: registry(),
	}, Events{Tasks: l.tasks, Clusters: l.clusters, Groups: l.groups}))
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	})
	return l
}

// until waits for a Connector to be as it should.
func (l *live) until(c *v1alpha1.Connector, what string, ok func(*v1alpha1.Connector) bool) {
	l.t.Helper()
	var last *v1alpha1.Connector
	err := wait.PollUntilContextTimeout(l.t.Context(), 20*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
		last = l.fixture.read(c)
		return ok(last), nil
	})
	if err != nil {
		l.t.Fatalf("waiting until %s %s: %v; it is %+v", c.Name, what, err, last.Status)
	}
}

func (l *live) untilReady(c *v1alpha1.Connector, status metav1.ConditionStatus, reason string) {
	l.t.Helper()
	l.until(c, "is "+reason, func(c *v1alpha1.Connector) bool {
		ready := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ReadyCondition)
		return ready != nil && ready.Status == status && ready.Reason == reason
	})
}

func (l *live) untilGone(c *v1alpha1.Connector) {
	l.t.Helper()
	err := wait.PollUntilContextTimeout(l.t.Context(), 20*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		err := api.Client.Get(ctx, client.ObjectKeyFromObject(c), &v1alpha1.Connector{})
		return apierrors.IsNotFound(err), nil
	})
	if err != nil {
		l.t.Fatalf("waiting until %s is gone: %v", c.Name, err)
	}
}

// start makes a connector and lets its tasks run.
func (l *live) start(name string, spec v1alpha1.ConnectorSpec) *v1alpha1.Connector {
	l.t.Helper()
	c, pod := l.add(name, spec), l.addPod(name+"-worker")
	l.until(c, "has tasks", func(c *v1alpha1.Connector) bool { return c.Status.TaskCount == *spec.TasksMax })
	l.bind(c, pod, 1)
	l.say(c, v1alpha1.TaskStateRunning)
	l.untilReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	return c
}

// reportReleased lets the worker say that it has let the tasks go, with the
// wake-up that comes with it.
func (l *live) reportReleased(c *v1alpha1.Connector) {
	l.t.Helper()
	l.released(c)
	for _, t := range l.fixture.tasks(c) {
		l.tasks <- event.TypedGenericEvent[state.TaskKey]{Object: state.TaskKey{Cluster: t.Cluster(), Connector: t.Spec.ConnectorName, Index: int(t.Spec.Index)}}
	}
}

func TestALifeWithAManager(t *testing.T) {
	l := newLive(t)
	c := l.start("orders", sourceOf(2))
	l.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorStopped })
	l.until(c, "is stopping", func(c *v1alpha1.Connector) bool {
		for _, task := range l.fixture.tasks(c) {
			if task.DeletionTimestamp == nil {
				return false
			}
		}
		return c.Status.State == statePending
	})
	l.reportReleased(c)
	l.untilReady(c, metav1.ConditionTrue, v1alpha1.ReasonStopped)
	l.delete(c)
	l.untilGone(c)
}

func TestWhatWakesAConnector(t *testing.T) {
	l := newLive(t)
	spec := sourceOf(1)
	spec.ClusterRef.Name = "late"
	c := l.add("orders", spec)
	l.untilReady(c, metav1.ConditionFalse, v1alpha1.ReasonClusterNotFound)
	late := l.addCluster("late", "")
	l.until(c, "has a task", func(c *v1alpha1.Connector) bool { return c.Status.TaskCount == 1 })

	l.kafka.set(client.ObjectKeyFromObject(late), state.Cluster{Reachable: errAway})
	l.clusters <- event.TypedGenericEvent[types.NamespacedName]{Object: client.ObjectKeyFromObject(late)}
	l.untilReady(c, metav1.ConditionFalse, v1alpha1.ReasonKafkaUnreachable)

	spec.ConnectorName = "orders"
	loser := l.add("orders-again", spec)
	l.untilReady(loser, metav1.ConditionFalse, v1alpha1.ReasonNameConflict)
	l.delete(c)
	l.untilGone(c)
	l.until(loser, "has a task", func(c *v1alpha1.Connector) bool { return c.Status.TaskCount == 1 })
}

// One connector whose calls to Kafka hang delays no other.
func TestTroubleIsKeptApart(t *testing.T) {
	l := newLive(t)
	stuck := l.start("stuck", sourceOf(1))
	l.kafka.mu.Lock()
	l.kafka.hangs = "stuck"
	l.kafka.mu.Unlock()
	l.delete(stuck)
	l.until(stuck, "is stopping", func(c *v1alpha1.Connector) bool { return c.Status.State == stateDeleting })
	l.reportReleased(stuck)
	for _, name := range []string{"a", "b", "c"} {
		l.start(name, sourceOf(2))
	}
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
		l.kafka.mu.Lock()
		defer l.kafka.mu.Unlock()
		return len(l.kafka.calls) > 0, nil
	})
	if err != nil {
		t.Fatal("the connector that is stuck made no call")
	}
	if l.fixture.read(stuck).DeletionTimestamp == nil {
		t.Error("the connector that is stuck is not being deleted")
	}
}
