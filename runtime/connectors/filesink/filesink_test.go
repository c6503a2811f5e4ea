// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

func TestAcceptance(t *testing.T) {
	connecttest.Run(t, connecttest.Suite{
		Plugin: Plugin(),
		Config: func(t *testing.T) map[string]string {
			return map[string]string{"file": filepath.Join(t.TempDir(), "out.txt")}
		},
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// appendTo opens a task that appends to path.
func appendTo(t *testing.T, path string) *task {
	t.Helper()
	sink, err := Plugin().OpenSink(t.Context(), connecttest.Env(t, nil), map[string]string{"file": path})
	must(t, err)
	t.Cleanup(func() { _ = sink.Close(context.Background()) })
	return sink.(*task)
}

// batch returns a batch of strings, read from an offset on.
func batch(offset int64, lines ...string) *connect.Batch {
	b := connect.NewBatch(len(lines)+1, 1<<20)
	for i, line := range lines {
		r := b.Add()
		r.Value.Set(connect.StringSchema, connect.StringValue(line))
		r.SetOrigin(connect.Origin{Topic: "lines", Offset: offset + int64(i)})
	}
	return b
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	must(t, err)
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
}

func TestAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.txt")
	task := appendTo(t, path)
	must(t, task.Put(t.Context(), batch(0, "one", "", "zwei\r\n")))
	wantFile(t, path, "one\n\nzwei\r\n\n")
	must(t, task.Put(t.Context(), batch(3)))
	must(t, task.Put(t.Context(), batch(3, "three")))
	must(t, task.Close(t.Context()))
	must(t, appendTo(t, path).Put(t.Context(), batch(4, "four")))
	wantFile(t, path, "one\n\nzwei\r\n\nthree\nfour\n")
}

func TestLinesOfValues(t *testing.T) {
	person := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
		{Name: "a", Schema: connect.Int32Schema}, {Name: "b", Schema: connect.OptionalStringSchema}, {Name: "c", Schema: connect.BytesSchema},
	}}
	decimal := &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Parameters: []connect.Parameter{{Name: "scale", Value: "2"}}}
	for name, tc := range map[string]struct {
		schema *connect.Schema
		value  connect.Value
		want   string
	}{
		"null":      {nil, connect.NullValue(), "null"},
		"string":    {connect.StringSchema, connect.StringValue("x\xff"), "x\xff"},
		"integer":   {nil, connect.Int64Value(-7), "-7"},
		"float":     {nil, connect.Float64Value(1e10), "1.0E10"},
		"boolean":   {nil, connect.BooleanValue(true), "true"},
		"bytes":     {connect.BytesSchema, connect.BytesValue([]byte{0, 'a', 0xff}), "\x00a\xff"},
		"decimal":   {decimal, connect.BytesValue([]byte{4, 0xd2}), "12.34"},
		"timestamp": {connect.TimestampSchema, connect.Int64Value(0), "Thu Jan 01 00:00:00 UTC 1970"},
		"array":     {nil, connect.ArrayValue([]connect.Value{connect.Int64Value(1), connect.NullValue()}), "[1, null]"},
		"map": {nil, connect.MapValue([]connect.Entry{
			{Key: connect.StringValue("z"), Value: connect.Int64Value(1)}, {Key: connect.StringValue("a"), Value: connect.StringValue("x")},
		}), "{z=1, a=x}"},
		"struct": {person, connect.StructValue([]connect.Value{connect.Int32Value(1), connect.NullValue(), connect.BytesValue([]byte("hi"))}), "Struct{a=1,c=aGk=}"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out.txt")
			b := connect.NewBatch(1, 1)
			b.Add().Value.Set(tc.schema, tc.value)
			must(t, appendTo(t, path).Put(t.Context(), b))
			wantFile(t, path, tc.want+"\n")
		})
	}
}

