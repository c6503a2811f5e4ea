// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/controllers/connectcluster"
)

// operatorContainer is the operator's container, in config/manager and in the
// chart.
const operatorContainer = "operator"

// readImage asks for the image of the pod that this process runs in: workers run
// the same, also where an overlay or a registry's mirror has changed its name.
func readImage(ctx context.Context, c client.Reader, pod client.ObjectKey) (connectcluster.Image, error) {
	if pod.Namespace == "" || pod.Name == "" {
		return connectcluster.Image{}, errors.New("--image (or PENSTOCK_IMAGE) must name the image that workers run, the operator's own; " +
			"or POD_NAMESPACE and POD_NAME must name the operator's pod, which tells it")
	}
	var p corev1.Pod
	if err := c.Get(ctx, pod, &p); err != nil {
		return connectcluster.Image{}, fmt.Errorf("reading the operator's own pod for its image: %w", err)
	}
	return imageOf(&p)
}

// imageOf is the image of an operator's pod. It is pure.
func imageOf(p *corev1.Pod) (connectcluster.Image, error) {
	for _, c := range p.Spec.Containers {
		if c.Name == operatorContainer {
			return connectcluster.Image{Name: c.Image, PullPolicy: c.ImagePullPolicy}, nil
		}
	}
	return connectcluster.Image{}, fmt.Errorf("the pod %s has no container %q that would tell the image of workers: set --image (or PENSTOCK_IMAGE)",
		p.Name, operatorContainer)
}
