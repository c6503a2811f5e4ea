// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	appsv1 "k8s.io/api/apps/v1"

	"penstock.dev/api/v1alpha1"
)

const (
	containerName = "worker"
	metricsPort   = 9404
	configDir     = "/etc/penstock"
	stateDir      = "/var/run/penstock"
	kafkaTLSDir   = "/etc/penstock-kafka/tls"
	kafkaCADir    = "/etc/penstock-kafka/ca"
	kafkaSASLDir  = "/etc/penstock-kafka/sasl"
	configHashKey = "connect.penstock.dev/config-hash"
	// credentialsHashKey says with which Secrets workers reach Kafka.
	credentialsHashKey = "connect.penstock.dev/credentials-hash"
	// gracePeriod is how long a worker has to finish, flush and commit.
	gracePeriod int64 = 30
	user        int64 = 65532
	// memoryLimit is the Go runtime's own variable.
	memoryLimit = "GOMEMLIMIT"
)

// Image is the image that workers run: the operator's own.
type Image struct {
	Name       string
	PullPolicy corev1.PullPolicy
}

// statefulSet builds the workers.
func statefulSet(c *v1alpha1.ConnectCluster, image Image, v revisions) *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: objectMeta(c),
		Spec: appsv1.StatefulSetSpec{
			// Always said, so that workers that were stopped start again.
			Replicas:            new(replicas(c)),
			ServiceName:         childName(c),
			PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector:            &metav1.LabelSelector{MatchLabels: selector(c)},
			UpdateStrategy:      appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: podMeta(c, v),
				Spec:       podSpec(c, image),
			},
		},
	}
}

func objectMeta(c *v1alpha1.ConnectCluster) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: childName(c), Namespace: c.Namespace, Labels: labels(c)}
}

func podMeta(c *v1alpha1.ConnectCluster, v revisions) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Labels: map[string]string{}, Annotations: map[string]string{}}
	if t := c.Spec.PodTemplate; t != nil {
		maps.Copy(m.Labels, t.Labels)
		maps.Copy(m.Annotations, t.Annotations)
	}
	maps.Copy(m.Labels, labels(c))
	maps.Copy(m.Annotations, v.annotations())
	return m
}

func podSpec(c *v1alpha1.ConnectCluster, image Image) corev1.PodSpec {
	s := corev1.PodSpec{
		ServiceAccountName:            childName(c),
		TerminationGracePeriodSeconds: new(gracePeriod),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:   new(true),
			RunAsUser:      new(user),
			RunAsGroup:     new(user),
			FSGroup:        new(user),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{container(c, image)},
		Volumes:    volumes(c),
	}
	place(c, &s)
	return s
}

// place takes over what the user says of where pods run; without a word, workers
// prefer nodes of their own.
func place(c *v1alpha1.ConnectCluster, s *corev1.PodSpec) {
	t := c.Spec.PodTemplate
	if t == nil {
		t = &v1alpha1.PodTemplate{}
	}
	s.NodeSelector = t.NodeSelector
	s.Affinity = t.Affinity
	s.Tolerations = t.Tolerations
	s.PriorityClassName = t.PriorityClassName
	s.ImagePullSecrets = t.ImagePullSecrets
	s.TopologySpreadConstraints = t.TopologySpreadConstraints
	if t.Affinity == nil && len(t.TopologySpreadConstraints) == 0 {
		s.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew:           1,
			TopologyKey:       corev1.LabelHostname,
			WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector:     &metav1.LabelSelector{MatchLabels: selector(c)},
		}}
	}
}

func container(c *v1alpha1.ConnectCluster, image Image) corev1.Container {
	res := resources(c)
	return corev1.Container{
		Name:            containerName,
		Image:           image.Name,
		ImagePullPolicy: image.PullPolicy,
		Args:            []string{"worker", "--config=" + configDir + "/" + propertiesKey, "--state-dir=" + stateDir},
		Env:             env(c, res),
		Ports:           []corev1.ContainerPort{{Name: "metrics", ContainerPort: metricsPort, Protocol: corev1.ProtocolTCP}},
		Resources:       res,
		VolumeMounts:    mounts(c),
		LivenessProbe:   probe("/livez", 10, 3),
		ReadinessProbe:  probe("/readyz", 1, 3),
		StartupProbe:    probe("/livez", 1, 60),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			ReadOnlyRootFilesystem:   new(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

func probe(path string, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("metrics")}},
		PeriodSeconds:    period,
		TimeoutSeconds:   2,
		FailureThreshold: failures,
	}
}

// resources are the user's, or else small requests and a memory limit: a worker
// bounds what its tasks hold, so it needs a limit to be told.
func resources(c *v1alpha1.ConnectCluster) corev1.ResourceRequirements {
	if c.Spec.Resources != nil {
		return *c.Spec.Resources
	}
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi")},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")},
	}
}

func env(c *v1alpha1.ConnectCluster, res corev1.ResourceRequirements) []corev1.EnvVar {
	out := []corev1.EnvVar{
		field("POD_NAME", "metadata.name"),
		field("POD_NAMESPACE", "metadata.namespace"),
		field("POD_UID", "metadata.uid"),
		field("POD_IP", "status.podIP"),
	}
	// The collector works harder as the heap nears the container's limit, instead
	// of letting the kernel kill it; a tenth is left to what is not heap. A user's
	// own limit goes before it.
	var own []corev1.EnvVar
	if t := c.Spec.PodTemplate; t != nil {
		own = t.Env
	}
	theirs := slices.ContainsFunc(own, func(e corev1.EnvVar) bool { return e.Name == memoryLimit })
	if limit, ok := res.Limits[corev1.ResourceMemory]; ok && !theirs {
		out = append(out, corev1.EnvVar{Name: memoryLimit, Value: strconv.FormatInt(limit.Value()/10*9, 10)})
	}
	return append(out, own...)
}

func field(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path},
	}}
}
