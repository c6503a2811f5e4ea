// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// list is a source of one batch of values, from offset 1 on; then it waits.
func list(change func(b *connect.Batch), values ...connect.Value) func(context.Context, *connect.Batch) (bool, error) {
	part := &connect.SourcePartition{Key: map[string]any{"p": int64(0)}, Fields: []string{"n"}}
	done := false
	return func(_ context.Context, b *connect.Batch) (bool, error) {
		if done {
			return false, nil
		}
		done = true
		for i, v := range values {
			r := b.Add()
			r.Topic, r.Source, r.SourceOffset = "out", part, b.Offset(connect.Int64Value(int64(i+1)))
			r.Value.Set(nil, v)
		}
		if change != nil {
			change(b)
		}
		return true, nil
	}
}

func texted(values ...string) []connect.Value {
	var vs []connect.Value
	for _, v := range values {
		vs = append(vs, connect.StringValue(v))
	}
	return vs
}

// panicky panics when it is to convert "bad".
type panicky struct{ text }

func (p *panicky) FromConnect(dst []byte, topic string, s *connect.Schema, v connect.Value) ([]byte, error) {
	if v.Str() == "bad" {
		panic("oh no")
	}
	return p.text.FromConnect(dst, topic, s, v)
}

// TestSourceErrors sends good, a record that fails, good through a source.
func TestSourceErrors(t *testing.T) {
	data, conn, kafka := "org.apache.kafka.connect.errors.DataException", "org.apache.kafka.connect.errors.ConnectException", "org.apache.kafka.common.errors."
	for name, tc := range map[string]struct {
		bad                              string
		change                           func(b *connect.Batch)
		links                            []connect.ChainLink
		value                            connect.Converter
		refuse                           map[string]error
		stage, class, exception, message string
		topic                            string // where it was to go; "" is out
		key, letter                      string // what the dead letter has
		fails                            string // the task, if nothing is tolerated
		headers                          int    // of the connector
	}{
		"value": {
			bad: "bad", stage: "VALUE_CONVERTER", class: "ValueConverter", exception: data, message: "bad text", letter: `"bad"`,
			fails: `a record for topic "out": converting the value: bad text`,
		},
		"key": {
			bad: "odd", change: func(b *connect.Batch) { b.Records[1].Key.Set(nil, connect.StringValue("bad")) },
			stage: "KEY_CONVERTER", class: "KeyConverter", exception: data, message: "bad text", key: `"bad"`, letter: "odd",
			fails: `a record for topic "out": converting the key: bad text`,
		},
		"header": {
			bad: "odd", change: func(b *connect.Batch) {
				b.Records[1].Headers = b.Arena.Headers(2)
				b.Records[1].Headers[0].Value.Set(nil, connect.StringValue("fine"))
				b.Records[1].Headers[1].Value.Set(nil, connect.StringValue("bad"))
			}, headers: 2,
			stage: "HEADER_CONVERTER", class: "HeaderConverter", exception: data, message: "bad text", letter: "odd",
			fails: `a record for topic "out": the header "": converting the header: bad text`,
		},
		"value's converter panics": {
			bad: "bad", value: &panicky{}, stage: "VALUE_CONVERTER", class: "ValueConverter", exception: "java.lang.RuntimeException", message: "panic while converting: oh no",
			letter: `"bad"`, fails: `a record for topic "out": converting the value: panic while converting: oh no`,
		},
		"transform": {
			bad: "odd", links: []connect.ChainLink{{Alias: "a", Class: "Transform", Transform: failIf(oneOf("odd"))}},
			change: func(b *connect.Batch) {
				b.Records[1].Headers = make([]connect.Header, 1)
				b.Records[1].Headers[0].Value.Set(nil, connect.StringValue("v"))
			}, headers: 1,
			stage: "TRANSFORMATION", class: "Transform", exception: data, message: "unfit", letter: "odd",
			fails: `transform a: the record at offset {"n":2} of source partition {"p":0}, for topic "out": unfit`,
		},
		"connector": {
			bad: "odd", change: func(b *connect.Batch) { b.Fail(1, errUnfit) },
			stage: "TASK_POLL", class: "Plugin", exception: conn, message: "unfit", letter: "odd",
			fails: `the connector refused record 1 of its batch, which goes to topic "out": unfit`,
		},
		"produce": {
			bad: "odd", change: func(b *connect.Batch) { b.Records[1].Topic = "closed" }, refuse: map[string]error{"closed": kerr.TopicAuthorizationFailed},
			topic: "closed", stage: "KAFKA_PRODUCE", class: "org.apache.kafka.connect.runtime.WorkerSourceTask",
			exception: kafka + "TopicAuthorizationException", message: kerr.TopicAuthorizationFailed.Error(), letter: "odd",
			fails: `Unrecoverable exception from producer send callback: producing to topic "closed": TOPIC_AUTHORIZATION_FAILED`,
		},
		"too large": {
			bad: "odd", change: func(b *connect.Batch) { b.Records[1].Topic = "small" }, refuse: map[string]error{"small": kerr.MessageTooLarge},
			topic: "small", stage: "KAFKA_PRODUCE", class: "org.apache.kafka.connect.runtime.WorkerSourceTask",
			exception: kafka + "RecordTooLargeException", message: kerr.MessageTooLarge.Error(), letter: "odd",
			fails: `Unrecoverable exception from producer send callback: producing to topic "small": MESSAGE_TOO_LARGE`,
		},
		"no topic": {
			bad: "odd", change: func(b *connect.Batch) { b.Records[1].Topic = "a/b" },
			topic: "a/b", stage: "KAFKA_PRODUCE", class: "org.apache.kafka.connect.runtime.WorkerSourceTask", exception: conn,
			message: `"a/b" is no topic name: use only letters, digits, '.', '_' and '-'`, letter: "odd",
			fails: `a record of source partition {"p":0} has no valid topic: "a/b" is no topic name`,
		},
	} {
		for _, policy := range []string{"all", "all without letters", "none"} {
			t.Run(name+"/"+policy, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, 1, 0)
					r.broker.refuse = tc.refuse
					r.source.onPoll = list(tc.change, texted("1", tc.bad, "3")...)
					r.o.Transforms, r.o.Errors = tc.links, (&morgue{}).options()
					r.o.Errors.Tolerate, r.o.Errors.Log = policy != "none", true
					if policy == "all without letters" {
						r.o.Errors.DeadLetters = DeadLetters{}
					}
					if tc.value != nil {
						r.o.Value = tc.value
					}
					lines := capture(&r.o.Options)
					run := start(NewSource(r.o))
					time.Sleep(20 * time.Second)
					err, p := run.end(), run.Progress()
					unasked := policy == "none" && strings.HasPrefix(tc.fails, "Unrecoverable") // as in Kafka Connect
					if line := fmt.Sprintf("Error encountered in task c-0. Executing stage '%s' with class '%s'.", tc.stage, tc.class); !unasked && !slices.Contains(lines(), line) {
						t.Errorf("log %q\nwithout %q", lines(), line)
					}
					want := counts{Failures: 1, Errors: 1, Skipped: 1, Logged: 1}
					if policy == "none" {
						if unasked {
							want.Errors, want.Logged = 0, 0
						} else {
							tc.fails = "Tolerance exceeded in error handler: " + tc.fails
						}
						if err == nil || !strings.HasPrefix(err.Error(), tc.fails) {
							t.Errorf("the task ended with %v", err)
						}
						if want.Skipped = 0; countsOf(p) != want || r.topic.number(partKey(0)) != 1 || p.Records > 2 {
							t.Errorf("counts %+v, committed %d, %d records", countsOf(p), r.topic.number(partKey(0)), p.Records)
						}
						return
					}
					if err != nil || r.topic.number(partKey(0)) != 3 || p.Records != 2 {
						t.Errorf("end %v, committed %d, %d records", err, r.topic.number(partKey(0)), p.Records)
					}
					letters := r.broker.of("dead")
					if policy != "all" {
						if countsOf(p) != want || len(letters) > 0 {
							t.Errorf("counts %+v, letters %v", countsOf(p), letters)
						}
						return
					}
					if want.Letters = 1; countsOf(p) != want || len(letters) != 1 {
						t.Fatalf("counts %+v, letters %v", countsOf(p), letters)
					}
					l := letters[0]
					if l.key != tc.key || l.value != tc.letter || l.headers != contextHeaders+2+tc.headers {
						t.Errorf("letter %+v", l)
					}
					topic := tc.topic
					if topic == "" {
						topic = "out"
					}
					context := map[string]string{
						"topic": topic, "partition": "-1", "offset": "-1", "connector.name": "c", "task.id": "0", "stage": tc.stage,
						"class.name": tc.class, "exception.class.name": tc.exception, "exception.message": tc.message,
						"source.partition": `{"p":0}`, "source.offset": `{"n":2}`,
					}
					m := morgue{letters: []kgo.Record{{Headers: l.all}}}
					if diff := cmp.Diff(context, m.context(0)); diff != "" {
						t.Errorf("context (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// An offset is committed only when the dead letters before it are taken.
func TestSourceCommitsBehindDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 0)
		r.broker.hold = true
		r.source.onPoll = list(nil, texted("1", "2", "bad", "4")...)
		r.o.Errors = (&morgue{}).options()
		run := start(NewSource(r.o))
		time.Sleep(20 * time.Second)
		r.broker.answer(func(topic string) bool { return topic == "out" })
		time.Sleep(10 * time.Second)
		if got := r.topic.number(partKey(0)); got != 2 {
			t.Errorf("committed %d while the dead letter of the third record is in flight", got)
		}
		r.broker.setHold(false)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if got := r.topic.number(partKey(0)); got != 4 {
			t.Errorf("committed %d, want 4", got)
		}
	})
}

// A broker refuses a batch for its size as a whole. Dead letters of records that fit
// have their values; one that does not fit comes without.
func TestSourceDeadLettersOfWhatIsTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 0)
		r.broker.refuse = map[string]error{"out": fmt.Errorf("%w (uncompressed_bytes=5)", kerr.MessageTooLarge)}
		r.broker.limit = map[string]int{"dead": 2}
		r.source.onPoll = list(nil, texted("1", "large", "3")...)
		r.o.Errors = (&morgue{}).options()
		run := start(NewSource(r.o))
		time.Sleep(20 * time.Second)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if got := r.topic.number(partKey(0)); got != 3 {
			t.Errorf("committed %d, want 3", got)
		}
		var got []string
		for _, l := range r.broker.of("dead") {
			m := morgue{letters: []kgo.Record{{Headers: l.all}}}
			got = append(got, l.value+"/"+m.context(0)["value.bytes"])
		}
		slices.Sort(got) // the one that was refused comes later
		if diff := cmp.Diff([]string{"/5", "1/", "3/"}, got); diff != "" {
			t.Errorf("dead letters (-want +got):\n%s", diff)
		}
		if got := countsOf(run.Progress()); got != (counts{Failures: 3, Errors: 3, Skipped: 3, Letters: 3}) {
			t.Errorf("counts %+v", got)
		}
	})
}

