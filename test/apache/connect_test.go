// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package apache

import "testing"

func TestKafkaVersion(t *testing.T) {
	if v := kafkaVersion([]byte("<a><kafka.version>4.3.1</kafka.version></a>")); v != "4.3.1" {
		t.Errorf("version %q", v)
	}
	if v := kafkaVersion([]byte("<a/>")); v != "" {
		t.Errorf("version %q of none", v)
	}
}
