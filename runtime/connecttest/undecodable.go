// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connecttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"penstock.dev/runtime/connect"
)

// errUndecodable is what the suite's records say that cannot be decoded.
var errUndecodable = errors.New("undecodable")

// refusing is the converter of such records. It counts who asks.
type refusing struct {
	connect.Converter
	asked int
}

// ToConnect implements connect.Converter.
func (r *refusing) ToConnect(*connect.Arena, string, []byte) (*connect.Schema, connect.Value, error) {
	r.asked++
	return nil, connect.Value{}, errUndecodable
}

// testUndecodable gives a sink batches of which records cannot be decoded: one at
// each place, and all of them; their keys, their values or a header.
func testUndecodable(t *testing.T, s Suite) {
	for part, spoil := range map[string]func(*connect.Record, *connect.Codec){
		"key":    func(r *connect.Record, c *connect.Codec) { r.Key.SetRaw([]byte("?"), c) },
		"value":  func(r *connect.Record, c *connect.Codec) { r.Value.SetRaw([]byte("?"), c) },
		"header": func(r *connect.Record, c *connect.Codec) { r.Headers = append(r.Headers, header(c)) },
	} {
		t.Run(part, func(t *testing.T) {
			noLeak(t)
			task, err := s.Plugin.OpenSink(t.Context(), sinkEnv(t), s.Config(t))
			if err != nil {
				t.Fatal(err)
			}
			defer closeTask(t, task)
			b := connect.NewBatch(batchRecords, batchBytes)
			fillBatch(s, b)
			for _, bad := range places(len(b.Records)) {
				b.Reset()
				fillBatch(s, b)
				conv := &refusing{}
				for _, i := range bad {
					spoil(&b.Records[i], &connect.Codec{Converter: conv, Topic: topic, Arena: &b.Arena})
				}
				if err := putUndecodable(t.Context(), task, b, bad, conv); err != nil {
					t.Fatalf("with records %v of %d: %v", bad, len(b.Records), err)
				}
			}
		})
	}
}

func header(c *connect.Codec) connect.Header {
	h := connect.Header{Key: "connecttest"}
	h.Value.SetRaw([]byte("?"), c)
	return h
}

// places returns the first, a middle and the last of n records, each alone, and all.
func places(n int) [][]int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return [][]int{{0}, {n / 2}, {n - 1}, all}
}

// putUndecodable puts a batch as the loop does, of which the given records cannot be
// decoded, and returns what the sink does wrong. A record that nobody asks for is no
// failure.
func putUndecodable(ctx context.Context, task connect.SinkTask, b *connect.Batch, bad []int, conv *refusing) error {
	wrong := map[connect.Origin]bool{}
	for _, i := range bad {
		wrong[b.Records[i].Origin()] = true
	}
	given := connect.Offsets{{Topic: topic, Partition: 0}: int64(len(b.Records))}
	told := 0
	for {
		err := task.Put(ctx, b)
		if err != nil && !errors.Is(err, errUndecodable) {
			return fmt.Errorf("Put does not return what Datum.Get has said: %w", err)
		}
		for _, f := range b.Failures() {
			if err := blamed(wrong, b, f); err != nil {
				return err
			}
			told++
		}
		if err == nil {
			break
		}
		// The loop takes out the record whose error it is.
		told++
		i := slices.IndexFunc(b.Records, func(r connect.Record) bool { return wrong[r.Origin()] })
		if i < 0 {
			return fmt.Errorf("Put fails without the records that cannot be decoded: %w", err)
		}
		b.Records[i].Drop()
		b.Compact()
		if len(b.Records) == 0 {
			break
		}
	}
	late, err := preCommitUndecodable(ctx, task, given, wrong)
	if err != nil {
		return err
	}
	if conv.asked > 0 && told+late == 0 {
		return errors.New("it has asked for what cannot be decoded, and has failed no record: it is lost")
	}
	return nil
}

// blamed checks what a sink has given to Batch.Fail.
func blamed(wrong map[connect.Origin]bool, b *connect.Batch, f connect.Failure) error {
	switch {
	case f.Index < 0 || f.Index >= len(b.Records):
		return fmt.Errorf("record %d of %d has failed", f.Index, len(b.Records))
	case !wrong[b.Records[f.Index].Origin()]:
		return fmt.Errorf("record %d has failed, which can be decoded: %w", f.Index, f.Err)
	case !errors.Is(f.Err, errUndecodable):
		return fmt.Errorf("record %d has failed without what Datum.Get has said: %w", f.Index, f.Err)
	}
	return nil
}

// preCommitUndecodable asks a sink that buffers what is safe. It returns how many
// records have failed late.
func preCommitUndecodable(ctx context.Context, task connect.SinkTask, given connect.Offsets, wrong map[connect.Origin]bool) (int, error) {
	p, ok := task.(connect.PreCommitter)
	if !ok {
		return 0, nil
	}
	safe, err := p.PreCommit(ctx, given)
	for tp, at := range safe {
		if at > given[tp] {
			return 0, fmt.Errorf("%v: offset %d is safe, but only %d were put", tp, at, given[tp])
		}
	}
	late := new(connect.RecordError)
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &late) && wrong[late.Origin]:
		return 1, nil
	}
	return 0, fmt.Errorf("PreCommit fails because of records that cannot be decoded: %w", err)
}
