// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javassl

import (
	"strings"
	"testing"

	"penstock.dev/runtime/configdef"
)

// FuzzPEM: whatever stands where certificates should, there are settings or
// problems, and no problem holds the key.
func FuzzPEM(f *testing.F) {
	const block = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
	f.Add(block, block, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----\n")
	f.Add("nonsense", "", "a secret that is long")
	f.Add("", "-----BEGIN X-----", "")
	f.Fuzz(func(t *testing.T, truststore, chain, key string) {
		c := Config{Truststore: truststore, Certificate: chain, Key: configdef.NewPassword(key), Endpoint: "https"}
		settings, problems := c.TLS()
		if len(problems) == 0 && (truststore != "" && settings.RootCAs == nil || chain+key != "" && len(settings.Certificates) != 1) {
			t.Error("what was given is ignored")
		}
		for _, p := range problems {
			if len(key) > 16 && key != chain && strings.Contains(p.Message, key) {
				t.Errorf("the problem shows the key: %s", p.Message)
			}
		}
	})
}
