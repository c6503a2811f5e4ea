// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"fmt"
	"strings"
)

// strategy says how a subject is named.
type strategy uint8

const (
	topicName strategy = iota
	recordName
	topicRecordName
)

var strategyNames = [...]string{"TopicNameStrategy", "RecordNameStrategy", "TopicRecordNameStrategy"}

const strategyPackage = "io.confluent.kafka.serializers.subject."

// strategyOf finds a strategy by its class name, in full or without the package.
func strategyOf(name string) (strategy, bool) {
	name = strings.TrimPrefix(name, strategyPackage)
	for i, n := range strategyNames {
		if n == name {
			return strategy(i), true
		}
	}
	return topicName, false
}

// Subject returns the subject of a schema. record is the full name of the record
// that the schema describes, "" if it is no record.
func (c *Client) Subject(topic, record string) (string, error) {
	if c.strategy == topicName {
		return topic + "-" + c.side, nil
	}
	if record == "" {
		return "", fmt.Errorf("%s.subject.name.strategy is %s, which needs a record, and the schema of topic %s describes none",
			c.side, strategyNames[c.strategy], topic)
	}
	if c.strategy == recordName {
		return record, nil
	}
	return topic + "-" + record, nil
}
