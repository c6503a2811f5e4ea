// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnswersAlwaysAreJSON(t *testing.T) {
	b := newBackend()
	b.connectors["a"] = map[string]string{"name": "a", "connector.class": "in", "q": "<&>"}
	h := New(options(b)).Handler(AllRoutes)
	for name, tc := range map[string]struct {
		method, path, body string
		header             []string
		code               int
		want               string
	}{
		"no such path":          {"GET", "/x", "", nil, 404, `{"error_code":404,"message":"HTTP 404 Not Found"}`},
		"no such method":        {"PATCH", "/connectors", "", nil, 405, `{"error_code":405,"message":"HTTP 405 Method Not Allowed"}`},
		"not JSON":              {"POST", "/connectors", "x", []string{"Content-Type", "text/plain"}, 415, `{"error_code":415,"message":"HTTP 415 Unsupported Media Type"}`},
		"no type":               {"POST", "/connectors", "{}", []string{"Content-Type", ""}, 415, ""},
		"not wanted":            {"GET", "/", "", []string{"Accept", "text/html"}, 406, ""},
		"wanted among others":   {"GET", "/", "", []string{"Accept", "text/html, application/json;q=0.5"}, 200, `{"version":"1","commit":"c","kafka_cluster_id":"cluster"}`},
		"a charset":             {"PUT", "/admin/loggers/x", `{"level":"warn"}`, []string{"Content-Type", "application/json; charset=utf-8"}, 200, `["x"]`},
		"characters of HTML":    {"GET", "/connectors/a/config", "", nil, 200, `{"connector.class":"in","q":"<&>","name":"a"}`},
		"no null lists":         {"GET", "/connectors/a/offsets", "", nil, 200, `{"offsets":[{"partition":{"file":"a"},"offset":{"position":3}},{"partition":null,"offset":null}]}`},
		"a panic":               {"GET", "/connectors/panic", "", nil, 500, `{"error_code":500,"message":"the request could not be handled; the worker's log says why"}`},
		"two values of JSON":    {"PUT", "/admin/loggers/x", `{"level":"warn"} x`, nil, 200, `["x"]`},
		"a body that is no use": {"POST", "/connectors", `{"name":"b","config":[]}`, nil, 400, ""},
		"deep":                  {"POST", "/connectors", strings.Repeat("[", 1<<19), nil, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(h, tc.method, tc.path, tc.body, tc.header...)
			if w.Code != tc.code || tc.want != "" && w.Body.String() != tc.want || !json.Valid(w.Body.Bytes()) || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("answer %d %s %s, want %d %s", w.Code, w.Header().Get("Content-Type"), w.Body, tc.code, tc.want)
			}
		})
	}
}

