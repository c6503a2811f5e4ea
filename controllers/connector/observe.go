// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

func (r *Reconciler) ensureFinalizer(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	before := s.connector.DeepCopy()
	if !controllerutil.AddFinalizer(s.connector, v1alpha1.Finalizer) {
		return true, reconcile.Result{}, nil
	}
	// The lock keeps another's finalizer that was added meanwhile.
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, s.connector, patch); err != nil {
		return false, reconcile.Result{}, fmt.Errorf("adding the finalizer: %w", err)
	}
	return true, reconcile.Result{}, nil
}

func (r *Reconciler) observe(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	key := s.connector.Cluster()
	var cluster v1alpha1.ConnectCluster
	err := r.Client.Get(ctx, key, &cluster)
	if client.IgnoreNotFound(err) != nil {
		return false, reconcile.Result{}, fmt.Errorf("reading ConnectCluster %s: %w", key.Name, err)
	}
	if err == nil {
		s.cluster = &cluster
	}
	s.kafka, s.kafkaKnown = r.Kafka.Cluster(key)
	s.group, s.groupKnown = r.Kafka.Group(key, s.connector.KafkaName())
	err = r.listTasks(ctx, s)
	s.ran = s.before.Status.ConfigRevision != "" || len(s.tasks) > 0
	s.blind = err != nil
	return true, reconcile.Result{}, err
}

func (r *Reconciler) listTasks(ctx context.Context, s *scope) error {
	var list v1alpha1.TaskList
	err := r.Client.List(ctx, &list, client.InNamespace(s.connector.Namespace), client.MatchingLabels{v1alpha1.ConnectorLabel: s.connector.Name})
	if err != nil {
		return fmt.Errorf("listing tasks: %w", err)
	}
	s.tasks = list.Items
	slices.SortFunc(s.tasks, func(a, b v1alpha1.Task) int { return int(a.Spec.Index - b.Spec.Index) })
	return nil
}

// accept finds the connector a cluster and makes sure that its name in Kafka is
// its own.
func (r *Reconciler) accept(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	if s.cluster == nil {
		s.refusedReason = v1alpha1.ReasonClusterNotFound
		s.refused = fmt.Sprintf("spec.clusterRef: there is no ConnectCluster %q in namespace %q", s.connector.Spec.ClusterRef.Name, s.connector.Namespace)
		return false, reconcile.Result{}, nil
	}
	others, groups, err := r.others(ctx)
	if err != nil {
		return false, reconcile.Result{}, err
	}
	for i := range others {
		if r.apart(s, &others[i]) {
			continue
		}
		if why := rival(s.connector, s.cluster.GroupID(), &others[i], groups[others[i].Cluster()]); why != "" {
			s.refusedReason, s.refused = v1alpha1.ReasonNameConflict, "spec.connectorName: "+why
			// Both were accepted in the same moment: what runs under the winner's names
			// ends, and nothing of these names is touched in Kafka.
			return false, reconcile.Result{}, r.letGo(ctx, all(s.tasks))
		}
	}
	return true, reconcile.Result{}, nil
}

// apart reports whether another connector is of another Kafka. As long as that is
// not known, as after a restart of the operator, they count as of one, but for a
// connector that has run already: it is not torn down on a guess.
func (r *Reconciler) apart(s *scope, other *v1alpha1.Connector) bool {
	if other.Cluster() == s.connector.Cluster() {
		return false
	}
	k, _ := r.Kafka.Cluster(other.Cluster())
	if k.KafkaClusterID == "" || s.kafka.KafkaClusterID == "" {
		return s.ran
	}
	return k.KafkaClusterID != s.kafka.KafkaClusterID
}

// others returns all connectors, and the group ids of their clusters. Two
// clusters may use one Kafka without knowing of each other.
func (r *Reconciler) others(ctx context.Context) ([]v1alpha1.Connector, map[types.NamespacedName]string, error) {
	var connectors v1alpha1.ConnectorList
	var clusters v1alpha1.ConnectClusterList
	if err := errors.Join(r.Client.List(ctx, &connectors, client.UnsafeDisableDeepCopy), r.Client.List(ctx, &clusters, client.UnsafeDisableDeepCopy)); err != nil {
		return nil, nil, fmt.Errorf("listing connectors and clusters: %w", err)
	}
	groups := map[types.NamespacedName]string{}
	for i := range clusters.Items {
		groups[client.ObjectKeyFromObject(&clusters.Items[i])] = clusters.Items[i].GroupID()
	}
	return connectors.Items, groups, nil
}

