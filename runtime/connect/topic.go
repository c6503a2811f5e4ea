// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"fmt"
	"strings"
)

// maxTopic is the longest topic name that a broker accepts.
const maxTopic = 249

// CheckTopic returns why a topic name would be refused by the broker, or nil
// (org.apache.kafka.common.internals.Topic).
func CheckTopic(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a topic name must not be empty")
	case name == "." || name == "..":
		return fmt.Errorf("%q is no topic name", name)
	case len(name) > maxTopic:
		return fmt.Errorf("the topic name %.20q… has %d characters, the limit is %d", name, len(name), maxTopic)
	}
	if i := strings.IndexFunc(name, notInTopic); i >= 0 {
		return fmt.Errorf("%q is no topic name: use only letters, digits, '.', '_' and '-'", name)
	}
	return nil
}

func notInTopic(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
}
