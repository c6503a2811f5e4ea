// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// keepSize is the most that the buffer keeps after a large batch.
const keepSize = 4 << 20

// task appends to one file. A batch is one buffer of whole lines and, as a rule,
// one write(2) to a locked file that is opened with O_APPEND, so the lines of
// several tasks do not mix.
type task struct {
	path string // "" is standard output
	log  *slog.Logger
	f    *os.File
	// out is f, or what a test puts in its place.
	out   io.Writer
	dirty bool // something was written since the last sync

	// buf holds what is not written yet: of batch if a write failed.
	buf    []byte
	batch  []connect.Origin
	failed []connect.Failure
}

// origins tell whether a batch is the one that was given before.
func origins(b *connect.Batch) []connect.Origin {
	all := make([]connect.Origin, len(b.Records))
	for i := range b.Records {
		all[i] = b.Records[i].Origin()
		all[i].Topic = strings.Clone(all[i].Topic) // it may lie in the memory of the batch
	}
	return all
}

func open(log *slog.Logger, c Config) (connect.SinkTask, error) {
	t := &task{path: c.File, log: log, f: os.Stdout, out: os.Stdout}
	if c.File != "" {
		if err := t.openFile(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *task) openFile() error {
	// Read too, to see how the file ends; without O_NONBLOCK, opening a named pipe
	// would wait for its reader.
	f, err := os.OpenFile(t.path, os.O_RDWR|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("opening %s: the folder %s does not exist; create it, or mount a volume there", t.path, filepath.Dir(t.path))
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file (%s); name a file, or leave the key file out to write to standard output",
			t.path, info.Mode().Type())
	}
	var cut bool
	if err == nil {
		cut, err = endsInLine(f)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if cut {
		// A line that a crash cut off must not swallow the next one.
		t.buf = append(t.buf, '\n')
	}
	t.f, t.out = f, f
	return nil
}

// endsInLine reports whether the file ends with a line that has no end.
func endsInLine(f *os.File) (bool, error) {
	// A file grows page by page during a write: wait for another task to finish its.
	unlock, err := lock(f)
	if err != nil {
		return false, err
	}
	defer unlock()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], info.Size()-1); err != nil && err != io.EOF {
		return false, fmt.Errorf("reading the end of the file: %w", err)
	}
	return last[0] != '\n', nil
}

// lock keeps other tasks from appending to the file until unlock is called. File
// systems that have no such locks are used without.
func lock(f *os.File) (unlock func(), err error) {
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err {
		case nil:
			return func() { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }, nil
		case syscall.EINTR:
		case syscall.ENOTSUP, syscall.ENOLCK, syscall.ENOSYS, syscall.EINVAL:
			return func() {}, nil
		default:
			return nil, fmt.Errorf("locking the file: %w", err)
		}
	}
}

// Put implements connect.SinkTask.
func (t *task) Put(_ context.Context, b *connect.Batch) error {
	if t.batch != nil {
		// A write of this batch failed in its middle. What is left of it is in buf.
		same := slices.Equal(origins(b), t.batch)
		if err := t.write(); err != nil {
			return err
		}
		if same {
			return t.repeat(b)
		}
	}
	t.encode(b)
	err := t.write()
	if err != nil {
		t.batch = origins(b)
	}
	return err
}

// repeat says again which records of the batch could not be written.
func (t *task) repeat(b *connect.Batch) error {
	for _, f := range t.failed {
		if !slices.ContainsFunc(b.Failures(), func(g connect.Failure) bool { return g.Index == f.Index }) {
			b.Fail(f.Index, f.Err)
		}
	}
	return nil
}

// encode appends the batch's lines to buf.
func (t *task) encode(b *connect.Batch) {
	t.failed = t.failed[:0]
	for i := range b.Records {
		s, v, err := b.Records[i].Value.Get()
		if err != nil {
			t.failed = append(t.failed, connect.Failure{Index: i, Err: err})
			b.Fail(i, err)
			continue
		}
		t.buf = append(appendText(t.buf, s, v), '\n')
	}
}

// appendText writes a value as Java prints it, but Bytes as they are: Java
// prints the identity of the array.
func appendText(dst []byte, s *connect.Schema, v connect.Value) []byte {
	if v.Type() == connect.Bytes && (s == nil || s.Name != connect.DecimalName) {
		return append(dst, v.Bytes()...)
	}
	return javatext.AppendText(dst, s, v)
}

// write writes buf and forgets the batch if all of it is written.
func (t *task) write() error {
	n, err := t.append()
	t.dirty = t.dirty || n > 0
	if err != nil {
		t.buf = t.buf[:copy(t.buf, t.buf[n:])]
		if passing(err) {
			return connect.Retriable(err)
		}
		return err
	}
	t.batch = nil
	if t.buf = t.buf[:0]; cap(t.buf) > keepSize {
		t.buf = nil
	}
	return nil
}

// append gives buf to the file in one piece.
func (t *task) append() (int, error) {
	if len(t.buf) == 0 {
		return 0, nil
	}
	if t.path != "" {
		unlock, err := lock(t.f)
		if err != nil {
			return 0, err
		}
		defer unlock()
	}
	n, err := t.out.Write(t.buf)
	if err != nil {
		return n, fmt.Errorf("appending: %w", err)
	}
	return n, nil
}

// passing reports whether waiting may help: somebody makes room on the disk.
func passing(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EAGAIN, syscall.EINTR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// PreCommit implements connect.PreCommitter: everything that was put is written;
// here it is made to survive a crash of the machine.
func (t *task) PreCommit(_ context.Context, o connect.Offsets) (connect.Offsets, error) {
	if t.path == "" {
		return o, nil
	}
	if t.dirty {
		// After a failed sync nobody knows what is on the disk: this fails the task,
		// and what was not committed is written again.
		if err := t.f.Sync(); err != nil {
			return nil, fmt.Errorf("making the file durable: %w", err)
		}
		t.dirty = false
	}
	return o, t.follow()
}

// follow opens the path again if it names another file by now, or none.
func (t *task) follow() error {
	own, err := t.f.Stat()
	if err != nil {
		return fmt.Errorf("looking at the open file: %w", err)
	}
	named, err := os.Stat(t.path)
	if err == nil && os.SameFile(own, named) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	old := t.f
	if err := t.openFile(); err != nil {
		return err
	}
	t.log.Info("the file was moved away; appending to a new one", "file", t.path)
	if err := old.Close(); err != nil {
		return fmt.Errorf("closing the file that was moved away: %w", err)
	}
	return nil
}

// Close implements connect.SinkTask; standard output stays open.
func (t *task) Close(context.Context) error {
	if t.path == "" {
		return nil
	}
	return t.f.Close()
}