// validate asks the plugin about the config and looks whether the Secrets are
// there. Tasks that run go on running whatever it finds, but they can be paused
// and stopped whatever it finds, too.
func (r *Reconciler) validate(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	if err := r.findProblems(ctx, s); err != nil {
		return false, reconcile.Result{}, err
	}
	return len(s.problems) == 0 || s.connector.Spec.State != v1alpha1.ConnectorRunning, reconcile.Result{}, nil
}

func (r *Reconciler) findProblems(ctx context.Context, s *scope) error {
	var err error
	if s.props, err = config(s.connector); err != nil {
		s.problems = problemsOf(err)
		return nil
	}
	defaults, err := s.cluster.Spec.Config.Properties()
	if err != nil {
		s.problems = []configdef.Problem{{Key: "spec.clusterRef", Message: "the ConnectCluster's config is invalid: " + err.Error()}}
		return nil
	}
	s.validation = r.Registry.Validate(s.connector.Spec.Class, s.props, defaults)
	s.problems = append(s.problems, s.validation.Problems...)
	if p := connect.GroupProblem(s.validation.Plugin.Kind, s.connector.KafkaName(), s.cluster.GroupID(), s.props); p != nil {
		s.problems = append(s.problems, *p)
	}
	if s.secretsSeen() {
		return nil
	}
	missing, err := r.missingSecrets(ctx, s.connector)
	if err != nil {
		return err
	}
	s.secretsMissing = len(s.problems) == 0 && len(missing) > 0
	s.problems = append(s.problems, missing...)
	return nil
}

// secretsSeen reports whether the Secrets that this spec names were there once.
// From then on the workers say what is wrong with them: a connector is looked at
// often, and each Secret costs a call.
func (s *scope) secretsSeen() bool {
	c := meta.FindStatusCondition(s.before.Status.Conditions, v1alpha1.ConfigValidCondition)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == s.connector.Generation
}

func problemsOf(err error) []configdef.Problem {
	var out []configdef.Problem
	for line := range strings.SplitSeq(err.Error(), "\n") {
		key, message, ok := strings.Cut(line, ": ")
		if !ok {
			key, message = "spec.config", line
		}
		out = append(out, configdef.Problem{Key: key, Message: message})
	}
	return out
}

func (r *Reconciler) missingSecrets(ctx context.Context, c *v1alpha1.Connector) ([]configdef.Problem, error) {
	var out []configdef.Problem
	for _, f := range c.Spec.ConfigFrom {
		var secret corev1.Secret
		err := r.Live.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: f.SecretKeyRef.Name}, &secret)
		switch {
		case apierrors.IsNotFound(err):
			out = append(out, configdef.Problem{Key: f.Key, Message: fmt.Sprintf("spec.configFrom: there is no Secret %q in namespace %q", f.SecretKeyRef.Name, c.Namespace)})
		case err != nil:
			return nil, fmt.Errorf("reading Secret %s: %w", f.SecretKeyRef.Name, err)
		default:
			if _, ok := secret.Data[f.SecretKeyRef.Key]; !ok {
				out = append(out, configdef.Problem{Key: f.Key, Message: fmt.Sprintf("spec.configFrom: the Secret %q has no key %q", f.SecretKeyRef.Name, f.SecretKeyRef.Key)})
			}
		}
	}
	return out, nil
}

func (r *Reconciler) planPhase(_ context.Context, s *scope) (bool, reconcile.Result, error) {
	var p plan
	if len(s.problems) > 0 { // a plugin is asked about settings that are valid only
		p = holdTasks(s.connector, s.tasks)
	} else {
		p = planTasks(s.connector, s.validation.Plugin, s.props)
	}
	s.plan = &p
	return true, reconcile.Result{}, nil
}
