// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Hidden stands for a secret, as Kafka Connect shows one.
const Hidden = "[hidden]"

// secretNames are keys that hold a secret by the look of them: not every plugin
// calls its passwords passwords, and a converter's or transform's keys are not
// among those that a server describes.
var secretNames = regexp.MustCompile(`(?i)(password|passwd|passphrase|secret|token|credential|jaas\.config|private[._-]?key|api[._-]?key|access[._-]?key|keystore\.key|basic\.auth\.user\.info|request\.header\.|sas\.)`)

// userinfo is a user and a password in an address.
var userinfo = regexp.MustCompile(`(://[^/?#@\s:]*):[^/?#@\s]+@`)

// reference is a value that a config provider will put in.
var reference = regexp.MustCompile(`^\$\{[^}]+\}$`)

// Hide returns a config without what must not be shown: the values of the keys that
// passwords says are, of those that it does not know and whose name looks like it,
// and passwords in addresses. References to config providers are no secrets.
func Hide(config map[string]string, passwords map[string]bool) map[string]string {
	out := maps.Clone(config)
	for k, v := range out {
		if isSecret(k, v, passwords) {
			out[k] = Hidden
		} else if !isReference(v) {
			out[k] = userinfo.ReplaceAllString(v, "$1:"+Hidden+"@")
		}
	}
	return out
}

// SecretKeys returns the keys of a config that hold a secret, by what Hide goes by,
// sorted.
func SecretKeys(config map[string]string, passwords map[string]bool) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(config)) {
		v := config[k]
		if isSecret(k, v, passwords) || !isReference(v) && userinfo.MatchString(v) {
			out = append(out, k)
		}
	}
	return out
}

func isSecret(k, v string, passwords map[string]bool) bool {
	password, known := passwords[k]
	return v != "" && !isReference(v) && (password || !known && secretNames.MatchString(k))
}

func isReference(v string) bool { return reference.MatchString(strings.TrimSpace(v)) }
