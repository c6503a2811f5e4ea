// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"slices"
	"testing"
)

func TestHide(t *testing.T) {
	passwords := map[string]bool{"auth": true, "credentials.source": false}
	for name, tc := range map[string]struct {
		key, value, want string
		secret           bool
	}{
		"a password by its type":      {"auth", "geheim", Hidden, true},
		"one by its name":             {"db.password", "geheim", Hidden, true},
		"one of Kafka's":              {"producer.override.sasl.jaas.config", "x required password=geheim;", Hidden, true},
		"in an address":               {"url", "https://u:geheim@host/", "https://u:" + Hidden + "@host/", true},
		"known to be none":            {"credentials.source", "USER_INFO", "USER_INFO", false},
		"an address without":          {"url", "https://host:80/a@b", "https://host:80/a@b", false},
		"a reference":                 {"db.password", "${file:/a:b}", "${file:/a:b}", false},
		"a reference with more":       {"db.password", "${file:/a:b}geheim", Hidden, true},
		"empty":                       {"db.password", "", "", false},
		"a name like any other":       {"topic", "geheim", "geheim", false},
		"an address that is a secret": {"auth", "https://u:geheim@host/", Hidden, true},
	} {
		t.Run(name, func(t *testing.T) {
			config := map[string]string{tc.key: tc.value}
			if got := Hide(config, passwords)[tc.key]; got != tc.want {
				t.Errorf("shows %q, want %q", got, tc.want)
			}
			if got := slices.Contains(SecretKeys(config, passwords), tc.key); got != tc.secret {
				t.Errorf("a secret: %v, want %v", got, tc.secret)
			}
		})
	}
}
