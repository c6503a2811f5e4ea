// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/task"
)

// taskView is what a task's metrics are computed from.
type taskView struct {
	TaskState
	restarts int
	now      time.Time
}

// taskMetric is a metric of a task, with the labels connector and task.
type taskMetric struct {
	desc  *prometheus.Desc
	kind  connect.Kind // "" is every kind
	typ   prometheus.ValueType
	value func(v *taskView) float64
	// when says whether there is a value; nil is always.
	when func(v *taskView) bool
	// sums makes it a summary without quantiles, of nanoseconds, instead of value.
	sums func(v *taskView) (count, nanos int64)
}

// point returns the metric's value of a task, without labels, if it has one.
func (m *taskMetric) point(v *taskView) (point, bool) {
	switch {
	case m.kind != "" && m.kind != v.Kind, m.when != nil && !m.when(v):
		return point{}, false
	case m.sums != nil:
		count, nanos := m.sums(v)
		return point{desc: m.desc, summary: true, count: uint64(count), value: time.Duration(nanos).Seconds()}, true
	default:
		return point{desc: m.desc, typ: m.typ, value: m.value(v)}, true
	}
}

// taskMetrics returns the metrics that a task of each kind has.
func taskMetrics() []taskMetric {
	var all []taskMetric
	for _, table := range [][]taskMetric{ownMetrics(), connectMetrics(), sourceMetrics(), sinkMetrics(), consumerMetrics()} {
		all = append(all, table...)
	}
	return all
}

func taskGauge(name, help string, value func(v *taskView) float64) taskMetric {
	return taskMetric{desc: desc(name, help, taskLabels...), typ: prometheus.GaugeValue, value: value}
}

func taskCount(name, help string, value func(v *taskView) int64) taskMetric {
	return taskMetric{desc: desc(name, help, taskLabels...), typ: prometheus.CounterValue,
		value: func(v *taskView) float64 { return float64(value(v)) }}
}

func taskSums(name, help string, of func(p task.Progress) task.Measure) taskMetric {
	return taskMetric{desc: desc(name, help, taskLabels...), sums: func(v *taskView) (count, nanos int64) {
		m := of(v.Progress)
		return m.Count, m.Sum
	}}
}

// of makes metrics those of one kind of task.
func of(kind connect.Kind, metrics ...taskMetric) []taskMetric {
	for i := range metrics {
		metrics[i].kind = kind
	}
	return metrics
}

func (m taskMetric) only(when func(v *taskView) bool) taskMetric {
	m.when = when
	return m
}

// ownMetrics are those that Kafka Connect has no name for.
func ownMetrics() []taskMetric {
	return []taskMetric{
		taskCount("penstock_task_bytes_total", "Bytes of the records that the task has written.", func(v *taskView) int64 { return v.Progress.Bytes }),
		taskCount("penstock_task_restarts_total", "How often this worker has started the task again.", func(v *taskView) int64 { return int64(v.restarts) }),
		taskGauge("penstock_task_epoch", "Epoch of the task's incarnation.", func(v *taskView) float64 { return float64(v.Epoch) }),
		taskGauge("penstock_task_stalled_seconds", "Time without progress although records wait; 0 if the task moves or has nothing to do.",
			func(v *taskView) float64 { return v.Stalled(v.now).Seconds() }),
		taskGauge("penstock_task_loop_idle_seconds", "Time since the task's loop last turned; it grows while a connector does not return.",
			func(v *taskView) float64 { return v.now.Sub(v.Progress.LastTurn).Seconds() }).
			only(func(v *taskView) bool { return !v.Progress.LastTurn.IsZero() && v.State == task.Running }),
		taskGauge("penstock_task_last_commit_timestamp_seconds", "When the task's offsets were last committed.",
			func(v *taskView) float64 { return float64(v.Progress.LastCommit.UnixMilli()) / 1000 }).
			only(func(v *taskView) bool { return !v.Progress.LastCommit.IsZero() }),
		taskSums("penstock_task_batch_seconds", "How long polls that brought records, or puts, took.", func(p task.Progress) task.Measure { return p.BatchTime }),
		taskSums("penstock_task_commit_seconds", "How long commits of offsets took that succeeded.", func(p task.Progress) task.Measure { return p.CommitTime }),
		taskCount("penstock_task_commit_failures_total", "Commits of offsets that failed.", func(v *taskView) int64 { return v.Progress.CommitFailed.Count }),
	}
}

