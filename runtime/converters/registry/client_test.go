// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"go.uber.org/goleak"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	longSchema = `"long"`
	user       = `{"type":"record","name":"User","namespace":"com.example","fields":[{"name":"id","type":"long"}]}`
)

// fake is a registry that counts requests.
type fake struct {
	*srfake.Registry
	requests atomic.Int64
}

func newFake(t *testing.T, opts ...srfake.Option) *fake {
	t.Helper()
	f := &fake{Registry: srfake.New(opts...)}
	f.Intercept(func(http.ResponseWriter, *http.Request) bool { f.requests.Add(1); return false })
	t.Cleanup(f.Close)
	return f
}

// refuse lets requests with a path that holds text fail.
func (f *fake) refuse(text string, status, code int, message string) {
	f.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, text) {
			return false
		}
		w.WriteHeader(status)
		body, _ := json.Marshal(map[string]any{"error_code": code, "message": message})
		_, _ = w.Write(body)
		return true
	})
}

func decode(t *testing.T, props map[string]string) registry.Config {
	t.Helper()
	c, problems := configdef.Decode[registry.Config](props)
	if problems = append(problems, c.Check(props)...); len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func client(t *testing.T, url string, extra ...string) *registry.Client {
	t.Helper()
	return clientAt(t, time.Now, url, extra...)
}

func clientAt(t *testing.T, now func() time.Time, url string, extra ...string) *registry.Client {
	t.Helper()
	props := map[string]string{"schema.registry.url": url, "retries.wait.ms": "0"}
	for i := 0; i < len(extra); i += 2 {
		props[extra[i]] = extra[i+1]
	}
	c, problems := registry.New(decode(t, props), registry.Options{Type: sr.TypeAvro, Now: now})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func TestWriter(t *testing.T) {
	tests := map[string]struct {
		extra  []string
		schema string
		want   string // the schema with which is written
		id     int
		other  bool
		strict string
		err    string
	}{
		"registers":        {nil, longSchema, longSchema, 3, false, "", ""},
		"knows":            {nil, user, user, 2, false, "", ""},
		"looks up":         {[]string{"auto.register.schemas", "false"}, user, user, 2, false, "", ""},
		"does not have":    {[]string{"auto.register.schemas", "false"}, longSchema, "", 0, false, "", "looking up the AVRO schema of the record value under subject t-value"},
		"latest":           {[]string{"auto.register.schemas", "false", "use.latest.version", "true"}, longSchema, user, 2, true, "latest.compatibility.strict", ""},
		"latest, lenient":  {[]string{"auto.register.schemas", "false", "use.latest.version", "true", "latest.compatibility.strict", "false"}, longSchema, user, 2, true, "", ""},
		"auto before that": {[]string{"use.latest.version", "true", "use.schema.id", "1"}, longSchema, longSchema, 3, false, "", ""},
		"id":               {[]string{"auto.register.schemas", "false", "use.schema.id", "1"}, longSchema, `"string"`, 1, true, "id.compatibility.strict", ""},
		"unknown id":       {[]string{"auto.register.schemas", "false", "use.schema.id", "9"}, longSchema, "", 0, false, "", "use.schema.id for subject t-value: reading the schema with id 9"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.SeedSchema("t-value", 1, 1, sr.Schema{Schema: `"string"`})
			f.SeedSchema("t-value", 2, 2, sr.Schema{Schema: user})
			c := client(t, f.URL(), tc.extra...)
			var requests int64
			for range 3 {
				got, err := c.Writer("t-value", sr.Schema{Schema: tc.schema})
				if tc.err != "" {
					if err == nil || !strings.Contains(err.Error(), tc.err) || connect.IsRetriable(err) {
						t.Fatalf("error %v", err)
					}
				} else if err != nil || got.ID != tc.id || got.Other != tc.other || got.Strict != tc.strict || got.Schema.Schema.Schema != tc.want {
					t.Fatalf("got %+v, %v", got, err)
				}
				if requests == 0 {
					requests = f.requests.Load()
				}
			}
			if now := f.requests.Load(); now != requests {
				t.Errorf("%d requests after the first answer", now-requests)
			}
		})
	}
}

func TestConcurrentMissesAskOnce(t *testing.T) {
	f := newFake(t)
	c := client(t, f.URL())
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := c.Writer("t-value", sr.Schema{Schema: user}); err != nil {
				t.Error(err)
			}
			if _, err := c.Schema(1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := f.requests.Load(); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		status, code int
		message      string
		want         []string
		retriable    bool
	}{
		"incompatible": {409, 409, `Schema being registered is incompatible with an earlier schema for subject "t-value"`,
			[]string{"registering the AVRO schema", "subject t-value", "answers 409", "incompatible with an earlier schema"}, false},
		"invalid":      {422, 42201, "Invalid schema", []string{"subject t-value", "422", "Invalid schema (code 42201)"}, false},
		"credentials":  {401, 401, "Unauthorized", []string{"subject t-value", "basic.auth.user.info", "bearer.auth.token"}, false},
		"not allowed":  {403, 40301, "User is denied", []string{"subject t-value", "User is denied", "may not do this"}, false},
		"busy":         {429, 429, "Too many requests", []string{"answers 429"}, true},
		"down":         {503, 50301, "no leader", []string{"answers 503", "no leader"}, true},
		"a long page":  {500, 0, strings.Repeat("é", 5000), []string{"…"}, true},
		"server error": {500, 50001, "Error in the backend data store", []string{"backend data store"}, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.refuse("/subjects/", tc.status, tc.code, tc.message)
			now := time.Unix(0, 0)
			c := clientAt(t, func() time.Time { return now }, f.URL(), "max.retries", "2")
			write := func() error { _, err := c.Writer("t-value", sr.Schema{Schema: user}); return err }
			err := write()
			if err == nil || connect.IsRetriable(err) != tc.retriable {
				t.Fatalf("error %v, retriable %v", err, connect.IsRetriable(err))
			}
			for _, text := range tc.want {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error %v does not say %q", err, text)
				}
			}
			if len(err.Error()) > 1500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			first := int64(1)
			if tc.retriable {
				first = 3
			}
			if n := f.requests.Load(); n != first {
				t.Fatalf("%d requests, want %d", n, first)
			}
			_ = write()
			if again := f.requests.Load() - first; !tc.retriable && again != 0 || tc.retriable && again != first {
				t.Errorf("%d requests for the second record", again)
			}
			f.ClearInterceptors()
			now = now.Add(time.Minute)
			if err := write(); err != nil {
				t.Errorf("the refusal is remembered for ever: %v", err)
			}
		})
	}
}

