// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// Memory is what the tasks of a worker work in. A task takes of it what a batch
// needs and gives it back after the batch, so that tasks that wait hold next to
// nothing, however many there are. The zero Memory is ready and safe for
// concurrent use.
type Memory struct {
	batches          connect.Pool
	slabs, workbench sync.Pool
}

// slab is where the Kafka records of a flight lie.
type slab struct {
	slots   []slot
	headers []kgo.RecordHeader
}

func (m *Memory) slab() *slab {
	if s, ok := m.slabs.Get().(*slab); ok {
		return s
	}
	return new(slab)
}

// bench is where a chain works.
type bench struct {
	sel     connect.Selection
	passing []pick // in the chain still
	chosen  []pick // by the predicate of a link
	records []*connect.Record
}

func (m *Memory) bench() *bench {
	if b, ok := m.workbench.Get().(*bench); ok {
		return b
	}
	return new(bench)
}

// clear forgets the records.
func (b *bench) clear() {
	clear(b.passing[:cap(b.passing)])
	clear(b.chosen[:cap(b.chosen)])
	clear(b.records[:cap(b.records)])
	b.sel.Start(nil, nil)
}
