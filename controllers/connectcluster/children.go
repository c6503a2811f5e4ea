// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

// children builds everything that a cluster's workers consist of, in the order
// in which it is applied: the workers come last, so that their first pod finds
// the rest. It is pure. secretNames are the Secrets that the cluster's connectors
// name.
func children(c *v1alpha1.ConnectCluster, image Image, properties string, v revisions, secretNames []string) []client.Object {
	return []client.Object{
		&corev1.ServiceAccount{ObjectMeta: objectMeta(c)},
		role(c, secretNames),
		roleBinding(c),
		service(c),
		disruptionBudget(c),
		&corev1.ConfigMap{ObjectMeta: objectMeta(c), Data: map[string]string{propertiesKey: properties}},
		statefulSet(c, image, v),
	}
}

// role is all that an agent may do: follow Tasks, and read exactly the Secrets
// that connectors name.
func role(c *v1alpha1.ConnectCluster, secretNames []string) *rbacv1.Role {
	r := &rbacv1.Role{ObjectMeta: objectMeta(c), Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{v1alpha1.Group}, Resources: []string{"tasks"}, Verbs: []string{"get", "list", "watch"},
	}}}
	// An empty list of names would mean every Secret.
	if len(secretNames) > 0 {
		r.Rules = append(r.Rules, rbacv1.PolicyRule{
			APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}, ResourceNames: secretNames,
		})
	}
	return r
}

func roleBinding(c *v1alpha1.ConnectCluster) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: objectMeta(c),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: childName(c)},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: childName(c), Namespace: c.Namespace}},
	}
}

// service gives the workers names. It has no cluster IP: nobody balances over
// workers.
func service(c *v1alpha1.ConnectCluster) *corev1.Service {
	return &corev1.Service{ObjectMeta: objectMeta(c), Spec: corev1.ServiceSpec{
		ClusterIP:                corev1.ClusterIPNone,
		Selector:                 selector(c),
		PublishNotReadyAddresses: true,
		Ports: []corev1.ServicePort{{
			Name: "metrics", Port: metricsPort, TargetPort: intstr.FromString("metrics"), Protocol: corev1.ProtocolTCP,
		}},
	}}
}

func disruptionBudget(c *v1alpha1.ConnectCluster) *policyv1.PodDisruptionBudget {
	limit := intstr.FromInt32(1)
	if b := c.Spec.PodDisruptionBudget; b != nil && b.MaxUnavailable != nil {
		limit = *b.MaxUnavailable
	}
	return &policyv1.PodDisruptionBudget{ObjectMeta: objectMeta(c), Spec: policyv1.PodDisruptionBudgetSpec{
		MaxUnavailable: &limit,
		Selector:       &metav1.LabelSelector{MatchLabels: selector(c)},
	}}
}
