// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import "strings"

// Reference is a place that holds a secret.
type Reference struct{ Provider, Path, Key string }

// String returns the reference as it stands in a config.
func (r Reference) String() string {
	if r.Path == "" {
		return "${" + r.Provider + ":" + r.Key + "}"
	}
	return "${" + r.Provider + ":" + r.Path + ":" + r.Key + "}"
}

// nextReference finds the first reference of text, what stands before it, and
// what stands after it; without one everything is before. The syntax is that of
// org.apache.kafka.common.config.ConfigTransformer: "${", up to the first "}",
// with one colon or more; the key may hold colons, provider and path may not.
func nextReference(text string) (ref Reference, before, after string, ok bool) {
	at := 0
	for {
		open := strings.Index(text[at:], "${")
		if open < 0 {
			return Reference{}, text, "", false
		}
		open += at
		length := strings.IndexByte(text[open:], '}')
		if length < 0 {
			return Reference{}, text, "", false
		}
		end := open + length
		provider, rest, found := strings.Cut(text[open+2:end], ":")
		if found {
			path, key, hasPath := strings.Cut(rest, ":")
			if !hasPath {
				path, key = "", rest
			}
			return Reference{Provider: provider, Path: path, Key: key}, text[:open], text[end+1:], true
		}
		at = open + 2
	}
}
