// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
)

// The restart policy unless a connector has its own.
const (
	defaultMaxRestarts = 10
	defaultWindow      = time.Hour
	defaultInitial     = time.Second
	defaultMax         = 5 * time.Minute
)

// policy is a restart policy with its defaults filled in.
type policy struct {
	never         bool
	maxRestarts   int
	window        time.Duration
	initial, most time.Duration
}

func policyOf(p *v1alpha1.RestartPolicy) policy {
	out := policy{maxRestarts: defaultMaxRestarts, window: defaultWindow, initial: defaultInitial, most: defaultMax}
	if p == nil {
		return out
	}
	out.never = p.Type == v1alpha1.RestartNever
	if p.MaxRestarts != nil {
		out.maxRestarts = int(*p.MaxRestarts)
	}
	out.window = duration(p.Window, out.window)
	if p.Backoff != nil {
		out.initial = duration(p.Backoff.Initial, out.initial)
		out.most = duration(p.Backoff.Max, out.most)
	}
	return out
}

func duration(d *metav1.Duration, fallback time.Duration) time.Duration {
	if d == nil || d.Duration <= 0 {
		return fallback
	}
	return d.Duration
}

// next says when a task that failed at the given time is restarted; ok is false
// if it is not. recent are the restarts that it has had.
func (p policy) next(failed time.Time, recent []metav1.Time) (at time.Time, ok bool) {
	n := len(p.within(failed, recent))
	if p.never || n >= p.maxRestarts {
		return time.Time{}, false
	}
	pause := p.initial
	for range n {
		if pause *= 2; pause >= p.most {
			break
		}
	}
	return failed.Add(min(pause, p.most)), true
}

// within are the restarts that still count.
func (p policy) within(now time.Time, recent []metav1.Time) []metav1.Time {
	var out []metav1.Time
	for _, r := range recent {
		if now.Sub(r.Time) < p.window {
			out = append(out, r)
		}
	}
	return out
}
