// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

func TestAcceptance(t *testing.T) {
	connecttest.Run(t, connecttest.Suite{
		Plugin: Plugin(), Replays: true,
		Config: func(t *testing.T) map[string]string {
			path := filepath.Join(t.TempDir(), "in.txt")
			write(t, path, "one\ntwo\r\nthree\nfour\n")
			return map[string]string{"file": path, "topic": "lines"}
		},
	})
}

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct{ topic, want string }{
		"good":         {"a.b-c_D9", ""},
		"space":        {"a b", `topic: "a b" is no topic name`},
		"too long":     {strings.Repeat("x", 250), "topic: the topic name"},
		"not there":    {"", "topic: is empty"},
		"not resolved": {"${env:TOPIC}", ""},
		"a dot":        {".", `topic: "." is no topic name`},
	} {
		t.Run(name, func(t *testing.T) {
			problems := Plugin().Check(map[string]string{"file": "/x", "topic": tc.topic})
			got := ""
			if len(problems) > 0 {
				got = problems[0].Error()
			}
			if len(problems) > 1 || !strings.HasPrefix(got, tc.want) || (got == "") != (tc.want == "") {
				t.Errorf("got %v, want %q", problems, tc.want)
			}
		})
	}
	if _, err := Plugin().OpenSource(t.Context(), connecttest.Env(t, nil), map[string]string{"file": "/x", "topic": "a b"}); err == nil {
		t.Error("opened with a bad topic, as a reference may hold one")
	}
}

// pipe returns a task that reads standard input from a pipe.
func pipe(t *testing.T, limit int) (*stdin, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	task := newStdin(connecttest.Env(t, nil), Config{Topic: "lines", BatchSize: 2, MaxLineBytes: limit}, new(buffers))
	task.in = r
	t.Cleanup(func() { _ = errors.Join(r.Close(), w.Close()) })
	return task, w
}

func say(t *testing.T, w *os.File, text string) {
	t.Helper()
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestStdin(t *testing.T) {
	task, w := pipe(t, 100)
	say(t, w, "one\ntwo\nthree\nfour")
	var got []string
	poll := func() {
		t.Helper()
		b := connect.NewBatch(100, 1<<20)
		if err := task.Poll(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for i := range b.Records {
			r := &b.Records[i]
			_, v, _ := r.Value.Get()
			got = append(got, v.Str())
			if name, ok := r.Source.Key["filename"]; !ok || name != nil || !r.SourceOffset[0].IsNull() {
				t.Errorf("partition %v, offset %v", r.Source.Key, r.SourceOffset)
			}
		}
	}
	poll()
	poll()
	if d := cmp.Diff([]string{"one", "two", "three"}, got); d != "" {
		t.Fatal(d)
	}
	say(t, w, " and a half")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	poll()
	if d := cmp.Diff([]string{"one", "two", "three", "four and a half"}, got); d != "" {
		t.Fatal(d)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := task.Poll(ctx, connect.NewBatch(1, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("at its end Poll returns %v", err)
	}
}

func TestStdinCancel(t *testing.T) {
	task, w := pipe(t, 100)
	say(t, w, "held")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := task.Poll(ctx, connect.NewBatch(1, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Poll returns %v", err)
	}
	say(t, w, " back\n")
	b := connect.NewBatch(1, 1)
	if err := task.Poll(t.Context(), b); err != nil || len(b.Records) != 1 {
		t.Fatalf("%d records, error %v", len(b.Records), err)
	}
	if _, v, _ := b.Records[0].Value.Get(); v.Str() != "held back" {
		t.Errorf("got %q", v.Str())
	}
	if err := task.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStdinTooLong(t *testing.T) {
	task, w := pipe(t, 10)
	say(t, w, "0123456789xx")
	if err := task.Poll(t.Context(), connect.NewBatch(1, 1)); err == nil || !strings.Contains(err.Error(), "max.line.bytes") {
		t.Errorf("got error %v", err)
	}
}

func TestStdinIsTheDefault(t *testing.T) {
	task, err := Plugin().OpenSource(t.Context(), connecttest.Env(t, nil), map[string]string{"topic": "lines"})
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := task.(*stdin); !ok || s.in != os.Stdin {
		t.Errorf("opened %T", task)
	}
}
