// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// morgue is a Producer that keeps dead letters. While it is held it answers
// nothing.
type morgue struct {
	mu      sync.Mutex
	hold    bool
	refuse  error
	waiting []promised
	letters []kgo.Record
}

func (m *morgue) Produce(_ context.Context, r *kgo.Record, promise func(*kgo.Record, error)) {
	m.mu.Lock()
	if m.hold {
		m.waiting = append(m.waiting, promised{r, promise})
		m.mu.Unlock()
		return
	}
	err := m.refuse
	if err == nil {
		m.letters = append(m.letters, *r)
	}
	m.mu.Unlock()
	promise(r, err)
}

// answer lets go of what it has held, and holds no more.
func (m *morgue) answer() {
	m.mu.Lock()
	waiting := m.waiting
	m.hold, m.waiting = false, nil
	m.mu.Unlock()
	for _, p := range waiting {
		m.Produce(context.Background(), p.r, p.promise)
	}
}

func (m *morgue) held() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiting)
}

func (m *morgue) values() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var vs []string
	for _, r := range m.letters {
		vs = append(vs, string(r.Value))
	}
	return vs
}

// context returns the headers of a letter that Kafka Connect has added, without
// the trace.
func (m *morgue) context(i int) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := map[string]string{}
	for _, h := range m.letters[i].Headers {
		if name, ok := strings.CutPrefix(h.Key, "__connect.errors."); ok && h.Key != headerTrace {
			got[name] = string(h.Value)
		}
	}
	return got
}

func (m *morgue) options() ErrorOptions {
	return ErrorOptions{
		MaxRetryDelay: time.Minute, Tolerate: true, KeyClass: "KeyConverter", ValueClass: "ValueConverter", HeaderClass: "HeaderConverter", PluginClass: "Plugin",
		DeadLetters: DeadLetters{Topic: "dead", Headers: true, Producer: m},
	}
}

// counts are what Progress says of errors.
type counts struct{ Failures, Errors, Skipped, Retries, Logged, Letters, Lost int64 }

func countsOf(p Progress) counts {
	return counts{p.Failures, p.Errors, p.Skipped, p.Retries, p.Logged, p.DeadLetters, p.DeadLetterFailures}
}

// flaky converts what text does, but a value only after it has failed so many
// times.
type flaky struct {
	text
	mu   sync.Mutex
	left map[string]int
	err  error
}

func (f *flaky) fails(v string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left[v] == 0 {
		return nil
	}
	f.left[v]--
	return f.err
}

func (f *flaky) FromConnect(dst []byte, topic string, s *connect.Schema, v connect.Value) ([]byte, error) {
	if !v.IsNull() {
		if err := f.fails(v.Str()); err != nil {
			return nil, err
		}
	}
	return f.text.FromConnect(dst, topic, s, v)
}

func (f *flaky) ToConnect(a *connect.Arena, topic string, data []byte) (*connect.Schema, connect.Value, error) {
	if err := f.fails(string(data)); err != nil {
		return nil, connect.NullValue(), err
	}
	return f.text.ToConnect(a, topic, data)
}

var errRegistry = connect.Retriable(errors.New("the registry is away"))

