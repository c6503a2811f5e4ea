// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// Finalizer lets the operator clean up before a resource goes.
	Finalizer = "connect.penstock.dev/finalizer"
	// ClusterLabel names the ConnectCluster on everything that belongs to it.
	ClusterLabel = "connect.penstock.dev/cluster"
	// ConnectorLabel names the Connector on its Tasks.
	ConnectorLabel = "connect.penstock.dev/connector"
	// RestartAnnotation on a Task restarts it each time the value changes; the
	// operator never removes it.
	RestartAnnotation = "connect.penstock.dev/restart-requested-at"
	// TakeOverAnnotation on a ConnectCluster names the UID of the ConnectCluster
	// that holds its internal topics, to take them over from it on purpose.
	TakeOverAnnotation = "connect.penstock.dev/take-over-from"
)

// GroupID returns the cluster's group id: the one that was given, or
// `<namespace>.<name>`.
func (c *ConnectCluster) GroupID() string {
	if c.Spec.GroupID != "" {
		return c.Spec.GroupID
	}
	return c.Namespace + "." + c.Name
}

// OffsetsTopic returns the name of the topic of source offsets.
func (c *ConnectCluster) OffsetsTopic() string {
	if s := c.Spec.Storage; s != nil && s.OffsetsTopic != "" {
		return s.OffsetsTopic
	}
	return c.GroupID() + "-offsets"
}

// StatusTopic returns the name of the topic of states.
func (c *ConnectCluster) StatusTopic() string {
	if s := c.Spec.Storage; s != nil && s.StatusTopic != "" {
		return s.StatusTopic
	}
	return c.GroupID() + "-status"
}

// KafkaName returns the connector's name in Kafka.
func (c *Connector) KafkaName() string {
	if c.Spec.ConnectorName != "" {
		return c.Spec.ConnectorName
	}
	return c.Name
}

// Cluster returns the name of the connector's ConnectCluster.
func (c *Connector) Cluster() types.NamespacedName {
	return types.NamespacedName{Namespace: c.Namespace, Name: c.Spec.ClusterRef.Name}
}

// TaskName returns the name of a connector's Task.
func (c *Connector) TaskName(index int) string { return fmt.Sprintf("%s-%d", c.Name, index) }

// Cluster returns the name of the task's ConnectCluster.
func (t *Task) Cluster() types.NamespacedName {
	return types.NamespacedName{Namespace: t.Namespace, Name: t.Spec.ClusterName}
}
