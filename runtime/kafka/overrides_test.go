// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/clientkeys"
)

// option is what a client was built with.
func option(t *testing.T, opts []kgo.Opt, opt any) any {
	t.Helper()
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	return cl.OptValue(opt)
}

func TestProducerOpts(t *testing.T) {
	for name, tc := range map[string]struct {
		props map[string]string
		opt   any
		want  any
	}{
		"linger":              {map[string]string{"linger.ms": "50"}, kgo.ProducerLinger, 50 * time.Millisecond},
		"linger by default":   {nil, kgo.ProducerLinger, 5 * time.Millisecond},
		"batch by default":    {nil, "batch", int32(1 << 20)},
		"batch":               {map[string]string{"max.request.size": "2000000"}, "batch", int32(2000000)},
		"large batch":         {map[string]string{"batch.size": "3000000"}, "batch", int32(3000000)},
		"acks by default":     {nil, kgo.RequiredAcks, kgo.AllISRAcks()},
		"acks":                {map[string]string{"acks": "1"}, kgo.RequiredAcks, kgo.LeaderAck()},
		"no acks":             {map[string]string{"acks": "0"}, kgo.RequiredAcks, kgo.NoAck()},
		"idempotence":         {nil, kgo.DisableIdempotentWrite, false},
		"weak acks":           {map[string]string{"acks": "1"}, kgo.DisableIdempotentWrite, true},
		"no idempotence":      {map[string]string{"enable.idempotence": "false"}, kgo.DisableIdempotentWrite, true},
		"one in flight":       {map[string]string{"enable.idempotence": "false"}, kgo.MaxProduceRequestsInflightPerBroker, 1},
		"in flight":           {map[string]string{"enable.idempotence": "false", "max.in.flight.requests.per.connection": "4"}, kgo.MaxProduceRequestsInflightPerBroker, 4},
		"delivery for ever":   {map[string]string{"delivery.timeout.ms": "2147483647"}, kgo.RecordDeliveryTimeout, time.Duration(0)},
		"delivery":            {map[string]string{"delivery.timeout.ms": "120000"}, kgo.RecordDeliveryTimeout, 2 * time.Minute},
		"retries for ever":    {nil, kgo.RecordRetries, int64(math.MaxInt64)},
		"retries":             {map[string]string{"retries": "3"}, kgo.RecordRetries, int64(3)},
		"request timeout":     {map[string]string{"request.timeout.ms": "2147483647"}, kgo.ProduceRequestTimeout, math.MaxInt32 * time.Millisecond},
		"metadata":            {map[string]string{"metadata.max.age.ms": "1000"}, kgo.MetadataMaxAge, time.Second},
		"idle connections":    {map[string]string{"connections.max.idle.ms": "60000"}, kgo.ConnIdleTimeout, time.Minute},
		"opening connections": {map[string]string{"socket.connection.setup.timeout.ms": "3000"}, kgo.DialTimeout, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c, problems := clientkeys.ReadProducer(tc.props)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			opt := tc.opt
			if opt == "batch" {
				opt = kgo.ProducerBatchMaxBytes
			}
			// The least age of metadata is NewClient's.
			opts := append([]kgo.Opt{kgo.MetadataMinAge(250 * time.Millisecond)}, ProducerOpts(c)...)
			if diff := cmp.Diff(tc.want, option(t, opts, opt), cmp.AllowUnexported(kgo.Acks{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestCompression(t *testing.T) {
	for _, tc := range []struct {
		typ, key, level string
		want            kgo.CompressionCodec
	}{
		{"none", "", "", kgo.NoCompression()},
		{"gzip", "", "", kgo.GzipCompression().WithLevel(-1)},
		{"gzip", "compression.gzip.level", "9", kgo.GzipCompression().WithLevel(9)},
		{"snappy", "", "", kgo.SnappyCompression()},
		{"lz4", "", "", kgo.Lz4Compression()},
		{"lz4", "compression.lz4.level", "1", kgo.Lz4Compression().WithLevel(1 << 9)},
		{"lz4", "compression.lz4.level", "17", kgo.Lz4Compression().WithLevel(1 << 17)},
		{"zstd", "", "", kgo.ZstdCompression().WithLevel(2)},
		{"zstd", "compression.zstd.level", "-5", kgo.ZstdCompression().WithLevel(1)},
		{"zstd", "compression.zstd.level", "9", kgo.ZstdCompression().WithLevel(3)},
		{"zstd", "compression.zstd.level", "22", kgo.ZstdCompression().WithLevel(4)},
	} {
		c, problems := clientkeys.ReadProducer(map[string]string{"compression.type": tc.typ, tc.key: tc.level})
		if got := codec(c); got != tc.want || len(problems) > 0 {
			t.Errorf("%s %s is %v (%v), want %v", tc.typ, tc.level, got, problems, tc.want)
		}
		// Each level is one that the compressor takes.
		if _, err := kgo.DefaultCompressor(tc.want); err != nil {
			t.Errorf("%s %s: %v", tc.typ, tc.level, err)
		}
	}
}

func TestConsumerOpts(t *testing.T) {
	for name, tc := range map[string]struct {
		props map[string]string
		opt   any
		want  any
	}{
		"isolation":  {map[string]string{"isolation.level": "read_committed"}, kgo.FetchIsolationLevel, int8(1)},
		"reset":      {map[string]string{"auto.offset.reset": "latest"}, kgo.ConsumeResetOffset, kgo.NewOffset().AtEnd()},
		"no reset":   {map[string]string{"auto.offset.reset": "none"}, kgo.ConsumeStartOffset, kgo.NewOffset().AtCommitted()},
		"by time":    {map[string]string{"auto.offset.reset": "by_duration:PT1H"}, kgo.ConsumeResetOffset, kgo.LookbackOffset(time.Hour)},
		"earliest":   {nil, kgo.ConsumeResetOffset, kgo.NewOffset().AtStart()},
		"rack":       {map[string]string{"client.rack": "a"}, kgo.Rack, "a"},
		"session":    {map[string]string{"session.timeout.ms": "60000"}, kgo.SessionTimeout, time.Minute},
		"heartbeat":  {map[string]string{"heartbeat.interval.ms": "1000"}, kgo.HeartbeatInterval, time.Second},
		"rebalance":  {map[string]string{"max.poll.interval.ms": "300000"}, kgo.RebalanceTimeout, 5 * time.Minute},
		"wait":       {map[string]string{"fetch.max.wait.ms": "100"}, kgo.FetchMaxWait, 100 * time.Millisecond},
		"bytes":      {map[string]string{"fetch.min.bytes": "100000"}, kgo.FetchMinBytes, int32(100000)},
		"checksums":  {map[string]string{"check.crcs": "false"}, kgo.DisableFetchCRCValidation, true},
		"topics":     {map[string]string{"allow.auto.create.topics": "true"}, kgo.AllowAutoTopicCreation, true},
		"no topics":  {nil, kgo.AllowAutoTopicCreation, false},
		"a request":  {map[string]string{"request.timeout.ms": "30000"}, kgo.RequestTimeoutOverhead, 30 * time.Second},
		"strategies": {map[string]string{"partition.assignment.strategy": clientkeys.RangeAssignor + ", " + clientkeys.StickyAssignor}, "balancers", []string{"range", "sticky"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, problems := clientkeys.ReadConsumer(tc.props)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			opts, err := ConsumerOpts(c)
			if err != nil {
				t.Fatal(err)
			}
			opts = append(opts, kgo.MetadataMinAge(250*time.Millisecond), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("t"))
			if tc.opt == "balancers" {
				var names []string
				for _, b := range option(t, opts, kgo.Balancers).([]kgo.GroupBalancer) {
					names = append(names, b.ProtocolName())
				}
				if diff := cmp.Diff(tc.want, names); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				return
			}
			if diff := cmp.Diff(tc.want, option(t, opts, tc.opt), cmp.AllowUnexported(kgo.Offset{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	b := backoff(100*time.Millisecond, time.Second)
	for tries, want := range map[int]time.Duration{0: 100, 1: 100, 2: 200, 4: 800, 5: 1000, 100: 1000} {
		want *= time.Millisecond
		if got := b(tries); got < want*4/5 || got > want*6/5+1 {
			t.Errorf("the pause before try %d is %s, want about %s", tries, got, want)
		}
	}
	if got := backoff(0, 0)(3); got > time.Nanosecond {
		t.Errorf("no pause is %s", got)
	}
}

func TestConfigWith(t *testing.T) {
	base, problems := ParseConfig(map[string]string{
		"bootstrap.servers": "a:9092", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512", "sasl.jaas.config": jaasLogin, "group.id": "g",
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	same, problems := base.With(map[string]string{"linger.ms": "5"})
	if diff := cmp.Diff(base, same); diff != "" || len(problems) > 0 {
		t.Errorf("keys that are not of the connection change it: %v %s", problems, diff)
	}
	other, problems := base.With(map[string]string{"sasl.jaas.config": strings.ReplaceAll(jaasLogin, `"u"`, `"other"`), "client.id": "c"})
	if len(problems) > 0 || other.SASL.Username != "other" || other.SASL.Mechanism != "SCRAM-SHA-512" || other.ClientID != "c" || other.Brokers[0] != "a:9092" {
		t.Errorf("another principal gives %+v, %v", other, problems)
	}
	if _, problems = base.With(map[string]string{"sasl.mechanism": "GSSAPI"}); len(problems) != 1 {
		t.Errorf("a mechanism that there is not: %v", problems)
	}
	made, problems := Config{Brokers: []string{"b:1", "c:2"}}.With(map[string]string{"client.id": "x"})
	if len(problems) > 0 || len(made.Brokers) != 2 || made.ClientID != "x" {
		t.Errorf("a config that was not read from properties gives %+v, %v", made, problems)
	}
}