// connectMetrics are Kafka Connect's of every task. Averages and maxima are of the
// last 30 to 60 s, as there.
func connectMetrics() []taskMetric {
	share := func(w task.Window, v *taskView) float64 {
		all := v.Progress.CommitTime.Recent.Count + v.Progress.CommitFailed.Recent.Count
		return float64(w.Count) / float64(max(all, 1))
	}
	return []taskMetric{
		taskGauge("kafka_connect_connector_task_batch_size_avg", "Mean number of records in a recent batch.", func(v *taskView) float64 { return v.Progress.Batch.Recent.Avg() }),
		taskGauge("kafka_connect_connector_task_batch_size_max", "Most records in a recent batch.", func(v *taskView) float64 { return float64(v.Progress.Batch.Recent.Max) }),
		taskGauge("kafka_connect_connector_task_running_ratio", "Share of the incarnation's time in which the task was running, 0 to 1.", func(v *taskView) float64 { return v.RunningRatio }),
		taskGauge("kafka_connect_connector_task_pause_ratio", "Share of the incarnation's time in which the task was paused, 0 to 1.", func(v *taskView) float64 { return v.PauseRatio }),
		taskGauge("kafka_connect_connector_task_offset_commit_avg_time_ms", "Mean time that recent commits of offsets took.", func(v *taskView) float64 { return millis(v.Progress.CommitTime.Recent.Avg()) }),
		taskGauge("kafka_connect_connector_task_offset_commit_max_time_ms", "Longest time that a recent commit of offsets took.", func(v *taskView) float64 { return millis(float64(v.Progress.CommitTime.Recent.Max)) }),
		taskGauge("kafka_connect_connector_task_offset_commit_success_percentage", "Share of recent commits of offsets that succeeded, 0 to 1.",
			func(v *taskView) float64 { return share(v.Progress.CommitTime.Recent, v) }),
		taskGauge("kafka_connect_connector_task_offset_commit_failure_percentage", "Share of recent commits of offsets that failed, 0 to 1.",
			func(v *taskView) float64 { return share(v.Progress.CommitFailed.Recent, v) }),
		taskCount("kafka_connect_task_error_total_record_failures", "Tries to convert, transform or write a record that failed.", func(v *taskView) int64 { return v.Progress.Failures }),
		taskCount("kafka_connect_task_error_total_record_errors", "Records that failed for good.", func(v *taskView) int64 { return v.Progress.Errors }),
		taskCount("kafka_connect_task_error_total_records_skipped", "Records that failed for good and were skipped.", func(v *taskView) int64 { return v.Progress.Skipped }),
		taskCount("kafka_connect_task_error_total_retries", "How often a poll, a put or a record was tried again after an error that may pass.", func(v *taskView) int64 { return v.Progress.Retries }),
		taskCount("kafka_connect_task_error_total_errors_logged", "Failures that were logged because of errors.log.enable.", func(v *taskView) int64 { return v.Progress.Logged }),
		taskCount("kafka_connect_task_error_deadletterqueue_produce_requests", "Dead letters that were given to Kafka.", func(v *taskView) int64 { return v.Progress.DeadLetters }),
		taskCount("kafka_connect_task_error_deadletterqueue_produce_failures", "Dead letters that Kafka has not taken.", func(v *taskView) int64 { return v.Progress.DeadLetterFailures }),
		taskGauge("kafka_connect_task_error_last_error_timestamp", "When something last went wrong, in milliseconds since 1970.",
			func(v *taskView) float64 { return float64(v.Progress.LastError.UnixMilli()) }).
			only(func(v *taskView) bool { return !v.Progress.LastError.IsZero() }),
	}
}

func sourceMetrics() []taskMetric {
	const prefix = "kafka_connect_source_task_"
	return of(connect.SourceKind,
		taskCount(prefix+"source_record_poll_total", "Records that the connector has read.", func(v *taskView) int64 { return v.Progress.Polled }),
		taskGauge(prefix+"source_record_poll_rate", "Records per second that the connector reads.", func(v *taskView) float64 { return v.PolledPerSecond }),
		taskCount(prefix+"source_record_write_total", "Records that the task has written to Kafka.", func(v *taskView) int64 { return v.Progress.Records }),
		taskGauge(prefix+"source_record_write_rate", "Records per second that the task writes to Kafka.", func(v *taskView) float64 { return v.RecordsPerSecond }),
		taskGauge(prefix+"source_record_active_count", "Records that were read and are not yet committed.", func(v *taskView) float64 { return float64(v.Progress.Pending) }),
		taskGauge(prefix+"poll_batch_avg_time_ms", "Mean time that recent polls with records took.", func(v *taskView) float64 { return millis(v.Progress.BatchTime.Recent.Avg()) }),
		taskGauge(prefix+"poll_batch_max_time_ms", "Longest time that a recent poll with records took.", func(v *taskView) float64 { return millis(float64(v.Progress.BatchTime.Recent.Max)) }),
	)
}