func TestUnknownIDIsNotHammered(t *testing.T) {
	f := newFake(t)
	c := client(t, f.URL())
	for range 10 {
		if _, err := c.Schema(77); err == nil || !strings.Contains(err.Error(), "id 77") || connect.IsRetriable(err) {
			t.Fatalf("error %v", err)
		}
	}
	if n := f.requests.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
	small := client(t, f.URL(), "max.schemas.per.subject", "2")
	for id := range 100 {
		if _, err := small.Schema(1000 + id); err == nil {
			t.Fatal("no error")
		}
	}
}

func TestSilentRegistry(t *testing.T) {
	block := make(chan struct{})
	f := newFake(t)
	f.Intercept(func(http.ResponseWriter, *http.Request) bool { <-block; return true })
	t.Cleanup(func() { close(block) })
	c := client(t, f.URL(), "http.read.timeout.ms", "20", "max.retries", "1")
	if _, err := c.Schema(1); !connect.IsRetriable(err) || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("error %v", err)
	}
	down := client(t, "http://127.0.0.1:1", "max.retries", "1")
	if _, err := down.Writer("t-value", sr.Schema{Schema: user}); !connect.IsRetriable(err) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("error %v", err)
	}
	second := client(t, "http://127.0.0.1:1,"+newFake(t).URL(), "max.retries", "0")
	if _, err := second.Writer("t-value", sr.Schema{Schema: user}); err != nil {
		t.Errorf("the second URL is not tried: %v", err)
	}
}

func TestSecondsAfterAFailureItWorks(t *testing.T) {
	f := newFake(t)
	var failed atomic.Bool
	f.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		if failed.CompareAndSwap(false, true) {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		return false
	})
	if _, err := client(t, f.URL()).Writer("t-value", sr.Schema{Schema: user}); err != nil {
		t.Error(err)
	}
}

func TestReferences(t *testing.T) {
	f := newFake(t)
	street := `{"type":"record","name":"Street","fields":[{"name":"n","type":"string"}]}`
	address := `{"type":"record","name":"Address","fields":[{"name":"s","type":"Street"},{"name":"t","type":"Street"}]}`
	person := `{"type":"record","name":"Person","fields":[{"name":"a","type":"Address"},{"name":"s","type":"Street"}]}`
	f.SeedSchema("street", 1, 1, sr.Schema{Schema: street})
	f.SeedSchema("address", 1, 2, sr.Schema{Schema: address, References: []sr.SchemaReference{{Name: "Street", Subject: "street", Version: 1}}})
	f.SeedSchema("p-value", 1, 3, sr.Schema{Schema: person, References: []sr.SchemaReference{
		{Name: "Address", Subject: "address", Version: 1}, {Name: "Street", Subject: "street", Version: 1},
	}})
	got, err := client(t, f.URL()).Schema(3)
	if err != nil || got.Schema.Schema != person || len(got.Needs) != 2 || got.Needs[0].Schema.Schema != street || got.Needs[1].Schema.Schema != address {
		t.Errorf("got %+v, %v", got, err)
	}
	latest, err := client(t, f.URL()).Latest("p-value")
	if err != nil || latest.ID != 3 || len(latest.Schema.Needs) != 2 {
		t.Errorf("latest %+v, %v", latest, err)
	}
	with := sr.Schema{Schema: `{"type":"array","items":"Street"}`, References: []sr.SchemaReference{{Name: "Street", Subject: "street", Version: 1}}}
	written, err := client(t, f.URL()).Writer("q-value", with)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := client(t, f.URL()).Schema(written.ID); err != nil || len(again.Needs) != 1 {
		t.Errorf("what was registered with a reference is read as %+v, %v", again, err)
	}
}

