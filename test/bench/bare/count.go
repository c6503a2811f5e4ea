// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package bare

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
)

// Count tells which generated records have come: how many, and the sum of their
// numbers.
type Count struct {
	Records int64  `json:"records"`
	Sum     uint64 `json:"sum"`
	Bytes   int64  `json:"bytes"`
}

// Expect returns the Count of the first n records of a size.
func Expect(n int64, size int) Count {
	return Count{Records: n, Sum: uint64(n) * uint64(n-1) / 2, Bytes: n * int64(size)}
}

// numberSize is what a generated record starts with.
const numberSize = 8

// blockSize is that of the random bytes from which generated records are cut.
const blockSize = 1 << 20

// Block returns the bytes from which generated records are cut: random, so that
// compression gains nothing and the work is that of bytes that are not
// compressed.
func Block() []byte {
	rng := rand.NewChaCha8([32]byte{1})
	b := make([]byte, blockSize)
	_, _ = rng.Read(b) // it returns no error
	return b
}

// Append appends the generated record of a number: the number, and what else it
// takes to be of that size.
func Append(dst, block []byte, number int64, size int) []byte {
	n := size - numberSize
	at := int(uint64(number) * 7919 % uint64(len(block)-n))
	return append(binary.BigEndian.AppendUint64(dst, uint64(number)), block[at:at+n]...)
}

// Add counts a record.
func (c *Count) Add(record []byte) {
	c.Records++
	c.Bytes += int64(len(record))
	if len(record) >= numberSize {
		c.Sum += binary.BigEndian.Uint64(record)
	}
}

// Write puts the count into a file, all at once.
func (c *Count) Write(path string) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return fmt.Errorf("reporting the count: %w", err)
	}
	return os.Rename(path+".new", path)
}

// Reporter counts records and writes the count from time to time, so that
// somebody else can see how far it is.
type Reporter struct {
	Count
	path        string
	total, next int64
}

// reports is how often a Reporter writes.
const reports = 20

// NewReporter returns a Reporter of so many records.
func NewReporter(path string, total int64) *Reporter {
	return &Reporter{path: path, total: total, next: 1}
}

// Report writes the count if it is time to, and when all records are there.
func (r *Reporter) Report() error {
	if r.Records < r.next {
		return nil
	}
	r.next = min(r.Records+r.total/reports, r.total)
	if r.Records >= r.total {
		r.next = r.Records + 1
	}
	return r.Write(r.path)
}

// Read returns what Write has written.
func Read(path string) (c Count, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(data, &c)
}
