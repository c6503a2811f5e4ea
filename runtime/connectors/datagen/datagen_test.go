// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package datagen

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
	"penstock.dev/runtime/javatext"
)

func config(more ...string) map[string]string {
	props := map[string]string{"kafka.topic": "made-up", "quickstart": "orders", "max.interval": "0", "random.seed": "1"}
	for i := 0; i+1 < len(more); i += 2 {
		props[more[i]] = more[i+1]
	}
	return props
}

func TestAcceptance(t *testing.T) {
	for _, name := range []string{"orders", "pageviews", "users"} {
		t.Run(name, func(t *testing.T) {
			connecttest.Run(t, connecttest.Suite{
				Plugin: Plugin(), Replays: true,
				Config: func(*testing.T) map[string]string { return config("quickstart", name) },
			})
		})
	}
	t.Run("slow", func(t *testing.T) {
		connecttest.Run(t, connecttest.Suite{
			Plugin: Plugin(), Replays: true,
			Config: func(*testing.T) map[string]string { return config("max.interval", "20") },
		})
	})
}

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		props map[string]string
		want  []string
	}{
		"good":        {config(), nil},
		"in any case": {config("quickstart", "PAGEVIEWS"), nil},
		"a field":     {config("schema.keyfield", "itemid"), nil},
		"no field":    {config("schema.keyfield", "userid"), []string{`schema.keyfield: "userid" is no field of orders; use one of ordertime, orderid, itemid, orderunits, address`}},
		"bad topic":   {config("kafka.topic", "a b"), []string{`kafka.topic: "a b" is no topic name: use only letters, digits, '.', '_' and '-'`}},
		"not built":   {config("quickstart", "ratings"), []string{`quickstart: "ratings" is not one of orders, pageviews, users`}},
		"negative":    {config("max.interval", "-1"), []string{`max.interval: "-1" is not a whole number of milliseconds, at least 0`}},
		"references":  {config("kafka.topic", "${env:T}", "quickstart", "${env:Q}", "schema.keyfield", "x"), nil},
		"an Avro schema": {map[string]string{"kafka.topic": "t", "schema.string": "{}", "schema.filename": "${file:/x:y}"}, []string{
			"quickstart: is required and has no default; set it to one of orders, pageviews, users",
			"schema.string: is not supported yet; use quickstart", "schema.filename: is not supported yet; use quickstart",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range Plugin().Check(tc.props) {
				got = append(got, p.Error())
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	if _, err := Plugin().OpenSource(t.Context(), connecttest.Env(t, nil), config("schema.keyfield", "x")); err == nil {
		t.Error("opened with a key field that is no field, as a reference may hold one")
	}
}

func start(t *testing.T, env connect.Env, props map[string]string) connect.SourceTask {
	t.Helper()
	task, err := Plugin().OpenSource(t.Context(), env, props)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// texts polls n records, a few at a time, and returns each as text; offsets keep
// the last one's.
func texts(t *testing.T, task connect.SourceTask, offsets connecttest.Offsets, n int) []string {
	t.Helper()
	var got []string
	for len(got) < n {
		b := connect.NewBatch(min(3, n-len(got)), 1<<20)
		if err := task.Poll(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for i := range b.Records {
			got = append(got, text(t, &b.Records[i]))
			if err := offsets.Commit(&b.Records[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return got
}

func text(t *testing.T, r *connect.Record) string {
	t.Helper()
	ks, k, kerr := r.Key.Get()
	s, v, err := r.Value.Get()
	if err := errors.Join(err, kerr); err != nil {
		t.Fatal(err)
	}
	key := javatext.AppendText(nil, ks, k)
	return string(append(key, " "+string(javatext.AppendText(nil, s, v))...))
}

// A seed makes the same records in every version.
func TestRecordsOfSeed(t *testing.T) {
	for name, want := range map[string][]string{
		"orders": {
			"0 Struct{ordertime=1502106580235,orderid=0,itemid=Item_535,orderunits=4.9,address=Struct{city=City_87,state=State_20,zipcode=80590}}",
		},
		"pageviews": {"1 Struct{viewtime=1,userid=User_6,pageid=Page_53}"},
		"users":     {"User_8 Struct{registertime=1526173622465,userid=User_8,regionid=Region_4,gender=OTHER}"},
	} {
		t.Run(name, func(t *testing.T) {
			task := start(t, connecttest.Env(t, nil), config("quickstart", name))
			if d := cmp.Diff(want, texts(t, task, connecttest.Offsets{}, 1)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestValues checks every value against what the quickstarts promise.
func TestValues(t *testing.T) {
	for name, check := range map[string]func(n int, f []connect.Value) bool{
		"orders": func(n int, f []connect.Value) bool {
			a := f[4].Items()
			return inYears(f[0]) && f[1].Int() == int64(n) && has(f[2], "Item_", 1, 999) && f[3].Float() >= 0.1 && f[3].Float() <= 10 &&
				has(a[0], "City_", 1, 99) && has(a[1], "State_", 1, 50) && a[2].Int() >= 10000 && a[2].Int() <= 99999
		},
		"pageviews": func(n int, f []connect.Value) bool {
			return f[0].Int() == int64(1+10*n) && has(f[1], "User_", 1, 9) && has(f[2], "Page_", 1, 99)
		},
		"users": func(_ int, f []connect.Value) bool {
			return inYears(f[0]) && has(f[1], "User_", 1, 9) && has(f[2], "Region_", 1, 9) && strings.Contains("MALE FEMALE OTHER", f[3].Str())
		},
	} {
		t.Run(name, func(t *testing.T) {
			task := start(t, connecttest.Env(t, nil), config("quickstart", name))
			b := connect.NewBatch(5000, 1<<30)
			if err := task.Poll(t.Context(), b); err != nil || len(b.Records) != 5000 {
				t.Fatalf("%d records, error %v", len(b.Records), err)
			}
			for i := range b.Records {
				s, v, _ := b.Records[i].Value.Get()
				if !check(i, v.Items()) || !matches(s, v) {
					t.Fatalf("record %d is %s", i, text(t, &b.Records[i]))
				}
			}
		})
	}
}

func inYears(v connect.Value) bool { return v.Int() >= firstTime && v.Int() <= lastTime }

func has(v connect.Value, prefix string, low, high int) bool {
	var n int
	_, err := fmt.Sscanf(v.Str(), prefix+"%d", &n)
	return err == nil && n >= low && n <= high
}

// matches reports whether the value has the types of its schema.
func matches(s *connect.Schema, v connect.Value) bool {
	if v.Type() != s.Type || s.Type == connect.Struct && len(v.Items()) != len(s.Fields) {
		return false
	}
	for i := range s.Fields {
		if !matches(s.Fields[i].Schema, v.Items()[i]) {
			return false
		}
	}
	return true
}

func TestRecord(t *testing.T) {
	env := connecttest.Env(t, nil)
	env.Index, env.Count = 3, 4
	env.Offsets = connecttest.Offsets{`{"task.id":3}`: {"task.generation": int64(2), "current.iteration": int64(41), "random.seed": int64(-9)}}
	task := start(t, env, config("schema.keyfield", "itemid"))
	b := connect.NewBatch(1, 1)
	if err := task.Poll(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	r := &b.Records[0]
	wantSource := &connect.SourcePartition{
		Key: map[string]any{"task.id": int64(3)}, Fields: []string{"task.generation", "current.iteration", "random.seed"},
	}
	if d := cmp.Diff(wantSource, r.Source); d != "" {
		t.Error(d)
	}
	headers := map[string]int64{}
	for i := range r.Headers {
		s, v, err := r.Headers[i].Get()
		if s != connect.Int64Schema || err != nil {
			t.Errorf("header %s has schema %v, error %v", r.Headers[i].Key, s, err)
		}
		headers[r.Headers[i].Key] = v.Int()
	}
	if d := cmp.Diff(map[string]int64{"task.generation": 2, "task.id": 3, "current.iteration": 41}, headers); d != "" {
		t.Error(d)
	}
	if o := r.SourceOffset; o[0].Int() != 3 || o[1].Int() != 42 || o[2].Type() != connect.Int64 {
		t.Errorf("offset %d %d %d", o[0].Int(), o[1].Int(), o[2].Int())
	}
	_, v, _ := r.Value.Get()
	ks, k, _ := r.Key.Get()
	if ks != connect.StringSchema || !k.Equal(v.Items()[2]) || r.Topic != "made-up" || r.Timestamp != connect.NoTimestamp {
		t.Errorf("key %q, topic %s, timestamp %d", k.Str(), r.Topic, r.Timestamp)
	}
}

func TestSeeds(t *testing.T) {
	first := func(index int, seed string) string {
		env := connecttest.Env(t, nil)
		env.Index, env.Count = index, index+1
		props := config("random.seed", seed)
		if seed == "" {
			delete(props, "random.seed")
		}
		return texts(t, start(t, env, props), connecttest.Offsets{}, 1)[0]
	}
	seen := map[string]bool{first(0, ""): true, first(0, ""): true, first(0, "1"): true, first(0, "2"): true, first(1, "1"): true, first(2, "1"): true}
	if len(seen) != 6 {
		t.Errorf("of 6 records that should differ %d do: %v", len(seen), seen)
	}
	if a, b := first(1, "1"), first(1, "1"); a != b {
		t.Error("the same seed makes different records")
	}
}

func TestResumes(t *testing.T) {
	want := texts(t, start(t, connecttest.Env(t, nil), config()), connecttest.Offsets{}, 20)
	offsets := connecttest.Offsets{}
	var got []string
	for len(got) < len(want) {
		got = append(got, texts(t, start(t, connecttest.Env(t, offsets), config()), offsets, 4)...)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if n := offsets[`{"task.id":0}`]["task.generation"]; n != int64(5) {
		t.Errorf("generation %v after five starts", n)
	}
}

func TestIterations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offsets := connecttest.Offsets{}
		task := start(t, connecttest.Env(t, offsets), config("iterations", "5", "max.interval", "100"))
		if got := texts(t, task, offsets, 5); len(got) != 5 {
			t.Errorf("got %d records", len(got))
		}
		for _, task := range []connect.SourceTask{task, start(t, connecttest.Env(t, offsets), config("iterations", "5"))} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			b := connect.NewBatch(10, 1<<20)
			if err := task.Poll(ctx, b); len(b.Records) > 0 || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after the last one %d records and error %v", len(b.Records), err)
			}
			cancel()
		}
		more := start(t, connecttest.Env(t, offsets), config("iterations", "7"))
		if got := texts(t, more, offsets, 2); len(got) != 2 {
			t.Errorf("got %d more records", len(got))
		}
	})
}

func TestInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, interval = 2000, 500 * time.Millisecond
		task := start(t, connecttest.Env(t, nil), config("max.interval", "500"))
		began := time.Now()
		texts(t, task, connecttest.Offsets{}, n)
		// The mean of n pauses; 10 % is eight standard deviations and more.
		if mean := time.Since(began) / n; mean < interval*45/100 || mean > interval*55/100 {
			t.Errorf("a record every %v", mean)
		}
		time.Sleep(time.Hour) // paused
		b := connect.NewBatch(1000, 1<<20)
		if err := task.Poll(t.Context(), b); err != nil || len(b.Records) > 50 {
			t.Errorf("after a pause it catches up with %d records, error %v", len(b.Records), err)
		}
	})
}

func TestBadOffset(t *testing.T) {
	for name, offset := range map[string]map[string]any{
		"text":     {"task.generation": "1", "current.iteration": int64(1), "random.seed": int64(1)},
		"fraction": {"task.generation": int64(1), "current.iteration": 1.5, "random.seed": int64(1)},
		"missing":  {"task.generation": int64(1), "current.iteration": int64(1)},
	} {
		t.Run(name, func(t *testing.T) {
			offsets := connecttest.Offsets{`{"task.id":0}`: offset}
			if _, err := Plugin().OpenSource(t.Context(), connecttest.Env(t, offsets), config()); err == nil || !strings.Contains(err.Error(), "reset the connector's offsets") {
				t.Errorf("got error %v", err)
			}
		})
	}
	whole := connecttest.Offsets{`{"task.id":0}`: {"task.generation": 1.0, "current.iteration": 1.0, "random.seed": 7.0}}
	if _, err := Plugin().OpenSource(t.Context(), connecttest.Env(t, whole), config()); err != nil {
		t.Errorf("whole floats are refused: %v", err)
	}
}

func TestAllocations(t *testing.T) {
	task := start(t, connecttest.Env(t, nil), config())
	b := connect.NewBatch(2000, 64<<20)
	poll := func() {
		b.Reset()
		if err := task.Poll(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	poll()
	// One for the headers of 128 records.
	if perRecord := testing.AllocsPerRun(20, poll) / 2000; perRecord > 0.01 {
		t.Errorf("%.4f allocations a record", perRecord)
	}
}

func BenchmarkDatagen(b *testing.B) {
	for _, name := range []string{"orders", "pageviews", "users"} {
		b.Run(name, func(b *testing.B) {
			task, err := Plugin().OpenSource(b.Context(), connecttest.Env(b, nil), config("quickstart", name))
			if err != nil {
				b.Fatal(err)
			}
			batch := connect.NewBatch(2000, 64<<20)
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(batch.Records) {
				batch.Reset()
				if err := task.Poll(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
