// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
	"penstock.dev/runtime/transforms"
)

// golden returns the lines of one kind of what Kafka Connect's own transforms do.
// To write the file again, in hack/conformance/transforms:
//
//	mvn -q compile exec:java -Dexec.args=../../../runtime/transforms/testdata/golden.tsv
func golden(t *testing.T, kind string) [][]string {
	t.Helper()
	return goldenFile(t, "golden.tsv", kind)
}

// goldenFile returns the lines of one kind of a file in testdata.
func goldenFile(t *testing.T, name, kind string) [][]string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	var lines [][]string
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if parts := strings.Split(s.Text(), "\t"); parts[0] == kind {
			lines = append(lines, parts[1:])
		}
	}
	if s.Err() != nil || len(lines) == 0 {
		t.Fatalf("%d lines of kind %s, error %v", len(lines), kind, s.Err())
	}
	return lines
}

func registry() connect.Registry {
	return connect.Registry{Transforms: transforms.All(), Predicates: transforms.Predicates()}
}

func config(t *testing.T, text string) map[string]string {
	t.Helper()
	var m map[string]string
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// fresh makes a transform as the worker does; "config error" stands for a refusal.
func fresh(t *testing.T, class string, props map[string]string, kind connect.Kind) (connect.Transform, string) {
	t.Helper()
	plugin, ok := registry().Transform(class)
	if !ok {
		t.Fatalf("no transform %s", class)
	}
	if problems := plugin.Check(props, kind); len(problems) > 0 {
		return nil, "config error: " + problems[0].Error()
	}
	transform, err := plugin.New(props, kind)
	if err != nil {
		return nil, "config error: " + err.Error() // Check has not looked at what has ${ in it
	}
	return transform, ""
}

// apply transforms one record and returns its error.
func apply(transform connect.Transform, a *connect.Arena, r *connect.Record) error {
	var s connect.Selection
	s.Start(a, []*connect.Record{r})
	transform.Apply(&s)
	for _, f := range s.Failures() {
		return f.Err
	}
	return nil
}

func jsonConverter(t *testing.T, schemas bool) connect.Converter {
	t.Helper()
	c, err := jsonconv.New(jsonconv.Config{SchemasEnable: schemas, SchemasCacheSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func recordAt(t *testing.T, topic, partition, offset, timestamp string) *connect.Record {
	t.Helper()
	r := &connect.Record{Topic: topic, Partition: connect.ByKey, Timestamp: connect.NoTimestamp}
	number := func(text string, or int64) int64 {
		if text == "-" {
			return or
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	r.Partition, r.Offset = int32(number(partition, int64(connect.ByKey))), number(offset, 0)
	r.Timestamp = number(timestamp, connect.NoTimestamp)
	return r
}

// transformed is our answer to a case of kind apply.
func transformed(t *testing.T, l []string) string {
	t.Helper()
	class, schemas, in := l[0], l[6] == "true", l[7]
	transform, refused := fresh(t, class, config(t, l[1]), connect.Kind(l[2]))
	if refused != "" {
		return refused
	}
	var a connect.Arena
	conv := jsonConverter(t, schemas)
	r := recordAt(t, "topic", l[3], l[4], l[5])
	d := &r.Value
	if strings.HasSuffix(class, "$Key") {
		d = &r.Key
	}
	d.SetRaw([]byte(in), &connect.Codec{Converter: conv, Topic: "topic", Arena: &a})
	if err := apply(transform, &a, r); err != nil {
		return "error:" + err.Error()
	}
	s, v, err := d.Get()
	if err != nil {
		t.Fatal(err)
	}
	out, err := conv.FromConnect([]byte{}, "topic", s, v)
	switch {
	case err != nil:
		return "error:" + err.Error()
	case out == nil:
		return "null!"
	default:
		return string(out)
	}
}

// sameObject compares JSON without regard to the order of fields.
func sameObject(t *testing.T, a, b string) bool {
	t.Helper()
	conv := jsonConverter(t, false)
	_, v, err := conv.ToConnect(new(connect.Arena), "t", []byte(a))
	_, w, werr := conv.ToConnect(new(connect.Arena), "t", []byte(b))
	return err == nil && werr == nil && v.Equal(w)
}

func TestGoldenFields(t *testing.T) {
	lines := golden(t, "apply")
	early, lastWins := 0, 0
	for _, l := range lines {
		got, java := transformed(t, l), l[8]
		switch {
		case got == java, l[6] == "false" && sameObject(t, got, java):
		case java == "config error" && strings.HasPrefix(got, java):
		case strings.HasPrefix(java, "error:") && strings.HasPrefix(got, "error:") && strings.Contains(got, strings.TrimPrefix(java, "error:")):
		case l[2] == "source" && strings.HasPrefix(got, "config error: offset.field: is for sink connectors only"):
			early++ // what Java refuses with the first record, or not if its value is null
		case l[7] == `{"b":2,"a":1,"c":{"a":1}}` && strings.Contains(l[1], `"renames":"a:b"`) && strings.Contains(java, `"b":2`) && strings.Contains(got, `"b":1`):
			lastWins++ // Java's hash map gives a before b
		default:
			t.Errorf("%s\nours %s\nJava %s", strings.Join(l[:8], " "), got, java)
		}
	}
	if len(lines) < 1000 || early == 0 || lastWins == 0 {
		t.Errorf("%d lines; the differences were seen %d and %d times", len(lines), early, lastWins)
	}
}

// lacking are the expressions of Java that are refused here, and what the refusal
// names.
var lacking = []struct{ regex, says string }{
	{`[a?*1}]\++b$`, "possessive quantifier"},
	{`\(\?=`, "look-ahead"},
	{`\(\?!`, "negative look-ahead"},
	{`\(\?<=`, "look-behind"},
	{`\(\?<!`, "negative look-behind"},
	{`\(\?>`, "atomic group"},
	{`\\1b$`, `back-reference \1`},
	{`\\k<`, `back-reference \k`},
	{`&&`, "intersection of character classes, &&"},
	{`\[a\[b`, "a character class within another"},
	{`\\G`, `\G`},
	{`\\Z`, `\Z`},
	{`\(\?x\)`, "the flag (?x)"},
	{`\(\?d\)`, "the flag (?d)"},
	{`\(\?u\)`, "the flag (?u)"},
	{`\(\?U\)`, "the flag (?U)"},
	{`javaLowerCase`, `\p{javaLowerCase}`},
	{`InGreek`, `\p{InGreek}`},
	{`\[\\S`, `\S within a character class`},
	{`\[\\P`, `\P{Alpha} within a character class`},
}

// isLacking reports whether a refusal is one that we mean.
func isLacking(regex, got string) bool {
	for _, l := range lacking {
		if regexp.MustCompile(l.regex).MatchString(regex) && strings.Contains(got, l.says) && strings.Contains(got, "write the expression without it") {
			return true
		}
	}
	return false
}

func TestGoldenRegexRouter(t *testing.T) {
	for _, l := range golden(t, "regex") {
		transform, got := fresh(t, "RegexRouter", map[string]string{"regex": l[0], "replacement": l[1]}, connect.SinkKind)
		if got == "" {
			r := &connect.Record{Topic: l[2]}
			if err := apply(transform, new(connect.Arena), r); err != nil {
				t.Fatal(err)
			}
			got = r.Topic
		}
		switch java := l[3]; {
		case got == java:
		case java == "config error" && strings.HasPrefix(got, java):
		case strings.HasPrefix(got, "config error: regex: ") && isLacking(l[0], got):
		case strings.HasPrefix(got, "config error: replacement: "): // whatever Java says for each record
			if refused := invalidReplacement(l[1]); !refused {
				t.Errorf("%q is refused: %s", l[1], got)
			}
		default:
			t.Errorf("%q with %q of topic %q: ours %q, Java %q", l[0], l[1], l[2], got, java)
		}
	}
}

// invalidReplacement reports whether the golden file has a replacement because it
// is wrong.
func invalidReplacement(r string) bool {
	return slices.Contains([]string{"${1}", "${n}", "${n", "$", "$x", `\`, "$2"}, r)
}

func TestGoldenPredicates(t *testing.T) {
	for _, l := range golden(t, "predicate") {
		plugin, ok := registry().Predicate(l[0])
		if !ok {
			t.Fatalf("no predicate %s", l[0])
		}
		props := config(t, l[1])
		var got string
		if problems := plugin.Check(props); len(problems) > 0 {
			got = "config error"
		} else {
			p, err := plugin.New(props)
			if err != nil {
				t.Fatal(err)
			}
			r := &connect.Record{Topic: l[2]}
			for h := range strings.SplitSeq(l[3], ",") {
				if h != "" {
					r.Headers = append(r.Headers, connect.Header{Key: h})
				}
			}
			r.Value.SetRaw([]byte(l[4]), &connect.Codec{Converter: jsonConverter(t, false), Arena: new(connect.Arena)})
			hit, err := p.Test(r)
			if err != nil {
				t.Fatal(err)
			}
			got = strconv.FormatBool(hit)
		}
		if got != l[5] {
			t.Errorf("%s: ours %s", strings.Join(l, " "), got)
		}
	}
}
