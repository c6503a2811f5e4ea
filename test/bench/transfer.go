// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// transfer is a number of records on their way from one place to another.
type transfer struct {
	records int64
	bytes   int64 // of all records, as they are in Kafka
	// progress returns how many records have come out; more than all is an error.
	progress func(ctx context.Context) (int64, error)
	// look is how often progress is asked for.
	look time.Duration
}

// measured is what one transfer took.
type measured struct {
	records, bytes int64
	// first is the time from the start of the process to the first record out;
	// flow is from there to the last one.
	first, flow time.Duration
	// cpu is that of the whole process from its start to the last record.
	cpu time.Duration
	// The second half alone: a JVM has compiled by then what it will.
	halfRecords       int64
	halfTime, halfCPU time.Duration
	peak              int64
	// allocations for each record of the second half; not known of a JVM.
	allocations float64
}

// stall is how long nothing may come out before a transfer has failed.
const stall = 60 * time.Second

// sample is how far a transfer is at a time.
type sample struct {
	at      time.Time
	records int64
	cpu     time.Duration
	mallocs float64
}

// watch follows a transfer to its end.
func watch(ctx context.Context, r *running, t transfer) (measured, error) {
	ticker := time.NewTicker(t.look)
	defer ticker.Stop()
	last := sample{at: r.Started}
	moved := r.Started
	var first time.Time
	var middle sample
	for {
		now, err := look(ctx, r, t)
		if err != nil {
			return measured{}, err
		}
		if now.records > last.records {
			moved = now.at
			if first.IsZero() {
				first = last.at
			}
		}
		if middle.at.IsZero() && now.records >= t.records/2 {
			now.mallocs = r.mallocs(ctx)
			middle = now
		}
		if now.records == t.records {
			now.mallocs = r.mallocs(ctx)
			return finish(r, t, first, middle, now)
		}
		if now.at.Sub(moved) > stall {
			return measured{}, fmt.Errorf("after %d of %d records nothing came out for %s; the log of %s ends with:\n%s",
				now.records, t.records, stall, r.system, r.LogTail(2000))
		}
		last = now
		select {
		case <-ctx.Done():
			return measured{}, ctx.Err()
		case <-ticker.C:
		}
	}
}

func look(ctx context.Context, r *running, t transfer) (sample, error) {
	if err := r.Err(); err != nil {
		return sample{}, err
	}
	n, err := t.progress(ctx)
	if err != nil {
		return sample{}, err
	}
	if n > t.records {
		return sample{}, fmt.Errorf("%s: %d records came out of %d", r.system, n, t.records)
	}
	cpu, err := r.CPU()
	return sample{at: time.Now(), records: n, cpu: cpu}, err
}

func finish(r *running, t transfer, first time.Time, middle, end sample) (measured, error) {
	memory, err := r.Memory()
	if err := errors.Join(err, r.Alone()); err != nil {
		return measured{}, err
	}
	m := measured{
		records: t.records, bytes: t.bytes, first: first.Sub(r.Started), flow: end.at.Sub(first), cpu: end.cpu,
		halfRecords: t.records - middle.records, halfTime: end.at.Sub(middle.at), halfCPU: end.cpu - middle.cpu,
		peak: memory.Peak,
	}
	if m.halfRecords > 0 {
		m.allocations = (end.mallocs - middle.mallocs) / float64(m.halfRecords)
	}
	return m, nil
}

// mallocs returns how many allocations Penstock has made since it started, and 0
// for others.
func (r *running) mallocs(ctx context.Context) float64 {
	if r.system != ours {
		return 0
	}
	n, err := r.metric(ctx, "go_memstats_mallocs_total")
	if err != nil {
		return 0
	}
	return n
}

// metric returns a metric without labels.
func (r *running) metric(ctx context.Context, name string) (float64, error) {
	body, status, err := get(ctx, r.url+"/metrics")
	if err != nil || status != http.StatusOK {
		return 0, fmt.Errorf("reading the metrics of %s: status %d, %w", r.system, status, err)
	}
	for line := range strings.Lines(body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("%s has no metric %s", r.system, name)
}

func get(ctx context.Context, url string) (body string, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", 0, err
	}
	data, err := io.ReadAll(resp.Body)
	return string(data), resp.StatusCode, errors.Join(err, resp.Body.Close())
}

// growing follows a file of records that will have a known size, and counts
// records by their share of it.
func growing(path string, want checksum) func(context.Context) (int64, error) {
	size := want.bytes + want.records // and the ends of lines
	return func(context.Context) (int64, error) {
		info, err := os.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		if info.Size() > size {
			return 0, fmt.Errorf("%s has %d bytes, want %d", path, info.Size(), size)
		}
		if info.Size() == size {
			return want.records, nil
		}
		return int64(float64(info.Size()) / float64(size) * float64(want.records)), nil
	}
}
