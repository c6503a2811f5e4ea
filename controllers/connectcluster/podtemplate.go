// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"fmt"
	"path"
	"slices"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/configdef"
)

// ownVariables tell an agent which pod it is in. Given twice, the API server would
// refuse the whole StatefulSet.
var ownVariables = []string{"POD_NAME", "POD_NAMESPACE", "POD_UID", "POD_IP"}

// templateProblems are the parts of a pod template that the operator has already.
// It is pure.
func templateProblems(c *v1alpha1.ConnectCluster) []configdef.Problem {
	t := c.Spec.PodTemplate
	if t == nil {
		return nil
	}
	var out []configdef.Problem
	for _, e := range t.Env {
		if slices.Contains(ownVariables, e.Name) {
			out = append(out, configdef.Problem{Key: "spec.podTemplate.env", Message: fmt.Sprintf("%s belongs to the operator, choose another name", e.Name)})
		}
	}
	for _, m := range t.VolumeMounts {
		if isOwnPath(c, m.MountPath) {
			out = append(out, configdef.Problem{Key: "spec.podTemplate.volumeMounts", Message: fmt.Sprintf("%s belongs to the operator, choose another mountPath", m.MountPath)})
		}
	}
	return out
}

func isOwnPath(c *v1alpha1.ConnectCluster, mountPath string) bool {
	return slices.ContainsFunc(ownMounts(c), func(m mount) bool { return m.path == path.Clean(mountPath) })
}
