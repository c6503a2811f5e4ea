// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cutAll feeds text to lines, chunk bytes at a time and with rests in between, and
// returns the lines and what is held at the end.
func cutAll(t *testing.T, text string, chunk, limit int) (got []string, held string, err error) {
	t.Helper()
	l := lines{max: limit, shared: new(buffers)}
	taken := 0
	for rest := text; ; {
		for {
			line, size, ok, err := l.next()
			if err != nil {
				return got, "", err
			}
			if !ok {
				break
			}
			got = append(got, string(line))
			taken += size
		}
		if rest == "" {
			break
		}
		if len(rest)%2 == 0 {
			l.rest()
		}
		n := copy(l.room(), rest[:min(chunk, len(rest))])
		l.wrote(n)
		rest = rest[n:]
	}
	if taken+l.held() != len(text) {
		t.Errorf("%d bytes taken and %d held of %d", taken, l.held(), len(text))
	}
	return got, text[taken:], nil
}

func TestLines(t *testing.T) {
	long := strings.Repeat("long ", 100_000)
	for name, tc := range map[string]struct {
		text string
		want []string
		held string
	}{
		"nothing":              {"", nil, ""},
		"unix":                 {"a\nb\n", []string{"a", "b"}, ""},
		"windows":              {"a\r\nb\r\n", []string{"a", "b"}, ""},
		"old mac":              {"a\rb\r", []string{"a"}, "b\r"},
		"mixed":                {"a\rb\nc\r\nd", []string{"a", "b", "c"}, "d"},
		"empty lines":          {"\n\r\n\r\r\n\n", []string{"", "", "", "", ""}, ""},
		"held":                 {"a", nil, "a"},
		"held return":          {"a\r", nil, "a\r"},
		"only returns":         {"\r\r", []string{""}, "\r"},
		"longer than a read":   {long + "\nx\r\n" + long + "\r" + long, []string{long, "x", long}, long},
		"not utf-8":            {"\xff\xfe\n", []string{"\xff\xfe"}, ""},
		"other line ends":      {"a\u2028b\vc\fd\x85\n", []string{"a\u2028b\vc\fd\x85"}, ""},
		"many lines in a read": {strings.Repeat("x\r", 50_000) + "\n", append(make([]string, 0), strings.Split(strings.Repeat("x\n", 49_999)+"x", "\n")...), ""},
	} {
		for chunkName, chunk := range map[string]int{"byte": 1, "three": 3, "all": 1 << 30} {
			t.Run(name+" by "+chunkName, func(t *testing.T) {
				if len(tc.text) > 200_000 && chunk < 1<<30 {
					chunk *= 1000
				}
				got, held, err := cutAll(t, tc.text, chunk, 1<<20)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tc.want, got); d != "" || held != tc.held {
					t.Errorf("held %.20q, want %.20q; %.300s", held, tc.held, d)
				}
			})
		}
	}
}

func TestLinesTooLong(t *testing.T) {
	const limit = 100
	most := strings.Repeat("x", limit)
	for name, tc := range map[string]struct {
		text    string
		refused bool
	}{
		"as long as allowed":        {most + "\n", false},
		"with two bytes at its end": {most + "\r\n", false},
		"held":                      {most, false},
		"held return":               {most + "\r", false},
		"one more":                  {most + "x\n", true},
		"one more, windows":         {most + "x\r\n", true},
		"two more without end":      {most + "xx", true},
		"after others":              {"a\nb\n" + most + "xx", true},
	} {
		for chunkName, chunk := range map[string]int{"byte": 1, "all": 1 << 30} {
			t.Run(name+" by "+chunkName, func(t *testing.T) {
				_, _, err := cutAll(t, tc.text, chunk, limit)
				if long := new(tooLong); errors.As(err, &long) != tc.refused {
					t.Errorf("got error %v", err)
				}
			})
		}
	}
}

func TestLinesGiveMemoryBack(t *testing.T) {
	if _, _, err := cutAll(t, strings.Repeat("x", 8<<20)+"\n", 1<<30, 16<<20); err != nil {
		t.Fatal(err)
	}
	l := lines{max: 16 << 20, shared: new(buffers)}
	for range 200 {
		l.wrote(copy(l.room(), strings.Repeat("x", readSize)))
	}
	large := len(l.buf)
	l.wrote(copy(l.room(), "\n"))
	if _, _, ok, err := l.next(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for range 3 {
		l.wrote(copy(l.room(), "x\n"))
		l.makeRoom()
	}
	if large < 8<<20 || len(l.buf) > keepSize {
		t.Errorf("the buffer had %d bytes for a long line and has %d for short ones", large, len(l.buf))
	}
}

// FuzzLines compares with cutting the whole text at once, by replacing.
func FuzzLines(f *testing.F) {
	f.Add("a\r\nb\rc\nd", 1)
	f.Add("\r\r\n\n\r", 2)
	f.Add("", 3)
	f.Fuzz(func(t *testing.T, text string, chunk int) {
		got, held, err := cutAll(t, text, max(chunk, 1), len(text)+1)
		if err != nil {
			t.Fatal(err)
		}
		body, end := strings.CutSuffix(text, "\r")
		want := strings.Split(strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n"), "\n")
		last := want[len(want)-1]
		want = want[:len(want)-1]
		if end {
			last += "\r"
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != len(want) || held != last {
			t.Errorf("got %q and %q held, want %q and %q", got, held, want, last)
		}
	})
}
