// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	away := errors.New("connection refused")
	tests := map[string]struct {
		act   func(h *health, pass func(time.Duration))
		live  string // "" is ok
		ready string
	}{
		"at first":            {func(*health, func(time.Duration)) {}, "", "Kafka was not reached yet"},
		"no broker":           {func(h *health, _ func(time.Duration)) { h.turn("assignment"); h.kafka(away) }, "", "Kafka was not reached yet: connection refused"},
		"not assigned":        {func(h *health, _ func(time.Duration)) { h.kafka(nil) }, "", "the first assignment was not taken over yet"},
		"assigned, not there": {func(h *health, _ func(time.Duration)) { h.takenOver() }, "", "Kafka was not reached yet"},
		"ready":               {func(h *health, _ func(time.Duration)) { h.turn("assignment"); h.kafka(nil); h.takenOver() }, "", ""},
		"one answer missed":   {func(h *health, pass func(time.Duration)) { h.kafka(nil); h.takenOver(); pass(reachFor); h.kafka(away) }, "", ""},
		"broker gone": {func(h *health, pass func(time.Duration)) {
			h.kafka(nil)
			h.takenOver()
			pass(20 * time.Second)
			h.kafka(away)
		}, "", "Kafka has not answered for 20s\nconnection refused"},
		"broker gone, silence": {func(h *health, pass func(time.Duration)) { h.kafka(nil); h.takenOver(); pass(20 * time.Second) }, "", "Kafka has not answered for 20s"},
		"broker back": {func(h *health, pass func(time.Duration)) {
			h.kafka(nil)
			h.takenOver()
			pass(time.Hour)
			h.kafka(away)
			h.kafka(nil)
		}, "", ""},
		"loop turns":    {func(h *health, pass func(time.Duration)) { h.turn("status"); pass(stuck) }, "", "Kafka was not reached yet"},
		"loop is stuck": {func(h *health, pass func(time.Duration)) { h.turn("status"); pass(46 * time.Second) }, "the status loop has not turned for 46s", "Kafka was not reached yet"},
		"loop has ended": {func(h *health, pass func(time.Duration)) {
			h.turn("status")
			h.end("status")
			pass(time.Hour)
		}, "", "Kafka was not reached yet"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHealth()
			now := time.Unix(1000, 0)
			h.now = func() time.Time { return now }
			tc.act(h, func(d time.Duration) { now = now.Add(d) })
			w := &Worker{health: h}
			server := httptest.NewServer(Handler(w, http.NotFoundHandler()))
			defer server.Close()
			for path, want := range map[string]string{"/livez": tc.live, "/readyz": tc.ready} {
				status, body := fetch(t, server.URL+path)
				if want == "" && (status != http.StatusOK || body != "ok\n") {
					t.Errorf("%s answers %d %q, want ok", path, status, body)
				}
				if want != "" && (status != http.StatusServiceUnavailable || !strings.HasPrefix(body, want)) {
					t.Errorf("%s answers %d %q, want 503 %q", path, status, body, want)
				}
			}
		})
	}
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
