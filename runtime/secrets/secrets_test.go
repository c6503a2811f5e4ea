// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

type fixed map[string]string

func (f fixed) Get(_ context.Context, path, key string) (string, error) {
	v, ok := f[path+"/"+key]
	if !ok {
		return "", errors.New("no such secret")
	}
	return v, nil
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestResolve(t *testing.T) {
	t.Setenv("PENSTOCK_TEST_USER", "ann")
	file := write(t, "db.properties", "# comment\npassword = s3cret\nport: 5432\n")
	providers := Defaults()
	providers["secrets"] = fixed{"db/token": "t0ken", "db/empty": "", "/plain": "p", "db/a:b": "colon", "db/loop": "${env:PENSTOCK_TEST_USER}"}
	dir, base := filepath.Split(file)
	dir = strings.TrimSuffix(dir, "/")

	tests := map[string]struct {
		in      string
		want    string
		secrets []string
		err     string
	}{
		"no reference":           {in: "plain", want: "plain"},
		"file":                   {in: "${file:" + file + ":password}", want: "s3cret", secrets: []string{"s3cret"}},
		"environment":            {in: "${env:PENSTOCK_TEST_USER}", want: "ann", secrets: []string{"ann"}},
		"inside text, twice":     {in: "jdbc://${env:PENSTOCK_TEST_USER}:${secrets:db:token}@h", want: "jdbc://ann:t0ken@h", secrets: []string{"ann", "t0ken"}},
		"injected, without path": {in: "${secrets:plain}", want: "p", secrets: []string{"p"}},
		"key with a colon":       {in: "${secrets:db:a:b}", want: "colon", secrets: []string{"colon"}},
		"empty value":            {in: "<${secrets:db:empty}>", want: "<>"},
		"dir":                    {in: "${dir:" + dir + ":" + base + "}", want: "# comment\npassword = s3cret\nport: 5432\n", secrets: []string{"# comment\npassword = s3cret\nport: 5432\n"}},
		"no colon is no ref":     {in: "${topic}-${timestamp}", want: "${topic}-${timestamp}"},
		"not closed":             {in: "${env:X", want: "${env:X"},
		"ref after a non ref":    {in: "${topic}-${env:PENSTOCK_TEST_USER}", want: "${topic}-ann", secrets: []string{"ann"}},
		"values are not looked at again": {
			in: "${secrets:db:loop}", want: "${env:PENSTOCK_TEST_USER}", secrets: []string{"${env:PENSTOCK_TEST_USER}"},
		},
		"unknown provider":   {in: "${vault:a:b}", err: "resolving key: ${vault:a:b} names no config provider of this worker, which has dir, env, file, secrets"},
		"missing key":        {in: "${file:" + file + ":user}", err: `has no key "user"`},
		"missing file":       {in: "${file:/nope/x:user}", err: "no such file"},
		"a directory":        {in: "${file:" + dir + ":user}", err: "is not a regular file"},
		"missing variable":   {in: "${env:PENSTOCK_TEST_NOT_SET}", err: "PENSTOCK_TEST_NOT_SET is not set"},
		"variable with path": {in: "${env:a:b}", err: "takes no path"},
		"file without path":  {in: "${file:user}", err: "needs a path"},
		"dir without path":   {in: "${dir:user}", err: "needs a path"},
		"dir leaves its dir": {in: "${dir:" + dir + ":../x}", err: "is not the name of a file"},
		"missing secret":     {in: "${secrets:db:nope}", err: "resolving key: ${secrets:db:nope}: no such secret"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := New(providers).Resolve(t.Context(), map[string]string{"key": tc.in})
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error %v, want one with %q", err, tc.err)
				}
				return
			}
			want := Resolved{Props: map[string]string{"key": tc.want}, Secrets: tc.secrets}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Fatalf("error %v, (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestResolveReportsEveryProblem(t *testing.T) {
	_, err := New(Defaults()).Resolve(t.Context(), map[string]string{"a": "${x:1}", "b": "fine", "c": "${env:PENSTOCK_TEST_NOT_SET}"})
	for _, want := range []string{"resolving a:", "resolving c:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestReferenceRoundTrip(t *testing.T) {
	for _, ref := range []Reference{{"secrets", "db", "password"}, {"env", "", "X"}, {"secrets", "ns/db", "a:b"}} {
		got, before, after, ok := nextReference("<" + ref.String() + ">")
		if !ok || got != ref || before != "<" || after != ">" {
			t.Errorf("%s read as %+v, before %q, after %q, %v", ref, got, before, after, ok)
		}
	}
}

func TestFileTooLarge(t *testing.T) {
	path := write(t, "large", "")
	if err := os.Truncate(path, maxFile+1); err != nil {
		t.Fatal(err)
	}
	_, err := File{}.Get(t.Context(), path, "k")
	if err == nil || !strings.Contains(err.Error(), "the limit is") {
		t.Fatalf("error %v, want the limit", err)
	}
}

func TestParseProperties(t *testing.T) {
	tests := map[string]struct {
		in   string
		want map[string]string
		err  string
	}{
		"separators":        {in: "a=1\nb:2\nc 3\nd = 4\n  e\t:\t5", want: map[string]string{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"}},
		"comments, blanks":  {in: "# no\n! no\n\n   # no\na=1", want: map[string]string{"a": "1"}},
		"no value":          {in: "a\nb=", want: map[string]string{"a": "", "b": ""}},
		"continued":         {in: "a=1,\\\n   2,\\\r\n  3\nb=4", want: map[string]string{"a": "1,2,3", "b": "4"}},
		"continued blank":   {in: "a=1\\\n\nb=2", want: map[string]string{"a": "1", "b": "2"}},
		"continued at end":  {in: "a=1\\", want: map[string]string{"a": "1"}},
		"even backslashes":  {in: "a=c:\\\\\nb=2", want: map[string]string{"a": `c:\`, "b": "2"}},
		"escaped separator": {in: `a\=b\ c=d\:e\n`, want: map[string]string{"a=b c": "d:e\n"}},
		"unicode":           {in: `a=\u00e9\uD83D\uDE00x`, want: map[string]string{"a": "é😀x"}},
		"lone surrogate":    {in: `a=\uD83Dx`, want: map[string]string{"a": "\uFFFDx"}},
		"value is not cut":  {in: "a=b=c # d  ", want: map[string]string{"a": "b=c # d  "}},
		"last wins":         {in: "a=1\na=2", want: map[string]string{"a": "2"}},
		"old Mac lines":     {in: "a=1\rb=2", want: map[string]string{"a": "1", "b": "2"}},
		"bad unicode":       {in: `a=\u12`, err: `key a: \u needs four hexadecimal digits`},
		"bad digits":        {in: `a=\uzzzz`, err: `key a: \u needs four hexadecimal digits`},
		"bad unicode key":   {in: `\u1=1`, err: `\u needs four hexadecimal digits`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseProperties(tc.in)
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Fatalf("error %v, want %q", err, tc.err)
				}
				return
			}
			if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
				t.Fatalf("error %v, (-want +got):\n%s", err, diff)
			}
		})
	}
}

func FuzzParseProperties(f *testing.F) {
	for _, s := range []string{"a=1", `a=\u00e9`, "a\\\n b", `\`, `\u`, "a=\\uD83D\\u", "=", ":\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		props, err := ParseProperties(text)
		if err == nil && props == nil {
			t.Fatal("neither properties nor an error")
		}
		for k, v := range props {
			if len(k)+len(v) > 3*len(text) { // a bad byte becomes the three of U+FFFD
				t.Fatalf("%q has grown to %q=%q", text, k, v)
			}
		}
	})
}

func FuzzReference(f *testing.F) {
	for _, s := range []string{"${a:b}", "${a:b:c}", "x${", "${}${a:b}", "${a}", "$${a:b}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, before, after, ok := nextReference(text)
		if !ok {
			if before != text || after != "" {
				t.Fatalf("%q without reference left as %q, %q", text, before, after)
			}
			return
		}
		if !strings.HasPrefix(text, before+"${"+ref.Provider+":") || !strings.HasSuffix(text, ref.Key+"}"+after) {
			t.Fatalf("%q read as %q %+v %q", text, before, ref, after)
		}
	})
}

func TestRedact(t *testing.T) {
	tests := map[string]struct {
		secrets  []string
		in, want string
	}{
		"none":                     {in: "text", want: "text"},
		"plain":                    {secrets: []string{"s3cret"}, in: "login with s3cret failed for s3cret", want: "login with **** failed for ****"},
		"one inside another":       {secrets: []string{"pass", "password1"}, in: "x password1 y pass", want: "x **** y ****"},
		"in a URL":                 {secrets: []string{"p@ss/w?"}, in: "dial http://u:p%40ss%2Fw%3F@h: refused", want: "dial http://u:****@h: refused"},
		"quoted":                   {secrets: []string{"a\"b\n"}, in: `bad value "a\"b\n"`, want: `bad value "****"`},
		"in JSON":                  {secrets: []string{"a<b"}, in: `{"p":"a\u003cb"}`, want: `{"p":"****"}`},
		"base64":                   {secrets: []string{"hunter2"}, in: "Authorization: Basic aHVudGVyMg==", want: "Authorization: Basic ****"},
		"without the last newline": {secrets: []string{"s3cret\n"}, in: "token s3cret", want: "token ****"},
		"empty":                    {secrets: []string{""}, in: "text", want: "text"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := NewRedactor(tc.secrets).Redact(tc.in); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	var none *Redactor
	if got := none.Redact("x"); got != "x" {
		t.Errorf("a nil Redactor made %q of x", got)
	}
}

func TestShorten(t *testing.T) {
	tests := map[string]struct {
		in   string
		n    int
		want string
	}{
		"short":              {"abc", 3, "abc"},
		"cut":                {"abcdefgh", 7, "abc …"},
		"at a character end": {"ééééé", 8, "éé …"},
		"no room":            {"abcdef", 2, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := Shorten(tc.in, tc.n)
			if got != tc.want || !utf8.ValidString(got) || len(got) > tc.n {
				t.Errorf("got %q of %d bytes, want %q", got, len(got), tc.want)
			}
		})
	}
}
