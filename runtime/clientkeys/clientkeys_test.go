// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package clientkeys

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/configdef"
)

// kafkaKeys returns the keys that Kafka's own classes have, role by role. The file
// is written by
//
//	cd hack/conformance/clients
//	mvn -q compile exec:java -Dexec.args="keys ../../../runtime/clientkeys/testdata/keys.tsv"
func kafkaKeys(t *testing.T) map[Role]map[string]string {
	t.Helper()
	f, err := os.Open("testdata/keys.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[Role]map[string]string{}
	for _, r := range Roles() {
		out[r] = map[string]string{}
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		parts := strings.Split(lines.Text(), "\t")
		if len(parts) != 4 {
			t.Fatalf("a line of %d parts: %q", len(parts), lines.Text())
		}
		out[Role(parts[0])][parts[1]] = parts[2]
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every key of Kafka's is known here, once, and what is used has Kafka's type.
func TestEveryKeyOfKafka(t *testing.T) {
	// Keys of librdkafka and of ours, and one that is inherited by all.
	extra := []string{"sasl.username", "sasl.password", "ssl.insecure.skip.verify"}
	for role, theirs := range kafkaKeys(t) {
		if len(theirs) < 60 {
			t.Fatalf("the file has %d keys of the %s", len(theirs), role)
		}
		seen := map[string]bool{}
		for _, k := range Keys(role) {
			if seen[k.Name] {
				t.Errorf("%s: %s stands here twice", role, k.Name)
			}
			seen[k.Name] = true
			typ, ok := theirs[k.Name]
			if !ok && !slices.Contains(extra, k.Name) {
				t.Errorf("%s: %s is not a key of Kafka's", role, k.Name)
			}
			if k.Doc == "" {
				t.Errorf("%s: nothing says what becomes of %s", role, k.Name)
			}
			if ok && k.Effect == Used && !sameType(k.Type, typ) {
				t.Errorf("%s: %s is a %s, in Kafka a %s", role, k.Name, k.Type, typ)
			}
		}
		for name := range theirs {
			if !seen[name] {
				t.Errorf("%s: nothing is said of %s", role, name)
			}
		}
	}
}

// sameType allows for Kafka's durations, which are INT or LONG, and its classes.
func sameType(ours, theirs string) bool {
	numbers := []string{"INT", "LONG", "SHORT"}
	switch {
	case slices.Contains(numbers, ours):
		return slices.Contains(numbers, theirs)
	case ours == "STRING":
		return theirs == "STRING" || theirs == "CLASS" || theirs == "PASSWORD"
	}
	return ours == theirs
}

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		role               Role
		props              map[string]string
		problems, warnings []string
	}{
		"fine": {role: Producer, props: map[string]string{
			"compression.type": "zstd", "linger.ms": "20", "max.request.size": "2000000", "buffer.memory": "1000000", "acks": "-1",
			"key.serializer": "org.apache.kafka.common.serialization.ByteArraySerializer", "interceptor.classes": "",
		}},
		"a reference":   {role: Producer, props: map[string]string{"acks": "${env:A}", "linger.ms": "${env:B}"}},
		"a wrong value": {role: Producer, props: map[string]string{"compression.type": "brotli"}, problems: []string{`p.compression.type: "brotli" is not one of none`}},
		"out of bounds": {role: Consumer, props: map[string]string{"max.poll.records": "0"}, problems: []string{"p.max.poll.records: "}},
		"weaker acks": {role: Producer, props: map[string]string{"acks": "1"}, warnings: []string{
			"p.acks: a record counts as written before all brokers in sync have it"}},
		"not idempotent": {role: Producer, props: map[string]string{"enable.idempotence": "false", "max.in.flight.requests.per.connection": "3"}, warnings: []string{
			"p.enable.idempotence: a record that is sent again may be there twice"}},
		"idempotent without acks": {role: Producer, props: map[string]string{"acks": "0", "enable.idempotence": "true"},
			problems: []string{"p.acks: Must set acks to all in order to use the idempotent producer."},
			warnings: []string{"p.acks: "}},
		"idempotent with many in flight": {role: Producer, props: map[string]string{"enable.idempotence": "true", "max.in.flight.requests.per.connection": "6"},
			problems: []string{"p.max.in.flight.requests.per.connection: Must set max.in.flight.requests.per.connection to at most 5 to use the idempotent producer."},
			warnings: []string{"p.max.in.flight.requests.per.connection: has no effect here"}},
		"a partitioner": {role: Producer, props: map[string]string{"partitioner.class": "com.acme.P"}, problems: []string{"p.partitioner.class: is not supported"}},
		"a small batch": {role: Producer, props: map[string]string{"batch.size": "16384"}, warnings: []string{"p.batch.size: has no effect here"}},
		"a large batch": {role: Producer, props: map[string]string{"batch.size": "2000000"}},
		"no effect":     {role: Consumer, props: map[string]string{"receive.buffer.bytes": "65536"}, warnings: []string{"p.receive.buffer.bytes: has no effect here: "}},
		"refused":       {role: Producer, props: map[string]string{"transactional.id": "x"}, problems: []string{"p.transactional.id: is not supported: "}},
		"refused but for a value": {role: Consumer, props: map[string]string{"enable.auto.commit": "true"},
			problems: []string{"p.enable.auto.commit: can only be false: "}},
		"another Kafka": {role: Consumer, props: map[string]string{"bootstrap.servers": "other:9092"}, problems: []string{"p.bootstrap.servers: is not supported"}},
		"a slip":        {role: Consumer, props: map[string]string{"fetch.min.byte": "1"}, warnings: []string{"p.fetch.min.byte: is not a key of Kafka's consumer and has no effect, did you mean fetch.min.bytes?"}},
		"reset":         {role: Consumer, props: map[string]string{"auto.offset.reset": "begin"}, problems: []string{`p.auto.offset.reset: "begin" is not earliest`}},
		"a strategy": {role: Consumer, props: map[string]string{"partition.assignment.strategy": "com.acme.S"},
			problems: []string{"p.partition.assignment.strategy: com.acme.S is not supported"}},
		"heartbeats": {role: Consumer, props: map[string]string{"session.timeout.ms": "2000"}, problems: []string{"p.heartbeat.interval.ms: must be less than session.timeout.ms, which is 2000"}},
		"a protocol": {role: Admin, props: map[string]string{"security.protocol": "TLS"}, problems: []string{`p.security.protocol: "TLS" is not one of`}},
		"a keytab":   {role: Admin, props: map[string]string{"sasl.kerberos.service.name": "kafka"}, problems: []string{"p.sasl.kerberos.service.name: is not supported: Kerberos"}},
	} {
		t.Run(name, func(t *testing.T) {
			problems, warnings := Check(tc.role, "p.", tc.props)
			compare(t, "problems", tc.problems, problems)
			compare(t, "warnings", tc.warnings, warnings)
		})
	}
}

// compare holds problems against the beginnings of their texts.
func compare(t *testing.T, what string, want []string, got []configdef.Problem) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s %v, want %q", what, got, want)
		return
	}
	for i, p := range got {
		if !strings.HasPrefix(p.Error(), want[i]) {
			t.Errorf("%s %q, want %q", what, p, want[i])
		}
	}
}

