// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

// reader is an open task and what it has committed. The tests run in a bubble:
// time passes only while the task waits.
type reader struct {
	t       *testing.T
	task    connect.SourceTask
	offsets connecttest.Offsets
}

// inBubble runs a test in a synctest bubble with a path in a folder of its own.
func inBubble(t *testing.T, test func(t *testing.T, path string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.txt")
	synctest.Test(t, func(t *testing.T) { test(t, path) })
}

func start(t *testing.T, offsets connecttest.Offsets, props map[string]string) *reader {
	t.Helper()
	task, err := Plugin().OpenSource(t.Context(), connecttest.Env(t, offsets), props)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t, task, offsets}
	t.Cleanup(r.stop)
	return r
}

func (r *reader) stop() {
	if r.task != nil {
		if err := r.task.Close(context.Background()); err != nil {
			r.t.Error(err)
		}
		r.task = nil
	}
}

func follow(t *testing.T, path string) *reader {
	t.Helper()
	return start(t, connecttest.Offsets{}, map[string]string{"file": path, "topic": "lines"})
}

// poll polls for some time and returns the lines.
func (r *reader) poll(d time.Duration) (lines []string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	b := connect.NewBatch(1000, 1<<20)
	for ctx.Err() == nil && err == nil {
		b.Reset()
		err = r.task.Poll(ctx, b)
		for i := range b.Records {
			if err := r.offsets.Commit(&b.Records[i]); err != nil {
				r.t.Fatal(err)
			}
			_, v, _ := b.Records[i].Value.Get()
			lines = append(lines, strings.Clone(v.Str()))
		}
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil
	}
	return lines, err
}

// want polls for five seconds and wants exactly these lines.
func (r *reader) want(lines ...string) {
	r.t.Helper()
	got, err := r.poll(5 * time.Second)
	if err != nil {
		r.t.Fatal(err)
	}
	if d := cmp.Diff(lines, got); d != "" {
		r.t.Fatal(d)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Error(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRecord(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		write(t, path, "äpfel\r\nbirnen\n")
		r := follow(t, path)
		b := connect.NewBatch(10, 1<<20)
		must(t, r.task.Poll(t.Context(), b))
		if len(b.Records) != 2 {
			t.Fatalf("got %d records", len(b.Records))
		}
		for i, want := range []struct {
			line   string
			offset int64
		}{{"äpfel", 8}, {"birnen", 15}} {
			rec := &b.Records[i]
			s, v, err := rec.Value.Get()
			ks, k, kerr := rec.Key.Get()
			switch {
			case err != nil || s != connect.StringSchema || v.Str() != want.line:
				t.Errorf("value %q of %v, error %v", v.Str(), s, err)
			case kerr != nil || ks != nil || !k.IsNull():
				t.Errorf("key %v of %v, error %v", k, ks, kerr)
			case rec.Topic != "lines" || rec.Partition != connect.ByKey || rec.Timestamp != time.Now().UnixMilli():
				t.Errorf("topic %s, partition %d, timestamp %d", rec.Topic, rec.Partition, rec.Timestamp)
			case rec.SourceOffset[0].Type() != connect.Int64 || rec.SourceOffset[0].Int() != want.offset:
				t.Errorf("offset %v, want %d", rec.SourceOffset[0].Int(), want.offset)
			}
			if d := cmp.Diff(&connect.SourcePartition{Key: map[string]any{"filename": path}, Fields: []string{"position"}}, rec.Source); d != "" {
				t.Error(d)
			}
		}
	})
}

func TestGrowth(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		write(t, path, "one\ntw")
		r := follow(t, path)
		r.want("one")
		write(t, path, "o\nthree\r")
		r.want("two")
		write(t, path, "\nfour\r")
		r.want("three")
		write(t, path, "five\n")
		r.want("four", "five")
		r.want()
	})
}

func TestGrowthWakesPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		r := follow(t, path)
		began := time.Now()
		time.AfterFunc(10*time.Second, func() { write(t, path, "late\n") })
		b := connect.NewBatch(10, 1<<20)
		must(t, r.task.Poll(t.Context(), b))
		if waited := time.Since(began); len(b.Records) != 1 || waited > 10*time.Second+lastLook {
			t.Errorf("%d records after %v", len(b.Records), waited)
		}
	})
}

func TestTruncation(t *testing.T) {
	for name, tc := range map[string]struct {
		before, after string
		first, second []string
	}{
		"to nothing, then new lines": {"one\ntwo\n", "three\n", []string{"one", "two"}, []string{"three"}},
		"with a line held":           {"one\ntwo", "x\n", []string{"one"}, []string{"x"}},
		"only the held part is gone": {"one\ntwo", "one\n", []string{"one"}, []string{"one"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, path string) {
				write(t, path, tc.before)
				r := follow(t, path)
				r.want(tc.first...)
				must(t, os.Truncate(path, 0))
				write(t, path, tc.after)
				r.want(tc.second...)
				write(t, path, "more\n")
				r.want("more")
			})
		})
	}
}