func TestSourceDeadLetterIsRefused(t *testing.T) {
	for name, bad := range map[string]string{"a converter's": "bad", "Kafka's": "odd"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1, 0)
				r.broker.refuse = map[string]error{"dead": kerr.MessageTooLarge, "small": kerr.MessageTooLarge}
				r.source.onPoll = list(func(b *connect.Batch) { b.Records[1].Topic = "small" }, texted("1", bad, "3")...)
				r.o.Errors = (&morgue{}).options()
				run := start(NewSource(r.o))
				err := <-run.done
				if err == nil || !strings.HasPrefix(err.Error(), `writing a dead letter to topic "dead": MESSAGE_TOO_LARGE`) {
					t.Errorf("the task ended with %v", err)
				}
				if got := r.topic.number(partKey(0)); got != 1 {
					t.Errorf("committed %d, want 1", got)
				}
				if got := countsOf(run.Progress()); got != (counts{Failures: 1, Errors: 1, Skipped: 1, Letters: 1, Lost: 1}) {
					t.Errorf("counts %+v", got)
				}
			})
		})
	}
}

func TestSourceRetries(t *testing.T) {
	once := &flaky{left: map[string]int{"odd": 3}, err: errRegistry}
	shaky := each(func(_ *connect.Record, v string) (bool, error) { return false, once.fails(v) })
	for name, tc := range map[string]struct {
		value             connect.Converter
		links             []connect.ChainLink
		timeout           time.Duration
		written           []string
		after             time.Duration
		failures, retries int64
		fails             string
	}{
		"converter": {value: &flaky{left: map[string]int{"odd": 3}, err: errRegistry}, timeout: time.Minute, written: []string{"1", "odd", "3"}, after: 2100 * time.Millisecond, failures: 3, retries: 3},
		"transform": {links: []connect.ChainLink{{Alias: "a", Transform: shaky}, {Alias: "b", Transform: mark("+")}}, timeout: -1, written: []string{"1+", "odd+", "3+"}, after: 2100 * time.Millisecond, failures: 3, retries: 3},
		"too long": {value: &flaky{left: map[string]int{"odd": 100}, err: errRegistry}, timeout: time.Second, written: []string{"1"}, after: time.Second, failures: 5, retries: 3,
			fails: `Tolerance exceeded in error handler: a record for topic "out": converting the value: the registry is away`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1, 0)
				r.source.onPoll = list(nil, texted("1", "odd", "3")...)
				r.o.Transforms = tc.links
				r.o.Errors = ErrorOptions{RetryTimeout: tc.timeout, MaxRetryDelay: time.Minute}
				if tc.value != nil {
					r.o.Value = tc.value
				}
				begin := time.Now()
				run := start(NewSource(r.o))
				for len(r.broker.values()) == 0 {
					time.Sleep(10 * time.Millisecond)
				}
				if d := time.Since(begin); d < tc.after || d > tc.after+20*time.Millisecond {
					t.Errorf("it took %s, want %s", d, tc.after)
				}
				synctest.Wait()
				err, p := run.end(), run.Progress()
				if tc.fails == "" && err != nil || tc.fails != "" && (err == nil || err.Error() != tc.fails) {
					t.Errorf("end %v", err)
				}
				if diff := cmp.Diff(tc.written, r.broker.values()); diff != "" {
					t.Errorf("written (-want +got):\n%s", diff)
				}
				if p.Failures != tc.failures || p.Retries != tc.retries {
					t.Errorf("%d failures, %d retries, want %d and %d", p.Failures, p.Retries, tc.failures, tc.retries)
				}
			})
		})
	}
}

