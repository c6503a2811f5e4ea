// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package connector turns Connectors into Tasks, tells what has become of them,
// and cleans up behind those that are deleted.
package connector

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

const (
	// fieldOwner owns the Tasks' specs but for their bindings, and the Connectors'
	// statuses.
	fieldOwner client.FieldOwner = "penstock-connector"
	// kafkaTimeout bounds one call to Kafka.
	kafkaTimeout = 15 * time.Second
	// unassignedGrace is how long a task may wait for a worker before that is called
	// unhealthy.
	unassignedGrace = 10 * time.Second
)

// Kafka is what this controller needs of it.
type Kafka interface {
	// Cluster returns what is known of a cluster's Kafka.
	Cluster(types.NamespacedName) (state.Cluster, bool)
	// Task returns the last word about a task; false if there is none.
	Task(state.TaskKey) (state.Task, bool)
	// Group returns what is known of a sink's consumer group; false if nothing is.
	Group(cluster types.NamespacedName, connector string) (state.Group, bool)
	// FenceSource takes the transactional ids of a source's tasks over, so that
	// whoever still runs can commit no more.
	FenceSource(ctx context.Context, cluster types.NamespacedName, connector string, tasks int) error
	// RemoveMembers makes a sink's tasks from that number on leave their group.
	RemoveMembers(ctx context.Context, cluster types.NamespacedName, connector string, from int) error
	// Forget removes a connector's states, and its offsets too if told so.
	Forget(ctx context.Context, cluster types.NamespacedName, connector string, offsets bool) error
}

// Dependencies are what the reconciler works with.
type Dependencies struct {
	Client client.Client
	// Live reads from the API server, not from the cache.
	Live     client.Reader
	Kafka    Kafka
	Clock    clock.PassiveClock
	Recorder events.EventRecorder
	Registry connect.Registry
}

// Reconciler reconciles Connectors.
type Reconciler struct {
	Dependencies
	written *written
}

// New returns the reconciler.
func New(d Dependencies) *Reconciler { return &Reconciler{Dependencies: d, written: newWritten()} }

// scope is what one pass has learnt.
type scope struct {
	connector *v1alpha1.Connector
	// before is the connector as the pass found it.
	before *v1alpha1.Connector
	now    time.Time
	// cluster is the ConnectCluster, nil if there is none; set by observe.
	cluster *v1alpha1.ConnectCluster
	// kafka is what the operator knows of the cluster's Kafka; set by observe.
	kafka      state.Cluster
	kafkaKnown bool
	// group is what the operator knows of a sink's consumer group; set by observe.
	group      state.Group
	groupKnown bool
	// tasks are the Tasks that exist; set by observe, and again after they changed.
	tasks []v1alpha1.Task
	// blind says that the tasks could not be read; cleared by observe.
	blind bool
	// refused says why the connector may not run, with its reason; set by accept.
	refused, refusedReason string
	// ran says that the connector has, or once had, tasks; set by observe.
	ran bool
	// props are the connector's settings as its tasks get them; set by validate.
	props map[string]string
	// validation is the plugin's word; set by validate.
	validation connect.Validation
	// problems refuse the config; set by validate.
	problems []configdef.Problem
	// secretsMissing says that all problems are Secrets that may still come; set by
	// validate.
	secretsMissing bool
	// plan is set by planPhase.
	plan *plan
	// waiting says what the pass waits for, if it is not done; set by any phase.
	waiting string
}

// phase does one thing; done false ends the pass.
type phase func(context.Context, *scope) (done bool, result reconcile.Result, err error)

// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectors,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectors/status,verbs=get;patch
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectors/finalizers,verbs=update
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectclusters,verbs=get;list;watch
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=tasks,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one Connector closer to its spec and says how far it is.
func (r *Reconciler) Reconcile(ctx context.Context, c *v1alpha1.Connector) (result reconcile.Result, err error) {
	s := &scope{connector: c.DeepCopy(), before: c, now: r.Clock.Now(), blind: true}
	phases := []phase{r.ensureFinalizer, r.observe, r.accept, r.validate, r.planPhase, r.retireTasks, r.applyTasks}
	if c.DeletionTimestamp != nil {
		phases = []phase{r.observe, r.stopTasks, r.clean}
	}
	for _, p := range phases {
		var done bool
		if done, result, err = p(ctx, s); err != nil || !done {
			break
		}
	}
	if s.connector == nil { // released: there is nothing left to speak of
		return reconcile.Result{}, err
	}
	again, serr := r.report(ctx, s, err)
	if serr != nil && err == nil {
		err = serr
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	return sooner(result, again), nil
}

// sooner asks for another look after the shorter of two times; 0 is never.
func sooner(r reconcile.Result, d time.Duration) reconcile.Result {
	if d > 0 && (r.RequeueAfter == 0 || d < r.RequeueAfter) {
		r.RequeueAfter = d
	}
	return r
}
