// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestProbeWaitsUntilItIsReady(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			http.Error(w, "starting", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(s.Close)
	if err := probe(t.Context(), s.URL, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("it was asked %d times, want 3", n)
	}
	if _, _, err := execute(t, "", "probe", s.URL); err != nil {
		t.Errorf("the command says %v", err)
	}
}

func TestProbeSaysWhatItHeard(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no Kafka", http.StatusServiceUnavailable)
	}))
	t.Cleanup(s.Close)
	for name, tc := range map[string]struct{ url, want string }{
		"not ready": {s.URL, s.URL}, "no URL": {"::", "::"}, "nobody there": {"http://127.0.0.1:1/", "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := execute(t, "", "probe", tc.url, "--timeout=50ms")
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the probe says %v", err)
			}
		})
	}
}
