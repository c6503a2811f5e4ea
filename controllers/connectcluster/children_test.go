// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/secrets"
)

func cluster(spec v1alpha1.ConnectClusterSpec) *v1alpha1.ConnectCluster {
	return &v1alpha1.ConnectCluster{ObjectMeta: metav1.ObjectMeta{Name: "main", Namespace: "data", Labels: map[string]string{"argocd.argoproj.io/instance": "x"}}, Spec: spec}
}

func TestWorkersAreRestricted(t *testing.T) {
	s := statefulSet(cluster(plain()), Image{Name: "i", PullPolicy: corev1.PullAlways}, revisions{config: "h"})
	pod, c := s.Spec.Template.Spec, s.Spec.Template.Spec.Containers[0]
	if !*pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the pod's security is %+v", pod.SecurityContext)
	}
	if sc := c.SecurityContext; *sc.AllowPrivilegeEscalation || !*sc.ReadOnlyRootFilesystem || len(sc.Capabilities.Drop) != 1 || sc.Capabilities.Drop[0] != "ALL" {
		t.Errorf("the container's security is %+v", sc)
	}
	if c.LivenessProbe == nil || c.ReadinessProbe == nil || c.Resources.Limits.Memory().IsZero() {
		t.Error("the container has no probe, or no memory limit")
	}
	if got := envOf(c, "GOMEMLIMIT"); got != "483183819" {
		t.Errorf("GOMEMLIMIT is %s, want nine tenths of 512Mi", got)
	}
	for k := range s.Labels {
		if strings.HasPrefix(k, "argocd") {
			t.Errorf("the user's label %s was copied", k)
		}
	}
}

func envOf(c corev1.Container, name string) string {
	for _, e := range c.Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

func TestPodTemplate(t *testing.T) {
	spec := plain()
	spec.PodTemplate = &v1alpha1.PodTemplate{
		Labels: map[string]string{"team": "a"}, Annotations: map[string]string{"note": "b"}, PriorityClassName: "high",
		Volumes:      []corev1.Volume{{Name: "files"}},
		VolumeMounts: []corev1.VolumeMount{{Name: "files", MountPath: "/files"}},
		Env:          []corev1.EnvVar{{Name: "TZ", Value: "UTC"}},
		Affinity:     &corev1.Affinity{},
	}
	tpl := statefulSet(cluster(spec), Image{}, revisions{config: "h"}).Spec.Template
	c := tpl.Spec.Containers[0]
	if tpl.Labels["team"] != "a" || tpl.Annotations["note"] != "b" || tpl.Spec.PriorityClassName != "high" || envOf(c, "TZ") != "UTC" {
		t.Errorf("the pod does not have what its template says: %+v", tpl.ObjectMeta)
	}
	if v := tpl.Spec.Volumes; v[len(v)-1].Name != "files" {
		t.Error("the volume is missing")
	}
	if m := c.VolumeMounts; m[len(m)-1].MountPath != "/files" {
		t.Error("the mount is missing")
	}
	if len(tpl.Spec.TopologySpreadConstraints) != 0 {
		t.Error("workers are spread although the user has an affinity of their own")
	}
	if tpl.Annotations[configHashKey] != "h" || tpl.Labels[v1alpha1.ClusterLabel] != "main" {
		t.Error("the operator's own labels are missing")
	}
}

func TestAWorkerMayReadWhatConnectorsName(t *testing.T) {
	connectors := []v1alpha1.Connector{
		{Spec: v1alpha1.ConnectorSpec{ConfigFrom: []v1alpha1.ConfigFrom{{Key: "a", SecretKeyRef: v1alpha1.SecretKeyRef{Name: "s2", Key: "k"}}, {Key: "b", SecretKeyRef: v1alpha1.SecretKeyRef{Name: "s1", Key: "k"}}}}},
		{Spec: v1alpha1.ConnectorSpec{ConfigFrom: []v1alpha1.ConfigFrom{{Key: "a", SecretKeyRef: v1alpha1.SecretKeyRef{Name: "s1", Key: "other"}}}}},
	}
	tasks := rbacv1.PolicyRule{APIGroups: []string{v1alpha1.Group}, Resources: []string{"tasks"}, Verbs: []string{"get", "list", "watch"}}
	want := []rbacv1.PolicyRule{tasks, {APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}, ResourceNames: []string{"s1", "s2"}}}
	if diff := cmp.Diff(want, role(cluster(plain()), secretNames(connectors)).Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	// No name at all would mean every Secret.
	if diff := cmp.Diff([]rbacv1.PolicyRule{tasks}, role(cluster(plain()), nil).Rules); diff != "" {
		t.Errorf("rules without secrets (-want +got):\n%s", diff)
	}
}

func TestPropertiesAreReadAsTheyWereWritten(t *testing.T) {
	want := map[string]string{
		"plain": "value", "a key": "b", "k=v": "x=y:z", "lead": "  two spaces", "lines": "a\nb\r\tc", "back": `c:\dir`, "#no": "!comment", "uni": "grüß", "empty": "",
	}
	got, err := secrets.ParseProperties(format(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s\n%s", diff, format(want))
	}
}

func TestTheWorkersConnectionHoldsReferences(t *testing.T) {
	spec := plain()
	spec.Kafka.TLS = &v1alpha1.KafkaTLS{
		CASecretRef: &v1alpha1.SecretKeyRef{Name: "ca", Key: "ca.crt"}, CertificateSecretRef: &v1alpha1.SecretRef{Name: "cert"}, InsecureSkipVerify: true,
	}
	spec.Kafka.SASL = &v1alpha1.KafkaSASL{Mechanism: v1alpha1.SASLPlain, Username: "u", PasswordSecretRef: v1alpha1.SecretKeyRef{Name: "sasl", Key: "p"}}
	want := map[string]string{
		"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "u", "sasl.password": "${dir:/etc/penstock-kafka/sasl:p}",
		"ssl.truststore.type": "PEM", "ssl.truststore.certificates": "${dir:/etc/penstock-kafka/ca:ca.crt}",
		"ssl.keystore.type": "PEM", "ssl.keystore.certificate.chain": "${dir:/etc/penstock-kafka/tls:tls.crt}", "ssl.keystore.key": "${dir:/etc/penstock-kafka/tls:tls.key}",
		"ssl.insecure.skip.verify": "true",
	}
	if diff := cmp.Diff(want, workerConnection(cluster(spec))); diff != "" {
		t.Errorf("connection (-want +got):\n%s", diff)
	}
	mounted := map[string]string{}
	for _, m := range ownMounts(cluster(spec)) {
		if m.volume.Secret != nil {
			mounted[m.path] = m.volume.Secret.SecretName
		}
	}
	if diff := cmp.Diff(map[string]string{kafkaCADir: "ca", kafkaTLSDir: "cert", kafkaSASLDir: "sasl"}, mounted); diff != "" {
		t.Errorf("mounted secrets (-want +got):\n%s", diff)
	}
}

func checkNoSecret(t *testing.T, text string, hidden ...string) {
	t.Helper()
	for _, h := range hidden {
		if strings.Contains(text, h) {
			t.Errorf("%q stands in:\n%s", h, text)
		}
	}
	if !strings.Contains(text, "bootstrap.servers=b:9092") {
		t.Errorf("the brokers are missing in:\n%s", text)
	}
}
