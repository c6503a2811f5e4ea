// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package bare

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// again is how long the end of a file is left alone.
const again = 5 * time.Millisecond

// file sends each line of a file; without a number of records it follows the
// file as it grows.
func (p *producer) file(ctx context.Context, o Options) (err error) {
	f, err := os.Open(o.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	reader := bufio.NewReaderSize(f, 1<<20)
	var n int64
	var begun []byte // of a line whose end is not there yet
	for o.Records == 0 || n < o.Records {
		line, err := reader.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && o.Records == 0:
			begun = append(begun, line...)
			if err := pause(ctx); err != nil {
				return err
			}
			continue
		case err != nil:
			return fmt.Errorf("reading line %d of %s: %w", n+1, o.File, err)
		}
		r := p.record()
		r.Value = append(append(r.Value, begun...), line[:len(line)-1]...)
		begun = begun[:0]
		p.send(ctx, r)
		n++
	}
	return nil
}

func pause(ctx context.Context) error {
	timer := time.NewTimer(again)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
