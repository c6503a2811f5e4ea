// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"errors"
	"fmt"
	"slices"

	"penstock.dev/runtime/connect"
)

// chain runs a connector's transforms over batches, one transform over a whole
// batch after the other. What comes out is what Kafka Connect's would be, which
// takes one record after the other: a record that fails is tried again and then
// skipped, or it ends the batch, and the ones before it have passed all transforms.
type chain struct {
	b     *base
	links []connect.ChainLink
	sink  bool

	skipped []trouble // of a batch, since begin
	fatal   trouble   // what has ended it

	*bench // while it works
}

// pick is a record and its place in the batch.
type pick struct {
	r     *connect.Record
	index int
}

// begin forgets the failures of the batch before.
func (c *chain) begin() {
	if len(c.skipped) > 0 {
		clear(c.skipped)
		c.skipped = c.skipped[:0]
	}
	c.fatal = trouble{}
}

// apply transforms the first limit records of a batch, some of which it may drop:
// those that have failed are among skipped then. It returns how many have passed
// and, if that is not all, why the next one, which is fatal, has failed.
func (c *chain) apply(batch *connect.Batch, limit int) (int, error) {
	if len(c.links) == 0 || limit == 0 {
		return limit, nil
	}
	c.bench = c.b.o.Memory.bench()
	defer c.done()
	c.passing = c.passing[:0]
	for i := range batch.Records[:limit] {
		if r := &batch.Records[i]; !r.Dropped() {
			c.passing = append(c.passing, pick{r, i})
		}
	}
	c.b.progress.enter(transforming)
	var failure error
	for i := range c.links {
		if t := c.link(&c.links[i], &batch.Arena); t != nil {
			limit, failure, c.fatal = t.index, t.text, *t
			at, _ := slices.BinarySearchFunc(c.passing, t.index, func(p pick, i int) int { return p.index - i })
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

// link applies one transform. It returns the first failure that ends the batch.
func (c *chain) link(l *connect.ChainLink, a *connect.Arena) *trouble {
	after := c.choose(l)
	// What it fails on is among those before the one that the predicate has failed on.
	if t := c.transform(l, a); t != nil {
		return t
	}
	return after
}

// choose finds the records that a transform applies to, up to one on which its
// predicate fails for good.
func (c *chain) choose(l *connect.ChainLink) *trouble {
	c.chosen = c.chosen[:0]
	if l.Predicate == nil {
		c.chosen = append(c.chosen, c.passing...)
		return nil
	}
	for from := 0; from < len(c.passing); {
		i, err := c.decide(l, from)
		if err != nil {
			if t := c.decideAgain(l, c.passing[i], err); t != nil {
				return t
			}
		}
		from = i + 1
	}
	return nil
}

// decide asks the predicate about the records from a place on. It returns where it
// has ended: at the one on which it has failed.
func (c *chain) decide(l *connect.ChainLink, from int) (i int, err error) {
	defer c.b.caught(deciding, &err)
	for i = from; i < len(c.passing); i++ {
		hit, err := l.Predicate.Test(c.passing[i].r)
		if err != nil {
			return i, err
		}
		if hit != l.Negate {
			c.chosen = append(c.chosen, c.passing[i])
		}
	}
	return i, nil
}

// decideAgain asks the predicate again about a record on which it has failed. It
// returns what ends the batch.
func (c *chain) decideAgain(l *connect.ChainLink, p pick, err error) *trouble {
	var hit bool
	err = c.b.policy.again(err, func() (err error) {
		defer c.b.caught(deciding, &err)
		hit, err = l.Predicate.Test(p.r)
		return err
	})
	switch {
	case err != nil:
		return c.failed(l, p, "predicate "+l.PredicateAlias+" of transform "+l.Alias, err)
	case hit != l.Negate:
		c.chosen = append(c.chosen, p)
	}
	return nil
}

// transform applies a transform to the chosen records. It returns what ends the
// batch.
func (c *chain) transform(l *connect.ChainLink, a *connect.Arena) *trouble {
	for from := 0; from < len(c.chosen); {
		c.records = c.records[:0]
		for _, p := range c.chosen[from:] {
			c.records = append(c.records, p.r)
		}
		n, err := c.call(l, a)
		if err != nil || len(c.sel.Failures()) > 0 {
			if t := c.transformAgain(l, a, c.chosen[from:from+n], err); t != nil {
				return t
			}
		}
		from += n
	}
	return nil
}

// call calls a transform for c.records. It returns how many of them it is done
// with: all, or those up to the one at which it has panicked.
func (c *chain) call(l *connect.ChainLink, a *connect.Arena) (n int, err error) {
	c.sel.Start(a, c.records)
	defer func() {
		if n = len(c.records); err != nil {
			n = min(max(c.sel.Current(), 0), n-1) + 1
		}
	}()
	defer c.b.caught(transforming, &err)
	l.Transform.Apply(&c.sel)
	return 0, nil
}

// transformAgain handles the failures of a call, one record after the other; the
// last one of done has panicked, unless panicked is nil. It returns what ends the
// batch.
func (c *chain) transformAgain(l *connect.ChainLink, a *connect.Arena, done []pick, panicked error) *trouble {
	failures := slices.Clone(c.sel.Failures())
	if panicked != nil {
		failures = append(failures, connect.Failure{Index: len(done) - 1, Err: panicked})
	}
	slices.SortStableFunc(failures, func(a, b connect.Failure) int { return a.Index - b.Index })
	failures = slices.CompactFunc(failures, func(a, b connect.Failure) bool { return a.Index == b.Index })
	for _, f := range failures {
		p := done[f.Index]
		err := c.b.policy.again(f.Err, func() error {
			c.records = append(c.records[:0], p.r)
			if _, err := c.call(l, a); err != nil || len(c.sel.Failures()) == 0 {
				return err
			}
			return c.sel.Failures()[0].Err
		})
		if err == nil {
			continue
		}
		if t := c.failed(l, p, "transform "+l.Alias, err); t != nil {
			return t
		}
	}
	return nil
}

// failed skips a record that has failed for good, or returns that it ends the
// batch.
func (c *chain) failed(l *connect.ChainLink, p pick, who string, err error) *trouble {
	t := troubleOf(err, stageTransform, l.Class)
	t.index = p.index
	if errors.Is(t.err, errInterrupted) || !c.b.policy.Tolerate {
		t.text = c.explain(p.r, who, err)
		return &t
	}
	c.skip(p.r, t)
	return nil
}

// skip takes a record that has failed out of the batch.
func (c *chain) skip(r *connect.Record, t trouble) {
	c.b.policy.failed()
	r.Drop()
	c.skipped = append(c.skipped, t)
}

// inOrder returns what was skipped in the order of the records.
func (c *chain) inOrder() []trouble {
	slices.SortFunc(c.skipped, func(a, b trouble) int { return a.index - b.index })
	return c.skipped
}

// explain says which record a transform has failed on.
func (c *chain) explain(r *connect.Record, who string, err error) error {
	if c.sink {
		o := r.Origin()
		return fmt.Errorf("%s: the record at offset %d of partition %d of topic %q: %w", who, o.Offset, o.Partition, o.Topic, err)
	}
	return fmt.Errorf("%s: the record at offset %s of source partition %s, for topic %q: %w", who, sourceOffsetText(r), sourceText(r.Source), r.Topic, err)
}
