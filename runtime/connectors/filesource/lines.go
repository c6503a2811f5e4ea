// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"bytes"
	"fmt"
)

const (
	// readSize is how much is read at once.
	readSize = 64 << 10
	// keepSize is the most that the buffer keeps after a long line.
	keepSize = 1 << 20
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
	lf  int
	max int
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
	buf := l.buf
	if size := max(2*readSize, 2*left); len(buf) < size || len(buf) > keepSize && size <= keepSize/2 {
		buf = make([]byte, size)
	}
	copy(buf, l.buf[l.r:l.w])
	l.buf, l.seen, l.r, l.w, l.lf = buf, l.seen-l.r, 0, left, -1
}

// wrote says that n bytes were put where room said.
func (l *lines) wrote(n int) {
	l.w += n
	l.lf = -1
}

// held returns the bytes that were read and are no line yet.
func (l *lines) held() int { return l.w - l.r }

// rest cuts off what is left, though no line end follows it.
func (l *lines) rest() []byte {
	line := l.buf[l.r:l.w]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	l.r, l.seen, l.lf = l.w, l.w, -1
	return line
}

// discard forgets everything.
func (l *lines) discard() { l.r, l.w, l.seen, l.lf = 0, 0, 0, -1 }
