// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
)

func TestNextRestart(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ago := func(ds ...time.Duration) []metav1.Time {
		var out []metav1.Time
		for _, d := range ds {
			out = append(out, metav1.NewTime(now.Add(-d)))
		}
		return out
	}
	many := func(n int) []metav1.Time {
		var ds []time.Duration
		for i := range n {
			ds = append(ds, time.Duration(i)*time.Minute)
		}
		return ago(ds...)
	}
	three := int32(3)
	own := &v1alpha1.RestartPolicy{
		MaxRestarts: &three, Window: &metav1.Duration{Duration: time.Minute},
		Backoff: &v1alpha1.RestartBackoff{Initial: &metav1.Duration{Duration: 5 * time.Second}, Max: &metav1.Duration{Duration: 7 * time.Second}},
	}
	for name, tc := range map[string]struct {
		policy *v1alpha1.RestartPolicy
		recent []metav1.Time
		pause  time.Duration
		ok     bool
	}{
		"the first":               {pause: time.Second, ok: true},
		"the second":              {recent: many(1), pause: 2 * time.Second, ok: true},
		"the ninth":               {recent: many(8), pause: 256 * time.Second, ok: true},
		"the tenth":               {recent: many(9), pause: 5 * time.Minute, ok: true},
		"the eleventh":            {recent: many(10)},
		"old ones do not count":   {recent: ago(time.Hour, 2*time.Hour, time.Minute), pause: 2 * time.Second, ok: true},
		"never":                   {policy: &v1alpha1.RestartPolicy{Type: v1alpha1.RestartNever}},
		"none allowed":            {policy: &v1alpha1.RestartPolicy{MaxRestarts: new(int32)}},
		"own pauses":              {policy: own, recent: ago(time.Second), pause: 7 * time.Second, ok: true},
		"own first pause":         {policy: own, pause: 5 * time.Second, ok: true},
		"own budget":              {policy: own, recent: ago(1, 2, 3)},
		"own window":              {policy: own, recent: ago(time.Minute, time.Minute, time.Minute), pause: 5 * time.Second, ok: true},
		"type alone has the rest": {policy: &v1alpha1.RestartPolicy{Type: v1alpha1.RestartOnFailure}, pause: time.Second, ok: true},
	} {
		t.Run(name, func(t *testing.T) {
			at, ok := policyOf(tc.policy).next(now, tc.recent)
			if ok != tc.ok || ok && at.Sub(now) != tc.pause {
				t.Errorf("next restart after %s, %v; want after %s, %v", at.Sub(now), ok, tc.pause, tc.ok)
			}
		})
	}
}
