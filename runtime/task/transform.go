// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"fmt"
	"slices"

	"penstock.dev/runtime/connect"
)

// chain runs a connector's transforms over batches, one transform over a whole
// batch after the other. What comes out is what Kafka Connect's would be, which
// takes one record after the other: the first record that fails ends the batch,
// and the ones before it have passed all transforms.
type chain struct {
	b     *base
	links []connect.ChainLink
	sink  bool

	*bench // while it works
}

// pick is a record and its place in the batch.
type pick struct {
	r     *connect.Record
	index int
}

// apply transforms the first limit records of a batch, some of which it may drop.
// It returns how many of those have passed and, if that is not all, why the next
// one failed.
func (c *chain) apply(batch *connect.Batch, limit int) (int, error) {
	if len(c.links) == 0 || limit == 0 {
		return limit, nil
	}
	c.bench = c.b.o.Memory.bench()
	defer c.done()
	c.passing = c.passing[:0]
	for i := range batch.Records[:limit] {
		c.passing = append(c.passing, pick{&batch.Records[i], i})
	}
	c.b.progress.enter(transforming)
	var failure error
	for i := range c.links {
		f, err := c.link(&c.links[i], &batch.Arena)
		if err != nil {
			limit, failure = f, err
			at, _ := slices.BinarySearchFunc(c.passing, f, func(p pick, i int) int { return p.index - i })
			c.passing = c.passing[:at]
		}
		c.passing = slices.DeleteFunc(c.passing, func(p pick) bool { return p.r.Dropped() })
	}
	return limit, failure
}

// done gives back what the chain has worked in.
func (c *chain) done() {
	c.bench.clear()
	c.b.o.Memory.workbench.Put(c.bench)
	c.bench = nil
}

// link applies one transform. It returns the place in the batch of the first
// record that failed, and why.
func (c *chain) link(l *connect.ChainLink, a *connect.Arena) (int, error) {
	c.chosen = c.chosen[:0]
	at, err := c.choose(l)
	c.records = c.records[:0]
	for _, p := range c.chosen {
		c.records = append(c.records, p.r)
	}
	c.sel.Start(a, c.records)
	if i, terr := c.transform(l); terr != nil {
		// It is among those before the one that the predicate has failed on.
		at, err = c.chosen[i].index, c.explain(c.chosen[i].r, "transform "+l.Alias, terr)
	}
	return at, err
}

// choose finds the records that a transform applies to, up to one on which its
// predicate fails.
func (c *chain) choose(l *connect.ChainLink) (at int, err error) {
	if l.Predicate == nil {
		c.chosen = append(c.chosen, c.passing...)
		return 0, nil
	}
	i := 0
	defer func() {
		if err != nil {
			at, err = c.passing[i].index, c.explain(c.passing[i].r, "predicate "+l.PredicateAlias+" of transform "+l.Alias, err)
		}
	}()
	defer c.b.caught(deciding, &err)
	for ; i < len(c.passing); i++ {
		hit, err := l.Predicate.Test(c.passing[i].r)
		if err != nil {
			return 0, err
		}
		if hit != l.Negate {
			c.chosen = append(c.chosen, c.passing[i])
		}
	}
	return 0, nil
}

// transform calls a transform. It returns the place of the first chosen record
// that failed, and why.
func (c *chain) transform(l *connect.ChainLink) (at int, err error) {
	defer func() {
		for _, f := range c.sel.Failures() {
			if err == nil || f.Index < at {
				at, err = f.Index, f.Err
			}
		}
	}()
	defer func() {
		if isPanic(err) {
			at = min(max(c.sel.Current(), 0), len(c.chosen)-1)
		}
	}()
	defer c.b.caught(transforming, &err)
	if len(c.chosen) > 0 {
		l.Transform.Apply(&c.sel)
	}
	return 0, nil
}

// explain says which record a transform has failed on.
func (c *chain) explain(r *connect.Record, who string, err error) error {
	if c.sink {
		o := r.Origin()
		return fmt.Errorf("%s: the record at offset %d of partition %d of topic %q: %w", who, o.Offset, o.Partition, o.Topic, err)
	}
	offset := "none"
	if r.Source != nil && len(r.SourceOffset) == len(r.Source.Fields) {
		offset = offsetText(connect.CommittedOffset{Partition: r.Source, Offset: r.SourceOffset})
	}
	return fmt.Errorf("%s: the record at offset %s of source partition %s, for topic %q: %w", who, offset, sourceText(r.Source), r.Topic, err)
}
