// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"maps"
	"math"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/api/v1alpha1"
)

// gaugeInterval is how often figures are written that ever move.
const gaugeInterval = 30 * time.Second

// written remembers when statuses were written, as long as that matters.
type written struct {
	mu     sync.Mutex
	at     map[types.UID]time.Time
	pruned time.Time
}

func newWritten() *written { return &written{at: map[types.UID]time.Time{}} }

func (w *written) note(uid types.UID, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at[uid] = now
	if now.Sub(w.pruned) < gaugeInterval {
		return
	}
	w.pruned = now
	maps.DeleteFunc(w.at, func(_ types.UID, at time.Time) bool { return now.Sub(at) >= gaugeInterval })
}

// wait says how long a status is to wait in which nothing but figures is new; 0
// is not at all.
func (w *written) wait(uid types.UID, before, after v1alpha1.ConnectorStatus, now time.Time) time.Duration {
	if !onlyFigures(before, after) {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.at[uid]
	if !ok {
		return 0
	}
	return max(0, gaugeInterval-now.Sub(at))
}

func onlyFigures(before, after v1alpha1.ConnectorStatus) bool {
	return equality.Semantic.DeepEqual(withoutFigures(before), withoutFigures(after))
}

func withoutFigures(s v1alpha1.ConnectorStatus) *v1alpha1.ConnectorStatus {
	c := s.DeepCopy()
	// That there are figures at all is none: the first commit shows at once.
	if c.Lag != nil {
		c.Lag = &v1alpha1.ConnectorLag{}
	}
	if c.Offsets != nil {
		c.Offsets = &v1alpha1.ConnectorOffsets{}
	}
	return c
}

// moved reports whether a figure has moved by a tenth.
func moved(before, after int64) bool {
	return math.Abs(float64(after)-float64(before)) > math.Abs(float64(before))/10
}
