// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type common struct {
	// The server.
	Server string `config:"server" importance:"high"`
}

func (common) ConfigDoc() map[string]string { return map[string]string{"server": "The server."} }

type sample struct {
	common
	Topic    string        `config:"topic" importance:"high"`
	Batch    int           `config:"batch.size" default:"2000" min:"1" max:"100000" importance:"low"`
	Small    int32         `config:"small" default:"-5"`
	Big      int64         `config:"big" default:"5000000000" max:"6000000000"`
	Ratio    float64       `config:"ratio" default:"0.5" min:"0" max:"1"`
	On       bool          `config:"on" default:"true"`
	Wait     time.Duration `config:"wait.ms" default:"1500" min:"0"`
	List     []string      `config:"list" default:"a, b"`
	Mode     string        `config:"mode" default:"insert" enum:"insert,upsert,update"`
	Events   []string      `config:"events" optional:"true" enum:"create,delete"`
	Password Password      `config:"password" optional:"true"`
	Token    string        `config:"token" optional:"true" secret:"true" enum:"t0k3n"`
	Seed     *int64        `config:"seed" optional:"true" min:"0"`
	Note     string        `config:"note" optional:"true"`
	Later    string        `config:"later" refused:"is not supported yet"`
	Plain    string
}

func (sample) ConfigDoc() map[string]string { return map[string]string{"topic": "The topic."} }

// minimal sets what is required.
func minimal(more ...string) map[string]string {
	props := map[string]string{"server": "s", "topic": "t"}
	for i := 0; i+1 < len(more); i += 2 {
		props[more[i]] = more[i+1]
	}
	return props
}

func defaults() sample {
	return sample{
		common: common{Server: "s"}, Topic: "t", Batch: 2000, Small: -5, Big: 5e9, Ratio: 0.5, On: true,
		Wait: 1500 * time.Millisecond, List: []string{"a", "b"}, Mode: "insert",
	}
}

var compareSample = cmp.AllowUnexported(sample{}, common{})