// A stop ends the tries: what came before is written, and the record comes again
// with the next incarnation. A pause is kept, and the tries go on after it.
func TestSourceRetryIsInterrupted(t *testing.T) {
	for name, pause := range map[string]bool{"stop": false, "pause": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1, 0)
				r.source.onPoll = list(nil, texted("1", "odd", "3")...)
				conv := &flaky{left: map[string]int{"odd": 1 << 30}, err: errRegistry}
				r.o.Value, r.o.Errors = conv, ErrorOptions{RetryTimeout: -1, MaxRetryDelay: time.Minute}
				run := start(NewSource(r.o))
				time.Sleep(time.Hour)
				want := []string{"1"}
				if pause {
					run.SetPaused(true)
					synctest.Wait()
					if diff := cmp.Diff([]State{Running, Paused}, r.states.list()); diff != "" {
						t.Errorf("states (-want +got):\n%s", diff)
					}
					conv.mu.Lock()
					conv.left["odd"] = 0
					conv.mu.Unlock()
					time.Sleep(time.Hour)
					if got := r.broker.values(); len(got) > 0 {
						t.Errorf("wrote %q while paused", got)
					}
					run.SetPaused(false)
					synctest.Wait()
					want = []string{"1", "odd", "3"}
				}
				begin := time.Now()
				if err := run.end(); err != nil {
					t.Error(err)
				}
				if d := time.Since(begin); d > time.Millisecond {
					t.Errorf("the stop took %s", d)
				}
				if diff := cmp.Diff(want, r.broker.values()); diff != "" {
					t.Errorf("written (-want +got):\n%s", diff)
				}
				if got := r.topic.number(partKey(0)); got != int64(len(want)) {
					t.Errorf("committed %d, want %d", got, len(want))
				}
			})
		})
	}
}