func TestRetryDelay(t *testing.T) {
	most := func(n int64) int64 { return n - 1 }
	ms := time.Millisecond
	for name, tc := range map[string]struct {
		timeout, limit time.Duration
		n              int
		elapsed        time.Duration
		want           time.Duration
		ok             bool
	}{
		"no retries":       {0, time.Minute, 0, 0, 0, false},
		"first":            {time.Minute, time.Minute, 0, 0, 300 * ms, true},
		"second":           {time.Minute, time.Minute, 1, 300 * ms, 600 * ms, true},
		"fifth":            {time.Minute, time.Minute, 4, 4500 * ms, 4800 * ms, true},
		"up to the limit":  {-1, 600 * ms, 1, 0, 600 * ms, true},
		"random beyond it": {-1, 500 * ms, 1, 0, 500*ms - 1, true},
		"small limit":      {-1, 10 * ms, 0, 0, 10*ms - 1, true},
		"what is left":     {time.Second, time.Minute, 2, 900 * ms, 100 * ms, true},
		"nothing is left":  {time.Second, time.Minute, 2, time.Second, 0, false},
		"for ever":         {-1, time.Minute, 5, 1000 * time.Hour, 9600 * ms, true},
		"many tries":       {-1, time.Minute, math.MaxInt32, 0, time.Minute - 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := ErrorOptions{RetryTimeout: tc.timeout, MaxRetryDelay: tc.limit}
			if d, ok := o.delay(tc.n, tc.elapsed, most); d != tc.want || ok != tc.ok {
				t.Errorf("got %s, %t, want %s, %t", d, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestExceptionClass(t *testing.T) {
	const kafka, ours = "org.apache.kafka.common.errors.", "org.apache.kafka.connect.errors."
	for name, tc := range map[string]struct {
		stage stage
		err   error
		want  string
	}{
		"converter":         {stageValue, errBadText, ours + "DataException"},
		"transform":         {stageTransform, errUnfit, ours + "DataException"},
		"put":               {stagePut, errUnfit, ours + "ConnectException"},
		"may pass":          {stageKey, fmt.Errorf("asking: %w", errRegistry), ours + "RetriableException"},
		"panic":             {stageTransform, &PanicError{Act: "transforming", Value: "x"}, "java.lang.RuntimeException"},
		"too large":         {stageProduce, kerr.MessageTooLarge, kafka + "RecordTooLargeException"},
		"unknown topic":     {stageProduce, fmt.Errorf("x: %w", kerr.UnknownTopicOrPartition), kafka + "UnknownTopicOrPartitionException"},
		"invalid topic":     {stageProduce, kerr.InvalidTopicException, kafka + "InvalidTopicException"},
		"not authorised":    {stageProduce, kerr.TopicAuthorizationFailed, kafka + "TopicAuthorizationException"},
		"of the connection": {stageProduce, errors.New("x"), ours + "ConnectException"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := exceptionClass(&trouble{stage: tc.stage, err: tc.err}); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestDeadLetterContext(t *testing.T) {
	cause := errors.New("unexpected end, password s3cret")
	p := policy{id: ID{Connector: "orders", Index: 3}, ErrorOptions: ErrorOptions{
		Redact: func(s string) string { return strings.ReplaceAll(s, "s3cret", "***") },
	}}
	got := p.addContext([]kgo.RecordHeader{{Key: "mine", Value: []byte("x")}}, connect.Origin{Topic: "in", Partition: 2, Offset: 77},
		&trouble{stage: stageValue, class: "org.example.Converter", err: fmt.Errorf("reading JSON: %w", cause)})
	var text []string
	for _, h := range got {
		text = append(text, h.Key+"="+string(h.Value))
	}
	want := []string{
		"mine=x",
		"__connect.errors.topic=in",
		"__connect.errors.partition=2",
		"__connect.errors.offset=77",
		"__connect.errors.connector.name=orders",
		"__connect.errors.task.id=3",
		"__connect.errors.stage=VALUE_CONVERTER",
		"__connect.errors.class.name=org.example.Converter",
		"__connect.errors.exception.class.name=org.apache.kafka.connect.errors.DataException",
		"__connect.errors.exception.message=reading JSON: unexpected end, password ***",
		"__connect.errors.exception.stacktrace=org.apache.kafka.connect.errors.DataException: reading JSON: unexpected end, password ***\n" +
			"Caused by: *errors.errorString: unexpected end, password ***\n",
	}
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestDeadLetterContextIsBounded(t *testing.T) {
	p := policy{ErrorOptions: ErrorOptions{Redact: strings.Clone}}
	long := &trouble{stage: stageTransform, err: &PanicError{Act: "transforming", Value: strings.Repeat("ä", 1<<20), Stack: []byte(strings.Repeat("x\n", 1<<20))}}
	n := size(&kgo.Record{Headers: p.addContext(nil, connect.Origin{}, long)})
	if n > maxMessage+maxTrace+1024 {
		t.Errorf("the headers have %d bytes", n)
	}
}

func TestPlainJSON(t *testing.T) {
	s := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
		{Name: "id", Schema: connect.Int32Schema}, {Name: "tags", Schema: &connect.Schema{Type: connect.Array, Elem: connect.StringSchema}},
	}}
	deep := connect.NullValue()
	for range 2 * maxPlainDepth {
		deep = connect.ArrayValue([]connect.Value{deep})
	}
	for name, tc := range map[string]struct {
		schema *connect.Schema
		value  connect.Value
		want   string
	}{
		"null":    {nil, connect.NullValue(), "null"},
		"number":  {nil, connect.Int64Value(math.MaxInt64), "9223372036854775807"},
		"boolean": {nil, connect.BooleanValue(true), "true"},
		"float":   {nil, connect.Float64Value(0.1), "0.1"},
		"NaN":     {nil, connect.Float64Value(math.NaN()), `"NaN"`},
		"text":    {nil, connect.StringValue("a\"b\n"), `"a\"b\n"`},
		"bytes":   {nil, connect.BytesValue([]byte{0, 255}), `"AP8="`},
		"struct": {s, connect.StructValue([]connect.Value{connect.Int32Value(1), connect.ArrayValue([]connect.Value{connect.StringValue("x"), connect.NullValue()})}),
			`{"id":1,"tags":["x",null]}`},
		"without its schema": {nil, connect.StructValue([]connect.Value{connect.Int32Value(1)}), `{"0":1}`},
		"map": {nil, connect.MapValue([]connect.Entry{{Key: connect.StringValue("a"), Value: connect.Int64Value(1)}, {Key: connect.Int64Value(7), Value: connect.NullValue()}}),
			`{"a":1,"7":null}`},
		"deep": {nil, deep, strings.Repeat("[", maxPlainDepth+1) + `"…"` + strings.Repeat("]", maxPlainDepth+1)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(appendPlain(nil, tc.schema, tc.value)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestLetters(t *testing.T) {
	var ls letters
	letter := func(p int32, offset int64, size int) *letter {
		return &letter{from: connect.Origin{Topic: "in", Partition: p, Offset: offset}, size: size}
	}
	a, b, c := letter(0, 7, 60), letter(0, 5, 40), letter(1, 9, 1)
	if !ls.add(a, 100) || !ls.add(b, 100) || ls.add(c, 100) {
		t.Error("the budget of 100 bytes is not kept")
	}
	want := connect.Offsets{{Topic: "in", Partition: 0}: 5}
	if diff := cmp.Diff(want, ls.first()); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	ls.answered(b, nil)
	if !ls.add(c, 100) {
		t.Error("no room after an answer")
	}
	ls.answered(a, errUnfit)
	if !ls.waiting() {
		t.Error("nothing waits, but one has no answer")
	}
	ls.answered(c, nil)
	if want[connect.TopicPartition{Topic: "in", Partition: 0}] = 7; ls.waiting() {
		t.Error("waits for a letter that is lost")
	}
	if diff := cmp.Diff(want, ls.first()); diff != "" {
		t.Errorf("first with a lost letter (-want +got):\n%s", diff)
	}
	ls.queue = nil
	if !ls.add(letter(0, 1, 1000), 100) {
		t.Error("a letter larger than the budget has no room although it is alone")
	}
}

// capture keeps what a task logs as errors. It returns a function that returns the
// lines.
func capture(o *Options) func() []string {
	h := &lines{}
	o.Env = func() connect.Env { return connect.Env{Logger: slog.New(h)} }
	return h.list
}

type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

func (l *lines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r.Message)
	return nil
}

func (l *lines) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *lines) WithGroup(string) slog.Handler      { return l }
