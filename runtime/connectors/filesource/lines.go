// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"bytes"
	"fmt"
	"sync"
)

const (
	// readSize is how much is read at once.
	readSize = 64 << 10
	// bufferSize is the size of a buffer, unless a line needs a longer one.
	bufferSize = 2 * readSize
	// keepSize is the most that the buffer keeps after a long line.
	keepSize = 1 << 20
	// keepRest is the most that is moved out of a buffer that is let go of.
	keepRest = 4 << 10
)

// lines cuts a stream of bytes into lines. A line ends at \n, \r or \r\n; a \r
// that nothing follows yet is not known to be the end.
type lines struct {
	buf []byte
	// buf[r:w] is what is read and not cut; buf[r:seen] is known to hold no line
	// end.
	r, w, seen int
	// lf is the place of the next \n from seen on, len(buf)+1 if there is none in
	// buf[seen:w], and less than seen if it is not known.
	lf     int
	max    int
	shared *buffers
	small  []byte // what rest moves to
}

// buffers are what the tasks of a worker read into: one that waits for its file
// to grow holds none.
type buffers struct{ free sync.Pool }

func (b *buffers) take() []byte {
	if buf, ok := b.free.Get().(*[bufferSize]byte); ok {
		return buf[:]
	}
	return make([]byte, bufferSize)
}

// give takes back a buffer that take has returned; others are left to the
// collector.
func (b *buffers) give(buf []byte) {
	if len(buf) == bufferSize {
		b.free.Put((*[bufferSize]byte)(buf))
	}
}

// tooLong is the error of a line that is longer than allowed.
type tooLong struct{ max int }

func (e *tooLong) Error() string {
	return fmt.Sprintf("the line is longer than max.line.bytes (%d); raise it, or split the line", e.max)
}

// next cuts a line off. It returns the line without its end and how many bytes
// it took with it. The line is good until the next call of room.
func (l *lines) next() (line []byte, size int, ok bool, err error) {
	end := l.end()
	if end < 0 {
		if l.w-l.r > l.max+1 { // one more may be a \r whose \n is still to come
			return nil, 0, false, &tooLong{l.max}
		}
		return nil, 0, false, nil
	}
	after := end + 1
	if l.buf[end] == '\r' {
		if after == l.w {
			l.seen = end
			return nil, 0, false, l.check(end)
		}
		if l.buf[after] == '\n' {
			after++
		}
	}
	if err := l.check(end); err != nil {
		return nil, 0, false, err
	}
	line, size = l.buf[l.r:end], after-l.r
	l.r, l.seen = after, after
	return line, size, true, nil
}

func (l *lines) check(end int) error {
	if end-l.r > l.max {
		return &tooLong{l.max}
	}
	return nil
}

// end returns the place of the first \n or \r, or -1.
func (l *lines) end() int {
	if l.lf < l.seen {
		l.lf = index(l.buf, l.seen, l.w, '\n')
	}
	// Up to the \n, and not through the whole buffer again for each line.
	limit := min(l.lf, l.w)
	if cr := index(l.buf, l.seen, limit, '\r'); cr < limit {
		return cr
	}
	if l.lf < l.w {
		return l.lf
	}
	l.seen, l.lf = l.w, -1
	return -1
}

// index returns the place of c in buf[from:to], or len(buf)+1.
func index(buf []byte, from, to int, c byte) int {
	if i := bytes.IndexByte(buf[from:to], c); i >= 0 {
		return from + i
	}
	return len(buf) + 1
}

// room returns where to read the next bytes to; the caller says with wrote how
// many there were.
func (l *lines) room() []byte {
	if l.r == l.w {
		l.discard()
	}
	if len(l.buf)-l.w < readSize {
		l.makeRoom()
	}
	return l.buf[l.w:]
}

// makeRoom moves what is left to the front, of a larger buffer if it is a lot.
func (l *lines) makeRoom() {
	left := l.w - l.r
	size := max(bufferSize, 2*left)
	if len(l.buf) >= size && (len(l.buf) <= keepSize || size > keepSize/2) {
		l.move(l.buf)
		return
	}
	if size == bufferSize {
		l.move(l.shared.take())
		return
	}
	l.move(make([]byte, size))
}

// move puts what is left at the front of buf, which may be the buffer in use.
func (l *lines) move(buf []byte) {
	left := copy(buf, l.buf[l.r:l.w])
	if old := l.buf; len(old) > 0 && &old[0] != &buf[0] {
		l.shared.give(old)
	}
	l.buf, l.seen, l.r, l.w, l.lf = buf, l.seen-l.r, 0, left, -1
}

// rest lets go of the buffer while there is nothing to read. The little that is
// left is kept in as much memory as it needs; of a long line that has no end yet,
// the buffer stays, so that it is not copied with every look.
func (l *lines) rest() {
	switch left := l.held(); {
	case left == 0:
		l.shared.give(l.buf)
		l.buf = nil
		l.discard()
	case left <= keepRest && len(l.buf) > keepRest:
		if cap(l.small) < left {
			l.small = make([]byte, left)
		}
		l.move(l.small[:left])
	}
}

// wrote says that n bytes were put where room said.
func (l *lines) wrote(n int) {
	l.w += n
	l.lf = -1
}

// held returns the bytes that were read and are no line yet.
func (l *lines) held() int { return l.w - l.r }

// last cuts off what is left, though no line end follows it.
func (l *lines) last() []byte {
	line := l.buf[l.r:l.w]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	l.r, l.seen, l.lf = l.w, l.w, -1
	return line
}

// discard forgets everything.
func (l *lines) discard() { l.r, l.w, l.seen, l.lf = 0, 0, 0, -1 }