// Everything fails, in different places, and Kafka answers in any order: each
// record is once in a topic, and all is committed.
func TestSourceErrorsOfManyRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 3, 300)
		r.source.each = 20
		r.source.topic = func(p int) string { return []string{"out", "closed", "other"}[p] }
		r.broker.refuse = map[string]error{"closed": kerr.TopicAuthorizationFailed}
		r.o.Errors = (&morgue{}).options()
		r.o.Transforms = []connect.ChainLink{
			{Alias: "a", Transform: failIf(func(v string) bool { return strings.HasSuffix(v, "7") })},
			{Alias: "b", Transform: panicIf(func(v string) bool { return strings.HasSuffix(v, "5") })},
			{Alias: "c", Transform: dropIf(func(v string) bool { return strings.HasSuffix(v, "0") })},
		}
		run := start(NewSource(r.o))
		time.Sleep(time.Minute)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		seen := map[string]int{}
		for _, v := range r.broker.values() {
			seen[v]++
		}
		for p := range 3 {
			if got := r.topic.number(partKey(p)); got != 300 {
				t.Errorf("committed %d of partition %d, want 300", got, p)
			}
			for i, v := range numbers(p, 300) {
				want := 1
				if (i+1)%10 == 0 {
					want = 0
				}
				if seen[v] != want {
					t.Errorf("record %s is there %d times, want %d", v, seen[v], want)
				}
			}
		}
		// Of each ten records one is dropped and two fail in transforms, of partition 1
		// all others in Kafka.
		if got, want := len(r.broker.of("dead")), 2*60+270; got != want {
			t.Errorf("%d dead letters, want %d", got, want)
		}
		if p := run.Progress(); p.Records != 2*210 || p.Skipped != 390 {
			t.Errorf("%d records, %d skipped", p.Records, p.Skipped)
		}
	})
}

