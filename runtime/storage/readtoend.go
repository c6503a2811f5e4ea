// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// probeAfter is how long the end of a partition is waited for before the broker
// is asked whether anything stands before it.
const probeAfter = time.Second

// ErrClosed is what ReadToEnd returns when the log is closed meanwhile.
var ErrClosed = errors.New("the log is closed")

// round serves calls of ReadToEnd that came while another round was under way:
// they may not share that one's idea of where the end is, but they share the next.
type round struct {
	done chan struct{}
	err  error
}

// ReadToEnd returns when everything that was in the topic when it was called has
// been applied.
func (l *Log) ReadToEnd(ctx context.Context) error {
	r, err := l.join()
	if err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("reading %s to its end: %w", l.topic, ctx.Err()), l.Err())
	}
}

func (l *Log) join() (*round, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return nil, fmt.Errorf("reading %s to its end: %w", l.topic, ErrClosed)
	}
	if l.next == nil {
		l.next = &round{done: make(chan struct{})}
	}
	if !l.serving {
		l.serving = true
		l.wg.Go(l.serve)
	}
	return l.next, nil
}

func (l *Log) serve() {
	for {
		l.mu.Lock()
		r := l.next
		l.next = nil
		l.serving = r != nil
		l.mu.Unlock()
		if r == nil {
			return
		}
		if r.err = l.readToEnd(); l.ctx.Err() != nil {
			r.err = fmt.Errorf("reading %s to its end: %w", l.topic, ErrClosed)
		}
		close(r.done)
	}
}

func (l *Log) readToEnd() error {
	ends, err := l.ends()
	if err != nil {
		return err
	}
	for asked := false; ; {
		moved, behind := l.behind(ends)
		if len(behind) == 0 {
			return nil
		}
		if !asked {
			// An empty partition has nothing to wait for.
			if err := l.skipDeleted(); err != nil {
				return err
			}
			asked = true
			continue
		}
		timer := time.NewTimer(probeAfter)
		select {
		case <-l.ctx.Done():
		case <-moved:
		case <-timer.C:
			err = l.probe(behind)
		}
		timer.Stop()
		if err = errors.Join(err, l.ctx.Err()); err != nil {
			return err
		}
	}
}

// ends returns the high watermarks: what open transactions have written counts.
func (l *Log) ends() (map[int32]int64, error) {
	listed, err := l.adm.ListEndOffsets(l.ctx, l.topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("asking for the end of %s: %w", l.topic, err)
	}
	ends := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
	return ends, nil
}

// behind returns the partitions that are not read to their end, with that end.
func (l *Log) behind(ends map[int32]int64) (moved <-chan struct{}, behind map[int32]int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	behind = map[int32]int64{}
	for p, end := range ends {
		if l.position[p] < end {
			behind[p] = end
		}
	}
	return l.moved, behind
}

// skipDeleted moves positions to where the partitions begin: what stood before
// has been deleted.
func (l *Log) skipDeleted() error {
	listed, err := l.adm.ListStartOffsets(l.ctx, l.topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return fmt.Errorf("asking for the start of %s: %w", l.topic, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	listed.Each(func(o kadm.ListedOffset) { l.skip(o.Partition, o.Offset) })
	return nil
}
