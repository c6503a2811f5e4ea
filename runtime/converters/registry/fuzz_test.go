// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/converters/registry"
)

// FuzzHeader: what begins with an id is written so again, and nothing else is taken
// for one.
func FuzzHeader(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte{0, 0, 0, 0, 1, 'x'})
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		id, rest, err := registry.ParseHeader(data)
		if err != nil {
			return
		}
		if again := append(registry.AppendHeader(nil, id), rest...); id < 0 || !bytes.Equal(again, data) {
			t.Errorf("%x has the id %d and is %x again", data, id, again)
		}
	})
}

// FuzzAnswers: whatever a registry answers, there is a schema or an error.
func FuzzAnswers(f *testing.F) {
	f.Add(200, `{"schema":"\"long\""}`)
	f.Add(200, `{"schema":"","references":[{"name":"a","subject":"s","version":1}]}`)
	f.Add(200, `[1,2]`)
	f.Add(404, `{"error_code":40403,"message":"Schema not found"}`)
	f.Add(409, "<html>\xff")
	var code int
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, status int, text string) {
		if status < 200 || status > 599 || status == http.StatusNoContent || status == http.StatusNotModified {
			return // such answers have no body
		}
		code, body = status, text
		c := client(t, server.URL, "max.retries", "0")
		if r, err := c.Schema(1); err == nil && len(r.Needs) > 0 && len(r.Schema.References) == 0 {
			t.Errorf("schema %+v", r)
		}
		if _, err := c.Writer("t-value", sr.Schema{Schema: longSchema}); err == nil && status >= 300 {
			t.Errorf("the answer %d %q is no error", status, text)
		}
	})
}
