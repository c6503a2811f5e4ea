// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"maps"
	"regexp"
	"strings"
)

// hidden stands for a secret, as Kafka Connect shows one.
const hidden = "[hidden]"

// secretNames are keys that hold a secret by the look of them: not every plugin
// calls its passwords passwords, and a converter's or transform's keys are not
// among those that a server describes.
var secretNames = regexp.MustCompile(`(?i)(password|passwd|passphrase|secret|token|credential|jaas\.config|private[._-]?key|api[._-]?key|access[._-]?key|keystore\.key|basic\.auth\.user\.info|sas\.)`)

// userinfo is a user and a password in an address.
var userinfo = regexp.MustCompile(`(://[^/?#@\s:]*):[^/?#@\s]+@`)

// reference is a value that a config provider will put in.
var reference = regexp.MustCompile(`^\$\{[^}]+\}$`)

// Hide returns a config without what must not be shown: the values of the keys in
// passwords, of those whose name looks like it, and passwords in addresses.
// References to config providers are no secrets.
func Hide(config map[string]string, passwords map[string]bool) map[string]string {
	out := maps.Clone(config)
	for k, v := range out {
		switch {
		case v == "" || reference.MatchString(strings.TrimSpace(v)):
		case passwords[k] || secretNames.MatchString(k):
			out[k] = hidden
		default:
			out[k] = userinfo.ReplaceAllString(v, "$1:"+hidden+"@")
		}
	}
	return out
}
