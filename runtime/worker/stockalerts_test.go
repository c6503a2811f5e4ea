// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"penstock.dev/runtime/task"
)

// Alerts and panels that are written for Kafka Connect's metrics find ours: the
// expressions are those that are in use, evaluated on what a worker serves.
func TestStockExpressions(t *testing.T) {
	promtool := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "promtool")
	if _, err := os.Stat(promtool); err != nil {
		t.Skip("no promtool in $KUBEBUILDER_ASSETS; make test builds it")
	}
	c := everyMetric()
	all := c.states()
	all[1].State = task.Failed
	c.states = func() []TaskState { return all }
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("evaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n")
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := []string{`namespace="n"`, `pod="p"`}
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			if m.GetSummary() == nil {
				fmt.Fprintf(&b, "      - {series: '%s{%s}', values: '%v'}\n", f.GetName(), strings.Join(labels, ","), m.GetGauge().GetValue()+m.GetCounter().GetValue())
			}
		}
	}
	b.WriteString("    promql_expr_test:\n")
	for expr, value := range map[string]string{
		`sum(kafka_connect_worker_connector_failed_task_count) by (namespace,pod) > 0`:        "1",
		`sum(kafka_connect_connector_status{status="running"}) by (namespace,pod) > 0`:        "2",
		`sum(kafka_connect_connector_status{status="failed"}) by (namespace,pod) > 0`:         "",
		`sum(kafka_connect_worker_connector_count) by (namespace,pod)`:                        "2",
		`sum(kafka_connect_worker_task_count) by (namespace,pod)`:                             "2",
		`sum(kafka_connect_worker_connector_destroyed_task_count) by (namespace,pod)`:         "0",
		`sum(kafka_connect_worker_connector_paused_task_count) by (namespace,pod)`:            "0",
		`sum(kafka_connect_worker_connector_unassigned_task_count) by (namespace,pod)`:        "0",
		`sum(kafka_connect_worker_rebalance_rebalancing) by (namespace,pod)`:                  "1",
		`sum(kafka_connect_coordinator_assigned_connectors) by (namespace,pod)`:               "2",
		`sum(kafka_connect_coordinator_assigned_tasks) by (namespace,pod)`:                    "2",
		`sum(kafka_connect_task_error_total_record_failures) by (namespace,pod)`:              "2",
		`sum(kafka_producer_connection_count) by (namespace,pod)`:                             "3",
		`sum(kafka_consumer_connection_count) by (namespace,pod)`:                             "3",
		`sum(kafka_consumer_incoming_byte_total) by (namespace,pod)`:                          "70",
		`sum(kafka_producer_outgoing_byte_total) by (namespace,pod)`:                          "80",
		`count(kafka_connect_connector_task_status{status="failed"} == 1) by (namespace,pod)`: "1",
		`count(kafka_connect_connector_connector_class) by (namespace,pod)`:                   "2",
		`count(kafka_connect_connector_connector_type) by (namespace,pod)`:                    "2",
		`count(kafka_connect_connector_connector_version) by (namespace,pod)`:                 "2",
	} {
		samples := "[]"
		if value != "" {
			samples = fmt.Sprintf(`[{labels: '{namespace="n",pod="p"}', value: %s}]`, value)
		}
		fmt.Fprintf(&b, "      - {expr: '%s', eval_time: 0, exp_samples: %s}\n", expr, samples)
	}
	file := filepath.Join(t.TempDir(), "stock.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}
