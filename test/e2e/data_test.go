// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// lines counts the complete lines of a file by their text; a file that is not
// there yet has none.
func lines(t testing.TB, path string) map[string]int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return countLines(data)
}

func countLines(data []byte) map[string]int {
	n := map[string]int{}
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		n[sc.Text()]++
	}
	return n
}

// missing says which of the wanted lines are not there at all.
func missing(want, got map[string]int) error {
	n, example := 0, ""
	for line := range want {
		if got[line] == 0 {
			n++
			example = line
		}
	}
	if n > 0 {
		return fmt.Errorf("%d of %d lines are missing, such as %q", n, len(want), example)
	}
	return nil
}

// foreign says which lines are there that nobody wrote.
func foreign(want, got map[string]int) error {
	for line := range got {
		if want[line] == 0 {
			return fmt.Errorf("%q came out but never went in", line)
		}
	}
	return nil
}

// repeated counts lines that came more than once.
func repeated(got map[string]int) int {
	n := 0
	for _, c := range got {
		n += c - 1
	}
	return n
}

func writeLines(t testing.TB, path, prefix string, n int) {
	t.Helper()
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "%s-%06d\n", prefix, i)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// load appends lines to a file until it is stopped.
type load struct {
	path string
	stop chan struct{}
	wg   sync.WaitGroup
	err  error
}

// startLoad appends 200 lines a second.
func startLoad(path string) *load {
	l := &load{path: path, stop: make(chan struct{})}
	l.wg.Go(func() { l.err = l.run() })
	return l
}

func (l *load) run() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; {
		select {
		case <-l.stop:
			return nil
		case <-tick.C:
		}
		for range 10 {
			if _, err := fmt.Fprintf(f, "load-%08d-%d\n", n, time.Now().UnixNano()); err != nil {
				return err
			}
			n++
		}
	}
}

// end stops the load and returns what it wrote.
func (l *load) end(t testing.TB) map[string]int {
	t.Helper()
	close(l.stop)
	l.wg.Wait()
	if l.err != nil {
		t.Fatalf("writing the load: %v", l.err)
	}
	return lines(t, l.path)
}

// shareDir makes a folder that the pods' user may write to.
func shareDir(t testing.TB, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}
