// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javatext

import (
	"math"
	"testing"

	"penstock.dev/runtime/connect"
)

// The texts are what new Date(millis) prints in Java with -Duser.timezone=UTC.
func TestDates(t *testing.T) {
	for millis, want := range map[int64]string{
		0:                   "Thu Jan 01 00:00:00 UTC 1970",
		-1:                  "Wed Dec 31 23:59:59 UTC 1969",
		-12219292800000:     "Fri Oct 15 00:00:00 UTC 1582",
		-12219292800001:     "Thu Oct 04 23:59:59 UTC 1582",
		-30610224000000:     "Wed Dec 27 00:00:00 UTC 999",
		-50000000000000:     "Thu Jul 24 07:06:40 UTC 385",
		-62135596800000:     "Mon Jan 03 00:00:00 UTC 1",
		-62135769600000:     "Sat Jan 01 00:00:00 UTC 1",
		-62135769600001:     "Fri Dec 31 23:59:59 UTC 1",
		-62198755200000:     "Fri Jan 03 00:00:00 UTC 2",
		253402300800000:     "Sat Jan 01 00:00:00 UTC 10000",
		math.MaxInt64:       "Sun Aug 17 07:12:55 UTC 292278994",
		math.MinInt64:       "Sun Dec 02 16:47:04 UTC 292269055",
		-185542587187200000: "Tue Mar 03 00:00:00 UTC 5877521",
	} {
		if got := string(AppendText(nil, connect.TimestampSchema, connect.Int64Value(millis))); got != want {
			t.Errorf("%d: %s, want %s", millis, got, want)
		}
		if millis%millisPerDay == 0 {
			if got := string(AppendText(nil, connect.DateSchema, connect.Int32Value(int32(millis/millisPerDay)))); got != want {
				t.Errorf("day %d: %s, want %s", millis/millisPerDay, got, want)
			}
		}
	}
}
