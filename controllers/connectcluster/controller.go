// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package connectcluster runs the workers of ConnectClusters and sees to it that
// their Kafka is there and their topics are theirs.
package connectcluster

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	appsv1 "k8s.io/api/apps/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

const (
	// fieldOwner owns the workers' objects and the clusters' statuses.
	fieldOwner client.FieldOwner = "penstock-connectcluster"
	// kafkaTimeout bounds one call to Kafka.
	kafkaTimeout = 10 * time.Second
	// retryInterval is how often something is looked for that gives no sign when it
	// comes.
	retryInterval = 5 * time.Second
	// staleDelay is when to look again at a cluster whose cached view was an old one.
	staleDelay = 250 * time.Millisecond
	// secretInterval is how often the Secrets of a connection are read that works.
	secretInterval = time.Minute
	// claimInterval is how soon the topics are claimed once it is noted which Kafka
	// they are in.
	claimInterval = 100 * time.Millisecond
	// stopInterval is how often workers are looked for that are to end; lostAfter is
	// how long after its time to end a pod counts whose node says nothing.
	stopInterval = time.Second
	lostAfter    = 30 * time.Second
	// releaseTimeout is how long a cluster that is deleted waits for Kafka.
	releaseTimeout = 30 * time.Second
)

// Kafka is what this controller needs of it.
type Kafka interface {
	// Connect says how a cluster's Kafka is reached. It does not wait for it.
	Connect(types.NamespacedName, state.Settings)
	// Disconnect forgets a cluster.
	Disconnect(types.NamespacedName)
	// Cluster returns what is known of a cluster's Kafka.
	Cluster(types.NamespacedName) (state.Cluster, bool)
	// Workers returns what the workers last said of themselves.
	Workers(types.NamespacedName) []state.Worker
	// TakeOver takes the internal topics from another cluster.
	TakeOver(ctx context.Context, cluster types.NamespacedName, from string) error
	// Release lets another cluster have the internal topics.
	Release(ctx context.Context, cluster types.NamespacedName) error
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
	// Image is what workers run: the operator's own image, so that they cannot
	// differ.
	Image Image
}

// Reconciler reconciles ConnectClusters.
type Reconciler struct{ Dependencies }

// New returns the reconciler.
func New(d Dependencies) *Reconciler { return &Reconciler{d} }

// scope is what one pass has learnt.
type scope struct {
	cluster, before *v1alpha1.ConnectCluster
	now             time.Time
	// connectors and tasks are the cluster's; set by observe.
	connectors []v1alpha1.Connector
	tasks      []v1alpha1.Task
	// config is spec.config as text; problems refuse it, warnings do not; set by
	// validate.
	config             map[string]string
	problems, warnings []configdef.Problem
	// missing names a Secret, or a key in it, that is not there; set by connect.
	missing string
	// unread says that the Secrets of the connection could not be read; set by
	// reconnect.
	unread bool
	// credentials names the Secrets' values as they are, "" if there are none; set by
	// connect.
	credentials string
	// kafka is what is known of the cluster's Kafka; set by connect.
	kafka state.Cluster
	// workers is the StatefulSet as it is, nil if there is none; set by observe and
	// apply.
	workers *appsv1.StatefulSet
	// said is what the workers said of themselves; set by connect.
	said []state.Worker
	// waiting says what the pass waits for.
	waiting string
	// connectorsLeft says that the pass waits for connectors; set by waitForConnectors.
	connectorsLeft bool
	// gone says that the finalizer is removed: there is nothing left to speak of.
	gone bool
}

// phase does one thing; done false ends the pass.
type phase func(context.Context, *scope) (done bool, result reconcile.Result, err error)

// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectclusters,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectclusters/status,verbs=get;patch
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectclusters/finalizers,verbs=update
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectors;tasks,verbs=get;list;watch
// +kubebuilder:rbac:groups=apps,resources=statefulsets,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=services;serviceaccounts;configmaps,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=roles;rolebindings,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one ConnectCluster closer to its spec and says how far it is.
func (r *Reconciler) Reconcile(ctx context.Context, c *v1alpha1.ConnectCluster) (result reconcile.Result, err error) {
	s := &scope{cluster: c.DeepCopy(), before: c, now: r.Clock.Now()}
	phases := []phase{r.ensureFinalizer, r.observe, r.yieldTopics, r.validate, r.connect, r.identity, r.apply}
	if c.DeletionTimestamp != nil {
		phases = []phase{r.observe, r.yieldTopics, r.reconnect, r.waitForConnectors, r.stopWorkers, r.release}
	}
	for _, p := range phases {
		var done bool
		if done, result, err = p(ctx, s); err != nil || !done {
			break
		}
	}
	if s.gone {
		return reconcile.Result{}, err
	}
	serr := r.report(ctx, s, err)
	stale := apierrors.IsConflict(serr)
	if err == nil && !stale {
		err = serr
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	if stale { // another view is on its way, and another status may follow from it
		return reconcile.Result{RequeueAfter: staleDelay}, nil
	}
	return again(s, result), nil
}

// again asks for another pass if Kafka is reached with Secrets: nothing tells when
// one is mended or rotated, since to watch Secrets is to be allowed to read all of
// them.
func again(s *scope, result reconcile.Result) reconcile.Result {
	switch {
	case s.firstAnswer():
		result.RequeueAfter = claimInterval
	case result.RequeueAfter != 0 || !usesSecrets(s.cluster):
	case s.kafka.Reachable != nil:
		result.RequeueAfter = retryInterval
	default:
		result.RequeueAfter = secretInterval
	}
	return result
}

// firstAnswer reports whether Kafka's id is known and not in the status yet, as
// far as the pass knows.
func (s *scope) firstAnswer() bool {
	return s.cluster.DeletionTimestamp == nil && s.kafka.KafkaClusterID != "" && s.before.Status.KafkaClusterID == ""
}

func usesSecrets(c *v1alpha1.ConnectCluster) bool {
	tls := c.Spec.Kafka.TLS
	return c.Spec.Kafka.SASL != nil || tls != nil && (tls.CASecretRef != nil || tls.CertificateSecretRef != nil)
}
