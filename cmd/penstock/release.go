// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

// releaseCommand is what the chart runs before it is uninstalled: without an
// operator nobody would remove its finalizers, and namespaces would never end.
func releaseCommand() *cobra.Command {
	var namespace, deployment string
	cmd := &cobra.Command{
		Use:   "release",
		Short: "Stop the operator and remove its finalizers from every resource",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := newClient()
			if err != nil {
				return err
			}
			if deployment != "" {
				if err := stopOperator(cmd.Context(), c, client.ObjectKey{Namespace: namespace, Name: deployment}); err != nil {
					return fmt.Errorf("stopping the operator: %w", err)
				}
			}
			n, err := releaseAll(cmd.Context(), c)
			fmt.Fprintf(cmd.OutOrStdout(), "released %d resources\n", n)
			return err
		},
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "namespace of the operator's Deployment")
	cmd.Flags().StringVar(&deployment, "deployment", "", "the operator's Deployment, scaled to nothing first so that it adds no finalizer again")
	return cmd
}

func newClient() (client.Client, error) {
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the API server: %w", err)
	}
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("building the client: %w", err)
	}
	return c, nil
}

// newScheme knows the kinds that the operator and the commands work with.
func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
}

func stopOperator(ctx context.Context, c client.Client, key client.ObjectKey) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	err := c.SubResource("scale").Update(ctx, d, client.WithSubResourceBody(&autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
	}))
	if apierrors.IsNotFound(err) {
		return nil
	}
	for err == nil {
		if err = c.Get(ctx, key, d); err == nil && d.Status.Replicas == 0 && d.Status.ObservedGeneration >= d.Generation {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it still has %d pods: %w", d.Status.Replicas, ctx.Err())
		case <-time.After(500 * time.Millisecond):
		}
	}
	return err
}

// releaseAll removes our finalizers, and nobody else's; what fails does not keep
// the rest.
func releaseAll(ctx context.Context, c client.Client) (int, error) {
	var connectors v1alpha1.ConnectorList
	var clusters v1alpha1.ConnectClusterList
	var tasks v1alpha1.TaskList
	if err := errors.Join(c.List(ctx, &connectors), c.List(ctx, &clusters), c.List(ctx, &tasks)); err != nil {
		return 0, fmt.Errorf("listing resources: %w", err)
	}
	var objs []client.Object
	for i := range connectors.Items {
		objs = append(objs, &connectors.Items[i])
	}
	for i := range clusters.Items {
		objs = append(objs, &clusters.Items[i])
	}
	for i := range tasks.Items {
		objs = append(objs, &tasks.Items[i])
	}
	n := 0
	var errs []error
	for _, o := range objs {
		done, err := release(ctx, c, o)
		if err != nil {
			errs = append(errs, fmt.Errorf("releasing %s/%s: %w", o.GetNamespace(), o.GetName(), err))
		} else if done {
			n++
		}
	}
	return n, errors.Join(errs...)
}

func release(ctx context.Context, c client.Client, o client.Object) (bool, error) {
	before := o.DeepCopyObject().(client.Object)
	var keep []string
	for _, f := range o.GetFinalizers() {
		if f != v1alpha1.Finalizer {
			keep = append(keep, f)
		}
	}
	if len(keep) == len(before.GetFinalizers()) {
		return false, nil
	}
	o.SetFinalizers(keep)
	err := c.Patch(ctx, o, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	return true, client.IgnoreNotFound(err)
}
