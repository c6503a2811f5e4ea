// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"strconv"
	"strings"
)

// The prefixes of the status topic's keys: Kafka Connect's, and ours, which it
// ignores.
const (
	connectorPrefix = "status-connector-"
	taskPrefix      = "status-task-"
	detailPrefix    = "penstock-task-"
	workerPrefix    = "penstock-worker-"
	epochPrefix     = "penstock-epoch-"
	identityPrefix  = "penstock-cluster-"
)

// TaskID names a task: its connector's name in Kafka and its number.
type TaskID struct {
	Connector string
	Index     int
}

func taskKey(prefix string, id TaskID) string {
	return prefix + id.Connector + "-" + strconv.Itoa(id.Index)
}

// parseTaskKey reads `<prefix><connector>-<index>`; the last dash separates, as
// names may hold dashes.
func parseTaskKey(key, prefix string) (TaskID, bool) {
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return TaskID{}, false
	}
	dash := strings.LastIndexByte(rest, '-')
	if dash < 1 {
		return TaskID{}, false
	}
	index, err := strconv.Atoi(rest[dash+1:])
	if err != nil || index < 0 {
		return TaskID{}, false
	}
	return TaskID{Connector: rest[:dash], Index: index}, true
}