func TestReset(t *testing.T) {
	for text, want := range map[string]OffsetReset{
		"earliest": {}, "Latest": {Latest: true}, "none": {None: true},
		"by_duration:PT1H":        {Ago: time.Hour},
		"by_duration:P1DT2M3.5S":  {Ago: 24*time.Hour + 2*time.Minute + 3500*time.Millisecond},
		"by_duration:pt0.001s":    {Ago: time.Millisecond},
		"by_duration:PT0S":        {Latest: true},
		"by_duration:P100000000D": {Ago: -1}, "by_duration:PT": {Ago: -1}, "by_duration:P": {Ago: -1}, "by_duration:PT-1H": {Ago: -1}, "by_duration:1h": {Ago: -1},
		"": {Ago: -1},
	} {
		got, err := ConsumerConfig{AutoOffsetReset: text}.Reset()
		if bad := want.Ago < 0; bad != (err != nil) || !bad && got != want {
			t.Errorf("%q is %+v (%v), want %+v", text, got, err, want)
		}
	}
}

func TestMerge(t *testing.T) {
	worker := map[string]string{"producer.acks": "1", "producer.linger.ms": "7", "admin.retries": "3", "admin.listeners": "http://:8083", "key.converter": "json"}
	own := map[string]string{"producer.override.acks": "all", "consumer.override.group.id": "g", "topic": "t"}
	for role, want := range map[Role]map[string]string{
		Producer: {"acks": "all", "linger.ms": "7"}, Consumer: {"group.id": "g"}, Admin: {"retries": "3"},
	} {
		if diff := cmp.Diff(want, Merge(role, worker, own)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", role, diff)
		}
	}
	if IsWorkerKey("admin.listeners") || IsWorkerKey("admin.listeners.https.ssl.protocol") || !IsWorkerKey("admin.retries") || IsWorkerKey("key.converter") {
		t.Error("the worker's keys of clients are not told from others")
	}
	if !IsOverride("admin.override.retries") || IsOverride("producer.acks") {
		t.Error("overrides are not told from others")
	}
}

func TestIdentity(t *testing.T) {
	id := func(kv ...string) string {
		props := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			props[kv[i]] = kv[i+1]
		}
		return Identity(Producer, props)
	}
	if id() != "" || id("buffer.memory", "100000") != "" || id("metric.reporters", "x") != "" {
		t.Error("keys that do nothing to the client make another one of it")
	}
	if id("acks", "1") == id("acks", "0") || id("acks", "1") != id("acks", " 1 ") || id("client.id", "a") == id() {
		t.Error("clients with different keys are one, or with equal ones are two")
	}
}

func TestSecrets(t *testing.T) {
	got := Secrets(Consumer, map[string]string{"sasl.jaas.config": "login", "ssl.keystore.key": "key", "sasl.username": "u", "sasl.password": "p", "ssl.key.password": "kp"})
	slices.Sort(got)
	if diff := cmp.Diff([]string{"key", "kp", "login", "p"}, got); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

func TestReadProducer(t *testing.T) {
	c, problems := ReadProducer(map[string]string{"acks": "1"})
	if len(problems) > 0 || c.Idempotence || c.Acks != "1" {
		t.Errorf("acks=1 reads as %+v, %v: without idempotence, as Kafka's producer does", c, problems)
	}
	c, problems = ReadProducer(map[string]string{"acks": "-1"})
	if len(problems) > 0 || !c.Idempotence || c.Acks != "all" {
		t.Errorf("acks=-1 reads as %+v, %v", c, problems)
	}
}

// A duration may be any text that a user writes; what is read is never negative.
func FuzzReset(f *testing.F) {
	for _, text := range []string{"latest", "by_duration:PT1H", "by_duration:P9999999999999999999D", "by_duration:PT1.5S", "by_duration:P"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := (ConsumerConfig{AutoOffsetReset: text}).Reset(); err == nil && r.Ago < 0 {
			t.Errorf("%q is %s ago", text, r.Ago)
		}
	})
}
