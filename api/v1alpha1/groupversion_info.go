// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package v1alpha1 holds the custom resources of the group connect.penstock.dev:
// ConnectCluster, Connector and Task.
//
// +kubebuilder:object:generate=true
// +groupName=connect.penstock.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group is the API group of all kinds.
const Group = "connect.penstock.dev"

// GroupVersion is the group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: Group, Version: "v1alpha1"}

// The names of the kinds.
const (
	ConnectClusterKind = "ConnectCluster"
	ConnectorKind      = "Connector"
	TaskKind           = "Task"
)

// AddToScheme adds every kind of this package to a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&ConnectCluster{}, &ConnectClusterList{},
		&Connector{}, &ConnectorList{},
		&Task{}, &TaskList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
