// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// variant is one point of the matrix: the base case, or one axis away from it.
type variant struct {
	// name is "" for the base case.
	name             string
	size, partitions int
	tasks            int
	compression      string
	records          int64
}

// base is the base case: 1 KB, 8 partitions, 1 task, no compression.
func base(records int64) variant {
	return variant{size: 1024, partitions: 8, tasks: 1, compression: "none", records: records}
}

// axes are the base case with one thing changed each.
func axes(records int64) []variant {
	var out []variant
	add := func(name string, change func(*variant)) {
		v := base(records)
		v.name = name
		change(&v)
		out = append(out, v)
	}
	add("100B", func(v *variant) { v.size, v.records = 100, 3*records })
	add("10KB", func(v *variant) { v.size, v.records = 10240, records/5 })
	add("1-partition", func(v *variant) { v.partitions = 1 })
	add("4-tasks", func(v *variant) { v.tasks = 4 })
	add("lz4", func(v *variant) { v.compression = "lz4" })
	add("zstd", func(v *variant) { v.compression = "zstd" })
	return out
}

// id names the variant of a work: "P1", "P1/100B".
func (v variant) id(work string) string {
	if v.name == "" {
		return work
	}
	return work + "/" + v.name
}

// contest lets systems do the same transfer in turns, and returns what each
// round of each measured.
type contest struct {
	id      string
	systems []system
	// prepare says what is to be done in a turn; check what must hold after it.
	prepare func(ctx context.Context, s system, turn string) (job, transfer, error)
	check   func(ctx context.Context, s system, turn string) error
}

func (b *bench) hold(ctx context.Context, c contest) (map[system][]measured, error) {
	out := map[system][]measured{}
	systems := c.systems
	if b.quick {
		// It is the same program as the other one.
		systems = slices.DeleteFunc(slices.Clone(systems), func(s system) bool { return s == tunedPeer })
	}
	for round := range b.rounds {
		for _, s := range inTurn(systems, round) {
			m, err := b.turn(ctx, c, s)
			if err != nil {
				return nil, fmt.Errorf("%s, round %d, %s: %w", c.id, round+1, s, err)
			}
			b.say("%-12s round %d  %-20s %9.0f records/s %9.0f records/CPU-s (second half %9.0f)  first after %s",
				c.id, round+1, s, m.perSecond(), m.perCPU(), m.perCPUHalf(), m.first.Round(time.Millisecond))
			out[s] = append(out[s], m)
		}
	}
	return out, nil
}

// inTurn returns the order of a round, each the reverse of the one before: nobody
// always comes after the same one.
func inTurn(systems []system, round int) []system {
	out := slices.Clone(systems)
	if round%2 == 1 {
		slices.Reverse(out)
	}
	return out
}

// turn is one transfer by one system, and the proof that it was right.
func (b *bench) turn(ctx context.Context, c contest, s system) (m measured, err error) {
	b.serial++
	name := fmt.Sprintf("r%d", b.serial)
	j, t, err := c.prepare(ctx, s, name)
	if err != nil {
		return m, err
	}
	syscall.Sync() // else the disk still writes what the turn before has left in memory
	r, err := b.launch(ctx, s, name, j)
	if err != nil {
		return m, err
	}
	m, err = watch(ctx, r, t)
	if err := errors.Join(err, r.Stop()); err != nil {
		return m, err
	}
	if err := c.check(ctx, s, name); err != nil {
		return m, fmt.Errorf("the result is wrong: %w", err)
	}
	return m, os.RemoveAll(filepath.Join(b.dir, "runs", name))
}

func (m measured) perSecond() float64 { return float64(m.records) / m.flow.Seconds() }
func (m measured) perCPU() float64    { return float64(m.records) / m.cpu.Seconds() }
func (m measured) perCPUHalf() float64 {
	return float64(m.halfRecords) / max(m.halfCPU.Seconds(), 0.01)
}

// bench is one run of the harness.
type bench struct {
	root, dir string // the repository, and what may be deleted
	cache     string // where jars are
	binary    string // penstock
	self      string // this program
	peerDir   string // the jars of Kafka Connect
	broker    *broker
	group     string
	profiles  string // folder for profiles of Penstock; "" is none
	produces  string // what Penstock compresses with when nobody says anything
	rounds    int
	quick     bool
	full      bool
	scale     float64
	seed      maphash.Seed
	serial    int
	log       func(line string)
	book      *book
}

func (b *bench) say(format string, args ...any) { b.log(fmt.Sprintf(format, args...)) }

// path returns a file for what a turn writes or reads.
func (b *bench) path(turn, name string) string { return filepath.Join(b.dir, "runs", turn, name) }

// records scales a number of records down for short runs.
func (b *bench) records(n int64) int64 { return max(int64(float64(n)*b.scale), 1000) }

func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }
