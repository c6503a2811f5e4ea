// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"penstock.dev/runtime/connect"
)

// stdin reads standard input. It has no position to come back to: what a task
// has read and not written when it stops is gone.
type stdin struct {
	emitter
	in    *os.File
	lines lines
	ended bool
}

func newStdin(env connect.Env, c Config, shared *buffers) *stdin {
	t := &stdin{emitter: newEmitter(env, c, nil), in: os.Stdin}
	t.lines.max, t.lines.shared = c.MaxLineBytes, shared
	return t
}

// Poll implements connect.SourceTask.
func (t *stdin) Poll(ctx context.Context, b *connect.Batch) error {
	start := len(b.Records)
	for ctx.Err() == nil {
		if err := t.cut(b, start); err != nil || len(b.Records) > start {
			return err
		}
		if t.ended {
			<-ctx.Done()
			break
		}
		if err := t.read(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// read reads what comes within lastLook. Waiting for it first, instead of a
// Read that nothing can interrupt, leaves no goroutine behind when the task
// stops, and no bytes in its hands.
func (t *stdin) read() error {
	fds := []unix.PollFd{{Fd: int32(t.in.Fd()), Events: unix.POLLIN}}
	ready, err := unix.Poll(fds, int(lastLook/time.Millisecond))
	if errors.Is(err, unix.EINTR) || err == nil && ready == 0 {
		t.lines.rest()
		return nil
	}
	if err != nil {
		return fmt.Errorf("waiting for standard input: %w", err)
	}
	n, err := t.in.Read(t.lines.room())
	t.lines.wrote(n)
	switch {
	case errors.Is(err, io.EOF):
		t.ended = true
		t.lines.rest()
	case err != nil:
		return fmt.Errorf("reading standard input: %w", err)
	}
	return nil
}

// cut emits the lines that are read, and at the end what is left, because
// nothing can follow it.
func (t *stdin) cut(b *connect.Batch, start int) error {
	now := t.env.Now().UnixMilli()
	for !t.full(b, start) {
		line, _, ok, err := t.lines.next()
		if err != nil {
			return fmt.Errorf("reading standard input: %w", err)
		}
		if !ok {
			if t.ended && t.lines.held() > 0 {
				t.emit(b, t.lines.last(), connect.NullValue(), now)
			}
			return nil
		}
		t.emit(b, line, connect.NullValue(), now)
	}
	return nil
}

// Close implements connect.SourceTask; standard input stays open for a task that
// comes after.
func (t *stdin) Close(context.Context) error { return nil }
