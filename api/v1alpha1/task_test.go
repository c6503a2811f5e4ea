// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestTaskValidation(t *testing.T) {
	checkCreate(t, taskManifest, map[string]refusal{
		"the smallest":      {},
		"bound":             {change: `{spec: {worker: {name: w-0, uid: u}, epoch: 3, boundRevision: r1, config: {a: b}}}`},
		"being released":    {change: `{spec: {epoch: 3, releasing: {worker: {name: w-0, uid: u}, since: "2026-01-02T03:04:05Z"}}}`},
		"a desired state":   {change: `{spec: {desiredState: Stopped}}`, want: []string{"spec.desiredState", `"Running", "Paused"`}},
		"a type":            {change: `{spec: {type: Source}}`, want: []string{"spec.type", `"source", "sink"`}},
		"an index below 0":  {change: `{spec: {index: -1}}`, want: []string{"spec.index"}},
		"a count of 0":      {change: `{spec: {count: 0}}`, want: []string{"spec.count"}},
		"the last of three": {change: `{spec: {index: 2, count: 3}}`},
		"an index of count": {change: `{spec: {index: 3, count: 3}}`, want: []string{"spec.index", "index must be less than count"}},
		"576 keys":          {change: `{spec: {config: ` + texts(576) + `}}`},
		"577 keys":          {change: `{spec: {config: ` + texts(577) + `}}`, want: []string{"spec.config", "at most 576"}},
		"a worker no uid":   {change: `{spec: {worker: {name: w-0}}}`, want: []string{"spec.worker.uid", "Required"}},
		"an odd field":      {change: `{spec: {node: x}}`, want: []string{"unknown field", "spec.node"}},
	})
}

func TestTaskImmutability(t *testing.T) {
	const three = `{spec: {index: 1, count: 3, epoch: 4, worker: {name: w, uid: u}}}`
	checkUpdate(t, taskManifest, map[string]update{
		"the cluster":          {change: `{spec: {clusterName: other}}`, want: []string{"spec.clusterName", "clusterName is immutable"}},
		"the connector":        {change: `{spec: {connectorRef: {name: other}}}`, want: []string{"spec.connectorRef.name", "connectorRef.name is immutable"}},
		"the name in Kafka":    {change: `{spec: {connectorName: other}}`, want: []string{"spec.connectorName", "connectorName is immutable"}},
		"the type":             {change: `{spec: {type: sink}}`, want: []string{"spec.type", "type is immutable"}},
		"the index":            {before: three, change: `{spec: {index: 2}}`, want: []string{"spec.index", "index is immutable"}},
		"a count too small":    {before: three, change: `{spec: {count: 1}}`, want: []string{"spec.index", "index must be less than count"}},
		"an epoch before":      {before: three, change: `{spec: {epoch: 3}}`, want: []string{"spec.epoch", "epoch never goes down"}},
		"no epoch any more":    {before: three, change: `{spec: {epoch: null}}`, want: []string{"spec.epoch", "epoch never goes down"}},
		"the first epoch":      {change: `{spec: {epoch: 1}}`},
		"the rest may change":  {before: three, change: `{spec: {count: 2, class: other, config: {a: b}, configRevision: r2, desiredState: Paused, worker: {name: x, uid: v}, epoch: 5, boundRevision: r2}}`},
		"it may be let go":     {before: three, change: `{spec: {worker: null, releasing: {worker: {name: w, uid: u}, since: "2026-01-02T03:04:05Z"}}}`},
		"a connector made new": {change: `{spec: {connectorRef: {uid: u-2}}}`},
	})
}

// A policy of the most restarts fills the list, and one more is too many.
func TestRecentRestarts(t *testing.T) {
	ns := namespace(t)
	u := create(t, ns, taskManifest, "")
	restarts := func(n int) error {
		list := make([]any, n)
		for i := range list {
			list[i] = time.Unix(int64(i), 0).UTC().Format(time.RFC3339)
		}
		if err := unstructured.SetNestedSlice(u.Object, list, "status", "recentRestarts"); err != nil {
			t.Fatal(err)
		}
		return api.Status().Update(t.Context(), u)
	}
	checkError(t, restarts(100), nil)
	checkError(t, restarts(101), []string{"status.recentRestarts", "at most 100"})
}

// texts is a config of text with that many keys.
func texts(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "key.%d: a, ", i)
	}
	return "{" + text.String() + "}"
}
