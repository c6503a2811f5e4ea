// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"penstock.dev/runtime/connect"
)

// ErrAbandoned says that the connector did not come back within StopTimeout. Run
// has returned without it; its goroutine is lost until the connector returns,
// and nothing that it does then reaches Kafka.
var ErrAbandoned = errors.New("the connector did not return in time and was abandoned")

// Defaults of Options that are not set.
const (
	defaultFlushInterval    = 5 * time.Second
	defaultStopTimeout      = 30 * time.Second
	defaultMaxInFlightBytes = 32 << 20
)

// touch is how often a loop that waits for Kafka, not for the connector, moves
// LastTurn.
const touch = time.Second

// base is what the source and the sink loop have in common: their options,
// their way to be paused, interrupted, failed and abandoned.
type base struct {
	o   Options
	env connect.Env
	log *slog.Logger

	paused    atomic.Bool
	abandoned atomic.Bool
	wake      chan struct{} // something has changed for a loop that waits
	interrupt interrupter   // ends a call that waits for the outside
	failed    failure
	progress  progress
	policy    policy // for records that fail
}

func (b *base) init(o Options) {
	if o.FlushInterval <= 0 {
		o.FlushInterval = defaultFlushInterval
	}
	if o.StopTimeout <= 0 {
		o.StopTimeout = defaultStopTimeout
	}
	if o.MaxInFlightBytes <= 0 {
		o.MaxInFlightBytes = defaultMaxInFlightBytes
	}
	if o.Memory == nil {
		o.Memory = new(Memory)
	}
	if o.OnState == nil {
		o.OnState = func(State) {}
	}
	if o.OnTopic == nil {
		o.OnTopic = func(string) {}
	}
	b.o, b.env = o, environment(o)
	b.log = b.env.Logger
	b.policy.init(b)
	b.paused.Store(o.Paused)
	b.wake = make(chan struct{}, 1)
	b.failed.done = make(chan struct{})
}

func environment(o Options) connect.Env {
	var env connect.Env
	if o.Env != nil {
		env = o.Env()
	}
	env.Connector, env.Index, env.Count = o.ID.Connector, o.ID.Index, max(o.Count, 1)
	if env.Logger == nil {
		env.Logger = slog.Default().With("connector", o.ID.Connector, "task", o.ID.Index)
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	return env
}

// SetPaused pauses or resumes the task.
func (b *base) SetPaused(paused bool) {
	b.paused.Store(paused)
	b.interrupt.now()
	b.signal()
}

// fail ends the loop with err, if it is the first; nil does nothing.
func (b *base) fail(err error) {
	if err == nil {
		return
	}
	b.failed.set(err)
	if !errors.Is(err, ErrSuperseded) {
		b.progress.erred()
	}
	b.interrupt.now()
	b.signal()
}

func (b *base) signal() { signal(b.wake) }

func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// await waits until something has changed, ctx is done, or d has passed, and
// counts as a turn.
func (b *base) await(ctx context.Context, d time.Duration) {
	b.progress.turn()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-b.wake:
	case <-t.C:
	}
}

// pause waits for d or until ctx is done, turning all the while.
func (b *base) pause(ctx context.Context, d time.Duration) {
	for end := time.Now().Add(d); ctx.Err() == nil; {
		left := time.Until(end)
		if left <= 0 {
			return
		}
		b.await(ctx, min(left, touch))
	}
}

// park reports Paused and waits until the task is resumed or ctx is done; each
// is called on every turn.
func (b *base) park(ctx context.Context, each func()) {
	b.o.OnState(Paused)
	b.progress.waiting.Store(true)
	defer b.progress.waiting.Store(false)
	for b.paused.Load() && ctx.Err() == nil && b.failed.get() == nil {
		each()
		b.progress.turn()
		select {
		case <-ctx.Done():
		case <-b.wake:
		}
	}
}

// verdict returns why the task has ended. If ErrSuperseded is why ctx was ended,
// it is that: the stop was a graceful one all the same, for as long as nobody has
// fenced us a commit is right, and spares the newer incarnation what was done.
func (b *base) verdict(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if !errors.Is(cause, ErrSuperseded) {
		return err
	}
	if err != nil && !errors.Is(err, ErrSuperseded) {
		b.log.Warn("stopping for a newer incarnation", "error", err)
	}
	return cause
}

// superseded reports whether a newer incarnation is the reason to end.
func (b *base) superseded() bool { return errors.Is(b.failed.get(), ErrSuperseded) }

// going reports whether the loop has a next turn.
func (b *base) going(ctx context.Context) bool {
	return ctx.Err() == nil && b.failed.get() == nil && !b.abandoned.Load()
}

// begin waits while the task is created paused, and checks that no newer
// incarnation exists.
func (b *base) begin(ctx context.Context) error {
	if err := b.checkEpoch(ctx); err != nil {
		return err
	}
	if !b.paused.Load() {
		return nil
	}
	b.park(ctx, func() {})
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.checkEpoch(ctx)
}

// checkEpoch returns ErrSuperseded if a higher epoch exists than the task's own.
func (b *base) checkEpoch(ctx context.Context) error {
	highest, err := b.o.Epochs.Highest(ctx, b.o.ID)
	if err != nil {
		return fmt.Errorf("reading the task's epoch: %w", err)
	}
	if highest > b.o.Epoch {
		return fmt.Errorf("%w: epoch %d, this one has %d", ErrSuperseded, highest, b.o.Epoch)
	}
	return nil
}

// beats are what a supervisor calls while the loop turns, or hangs.
type beats struct {
	// tick is called every FlushInterval and, as a last chance for a task that
	// hangs, in the middle of a stop.
	tick func()
	// hear is called when there are news; a task may have none.
	news <-chan struct{}
	hear func()
}

// supervise runs body in a goroutine of its own, so that a connector that never
// returns cannot hold Run.
func (b *base) supervise(ctx context.Context, body func(context.Context) error, on beats) error {
	done := make(chan error, 1)
	go func() { done <- body(ctx) }()
	ticker := time.NewTicker(b.o.FlushInterval)
	defer ticker.Stop()
	stopping, failing := ctx.Done(), b.failed.done
	var last, half <-chan time.Time
	for {
		select {
		case err := <-done:
			return err
		case <-stopping:
			stopping, failing = nil, nil
			last, half = b.ending()
		case <-failing:
			stopping, failing = nil, nil
			last, half = b.ending()
		case <-ticker.C:
			on.tick()
		case <-on.news:
			on.hear()
		case <-half:
			on.tick()
		case <-last:
			return b.abandon()
		}
	}
}

// ending lets no converter wait any longer, and returns when the loop must be back
// and the middle of the time until then.
//
//go:noinline
func (b *base) ending() (last, half <-chan time.Time) {
	for _, converter := range []connect.Converter{b.o.Key, b.o.Value, b.o.Header} {
		if c, ok := converter.(connect.Closer); ok {
			c.Close()
		}
	}
	return time.After(b.o.StopTimeout), time.After(b.o.StopTimeout / 2)
}

// abandon leaves the loop behind. Like other things that are seldom done, it is
// kept out of the functions that a task waits in: an idle goroutine's stack is
// half as large if its frames take no more than about a kilobyte.
//
//go:noinline
func (b *base) abandon() error {
	b.abandoned.Store(true)
	err := fmt.Errorf("%w: it has not returned from %s within %s", ErrAbandoned, b.progress.doing(), b.o.StopTimeout)
	return errors.Join(b.failed.get(), err)
}

// grace returns the context of the graceful part of a stop. It ends a little
// before the supervisor gives up.
func (b *base) grace(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), b.graceTime())
}

func (b *base) graceTime() time.Duration { return b.o.StopTimeout - b.o.StopTimeout/10 }

// stopped turns the error of something that ctx has ended into nil.
func stopped(ctx context.Context, err error) error {
	if e := ctx.Err(); e != nil && (errors.Is(err, e) || errors.Is(err, context.Cause(ctx))) {
		return nil
	}
	return err
}

// interrupter makes contexts that can be ended from elsewhere.
type interrupter struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
}

// context returns a context below parent that the next now ends. Take it first
// and look at what the interrupts are about second, and none is missed. The same
// parent is to be given each time: a context is reused until it has ended.
func (i *interrupter) context(parent context.Context) context.Context {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ctx == nil || i.ctx.Err() != nil {
		i.ctx, i.cancel = context.WithCancel(parent)
	}
	return i.ctx
}

func (i *interrupter) now() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cancel != nil {
		i.cancel()
	}
}

// failure holds the first reason for which a loop ends.
type failure struct {
	mu   sync.Mutex
	err  error
	done chan struct{} // closed with the first reason
}

func (f *failure) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
		close(f.done)
	}
}

func (f *failure) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}
