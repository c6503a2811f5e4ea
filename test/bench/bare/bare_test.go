// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package bare

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestCount(t *testing.T) {
	block := Block()
	var c Count
	for _, i := range []int64{2, 0, 1} {
		c.Add(Append(nil, block, i, 1000))
	}
	if want := Expect(3, 1000); c != want {
		t.Errorf("counted %+v, want %+v", c, want)
	}
	c.Add(Append(nil, block, 1, 1000))
	if c == Expect(4, 1000) {
		t.Error("a record that came twice in place of another was not noticed")
	}
}

func TestReporter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "count")
	r := NewReporter(path, 100)
	if _, err := Read(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("before the first record: %v", err)
	}
	block := Block()
	writes, last := 0, Count{}
	for i := range int64(100) {
		r.Add(Append(nil, block, i, 10))
		if err := r.Report(); err != nil {
			t.Fatal(err)
		}
		if c, err := Read(path); err != nil {
			t.Fatal(err)
		} else if c != last {
			writes, last = writes+1, c
		}
	}
	if last != Expect(100, 10) || writes < reports || writes > reports+2 {
		t.Errorf("%d reports, the last is %+v", writes, last)
	}
}

func TestCodec(t *testing.T) {
	for _, name := range []string{"none", "snappy", "lz4", "zstd"} {
		if _, err := Codec(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Codec("best"); err == nil {
		t.Error("an unknown codec was taken")
	}
}
