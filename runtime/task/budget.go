// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

// The shape of a source's batches.
const (
	sourceBatchRecords = 1000
	maxFlights         = 32
)

// ring hands out flights and takes them back, within a budget of bytes. It is
// not safe for concurrent use.
//
// A batch is full at a third of what the budget has left, and at a quarter of the
// budget at most: it may need as much again for what the converters make of it. So
// none is handed out while less than a quarter is left.
type ring struct {
	memory *Memory
	budget int
	used   int // bytes in flight
	out    int // flights that are not free
	free   []*flight
	spare  int // the least number of free flights since the last trim
}

// take returns an empty flight, or nil while the budget does not allow one.
func (r *ring) take() *flight {
	left := r.budget - r.used
	if r.out >= maxFlights || left < r.budget/4 {
		return nil
	}
	r.out++
	f := r.pick()
	f.batch.Limit(max(min(left/3, r.budget/4), 1))
	return f
}

// pick returns a free flight, or a new one.
func (r *ring) pick() *flight {
	// The last one that came back is the first to go out: a slow source works
	// with one or two, and the others are trimmed.
	if n := len(r.free); n > 0 {
		f := r.free[n-1]
		r.free[n-1] = nil
		r.free = r.free[:n-1]
		r.spare = min(r.spare, n-1)
		return f
	}
	return newFlight(r.memory, sourceBatchRecords)
}

// depart counts a flight's bytes.
func (r *ring) depart(f *flight) { r.used += f.cost }

// back takes an emptied flight back.
func (r *ring) back(f *flight) {
	r.out--
	r.used -= f.cost
	f.reset()
	r.free = append(r.free, f)
}

// trim lets go of the flights that nobody has needed since the last trim.
func (r *ring) trim() {
	n := len(r.free) - r.spare
	clear(r.free[n:])
	r.free = r.free[:n]
	r.spare = n
}