func TestDecode(t *testing.T) {
	seven := int64(7)
	for name, tc := range map[string]struct {
		props map[string]string
		want  func(*sample)
	}{
		"defaults":                 {minimal(), func(*sample) {}},
		"unknown keys":             {minimal("what", "ever"), func(*sample) {}},
		"text is trimmed":          {minimal("topic", " \t\x00x y\n"), func(s *sample) { s.Topic = "x y" }},
		"empty text":               {minimal("note", ""), func(*sample) {}},
		"whole numbers":            {minimal("batch.size", " +7 ", "small", "-2147483648", "big", "-9223372036854775808"), func(s *sample) { s.Batch, s.Small, s.Big = 7, math.MinInt32, math.MinInt64 }},
		"bounds":                   {minimal("batch.size", "100000", "ratio", "1"), func(s *sample) { s.Batch, s.Ratio = 100000, 1 }},
		"float":                    {minimal("ratio", "2.5e-1"), func(s *sample) { s.Ratio = 0.25 }},
		"booleans in any case":     {minimal("on", " FALSE "), func(s *sample) { s.On = false }},
		"duration":                 {minimal("wait.ms", "250"), func(s *sample) { s.Wait = 250 * time.Millisecond }},
		"duration for ever":        {minimal("wait.ms", "9223372036854775807"), func(s *sample) { s.Wait = math.MaxInt64 }},
		"list":                     {minimal("list", " x ,y,, z z ,"), func(s *sample) { s.List = []string{"x", "y", "z z"} }},
		"empty list":               {minimal("list", "  "), func(s *sample) { s.List = nil }},
		"enum in any case":         {minimal("mode", "UPSERT", "events", "Delete,create"), func(s *sample) { s.Mode, s.Events = "upsert", []string{"delete", "create"} }},
		"optional enum of nothing": {minimal("token", ""), func(*sample) {}},
		"password keeps spaces":    {minimal("password", " p "), func(s *sample) { s.Password = NewPassword(" p ") }},
		"optional pointer":         {minimal("seed", "7"), func(s *sample) { s.Seed = &seven }},
		"a reference is a text":    {minimal("note", "${x}"), func(s *sample) { s.Note = "${x}" }},
	} {
		t.Run(name, func(t *testing.T) {
			want := defaults()
			tc.want(&want)
			got, problems := Decode[sample](tc.props)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if d := cmp.Diff(want, got, compareSample); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecodeReportsEveryProblem(t *testing.T) {
	_, got := Decode[sample](map[string]string{
		"topic": " ", "batch.size": "0", "small": "2147483648", "big": "6000000001", "ratio": "NaN", "on": "yes",
		"wait.ms": "1s", "mode": "upsrt", "events": "create,drop", "password": "fine", "token": "hunter2", "seed": "-1", "later": "x",
	})
	want := []Problem{
		{"server", "is required and has no default; set it to a text"},
		{"topic", "is empty; set it to a text"},
		{"batch.size", `"0" is not a whole number from 1 to 100000`},
		{"small", `"2147483648" is not a whole number that fits in 32 bits`},
		{"big", `"6000000001" is not a whole number, at most 6000000000`},
		{"ratio", `"NaN" is not a number from 0 to 1`},
		{"on", `"yes" is not true or false`},
		{"wait.ms", `"1s" is not a whole number of milliseconds, at least 0`},
		{"mode", `"upsrt" is not one of insert, upsert, update; did you mean "upsert"?`},
		{"events", `"drop" is not a list of create, delete`},
		{"token", "the value is not one of t0k3n"},
		{"seed", `"-1" is not a whole number, at least 0`},
		{"later", "is not supported yet"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDecodeShortensLongValues(t *testing.T) {
	_, got := Decode[sample](minimal("on", strings.Repeat("é", 1000)))
	if len(got) != 1 || len(got[0].Message) > 200 || !strings.Contains(got[0].Message, "…") {
		t.Errorf("got %v", got)
	}
}

func TestPlanSkipsReferences(t *testing.T) {
	for name, tc := range map[string]struct {
		props map[string]string
		want  []string
	}{
		"all resolved":         {minimal(), nil},
		"required":             {map[string]string{"server": "${file:/x:y}", "topic": "a-${env:X}"}, nil},
		"number":               {minimal("batch.size", "${env:N}"), nil},
		"pointer":              {minimal("seed", "${env:N}"), nil},
		"others are checked":   {minimal("batch.size", "${env:N}", "on", "x"), []string{"on"}},
		"missing":              {map[string]string{"topic": "${env:X}"}, []string{"server"}},
		"refused all the same": {minimal("later", "${env:X}"), []string{"later"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, problems := Plan[sample](tc.props)
			var got []string
			for _, p := range problems {
				got = append(got, p.Key)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
			if strings.Contains(tc.props["batch.size"], "${") && c.Batch != 0 {
				t.Errorf("a field that is not resolved holds %d", c.Batch)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("batch.size", "12", "list", "a,b")
	f.Add("wait.ms", "9223372036854775807", "ratio", "1e400")
	f.Add("mode", "Insert", "token", "secret-text")
	f.Add("seed", "", "events", ",,create")
	f.Add("password", "\xff", "on", "TRUE")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		props := minimal(k1, v1, k2, v2)
		c, problems := Decode[sample](props)
		for _, p := range problems {
			if _, ok := Find(Of[sample](), p.Key); !ok || p.Message == "" {
				t.Errorf("%q is about no key", p)
			}
			if p.Key == "token" && p.Message != "the value is not one of t0k3n" {
				t.Errorf("the message %q may tell the secret", p.Message)
			}
		}
		if len(problems) > 0 {
			return
		}
		inRange := c.Batch >= 1 && c.Batch <= 100000 && c.Big <= 6e9 && c.Ratio >= 0 && c.Ratio <= 1 && c.Wait >= 0
		if !inRange || c.Server == "" || c.Topic == "" || c.Later != "" {
			t.Errorf("accepted %+v of %q", c, props)
		}
		if again, _ := Plan[sample](props); !strings.Contains(v1+v2, "${") && !cmp.Equal(c, again, compareSample) {
			t.Errorf("Plan read %+v, Decode %+v", again, c)
		}
	})
}

func TestHasReference(t *testing.T) {
	for value, want := range map[string]bool{
		"": false, "x": false, "${x}": false, "${topic}-${timestamp}": false, "${a:b": false, "$${": false,
		"${a:b}": true, "x${a:b:c}y": true, "${x}${a:b}": true, "${${a:b}": true, "${:}": true,
	} {
		if got := HasReference(value); got != want {
			t.Errorf("%q: %t", value, got)
		}
	}
}
