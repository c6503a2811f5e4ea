// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/controllers/connectcluster"
)

func TestImageOf(t *testing.T) {
	sidecar := corev1.Container{Name: "mesh", Image: "mesh:1"}
	for name, tc := range map[string]struct {
		containers []corev1.Container
		want       connectcluster.Image
		wantErr    string
	}{
		"alone": {
			containers: []corev1.Container{{Name: "operator", Image: "mirror.test/penstock:2", ImagePullPolicy: corev1.PullNever}},
			want:       connectcluster.Image{Name: "mirror.test/penstock:2", PullPolicy: corev1.PullNever},
		},
		"behind a sidecar": {
			containers: []corev1.Container{sidecar, {Name: "operator", Image: "penstock:2"}},
			want:       connectcluster.Image{Name: "penstock:2"},
		},
		"renamed": {containers: []corev1.Container{sidecar}, wantErr: "PENSTOCK_IMAGE"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := imageOf(&corev1.Pod{Spec: corev1.PodSpec{Containers: tc.containers}})
			if (err != nil) != (tc.wantErr != "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Fatalf("error %v, want %q", err, tc.wantErr)
			}
			if got != tc.want {
				t.Errorf("image %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestReadImageOutsideOfAPod(t *testing.T) {
	for name, key := range map[string]client.ObjectKey{"nothing": {}, "no name": {Namespace: "a"}, "no namespace": {Name: "a"}} {
		t.Run(name, func(t *testing.T) {
			_, err := readImage(t.Context(), nil, key)
			if err == nil || !strings.Contains(err.Error(), "--image") || !strings.Contains(err.Error(), "POD_NAME") {
				t.Errorf("error %v, want one that says what to set", err)
			}
		})
	}
}