func TestVersion(t *testing.T) {
	f := newFake(t)
	f.SeedSchema("t-value", 1, 1, sr.Schema{Schema: longSchema})
	f.SeedSchema("t-value", 2, 2, sr.Schema{Schema: user})
	c := client(t, f.URL())
	for subject, want := range map[string]int{"t-value": 2, "other-value": 0} {
		for range 2 {
			if got, err := c.Version(subject, 2, sr.Schema{Schema: user}); got != want || err != nil {
				t.Errorf("%s: %d, %v", subject, got, err)
			}
		}
	}
	if n := f.requests.Load(); n != 2 {
		t.Errorf("%d requests", n)
	}
	f.refuse("/subjects/", 403, 40301, "denied")
	if _, err := c.Version("third-value", 2, sr.Schema{Schema: user}); err == nil || !strings.Contains(err.Error(), "third-value") {
		t.Errorf("error %v", err)
	}
}

func TestOtherType(t *testing.T) {
	f := newFake(t)
	f.SeedSchema("t-value", 1, 1, sr.Schema{Schema: `{"type":"object"}`, Type: sr.TypeJSON})
	if _, err := client(t, f.URL()).Schema(1); err == nil || !strings.Contains(err.Error(), "of type JSON, and this converter reads AVRO") {
		t.Errorf("error %v", err)
	}
}

func TestNormalize(t *testing.T) {
	f := newFake(t)
	var asked atomic.Bool
	f.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		asked.Store(asked.Load() || r.URL.Query().Get("normalize") == "true")
		return false
	})
	if _, err := client(t, f.URL(), "normalize.schemas", "true").Writer("t-value", sr.Schema{Schema: user}); err != nil || !asked.Load() {
		t.Errorf("normalize %v, %v", asked.Load(), err)
	}
}

func ExampleAppendHeader() {
	fmt.Printf("% x\n", registry.AppendHeader(nil, 258))
	// Output: 00 00 00 01 02
}

// A task that is to end does not wait for a registry that hangs.
func TestClose(t *testing.T) {
	f := newFake(t)
	asked, block := make(chan struct{}, 2), make(chan struct{})
	f.Intercept(func(http.ResponseWriter, *http.Request) bool {
		asked <- struct{}{}
		<-block
		return true
	})
	t.Cleanup(func() { close(block) })
	busy := newFake(t)
	busy.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		asked <- struct{}{}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	for name, url := range map[string]string{"hangs": f.URL(), "is to be asked again in an hour": busy.URL()} {
		t.Run(name, func(t *testing.T) {
			c := client(t, url, "retries.wait.ms", "3600000", "retries.max.wait.ms", "3600000", "http.read.timeout.ms", "3600000")
			failed := make(chan error)
			go func() {
				_, err := c.Writer("t-value", sr.Schema{Schema: user})
				failed <- err
			}()
			<-asked
			c.Close()
			if err := <-failed; !errors.Is(err, connect.ErrInterrupted) || connect.IsRetriable(err) || !strings.Contains(err.Error(), "t-value") {
				t.Errorf("error %v", err)
			}
			if _, err := c.Schema(1); !errors.Is(err, connect.ErrInterrupted) {
				t.Errorf("it is asked after the end: %v", err)
			}
		})
	}
}

func TestClosedClientRemembers(t *testing.T) {
	f := newFake(t)
	c := client(t, f.URL())
	before, err := c.Writer("t-value", sr.Schema{Schema: user})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if after, err := c.Writer("t-value", sr.Schema{Schema: user}); err != nil || after.ID != before.ID {
		t.Errorf("id %d, %v", after.ID, err)
	}
}

func TestWrongAnswers(t *testing.T) {
	for name, tc := range map[string]struct{ answer, want string }{
		"a page":          {"<html>Sign in</html>", "unable to decode"},
		"endless":         {`{"id":` + strings.Repeat(" ", 18<<20) + "1}", "longer than 16 MiB"},
		"an id too large": {`{"id":4294967297}`, "does not fit"},
		"an id below 0":   {`{"id":-1}`, "does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
				_, _ = w.Write([]byte(tc.answer))
				return true
			})
			_, err := client(t, f.URL(), "max.retries", "0").Writer("t-value", sr.Schema{Schema: user})
			if err == nil || !strings.Contains(err.Error(), tc.want) || len(err.Error()) > 500 {
				t.Errorf("error %v", err)
			}
		})
	}
}
