// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"fmt"
	"strings"

	"penstock.dev/api/v1alpha1"
)

// rival says whether another connector of the same Kafka must not run beside c,
// and why; "" is that it may. The older of two wins, so only c's elders count. It
// is pure.
func rival(c *v1alpha1.Connector, group string, other *v1alpha1.Connector, otherGroup string) string {
	if other.UID == c.UID || !older(other, c) {
		return ""
	}
	if c.Namespace == other.Namespace && c.Spec.ClusterRef == other.Spec.ClusterRef && c.KafkaName() == other.KafkaName() {
		return fmt.Sprintf("the Connector %s has the name %q in Kafka already: set another spec.connectorName", other.Name, c.KafkaName())
	}
	if group != otherGroup && group+"-"+c.KafkaName() == otherGroup+"-"+other.KafkaName() {
		return fmt.Sprintf("its transactional ids %s-%s-<n> would be those of the Connector %s/%s: set another spec.connectorName",
			group, c.KafkaName(), other.Namespace, other.Name)
	}
	return ""
}

// older reports whether a goes before b. Creation times have seconds only: of the
// same second, the one that has tasks already goes first.
func older(a, b *v1alpha1.Connector) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	if aRan, bRan := a.Status.ConfigRevision != "", b.Status.ConfigRevision != ""; aRan != bRan {
		return aRan
	}
	return strings.Compare(string(a.UID), string(b.UID)) < 0
}