func sinkMetrics() []taskMetric {
	const prefix = "kafka_connect_sink_task_"
	return of(connect.SinkKind,
		taskCount(prefix+"sink_record_read_total", "Records that the task has read from Kafka.", func(v *taskView) int64 { return v.Progress.Polled }),
		taskGauge(prefix+"sink_record_read_rate", "Records per second that the task reads from Kafka.", func(v *taskView) float64 { return v.PolledPerSecond }),
		taskCount(prefix+"sink_record_send_total", "Records that the task has written to the outside.", func(v *taskView) int64 { return v.Progress.Records }),
		taskGauge(prefix+"sink_record_send_rate", "Records per second that the task writes to the outside.", func(v *taskView) float64 { return v.RecordsPerSecond }),
		taskGauge(prefix+"sink_record_active_count", "Records that were read and are not yet committed.", func(v *taskView) float64 { return float64(v.Progress.Pending) }),
		taskGauge(prefix+"partition_count", "Partitions that the task reads.", func(v *taskView) float64 { return float64(len(v.Progress.Assignment)) }),
		taskGauge(prefix+"put_batch_avg_time_ms", "Mean time that recent puts took.", func(v *taskView) float64 { return millis(v.Progress.BatchTime.Recent.Avg()) }),
		taskGauge(prefix+"put_batch_max_time_ms", "Longest time that a recent put took.", func(v *taskView) float64 { return millis(float64(v.Progress.BatchTime.Recent.Max)) }),
		taskCount(prefix+"offset_commit_completion_total", "Commits of offsets that succeeded.", func(v *taskView) int64 { return v.Progress.CommitTime.Count }),
		taskCount(prefix+"offset_commit_seq_no", "Commits of offsets that have ended, well or not.",
			func(v *taskView) int64 { return v.Progress.CommitTime.Count + v.Progress.CommitFailed.Count }),
		taskGauge(prefix+"sink_record_lag_max", "Most records that a partition of the task holds beyond what the task has read of it.",
			func(v *taskView) float64 { return float64(v.Progress.LagMax) }).
			only(func(v *taskView) bool { return v.Progress.Lag >= 0 }),
		taskGauge("penstock_task_lag_records", "Records in the task's partitions beyond what it has read.", func(v *taskView) float64 { return float64(v.Progress.Lag) }).
			only(func(v *taskView) bool { return v.Progress.Lag >= 0 }),
	)
}

// consumerMetrics are those of a sink task's own Kafka client, under the names
// that the shared producer's have.
func consumerMetrics() []taskMetric {
	const prefix = "penstock_kafka_consumer_"
	total := func(name, help string, value func(c kafka.TrafficCounts) int64) taskMetric {
		return taskCount(prefix+name, help, func(v *taskView) int64 { return value(v.Traffic) })
	}
	now := func(name, help string, value func(c kafka.TrafficCounts) int64) taskMetric {
		return taskGauge(prefix+name, help, func(v *taskView) float64 { return float64(value(v.Traffic)) })
	}
	requests := taskMetric{
		desc: desc(prefix+"request_seconds", "How long requests took to be answered, a fetch's wait for records included.", taskLabels...),
		sums: func(v *taskView) (count, nanos int64) { return v.Traffic.Requests, int64(v.Traffic.RequestTime) },
	}
	throttled := taskMetric{
		desc: desc(prefix+"throttled_seconds_total", "How long brokers have made the client wait.", taskLabels...),
		typ:  prometheus.CounterValue, value: func(v *taskView) float64 { return v.Traffic.Throttled.Seconds() },
	}
	return of(connect.SinkKind,
		total("connects_total", "Connections opened.", func(c kafka.TrafficCounts) int64 { return c.Connects }),
		total("connect_errors_total", "Connections that could not be opened.", func(c kafka.TrafficCounts) int64 { return c.ConnectErrors }),
		total("disconnects_total", "Connections closed.", func(c kafka.TrafficCounts) int64 { return c.Disconnects }),
		total("write_bytes_total", "Bytes of requests.", func(c kafka.TrafficCounts) int64 { return c.BytesWritten }),
		total("write_errors_total", "Requests that could not be sent.", func(c kafka.TrafficCounts) int64 { return c.WriteErrors }),
		total("read_bytes_total", "Bytes of responses.", func(c kafka.TrafficCounts) int64 { return c.BytesRead }),
		total("read_errors_total", "Responses that could not be read.", func(c kafka.TrafficCounts) int64 { return c.ReadErrors }),
		requests, throttled,
		total("fetch_batches_total", "Batches fetched.", func(c kafka.TrafficCounts) int64 { return c.FetchBatches }),
		total("fetch_records_total", "Records fetched, markers of transactions included.", func(c kafka.TrafficCounts) int64 { return c.FetchRecords }),
		total("fetch_compressed_bytes_total", "Bytes of the records fetched, as they came.", func(c kafka.TrafficCounts) int64 { return c.FetchCompressedBytes }),
		total("fetch_bytes_total", "Bytes of the records fetched, uncompressed.", func(c kafka.TrafficCounts) int64 { return c.FetchUncompressedBytes }),
		now("buffered_fetch_records", "Records that the client holds and the task has not taken yet.", func(c kafka.TrafficCounts) int64 { return c.BufferedFetchRecords }),
		now("buffered_fetch_bytes", "Bytes of those.", func(c kafka.TrafficCounts) int64 { return c.BufferedFetchBytes }),
	)
}

func millis(nanos float64) float64 { return nanos / float64(time.Millisecond) }
