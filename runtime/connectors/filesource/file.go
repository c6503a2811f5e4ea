// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"penstock.dev/runtime/connect"
)

const (
	// firstLook is how soon after its end was reached a file is looked at again.
	// The pause doubles while nothing comes, up to lastLook.
	firstLook = 5 * time.Millisecond
	lastLook  = 250 * time.Millisecond
	// quietTime is for how long looks must find nothing new in a file that was
	// replaced before it counts as finished: its writer may still hold it.
	quietTime = time.Second
)

// file follows one file.
type file struct {
	emitter
	path  string
	f     *os.File // nil while there is none
	lines lines
	// at is the position in the file of the first byte that lines holds.
	at      int64
	pause   time.Duration // before the next look
	timer   *time.Timer   // for it
	atEnd   bool          // the last look found records and then the end
	quiet   time.Duration // waited since the file had news or its name
	missing bool          // it was said that the file is missing
}

func openFile(ctx context.Context, env connect.Env, c Config, shared *buffers) (connect.SourceTask, error) {
	offset, err := env.Offsets.Offset(ctx, map[string]any{filenameField: c.File})
	if err != nil {
		return nil, fmt.Errorf("reading the offset of %s: %w", c.File, err)
	}
	at, err := position(offset)
	if err != nil {
		return nil, err
	}
	t := &file{emitter: newEmitter(env, c, c.File), path: c.File, at: at, pause: lastLook}
	t.lines.max, t.lines.shared = c.MaxLineBytes, shared
	return t, nil
}

// Poll implements connect.SourceTask.
func (t *file) Poll(ctx context.Context, b *connect.Batch) error {
	start := len(b.Records)
	if t.atEnd {
		// What comes right behind is worth a batch of its own only once there is
		// some more of it.
		t.wait(ctx)
	}
	for ctx.Err() == nil {
		idle, err := t.turn(b, start)
		if err != nil {
			t.lines.rest()
			return err
		}
		if len(b.Records) > start {
			return nil
		}
		if idle {
			t.wait(ctx)
		}
	}
	return ctx.Err()
}

// wait returns when it is time for the next look, or when ctx is done. It holds
// no buffer meanwhile.
func (t *file) wait(ctx context.Context) {
	t.atEnd = false
	t.lines.rest()
	if t.timer == nil {
		t.timer = time.NewTimer(t.pause)
	} else {
		t.timer.Reset(t.pause)
	}
	select {
	case <-t.timer.C:
		t.quiet += t.pause
		t.pause = min(2*t.pause, lastLook)
	case <-ctx.Done():
		t.timer.Stop()
	}
}

// turn reads what there is until b is full. It reports whether there was nothing
// to do.
func (t *file) turn(b *connect.Batch, start int) (idle bool, err error) {
	if t.f == nil {
		if open, err := t.open(); !open || err != nil {
			return true, err
		}
	}
	now := t.env.Now().UnixMilli()
	for {
		if err := t.cut(b, start, now); err != nil || t.full(b, start) {
			return false, err
		}
		n, err := t.f.ReadAt(t.lines.room(), t.at+int64(t.lines.held()))
		t.lines.wrote(n)
		switch {
		case n > 0:
			t.quiet, t.pause = 0, firstLook
			if t.lines.held() > readSize && len(b.Records) == start {
				return false, nil // a long line: let the caller look at its context
			}
		case err == io.EOF:
			return t.end(b, start, now)
		default:
			return true, connect.Retriable(fmt.Errorf("reading at position %d: %w", t.at, err))
		}
	}
}

// open opens the file if it is there.
func (t *file) open() (bool, error) {
	// Without O_NONBLOCK, opening a named pipe would wait for its writer.
	f, err := os.OpenFile(t.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if !t.missing {
			t.env.Logger.Info("waiting for the file to be created", "file", t.path)
			t.missing = true
		}
		return false, nil
	}
	if err != nil {
		return false, connect.Retriable(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file (%s); name a file, or leave the key file out to read standard input",
			t.path, info.Mode().Type())
	}
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	t.f, t.missing, t.quiet = f, false, 0
	t.env.Logger.Info("reading", "file", t.path, "position", t.at)
	return true, nil
}

// cut emits the lines that are read.
func (t *file) cut(b *connect.Batch, start int, now int64) error {
	for !t.full(b, start) {
		line, size, ok, err := t.lines.next()
		if err != nil {
			return fmt.Errorf("reading %s at position %d: %w", t.path, t.at, err)
		}
		if !ok {
			return nil
		}
		t.at += int64(size)
		t.emit(b, line, connect.Int64Value(t.at), now)
	}
	return nil
}

// end looks, at the end of the file, whether it was truncated or replaced.
func (t *file) end(b *connect.Batch, start int, now int64) (idle bool, err error) {
	if len(b.Records) > start {
		t.atEnd = true
		t.lines.rest()
		return false, nil
	}
	info, err := t.f.Stat()
	if err != nil {
		return true, connect.Retriable(err)
	}
	if size := info.Size(); size < t.at+int64(t.lines.held()) {
		t.env.Logger.Warn("the file is shorter than what was read of it; reading it from its start",
			"file", t.path, "position", t.at, "size", size)
		t.restart()
		return false, nil
	}
	named, err := os.Stat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil // moved away, and perhaps still written to
	case err != nil:
		return true, connect.Retriable(err)
	case os.SameFile(info, named):
		t.quiet = 0
		return true, nil
	}
	if t.quiet < quietTime {
		return true, nil
	}
	return false, t.replace(b, now)
}

// replace goes from a file that was replaced to the new one.
func (t *file) replace(b *connect.Batch, now int64) error {
	t.env.Logger.Info("the file was replaced; reading the new one from its start", "file", t.path, "position", t.at)
	if n := t.lines.held(); n > 0 {
		// Nothing will end this line any more.
		t.at += int64(n)
		t.emit(b, t.lines.last(), connect.Int64Value(t.at), now)
	}
	err := t.f.Close()
	t.f = nil
	t.restart()
	if err != nil {
		return fmt.Errorf("closing the file that was replaced: %w", err)
	}
	return nil
}

func (t *file) restart() {
	t.at, t.quiet = 0, 0
	t.lines.discard()
}

// Close implements connect.SourceTask.
func (t *file) Close(context.Context) error {
	if t.f == nil {
		return nil
	}
	return t.f.Close()
}
