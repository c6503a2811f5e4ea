// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"penstock.dev/api/v1alpha1"
)

// stateLimit bounds the memory in which a worker keeps its last assignment.
var stateLimit = resource.MustParse("64Mi")

type mount struct {
	volume corev1.Volume
	path   string
	ro     bool
}

// ownMounts are the volumes that every worker has. Names start with penstock-,
// which the API refuses for a user's volumes.
func ownMounts(c *v1alpha1.ConnectCluster) []mount {
	out := []mount{
		{volume("penstock-config", corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: childName(c)}, DefaultMode: new(int32(0o444)),
		}}), configDir, true},
		{volume("penstock-state", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
			Medium: corev1.StorageMediumMemory, SizeLimit: &stateLimit,
		}}), stateDir, false},
		{volume("penstock-tmp", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}), "/tmp", false},
	}
	if tls := c.Spec.Kafka.TLS; tls != nil {
		if tls.CASecretRef != nil {
			out = append(out, secretMount("penstock-kafka-ca", tls.CASecretRef.Name, kafkaCADir))
		}
		if tls.CertificateSecretRef != nil {
			out = append(out, secretMount("penstock-kafka-tls", tls.CertificateSecretRef.Name, kafkaTLSDir))
		}
	}
	if sasl := c.Spec.Kafka.SASL; sasl != nil {
		out = append(out, secretMount("penstock-kafka-sasl", sasl.PasswordSecretRef.Name, kafkaSASLDir))
	}
	return out
}

func secretMount(name, secret, path string) mount {
	return mount{volume(name, corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
		SecretName: secret, DefaultMode: new(int32(0o440)),
	}}), path, true}
}

func volume(name string, source corev1.VolumeSource) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: source}
}

func volumes(c *v1alpha1.ConnectCluster) []corev1.Volume {
	own := ownMounts(c)
	out := make([]corev1.Volume, len(own))
	for i, m := range own {
		out[i] = m.volume
	}
	if t := c.Spec.PodTemplate; t != nil {
		out = append(out, t.Volumes...)
	}
	return out
}

func mounts(c *v1alpha1.ConnectCluster) []corev1.VolumeMount {
	own := ownMounts(c)
	out := make([]corev1.VolumeMount, len(own))
	for i, m := range own {
		out[i] = corev1.VolumeMount{Name: m.volume.Name, MountPath: m.path, ReadOnly: m.ro}
	}
	if t := c.Spec.PodTemplate; t != nil {
		out = append(out, t.VolumeMounts...)
	}
	return out
}