// A path says which connector is meant, and none that looks like it.
func TestPathsOfConnectors(t *testing.T) {
	b := newBackend()
	for _, n := range []string{"a", "a/", "..", "status"} {
		b.connectors[n] = map[string]string{"name": n, "connector.class": "in"}
	}
	h := New(options(b)).Handler(AllRoutes)
	for path, want := range map[string]string{
		"/connectors/a": "a", "/connectors/a/": "a", "/connectors/a%2F": "a/", "/connectors/a%2f/": "a/", "/connectors/%2E%2E": "..",
		"/connectors//status": "Ambiguous URI empty segment", "/connectors/a//": "Ambiguous URI empty segment", "//connectors/a": "Ambiguous URI empty segment",
		"/connectors/./a": "HTTP 404 Not Found", "/admin/../connectors/a": "HTTP 404 Not Found",
	} {
		var got struct{ Name, Message string }
		w := ask(h, "GET", path, "")
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Name+got.Message != want {
			t.Errorf("%s is answered with %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
	if w := ask(h, "DELETE", "/connectors/a%2F", ""); w.Code != 204 || b.connectors["a"] == nil || b.connectors["a/"] != nil {
		t.Errorf("answer %d, and left are %v", w.Code, b.connectors)
	}
}

func TestConfigsAreTakenAsTheyAre(t *testing.T) {
	b := newBackend()
	b.connectors["a"] = map[string]string{"name": "a", "connector.class": "in"}
	h := New(options(b)).Handler(AllRoutes)
	for name, tc := range map[string]struct {
		method, body, want string
		code               int
	}{
		"not UTF-8":         {"PUT", "{\"connector.class\":\"in\",\"x\":\"a\xff\"}", "the body cannot be read: it is not UTF-8", 400},
		"a byte order mark": {"PUT", "\xef\xbb\xbf{\"connector.class\":\"in\",\"x\":1.10}", `"x":"1.10"`, 200},
		"another name":      {"PATCH", `{"name":"b"}`, "Connector name configuration (b) doesn't match connector name in the URL (a)", 400},
		"its name":          {"PATCH", `{"name":"a","x":true}`, `"x":"true"`, 200},
		"no name":           {"PATCH", `{"name":null}`, `Missing required configuration \"name\"`, 400},
	} {
		t.Run(name, func(t *testing.T) {
			if w := ask(h, tc.method, "/connectors/a/config", tc.body); w.Code != tc.code || !strings.Contains(w.Body.String(), tc.want) {
				t.Errorf("answer %d %s, want %d %s", w.Code, w.Body, tc.code, tc.want)
			}
		})
	}
}

// A client that has gone leaves no change half done.
func TestClientThatIsGone(t *testing.T) {
	b := newBackend()
	b.connectors["a"] = map[string]string{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	New(options(b)).Handler(AllRoutes).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "PUT", "/connectors/a/pause", http.NoBody))
	if w.Code != http.StatusAccepted || b.states["a"] != Paused {
		t.Errorf("answer %d %s, state %q", w.Code, w.Body, b.states["a"])
	}
}

func TestPanicIsLogged(t *testing.T) {
	var log bytes.Buffer
	o := options(newBackend())
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	ask(New(o).Handler(AllRoutes), "GET", "/connectors/panic", "")
	if !strings.Contains(log.String(), "fake_test.go") {
		t.Errorf("log %s, want the stack", &log)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	h := New(options(newBackend())).Handler(AllRoutes)
	w := ask(h, "POST", "/connectors", `{"name":"`+strings.Repeat("a", maxBody)+`"}`)
	if w.Code != http.StatusRequestEntityTooLarge || w.Body.String() != `{"error_code":413,"message":"the request has more than 1048576 bytes"}` {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
}

// A request that hangs ends by itself, and keeps none of the others.
func TestHangingRequestTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackend()
		b.hang = "a"
		h := New(options(b)).Handler(AllRoutes)
		done := make(chan string, 1)
		start := time.Now()
		go func() {
			w := ask(h, "GET", "/connectors/a", "")
			done <- fmt.Sprint(w.Code, w.Body)
		}()
		synctest.Wait()
		if w := ask(h, "GET", "/connectors", ""); w.Code != http.StatusOK {
			t.Errorf("the other request is answered with %d", w.Code)
		}
		got := <-done
		want := `500{"error_code":500,"message":"Request timed out. The worker is currently reading a connector, which began at ` + start.UTC().Format("2006-01-02T15:04:05.000Z") + `"}`
		if strings.ReplaceAll(got, " {", "{") != want || time.Since(start) != requestTimeout {
			t.Errorf("answer %s after %s, want %s", got, time.Since(start), want)
		}
	})
}

func TestHealth(t *testing.T) {
	b := newBackend()
	h := New(options(b)).Handler(AllRoutes)
	for _, tc := range []struct {
		err      error
		notReady bool
		code     int
		want     string
	}{
		{nil, false, 200, `{"status":"healthy","message":"Worker has completed startup and is ready to handle requests."}`},
		{errBroken, true, 503, `{"status":"starting","message":"Worker is still starting up. no broker"}`},
		{errBroken, false, 500, `{"status":"unhealthy","message":"Worker was unable to handle this request and may be unable to handle other requests. no broker"}`},
	} {
		b.broken, b.notReady = tc.err, tc.notReady
		if w := ask(h, "GET", "/health", ""); w.Code != tc.code || w.Body.String() != tc.want {
			t.Errorf("answer %d %s, want %d %s", w.Code, w.Body, tc.code, tc.want)
		}
	}
}

func TestErrorsOfTheBackend(t *testing.T) {
	b := newBackend()
	b.connectors["a"] = map[string]string{}
	b.broken = errBroken
	o := options(b)
	o.Redact = func(text string) string { return strings.ReplaceAll(text, "broker", "****") }
	if w := ask(New(o).Handler(AllRoutes), "GET", "/connectors", ""); w.Code != 500 || w.Body.String() != `{"error_code":500,"message":"no ****"}` {
		t.Errorf("answer %d %s, want it without the secret", w.Code, w.Body)
	}
	if w := ask(New(options(b)).Handler(AllRoutes), "GET", "/connectors", ""); w.Code != 500 || w.Body.String() != `{"error_code":500,"message":"no broker"}` {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
}

func TestTopicTrackingOff(t *testing.T) {
	o := options(newBackend())
	o.TopicReset = false
	if w := ask(New(o).Handler(AllRoutes), "PUT", "/connectors/a/topics/reset", ""); w.Code != 403 || !strings.Contains(w.Body.String(), "Topic tracking reset is disabled.") {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
	o.TopicTracking = false
	for _, r := range []struct{ method, path string }{{"GET", "/connectors/a/topics"}, {"PUT", "/connectors/a/topics/reset"}} {
		if w := ask(New(o).Handler(AllRoutes), r.method, r.path, ""); w.Code != 403 || !strings.Contains(w.Body.String(), "Topic tracking is disabled.") {
			t.Errorf("answer %d %s", w.Code, w.Body)
		}
	}
}

func TestAdminApart(t *testing.T) {
	a := New(options(newBackend()))
	for _, tc := range []struct {
		which Which
		path  string
		code  int
	}{
		{AllRoutes, "/admin/loggers", 200}, {AllRoutes, "/connectors", 200},
		{PublicRoutes, "/admin/loggers", 404}, {PublicRoutes, "/connectors", 200},
		{AdminRoutes, "/admin/loggers", 200}, {AdminRoutes, "/connectors", 404},
	} {
		if w := ask(a.Handler(tc.which), "GET", tc.path, ""); w.Code != tc.code {
			t.Errorf("%d: %s is answered with %d, want %d", tc.which, tc.path, w.Code, tc.code)
		}
	}
}

// Secrets that are sent in a config are shown as they were sent, for they are
// references; a validation shows no password.
func TestPasswordsInValidations(t *testing.T) {
	h := New(options(newBackend())).Handler(AllRoutes)
	w := ask(h, "PUT", "/connector-plugins/in/config/validate", `{"connector.class":"in","name":"a","password":"s3cret","size":"x${env:A}"}`)
	if body := w.Body.String(); w.Code != 200 || strings.Contains(body, "s3cret") || !strings.Contains(body, `"value":"[hidden]"`) || !strings.Contains(body, `"value":"x${env:A}"`) {
		t.Errorf("answer %d %s", w.Code, body)
	}
	w = ask(h, "PUT", "/connector-plugins/in/config/validate", `{"connector.class":"in","name":"a","producer.override.ssl.keystore.password":"s3cret","producer.override.security.protocol":"X"}`)
	if body := w.Body.String(); w.Code != 200 || strings.Contains(body, "s3cret") || !strings.Contains(body, `"name":"producer.override.ssl.keystore.password","value":"[hidden]"`) || !strings.Contains(body, `"value":"X"`) {
		t.Errorf("answer %d %s", w.Code, body)
	}
	w = ask(h, "POST", "/connectors", `{"name":"a","config":{"password":"s3cret"}}`)
	if body := w.Body.String(); w.Code != 400 || strings.Contains(body, "s3cret") {
		t.Errorf("answer %d %s, want no value in the message", w.Code, body)
	}
}

// FuzzBodies: whatever is sent, the answer is JSON, and nothing panics.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		`{"name":"a","config":{"connector.class":"in"}}`, `{"connector.class":"in","tasks.max":1e3,"transforms":"a,b,a"}`, `null`, `[]`, `{"a":null}`, `{"level":"INFO"}`,
		`{"offsets":[{"partition":{"a":1},"offset":null}]}`, `{"config":{"connector.class":"out","topics.regex":"("}}`, "{\"name\":\"\u0000\"}", `{"initial_state":"paused"}`,
	} {
		f.Add(body)
	}
	routes := New(options(newBackend())).Routes()
	f.Fuzz(func(t *testing.T, body string) {
		b := newBackend()
		b.connectors["a"] = map[string]string{"connector.class": "in", "name": "a"}
		h := New(options(b)).Handler(AllRoutes)
		for _, r := range routes {
			if r.Method == "GET" || r.Method == "DELETE" {
				continue
			}
			path := strings.NewReplacer("{connector}", "a", "{task}", "0", "{plugin}", "in", "{logger}", "x").Replace(r.Path)
			w := ask(h, r.Method, path, body, "Content-Type", "application/json")
			if out := w.Body.Bytes(); len(out) > 0 && !json.Valid(out) || w.Code == http.StatusInternalServerError {
				t.Errorf("%s %s with %q is answered with %d %s", r.Method, path, body, w.Code, out)
			}
		}
	})
}
