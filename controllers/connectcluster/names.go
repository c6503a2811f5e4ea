// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import "penstock.dev/api/v1alpha1"

// The labels of the workers and of what belongs to them.
const (
	nameLabel      = "app.kubernetes.io/name"
	componentLabel = "app.kubernetes.io/component"
	managedByLabel = "app.kubernetes.io/managed-by"
)

// childName is the name of everything that a cluster's workers consist of: their
// StatefulSet, Service, ServiceAccount, Role, ConfigMap and disruption budget.
func childName(c *v1alpha1.ConnectCluster) string { return c.Name + "-worker" }

// selector selects the worker pods of a cluster.
func selector(c *v1alpha1.ConnectCluster) map[string]string {
	return map[string]string{
		v1alpha1.ClusterLabel: c.Name,
		nameLabel:             "penstock",
		componentLabel:        "worker",
	}
}

// labels are what every child of a cluster carries. A user's labels are not
// copied: tools that track their objects by label would take the children for
// theirs.
func labels(c *v1alpha1.ConnectCluster) map[string]string {
	l := selector(c)
	l[managedByLabel] = "penstock"
	return l
}
