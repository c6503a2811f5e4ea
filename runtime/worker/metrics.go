// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/task"
)

// collector computes the metrics of a worker when it is asked. The names that
// start with kafka_ are those under which Prometheus' JMX exporter shows Kafka
// Connect's, so that dashboards and alerts go on working.
type collector struct {
	sources
	worker    []workerMetric
	tasks     []taskMetric
	connector connectorDescs
}

// sources are where a collector asks.
type sources struct {
	states   func() []TaskState
	restarts func(task.ID) int
	plugin   func(class string) (connect.Plugin, bool)
	// worker returns what is not of its tasks.
	view func() workerView
}

// connectorDescs are the metrics of a connector.
type connectorDescs struct {
	total, destroyed, class, version, kind, status, taskStatus *prometheus.Desc
	byState                                                    []*prometheus.Desc // as states
}

var (
	taskLabels      = []string{"connector", "task"}
	connectorLabels = []string{"connector"}
	// states are all states, in the order of the metrics.
	states = []task.State{task.Running, task.Paused, task.Failed, task.Unassigned, task.Restarting}
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func newCollector(s sources) *collector {
	c := connectorDescs{
		total:      desc("kafka_connect_worker_connector_total_task_count", "Tasks of the connector on this worker.", connectorLabels...),
		destroyed:  desc("kafka_connect_worker_connector_destroyed_task_count", "0: a task that is removed takes its metrics with it.", connectorLabels...),
		class:      desc("kafka_connect_connector_connector_class", "The connector's class.", "connector", "connector_class"),
		version:    desc("kafka_connect_connector_connector_version", "The version of the connector's class.", "connector", "connector_version"),
		kind:       desc("kafka_connect_connector_connector_type", "The connector's type.", "connector", "connector_type"),
		status:     desc("kafka_connect_connector_status", "1 for the state that the connector is in.", "connector", "status"),
		taskStatus: desc("kafka_connect_connector_task_status", "1 for the state that the task is in.", "connector", "task", "status"),
	}
	for _, s := range states {
		state := strings.ToLower(string(s))
		c.byState = append(c.byState, desc("kafka_connect_worker_connector_"+state+"_task_count",
			"Tasks of the connector on this worker that are "+state+".", connectorLabels...))
	}
	return &collector{sources: s, worker: workerMetrics(), tasks: taskMetrics(), connector: c}
}

// Describe sends nothing: the collector is unchecked, because its metrics depend
// on what runs.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the metrics of now.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	all := c.states() // a connector's are in a row
	connectors := 0
	for rest := all; len(rest) > 0; connectors++ {
		n := slices.IndexFunc(rest, func(s TaskState) bool { return s.Connector != rest[0].Connector })
		if n < 0 {
			n = len(rest)
		}
		c.collectConnector(ch, rest[:n], now)
		rest = rest[n:]
	}
	v := c.view()
	v.tasks, v.connectors = float64(len(all)), float64(connectors)
	ps := make(points, 0, len(c.worker))
	for _, m := range c.worker {
		ch <- ps.add(point{desc: m.desc, typ: m.typ, value: m.value(v)})
	}
}

// collectConnector sends the metrics of a connector and of its tasks here.
func (c *collector) collectConnector(ch chan<- prometheus.Metric, tasks []TaskState, now time.Time) {
	d, first := c.connector, tasks[0]
	connector := label("connector", first.Connector)
	plugin, _ := c.plugin(first.Class)
	ps := make(points, 0, len(states)+6)
	send := func(d *prometheus.Desc, value float64, more ...*dto.LabelPair) {
		ch <- ps.add(point{desc: d, labels: append([]*dto.LabelPair{connector}, more...), value: value})
	}
	send(d.total, float64(len(tasks)))
	send(d.destroyed, 0)
	for i, s := range states {
		n := 0
		for _, t := range tasks {
			if t.State == s {
				n++
			}
		}
		send(d.byState[i], float64(n))
	}
	send(d.class, 1, label("connector_class", first.Class))
	send(d.version, 1, label("connector_version", plugin.Version))
	if plugin.Kind != "" {
		send(d.kind, 1, label("connector_type", string(plugin.Kind)))
	}
	// Kafka Connect's own connector status does not fail with a task; the stock
	// alerts count failed tasks by the metric above.
	if first.Index == 0 {
		send(d.status, 1, label("status", strings.ToLower(string(connectorState(first)))))
	}
	for _, s := range tasks {
		if s.Kind == "" { // it could not be opened, and its metrics must not be missing for that
			s.Kind = plugin.Kind
		}
		c.collectTask(ch, connector, taskView{s, c.restarts(s.id()), now})
	}
}

func (c *collector) collectTask(ch chan<- prometheus.Metric, connector *dto.LabelPair, v taskView) {
	number := label("task", strconv.Itoa(v.Index))
	status := []*dto.LabelPair{connector, label("status", strings.ToLower(string(v.State))), number}
	labels := []*dto.LabelPair{connector, number}
	ps := make(points, 0, len(c.tasks)+1)
	ch <- ps.add(point{desc: c.connector.taskStatus, labels: status, value: 1})
	for i := range c.tasks {
		if p, ok := c.tasks[i].point(&v); ok {
			p.labels = labels
			ch <- ps.add(p)
		}
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
