// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"penstock.dev/api/v1alpha1"
)

func withTemplate(mountPath string, env ...corev1.EnvVar) v1alpha1.ConnectClusterSpec {
	spec := plain()
	spec.PodTemplate = &v1alpha1.PodTemplate{Env: env}
	if mountPath != "" {
		spec.PodTemplate.Volumes = []corev1.Volume{{Name: "files", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
		spec.PodTemplate.VolumeMounts = []corev1.VolumeMount{{Name: "files", MountPath: mountPath}}
	}
	return spec
}

func TestTemplateProblems(t *testing.T) {
	for name, tc := range map[string]struct {
		spec v1alpha1.ConnectClusterSpec
		want string
	}{
		"no template":               {plain(), ""},
		"a variable":                {withTemplate("", corev1.EnvVar{Name: "TZ"}), ""},
		"the memory limit":          {withTemplate("", corev1.EnvVar{Name: memoryLimit}), ""},
		"a variable of ours":        {withTemplate("", corev1.EnvVar{Name: "POD_UID"}), "spec.podTemplate.env: POD_UID"},
		"a mount":                   {withTemplate("/files"), ""},
		"a mount below one of ours": {withTemplate("/tmp/files"), ""},
		"a mount of ours":           {withTemplate("/tmp"), "spec.podTemplate.volumeMounts: /tmp"},
		"a mount of ours with /":    {withTemplate(stateDir + "/"), "spec.podTemplate.volumeMounts: " + stateDir},
	} {
		t.Run(name, func(t *testing.T) {
			got := list(templateProblems(cluster(tc.spec)))
			if (tc.want == "") != (got == "") || !strings.HasPrefix(got, tc.want) {
				t.Errorf("problems are %q, want %q", got, tc.want)
			}
		})
	}
}

func TestATemplateThatRepeatsOursIsRefused(t *testing.T) {
	f := newFixture(t)
	c := f.add(withTemplate("/tmp", corev1.EnvVar{Name: "POD_NAME", Value: "x"}))
	f.held(string(c.UID))
	c = f.pass(c)
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonConfigInvalid, "spec.podTemplate.env: POD_NAME")
	f.check(c, v1alpha1.ReadyCondition, no, v1alpha1.ReasonConfigInvalid, "spec.podTemplate.volumeMounts: /tmp")
	f.check(c, v1alpha1.StalledCondition, yes, v1alpha1.ReasonConfigInvalid, "")
}
