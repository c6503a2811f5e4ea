// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"github.com/prometheus/client_golang/prometheus"

	"penstock.dev/runtime/kafka"
)

// workerView is what a worker's own metrics are computed from.
type workerView struct {
	tasks, connectors float64
	ready, moving     bool
	// taskStarts and firstStarts are those of all tasks and of each connector's first.
	taskStarts, firstStarts counts
	// producers and consumers are what all clients of tasks have exchanged.
	producers, consumers kafka.TrafficCounts
}

// workerMetric is a metric of the worker.
type workerMetric struct {
	desc  *prometheus.Desc
	typ   prometheus.ValueType
	value func(v workerView) float64
}

func workerGauge(name, help string, value func(v workerView) float64) workerMetric {
	return workerMetric{desc(name, help), prometheus.GaugeValue, value}
}

func workerCount(name, help string, value func(v workerView) float64) workerMetric {
	return workerMetric{desc(name, help), prometheus.CounterValue, value}
}

func workerMetrics() []workerMetric {
	all := []workerMetric{
		workerGauge("kafka_connect_worker_task_count", "Tasks that this worker has.", func(v workerView) float64 { return v.tasks }),
		workerGauge("kafka_connect_worker_connector_count", "Connectors of which this worker has tasks.", func(v workerView) float64 { return v.connectors }),
		workerGauge("kafka_connect_coordinator_assigned_tasks", "Tasks that are assigned to this worker.", func(v workerView) float64 { return v.tasks }),
		workerGauge("kafka_connect_coordinator_assigned_connectors", "Connectors of which tasks are assigned to this worker.", func(v workerView) float64 { return v.connectors }),
		workerGauge("kafka_connect_worker_rebalance_rebalancing", "1 while tasks that were taken away or changed are still stopping.", func(v workerView) float64 { return truth(v.moving) }),
		workerGauge("penstock_worker_ready", "1 if Kafka is reachable and the first assignment was taken over.", func(v workerView) float64 { return truth(v.ready) }),
	}
	all = append(all, startMetrics("task", "tasks", func(v workerView) counts { return v.taskStarts })...)
	all = append(all, startMetrics("connector", "connectors' first tasks", func(v workerView) counts { return v.firstStarts })...)
	all = append(all, clientMetrics("producer", "source tasks", func(v workerView) kafka.TrafficCounts { return v.producers })...)
	return append(all, clientMetrics("consumer", "sink tasks", func(v workerView) kafka.TrafficCounts { return v.consumers })...)
}

// startMetrics are of the starts that have ended, as Kafka Connect counts them.
func startMetrics(name, whose string, of func(v workerView) counts) []workerMetric {
	prefix := "kafka_connect_worker_" + name + "_startup_"
	return []workerMetric{
		workerCount(prefix+"attempts_total", "Starts of "+whose+" that have succeeded or failed.", func(v workerView) float64 { return of(v).all() }),
		workerCount(prefix+"success_total", "Starts of "+whose+" that have succeeded.", func(v workerView) float64 { return of(v).good }),
		workerCount(prefix+"failure_total", "Starts of "+whose+" that have failed.", func(v workerView) float64 { return of(v).bad }),
		workerGauge(prefix+"success_percentage", "Share of the starts of "+whose+" that have succeeded, 0 to 1.", func(v workerView) float64 { return of(v).share(of(v).good) }),
		workerGauge(prefix+"failure_percentage", "Share of the starts of "+whose+" that have failed, 0 to 1.", func(v workerView) float64 { return of(v).share(of(v).bad) }),
	}
}

// clientMetrics are of all clients together, whose number does not matter: the
// counts stay when a task and its client go.
func clientMetrics(name, whose string, of func(v workerView) kafka.TrafficCounts) []workerMetric {
	prefix := "kafka_" + name + "_"
	return []workerMetric{
		workerGauge(prefix+"connection_count", "Connections to brokers that the Kafka clients of "+whose+" have open.",
			func(v workerView) float64 { return float64(of(v).Connects - of(v).Disconnects) }),
		workerCount(prefix+"incoming_byte_total", "Bytes that the Kafka clients of "+whose+" have received.", func(v workerView) float64 { return float64(of(v).BytesRead) }),
		workerCount(prefix+"outgoing_byte_total", "Bytes that the Kafka clients of "+whose+" have sent.", func(v workerView) float64 { return float64(of(v).BytesWritten) }),
	}
}
