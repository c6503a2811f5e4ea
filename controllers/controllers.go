// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package controllers holds the one list of controllers.
package controllers

import (
	"context"
	"fmt"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"penstock.dev/controllers/connectcluster"
	"penstock.dev/controllers/connector"
	"penstock.dev/controllers/kafka"
	"penstock.dev/controllers/task"
	"penstock.dev/runtime/connect"
)

// Options are what the controllers need beside a manager.
type Options struct {
	Registry connect.Registry
	// Image is what workers run.
	Image connectcluster.Image
	Kafka kafka.Options
}

// SetupWithManager adds every controller to a manager, and the operator's door to
// Kafka that they share.
func SetupWithManager(ctx context.Context, mgr ctrl.Manager, o Options) error {
	k := kafka.New(o.Kafka)
	if err := mgr.Add(k); err != nil {
		return fmt.Errorf("adding the connection to Kafka: %w", err)
	}
	recorder := mgr.GetEventRecorder("penstock")
	now := clock.RealClock{}
	err := connectcluster.SetupWithManager(mgr, connectcluster.Dependencies{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Kafka: k, Clock: now, Recorder: recorder, Registry: o.Registry, Image: o.Image,
	}, k.ClusterEvents())
	if err != nil {
		return err
	}
	err = connector.SetupWithManager(ctx, mgr, connector.Dependencies{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Kafka: k, Clock: now, Recorder: recorder, Registry: o.Registry,
	}, connector.Events{Tasks: k.TaskEvents(), Clusters: k.ClusterEvents(), Groups: k.GroupEvents()})
	if err != nil {
		return err
	}
	return task.SetupWithManager(ctx, mgr, task.Dependencies{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Kafka: k, Clock: now, Recorder: recorder,
	}, task.Events{Tasks: k.TaskEvents(), PlacedTasks: k.TaskEvents(), Clusters: k.ClusterEvents()})
}
