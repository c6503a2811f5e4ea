// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"os"
)

// checksum tells whether two heaps of records are the same, whatever their order.
type checksum struct {
	records, bytes int64
	hash           uint64
}

func (c *checksum) add(seed maphash.Seed, record []byte) {
	c.records++
	c.bytes += int64(len(record))
	c.hash += maphash.Bytes(seed, record)
}

// diff returns an error if got is not want.
func (c checksum) diff(got checksum) error {
	switch {
	case got.records != c.records:
		return fmt.Errorf("%d records came out, want %d", got.records, c.records)
	case got.bytes != c.bytes:
		return fmt.Errorf("%d records came out with %d bytes, want %d", got.records, got.bytes, c.bytes)
	case got.hash != c.hash:
		return fmt.Errorf("%d records came out, and their content is not what went in", got.records)
	}
	return nil
}

// sumLines reads a file of lines.
func sumLines(seed maphash.Seed, path string) (c checksum, err error) {
	f, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := r.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			return c, nil
		}
		if err != nil {
			return c, fmt.Errorf("reading line %d of %s: %w", c.records+1, path, err)
		}
		c.add(seed, bytes.TrimSuffix(line, []byte{'\n'}))
	}
}
