// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package apache

import (
	"os"
	"testing"
)

func TestProperty(t *testing.T) {
	if v := property([]byte("<a><kafka.version>4.3.1</kafka.version></a>"), "kafka.version"); v != "4.3.1" {
		t.Errorf("version %q", v)
	}
	if v := property([]byte("<a/>"), "kafka.version"); v != "" {
		t.Errorf("version %q of none", v)
	}
}

// What names the versions of what is fetched.
func TestPoms(t *testing.T) {
	for file, name := range map[string]string{"../../hack/kafka/pom.xml": "kafka.version", "registry/pom.xml": "apicurio.version"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if property(text, name) == "" {
			t.Errorf("%s has no %s", file, name)
		}
	}
}
