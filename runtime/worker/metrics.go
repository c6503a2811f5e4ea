// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"penstock.dev/runtime/task"
)

// collector computes the metrics of a worker when it is asked. The names that
// start with kafka_connect are those under which Prometheus' JMX exporter shows
// Kafka Connect's, so that dashboards and alerts go on working.
type collector struct {
	metrics  []taskMetric
	tasks    func() []TaskState
	restarts func(task.ID) int
	version  func(class string) string
	ready    func() error
}

var (
	taskLabels      = []string{"connector", "task"}
	connectorLabels = []string{"connector"}
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe sends nothing: the collector is unchecked, because its metrics depend
// on what runs.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the metrics of now.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	states := c.tasks()
	connectors := map[string][]TaskState{}
	for _, s := range states {
		connectors[s.Connector] = append(connectors[s.Connector], s)
		c.task(ch, taskView{s, c.restarts(s.id()), now})
	}
	for name, tasks := range connectors {
		c.connector(ch, name, tasks)
	}
	gauge(ch, desc("kafka_connect_worker_task_count", "Tasks that this worker has."), float64(len(states)))
	gauge(ch, desc("kafka_connect_worker_connector_count", "Connectors of which this worker has tasks."), float64(len(connectors)))
	gauge(ch, desc("kafka_connect_coordinator_assigned_tasks", "Tasks that are assigned to this worker."), float64(len(states)))
	gauge(ch, desc("kafka_connect_coordinator_assigned_connectors", "Connectors of which tasks are assigned to this worker."), float64(len(connectors)))
	gauge(ch, desc("penstock_worker_ready", "1 if Kafka is reachable and the first assignment was taken over."), truth(c.ready() == nil))
}

func (c collector) task(ch chan<- prometheus.Metric, v taskView) {
	labels := v.labels()
	gauge(ch, desc("kafka_connect_connector_task_status", "1 for the state that the task is in.", "connector", "task", "status"),
		1, append(labels, strings.ToLower(string(v.State)))...)
	for _, m := range c.metrics {
		m.collect(ch, v, labels)
	}
}

// states are all states, in the order of the metrics.
var states = []task.State{task.Running, task.Paused, task.Failed, task.Unassigned, task.Restarting}

func (c collector) connector(ch chan<- prometheus.Metric, name string, tasks []TaskState) {
	counts := map[task.State]int{}
	for _, s := range tasks {
		counts[s.State]++
	}
	gauge(ch, desc("kafka_connect_worker_connector_total_task_count", "Tasks of the connector on this worker.", connectorLabels...), float64(len(tasks)), name)
	for _, s := range states {
		state := strings.ToLower(string(s))
		gauge(ch, desc("kafka_connect_worker_connector_"+state+"_task_count", "Tasks of the connector on this worker that are "+state+".", connectorLabels...),
			float64(counts[s]), name)
	}
	first := tasks[0]
	gauge(ch, desc("kafka_connect_connector_connector_class", "The connector's class.", "connector", "connector_class"), 1, name, first.Class)
	gauge(ch, desc("kafka_connect_connector_connector_version", "The version of the connector's class.", "connector", "connector_version"), 1, name, c.version(first.Class))
	if first.Kind != "" {
		gauge(ch, desc("kafka_connect_connector_connector_type", "The connector's type.", "connector", "connector_type"), 1, name, string(first.Kind))
	}
	// Kafka Connect's own connector status does not fail with a task; the stock
	// alerts count failed tasks by the metric above.
	if first.Index == 0 {
		gauge(ch, desc("kafka_connect_connector_status", "1 for the state that the connector is in.", "connector", "status"),
			1, name, strings.ToLower(string(connectorState(first))))
	}
}

// connectorState is a connector's own state, which is that of its first task
// except that it does not fail.
func connectorState(first TaskState) task.State {
	if first.State == task.Failed {
		return task.Running
	}
	return first.State
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func gauge(ch chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}