func TestRotation(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		old := path + ".1"
		write(t, path, "one\n")
		r := follow(t, path)
		r.want("one")
		write(t, path, "two\n")
		must(t, os.Rename(path, old))
		write(t, path, "new one\nnew")
		time.AfterFunc(2*lastLook, func() { write(t, old, "three\n") })
		time.AfterFunc(4*lastLook, func() { write(t, old, "four, without end") })
		r.want("two", "three", "four, without end", "new one")
		write(t, old, "too late\n")
		write(t, path, " two\n")
		r.want("new two")
		r.stop()
		start(t, r.offsets, map[string]string{"file": path, "topic": "lines"}).want()
	})
}

func TestRotationThatPausesTheName(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		write(t, path, "one\n")
		r := follow(t, path)
		r.want("one")
		must(t, os.Rename(path, path+".1"))
		write(t, path+".1", "two\n")
		r.want("two")
		must(t, os.Rename(path+".1", path))
		write(t, path, "three\n")
		r.want("three")
		must(t, os.Remove(path))
		r.want()
		write(t, path, "four\n")
		r.want("four")
	})
}

func TestFileThatDoesNotExistYet(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		folder := filepath.Join(filepath.Dir(path), "later")
		r := follow(t, filepath.Join(folder, "in.txt"))
		r.want()
		must(t, os.Mkdir(folder, 0o755))
		r.want()
		write(t, filepath.Join(folder, "in.txt"), "one\n")
		r.want("one")
	})
}

func TestResume(t *testing.T) {
	for name, tc := range map[string]struct {
		position any
		want     []string
	}{
		"nothing committed": {nil, []string{"one", "two", "three"}},
		"in the middle":     {int64(4), []string{"two", "three"}},
		"as a float":        {float64(8), []string{"three"}},
		"at the end":        {int64(14), nil},
		"beyond the end":    {int64(15), []string{"one", "two", "three"}},
		"within a line":     {int64(5), []string{"wo", "three"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, path string) {
				write(t, path, "one\ntwo\nthree\n")
				offsets := connecttest.Offsets{fmt.Sprintf(`{"filename":%q}`, path): {"position": tc.position}}
				start(t, offsets, map[string]string{"file": path, "topic": "lines"}).want(tc.want...)
			})
		})
	}
}

func TestBadOffset(t *testing.T) {
	for name, position := range map[string]any{"text": "1", "negative": int64(-1), "fraction": 1.5, "huge": 1e300, "list": []any{}} {
		t.Run(name, func(t *testing.T) {
			offsets := connecttest.Offsets{`{"filename":"/x"}`: {"position": position}}
			_, err := Plugin().OpenSource(t.Context(), connecttest.Env(t, offsets), map[string]string{"file": "/x", "topic": "lines"})
			if err == nil || !strings.Contains(err.Error(), "position") || connect.IsRetriable(err) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

func TestBatchLimits(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		write(t, path, strings.Repeat("0123456789\n", 1000))
		r := start(t, connecttest.Offsets{}, map[string]string{"file": path, "topic": "lines", "batch.size": "7"})
		for name, tc := range map[string]struct {
			b    *connect.Batch
			want int
		}{
			"batch.size":         {connect.NewBatch(100, 1<<20), 7},
			"records of a batch": {connect.NewBatch(5, 1<<20), 5},
			"bytes of a batch":   {connect.NewBatch(100, 25), 3},
		} {
			must(t, r.task.Poll(t.Context(), tc.b))
			if got := len(tc.b.Records); got != tc.want {
				t.Errorf("%s: got %d records, want %d", name, got, tc.want)
			}
		}
		lines, err := r.poll(time.Second)
		if len(lines) != 1000-7-5-3 || err != nil {
			t.Errorf("%d lines left, error %v", len(lines), err)
		}
	})
}

func TestLongLines(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		long := strings.Repeat("x", 3_000_000)
		write(t, path, "a\n"+long+"\nb\n")
		r := start(t, connecttest.Offsets{}, map[string]string{"file": path, "topic": "lines", "max.line.bytes": "3000000"})
		r.want("a", long, "b")
		write(t, path, "c\n"+long+"y\nd\n")
		lines, err := r.poll(5 * time.Second)
		if d := cmp.Diff([]string{"c"}, lines); d != "" {
			t.Error(d)
		}
		want := fmt.Sprintf("reading %s at position %d: the line is longer than max.line.bytes (3000000)", path, 2+3_000_001+2+2)
		if err == nil || !strings.HasPrefix(err.Error(), want) || connect.IsRetriable(err) {
			t.Errorf("got error %v", err)
		}
	})
}

func TestCancelWhileWaiting(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		r := follow(t, path)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.task.Poll(ctx, connect.NewBatch(1, 1)) }()
		synctest.Wait()
		before := time.Now()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || time.Since(before) > 0 {
			t.Errorf("error %v after %v", err, time.Since(before))
		}
	})
}
