// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/secrets"
)

func (r *Reconciler) ensureFinalizer(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	before := s.cluster.DeepCopy()
	if !controllerutil.AddFinalizer(s.cluster, v1alpha1.Finalizer) {
		return true, reconcile.Result{}, nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, s.cluster, patch); err != nil {
		return false, reconcile.Result{}, fmt.Errorf("adding the finalizer: %w", err)
	}
	return true, reconcile.Result{}, nil
}

func (r *Reconciler) observe(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	var connectors v1alpha1.ConnectorList
	var tasks v1alpha1.TaskList
	err := errors.Join(
		r.Client.List(ctx, &connectors, client.InNamespace(s.cluster.Namespace)),
		r.Client.List(ctx, &tasks, client.InNamespace(s.cluster.Namespace), client.MatchingLabels{v1alpha1.ClusterLabel: s.cluster.Name}),
	)
	if err != nil {
		return false, reconcile.Result{}, fmt.Errorf("listing connectors and tasks: %w", err)
	}
	for _, c := range connectors.Items {
		if c.Spec.ClusterRef.Name == s.cluster.Name {
			s.connectors = append(s.connectors, c)
		}
	}
	s.tasks = tasks.Items
	s.said = r.Kafka.Workers(client.ObjectKeyFromObject(s.cluster))
	s.kafka, _ = r.Kafka.Cluster(client.ObjectKeyFromObject(s.cluster))
	s.workers, err = r.statefulSet(ctx, s.cluster)
	return err == nil, reconcile.Result{}, err
}

// validate looks at what only the operator can judge of the spec. Workers that run
// go on with what they have, and so the operator must go on to follow them: it may
// have started after their spec went wrong.
func (r *Reconciler) validate(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	if r.check(s); len(s.problems) == 0 {
		return true, reconcile.Result{}, nil
	}
	if s.workers == nil {
		return false, reconcile.Result{}, nil
	}
	_, result, err := r.connect(ctx, s)
	return false, result, err
}

func (r *Reconciler) check(s *scope) {
	config, err := s.cluster.Spec.Config.Properties()
	if err != nil {
		s.problems = []configdef.Problem{{Key: "spec.config", Message: err.Error()}}
		return
	}
	s.config = config
	s.problems, s.warnings = r.Registry.ValidateWorker(config)
	_, providers := secrets.Configured(config)
	for _, p := range providers {
		s.problems = append(s.problems, configdef.Problem(p))
	}
	s.problems = append(s.problems, templateProblems(s.cluster)...)
}

// connect tells the operator's Kafka side how the cluster's Kafka is reached.
func (r *Reconciler) connect(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	in, missing, err := r.readCredentials(ctx, s.cluster)
	if err != nil {
		return false, reconcile.Result{}, err
	}
	if missing != "" {
		s.missing = missing
		return false, reconcile.Result{RequeueAfter: retryInterval}, nil
	}
	s.credentials = in.revision()
	key := client.ObjectKeyFromObject(s.cluster)
	props := settings(s.cluster, nil)
	maps.Copy(props, connection(s.cluster, in))
	for _, k := range notOfClients {
		delete(props, k)
	}
	r.Kafka.Connect(key, state.Settings{
		UID: string(s.cluster.UID), GroupID: s.cluster.GroupID(),
		OffsetsTopic: s.cluster.OffsetsTopic(), StatusTopic: s.cluster.StatusTopic(),
		ReplicationFactor: replicationFactor(s.cluster), Properties: props, MayClaim: mayClaim(s),
	})
	s.kafka, _ = r.Kafka.Cluster(key)
	return true, reconcile.Result{}, nil
}

// mayClaim reports whether the internal topics may be claimed. Which Kafka they
// are in stands in the status before they are, so that whoever deletes the cluster
// knows that there may be a claim, even an operator that has just started.
func mayClaim(s *scope) bool {
	return s.cluster.DeletionTimestamp == nil && s.before.Status.KafkaClusterID != ""
}

// reconnect is connect for a cluster that is being deleted: an operator that
// started only now must reach Kafka to clean up. What is missing keeps nothing.
func (r *Reconciler) reconnect(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	if s.before.Status.KafkaClusterID == "" {
		return true, reconcile.Result{}, nil // it has claimed nothing
	}
	if _, _, err := r.connect(ctx, s); err != nil {
		// A Secret that cannot be read must not hold the deletion up.
		s.unread = true
		log.FromContext(ctx).Error(err, "Deleting without reaching Kafka again")
	}
	return true, reconcile.Result{}, nil
}

// notOfClients are worker properties that say nothing about connections.
var notOfClients = []string{
	"group.id", "offset.storage.topic", "status.storage.topic",
	"offset.storage.replication.factor", "status.storage.replication.factor",
}

func replicationFactor(c *v1alpha1.ConnectCluster) int16 {
	if c.Spec.Storage == nil {
		return 0
	}
	return int16(c.Spec.Storage.ReplicationFactor)
}

// identity makes sure that the internal topics are this cluster's before any
// worker uses them.
func (r *Reconciler) identity(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	held := s.kafka.HeldBy
	if held == string(s.cluster.UID) {
		return true, reconcile.Result{}, nil
	}
	if from := s.cluster.Annotations[v1alpha1.TakeOverAnnotation]; s.takesOver() {
		if !mayClaim(s) {
			return false, reconcile.Result{RequeueAfter: claimInterval}, nil
		}
		ctx, cancel := context.WithTimeout(ctx, kafkaTimeout)
		defer cancel()
		if err := r.Kafka.TakeOver(ctx, client.ObjectKeyFromObject(s.cluster), from); err != nil {
			return false, reconcile.Result{}, fmt.Errorf("taking the topics over: %w", err)
		}
		return false, reconcile.Result{RequeueAfter: retryInterval}, nil
	}
	if held == "" && s.workers != nil && !stopped(s.workers) {
		// Kafka does not answer a new operator yet; the workers that there are go on, and
		// may be changed. Those that were stopped may have been because the topics are
		// another's.
		return true, reconcile.Result{}, nil
	}
	return false, reconcile.Result{}, nil
}