// A record that a connector gives without a usable offset is its mistake, and
// fails the task whatever is tolerated.
func TestSourceMistakesAreNotTolerated(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(b *connect.Batch)
		fails  string
	}{
		"no partition": {func(b *connect.Batch) { b.Records[1].Source = nil }, "it has a source offset and no source partition"},
		"timestamp":    {func(b *connect.Batch) { b.Records[1].Timestamp = -7 }, "the timestamp -7 must be"},
		"no record":    {func(b *connect.Batch) { b.Fail(3, errUnfit) }, "the connector refused record 3 of a batch of 3: unfit"},
		"both": {func(b *connect.Batch) {
			b.Records[1].Source = nil
			b.Records[1].Value.Set(nil, connect.StringValue("bad"))
		},
			"it has a source offset and no source partition"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1, 0)
				r.source.onPoll = list(tc.change, texted("1", "2", "3")...)
				r.o.Errors = (&morgue{}).options()
				err := <-start(NewSource(r.o)).done
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("the task ended with %v", err)
				}
				if got := r.topic.number(partKey(0)); got > 1 {
					t.Errorf("committed %d", got)
				}
			})
		})
	}
}

// When the client is closed below the task, nothing counts as refused by Kafka.
func TestSourceClosedClientIsNoRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 0)
		r.broker.refuse = map[string]error{"out": kgo.ErrClientClosed}
		r.source.onPoll = list(nil, texted("1", "2")...)
		r.o.Errors = (&morgue{}).options()
		run := start(NewSource(r.o))
		if err := <-run.done; !errors.Is(err, kgo.ErrClientClosed) {
			t.Errorf("the task ended with %v", err)
		}
		if got := r.topic.number(partKey(0)); got != -1 || run.Progress().Skipped != 0 {
			t.Errorf("committed %d, skipped %d", got, run.Progress().Skipped)
		}
	})
}
