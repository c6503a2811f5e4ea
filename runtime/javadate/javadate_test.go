// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javadate

import (
	"errors"
	"testing"
	"time"
)

func TestRefusedPatterns(t *testing.T) {
	const fix = ", which means nothing in a date; use G y Y M L w W D d F E u a H k K h m s S z Z X, and put other text in single quotes"
	for pattern, want := range map[string]string{
		"yyyy-MM-ddThh": "has the letter T" + fix,
		"B":             "has the letter B" + fix,
		"XXXX":          "has the letter X 4 times; use X for +01, XX for +0100, or XXX for +01:00",
		"yyyy'T":        "has a single quote that is not closed; close it, or write '' for a quote itself",
	} {
		if _, err := Compile(pattern, time.Now()); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", pattern, err, want)
		}
	}
}

// TestZoneNames are the texts that Java reads and we refuse.
func TestZoneNames(t *testing.T) {
	for pattern, texts := range map[string][]string{
		"z":    {"PST", "CET", "Pacific Standard Time", "Greenwich Mean Time"},
		"Z":    {"EST"},
		"yyyy": nil,
	} {
		for _, text := range texts {
			if _, err := compiled(t, pattern).Parse(text); !errors.Is(err, ErrZoneName) {
				t.Errorf("%q of %q: error %v", pattern, text, err)
			}
		}
	}
}

func TestCentury(t *testing.T) {
	f, err := Compile("yy-MM-dd HH", time.Date(2024, 2, 29, 12, 0, 0, 0, time.FixedZone("east", 3600)))
	if err != nil {
		t.Fatal(err)
	}
	// 80 years before is 1944-02-29T11:00Z.
	for text, want := range map[string]string{
		"44-02-29 11": "1944-02-29T11:00:00Z", "44-02-29 10": "2044-02-29T10:00:00Z", "43-12-31 23": "2043-12-31T23:00:00Z", "45-01-01 00": "1945-01-01T00:00:00Z",
	} {
		millis, err := f.Parse(text)
		if got := time.UnixMilli(millis).UTC().Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%s: %s, error %v, want %s", text, got, err, want)
		}
	}
}

const iso = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"

// TestZoneOfMachine is that there is none: what is used is UTC.
func TestZoneOfMachine(t *testing.T) {
	old := time.Local
	defer func() { time.Local = old }()
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("far", -11*3600)} {
		time.Local = zone
		f, err := Compile("EEE, dd MMM yyyy HH:mm:ss zzz", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		text := string(f.Append(nil, 1700000000123))
		if millis, err := f.Parse(text); text != "Tue, 14 Nov 2023 22:13:20 UTC" || millis != 1700000000000 || err != nil {
			t.Errorf("%s, %d, error %v", text, millis, err)
		}
	}
}

func TestAllocations(t *testing.T) {
	f := compiled(t, iso)
	buf := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { buf = f.Append(buf[:0], 1700000000123) }); n > 0 {
		t.Errorf("%.0f allocations to format", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := f.Parse("2024-02-29T12:34:56.789+01:00"); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%.0f allocations to parse", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	f, err := Compile(iso, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	buf := make([]byte, 0, 64)
	for b.Loop() {
		buf = f.Append(buf[:0], 1700000000123)
	}
}

func BenchmarkParse(b *testing.B) {
	f, err := Compile(iso, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Parse("2024-02-29T12:34:56.789+01:00"); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzParse looks for panics, and that a text that is read is read the same again.
func FuzzParse(f *testing.F) {
	for _, s := range [][2]string{{iso, "2024-02-29T12:34:56.789+01:00"}, {"YY-ww u G", "24-09 9 BC"}, {"yyyyMMdd", "1E3-1٣"}, {"EEE z", "Mon GMT+1:00"}, {"dSX", "∞NaN"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		format, err := compile(pattern, century, 0)
		if err != nil {
			return
		}
		a, err := format.Parse(text)
		b, again := format.Parse(text)
		if a != b || !errors.Is(again, err) {
			t.Fatalf("%d %v, then %d %v", a, err, b, again)
		}
	})
}

// FuzzAppend looks whether what is written is read again.
func FuzzAppend(f *testing.F) {
	for _, millis := range []int64{0, -1, 1700000000123, -12219292800000, -12219292800001, -62135769600001} {
		f.Add(millis)
	}
	f.Fuzz(func(t *testing.T, millis int64) {
		const most = 1 << 57 // the year of a week is wrong before Christ, and the day overflows far from now
		millis %= most
		for _, pattern := range []string{"G yyyy-MM-dd HH:mm:ss.SSS", "y G D K:m:s.S a Z", "G yyyy MMMM dd EEE kk:mm:ss.SSSXXX"} {
			format, err := compile(pattern, century, 0)
			if err != nil {
				t.Fatal(err)
			}
			text := string(format.Append(nil, millis))
			if got, err := format.Parse(text); got != millis || err != nil {
				t.Errorf("%q of %d: %q is read as %d, error %v", pattern, millis, text, got, err)
			}
		}
	})
}