func TestOpenEndsALineThatWasCut(t *testing.T) {
	for name, tc := range map[string]struct{ before, want string }{
		"whole lines": {"one\n", "one\ntwo\n"},
		"cut":         {"one\non", "one\non\ntwo\n"},
		"empty":       {"", "two\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out.txt")
			must(t, os.WriteFile(path, []byte(tc.before), 0o644))
			must(t, appendTo(t, path).Put(t.Context(), batch(0, "two")))
			wantFile(t, path, tc.want)
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		make func(path string) error
		want string
	}{
		"missing folder": {func(path string) error { return os.Remove(filepath.Dir(path)) }, "does not exist; create it, or mount a volume there"},
		"folder":         {func(path string) error { return os.Mkdir(path, 0o755) }, "is a directory"},
		"named pipe":     {func(path string) error { return syscall.Mkfifo(path, 0o644) }, "is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "folder", "out.txt")
			must(t, os.Mkdir(filepath.Dir(path), 0o755))
			must(t, tc.make(path))
			_, err := Plugin().OpenSink(t.Context(), connecttest.Env(t, nil), map[string]string{"file": path})
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// broken writes to a file up to a number of bytes, and then gives an error.
type broken struct {
	to   io.Writer
	room int
	err  error
}

func (w *broken) Write(p []byte) (int, error) {
	n, err := w.to.Write(p[:min(len(p), w.room)])
	if w.room -= n; err == nil && n < len(p) {
		err = &fs.PathError{Op: "write", Path: "out.txt", Err: w.err}
	}
	return n, err
}

func TestFullDisk(t *testing.T) {
	for name, tc := range map[string]struct {
		next *connect.Batch
		want string
	}{
		"the same batch again": {batch(0, "one", "two", "three"), "one\ntwo\nthree\n"},
		"another batch":        {batch(7, "seven"), "one\ntwo\nthree\nseven\n"},
		"one that overlaps":    {batch(0, "one", "two"), "one\ntwo\nthree\none\ntwo\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out.txt")
			task := appendTo(t, path)
			disk := &broken{task.f, 6, syscall.ENOSPC}
			task.out = disk
			for range 3 {
				err := task.Put(t.Context(), batch(0, "one", "two", "three"))
				if !connect.IsRetriable(err) || !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("got error %v", err)
				}
				wantFile(t, path, "one\ntw")
			}
			disk.room = 1 << 20
			must(t, task.Put(t.Context(), tc.next))
			wantFile(t, path, tc.want)
		})
	}
}

// What comes after a failed write may look like the batch at both ends, when the group
// has changed meanwhile, and hold other records between.
func TestFullDiskAndAnotherBatch(t *testing.T) {
	mixed := func(lines ...string) *connect.Batch {
		b := batch(0, lines...)
		b.Records[1].SetOrigin(connect.Origin{Topic: lines[1]})
		return b
	}
	path := filepath.Join(t.TempDir(), "out.txt")
	task := appendTo(t, path)
	disk := &broken{task.f, 6, syscall.ENOSPC}
	task.out = disk
	if err := task.Put(t.Context(), mixed("one", "two", "three")); !connect.IsRetriable(err) {
		t.Fatalf("got error %v", err)
	}
	disk.room = 1 << 20
	must(t, task.Put(t.Context(), mixed("one", "other", "three")))
	wantFile(t, path, "one\ntwo\nthree\none\nother\nthree\n")
}

func TestWriteErrorFails(t *testing.T) {
	task := appendTo(t, filepath.Join(t.TempDir(), "out.txt"))
	task.out = &broken{task.f, 0, syscall.EIO}
	if err := task.Put(t.Context(), batch(0, "one")); err == nil || connect.IsRetriable(err) || !errors.Is(err, syscall.EIO) {
		t.Errorf("got error %v", err)
	}
}

// unreadable is a converter that decodes nothing.
type unreadable struct{ connect.Converter }

var errUnreadable = errors.New("cannot be decoded")

func (unreadable) ToConnect(*connect.Arena, string, []byte) (*connect.Schema, connect.Value, error) {
	return nil, connect.Value{}, errUnreadable
}

func TestRecordThatCannotBeDecoded(t *testing.T) {
	for name, clearing := range map[string]bool{"failures stay": false, "failures are cleared": true} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out.txt")
			task := appendTo(t, path)
			disk := &broken{task.f, 0, syscall.ENOSPC}
			task.out = disk
			make := func() *connect.Batch {
				b := batch(0, "one", "two", "three")
				b.Records[1].Value.SetRaw([]byte("x"), &connect.Codec{Converter: unreadable{}})
				return b
			}
			b := make()
			if err := task.Put(t.Context(), b); !connect.IsRetriable(err) {
				t.Fatalf("got error %v", err)
			}
			if clearing {
				b = make()
			}
			disk.room = 100
			must(t, task.Put(t.Context(), b))
			wantFile(t, path, "one\nthree\n")
			if f := b.Failures(); len(f) != 1 || f[0].Index != 1 || !errors.Is(f[0].Err, errUnreadable) {
				t.Errorf("failures %v", f)
			}
		})
	}
}

func TestPreCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.txt")
	task := appendTo(t, path)
	must(t, task.Put(t.Context(), batch(0, "one")))
	want := connect.Offsets{{Topic: "lines"}: 1}
	for range 2 {
		got, err := task.PreCommit(t.Context(), want)
		must(t, err)
		if d := cmp.Diff(want, got); d != "" || task.dirty {
			t.Errorf("dirty %v, %s", task.dirty, d)
		}
	}
	must(t, task.Put(t.Context(), batch(1, "two")))
	must(t, task.f.Close())
	if got, err := task.PreCommit(t.Context(), want); err == nil || got != nil {
		t.Errorf("a sync that failed commits %v, error %v", got, err)
	}
}

func TestFileMovedAway(t *testing.T) {
	for name, tc := range map[string]struct {
		move func(t *testing.T, path string)
		want string
	}{
		"renamed": {func(t *testing.T, path string) { must(t, os.Rename(path, path+".1")) }, "three\n"},
		"removed": {func(t *testing.T, path string) { must(t, os.Remove(path)) }, "three\n"},
		"replaced by a cut file": {func(t *testing.T, path string) {
			must(t, os.Rename(path, path+".1"))
			must(t, os.WriteFile(path, []byte("x"), 0o644))
		}, "x\nthree\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out.txt")
			task := appendTo(t, path)
			must(t, task.Put(t.Context(), batch(0, "one")))
			tc.move(t, path)
			must(t, task.Put(t.Context(), batch(1, "two")))
			if _, err := task.PreCommit(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			must(t, task.Put(t.Context(), batch(2, "three")))
			wantFile(t, path, tc.want)
			if name != "removed" {
				wantFile(t, path+".1", "one\ntwo\n")
			}
		})
	}
}

func TestFolderMovedAway(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	must(t, os.Mkdir(folder, 0o755))
	task := appendTo(t, filepath.Join(folder, "out.txt"))
	must(t, os.Rename(folder, folder+".1"))
	if _, err := task.PreCommit(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "the folder "+folder+" does not exist") {
		t.Errorf("got error %v", err)
	}
}

func TestTasksShareAFile(t *testing.T) {
	const tasks, batches, lines = 4, 50, 20
	path := filepath.Join(t.TempDir(), "out.txt")
	var want []string
	var wg sync.WaitGroup
	for n := range tasks {
		task := appendTo(t, path)
		all := make([]*connect.Batch, batches)
		for i := range all {
			var texts []string
			for j := range lines {
				texts = append(texts, fmt.Sprintf("task %d batch %d line %d %s", n, i, j, strings.Repeat("x", 500)))
			}
			want = append(want, texts...)
			all[i] = batch(int64(i*lines), texts...)
		}
		wg.Go(func() {
			for _, b := range all {
				if err := task.Put(context.Background(), b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	data, err := os.ReadFile(path)
	must(t, err)
	got := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d lines, not the %d that were put", len(got), len(want))
	}
}

func TestStdout(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	defer func() { _ = errors.Join(r.Close(), w.Close()) }()
	sink, err := open(connecttest.Env(t, nil).Logger, Config{})
	must(t, err)
	task := sink.(*task)
	if task.f != os.Stdout || task.out != io.Writer(os.Stdout) {
		t.Error("without a file it does not write to standard output")
	}
	task.out = w
	must(t, task.Put(t.Context(), batch(0, "one", "two")))
	want := connect.Offsets{{Topic: "lines"}: 2}
	if got, err := task.PreCommit(t.Context(), want); err != nil || !cmp.Equal(want, got) {
		t.Errorf("commits %v, error %v", got, err)
	}
	must(t, task.Close(t.Context()))
	if _, err := os.Stdout.Stat(); err != nil {
		t.Errorf("standard output is closed: %v", err)
	}
	must(t, w.Close())
	if got, err := io.ReadAll(r); string(got) != "one\ntwo\n" || err != nil {
		t.Errorf("wrote %q, error %v", got, err)
	}
}
