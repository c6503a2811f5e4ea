// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/clientkeys"
)

// ProducerOpts returns what the keys of a producer make of a client, beside those
// of its connection and its partitioner.
func ProducerOpts(c clientkeys.ProducerConfig) []kgo.Opt {
	opts := append(commonOpts(c.Common),
		kgo.ProducerBatchCompression(codec(c)),
		kgo.ProducerLinger(c.Linger),
		kgo.ProducerBatchMaxBytes(int32(max(c.MaxRequestSize, c.BatchSize))),
		kgo.ProduceRequestTimeout(c.RequestTimeout),
	)
	switch c.Acks {
	case "0":
		opts = append(opts, kgo.RequiredAcks(kgo.NoAck()))
	case "1":
		opts = append(opts, kgo.RequiredAcks(kgo.LeaderAck()))
	}
	if !c.Idempotence {
		opts = append(opts, kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(c.MaxInFlight))
	}
	if c.DeliveryTimeout < forever {
		opts = append(opts, kgo.RecordDeliveryTimeout(c.DeliveryTimeout))
	}
	if c.Retries < math.MaxInt32 {
		opts = append(opts, kgo.RecordRetries(c.Retries))
	}
	return opts
}

// forever is Java's longest timeout.
const forever = math.MaxInt32 * time.Millisecond

// Partitioner returns how the keys of a producer give a record a partition that
// has none.
func Partitioner(c clientkeys.ProducerConfig) kgo.Partitioner {
	switch {
	case c.Partitioner == clientkeys.RoundRobin:
		return kgo.RoundRobinPartitioner()
	case c.IgnoreKeys:
		return kgo.StickyPartitioner()
	}
	return kgo.StickyKeyPartitioner(nil)
}

func codec(c clientkeys.ProducerConfig) kgo.CompressionCodec {
	switch c.Compression {
	case "gzip":
		return kgo.GzipCompression().WithLevel(c.GzipLevel)
	case "snappy":
		return kgo.SnappyCompression()
	case "lz4":
		return kgo.Lz4Compression().WithLevel(lz4Level(c.LZ4Level))
	case "zstd":
		return kgo.ZstdCompression().WithLevel(zstdLevel(c.ZstdLevel))
	}
	return kgo.NoCompression()
}

// lz4Level brings Kafka's level to the library's: 9, Kafka's default, is the fast
// method of which the library's number is 0; those of the slow one are powers of
// two from 1<<9 to 1<<17.
func lz4Level(level int) int {
	const fast, slowest = 9, 9
	if level == fast {
		return 0
	}
	return 1 << (8 + min(level, slowest))
}

// zstdLevel brings Kafka's level to the library's, of which there are four.
func zstdLevel(level int) int {
	switch {
	case level < 3:
		return 1
	case level < 6:
		return 2
	case level < 10:
		return 3
	}
	return 4
}

// ConsumerOpts returns what the keys of a consumer make of a client, beside those
// of its connection, its group's name and the sizes of its fetches.
func ConsumerOpts(c clientkeys.ConsumerConfig) ([]kgo.Opt, error) {
	reset, err := c.Reset()
	if err != nil {
		return nil, err
	}
	opts := append(commonOpts(c.Common), resetOpts(reset)...)
	opts = append(opts,
		kgo.FetchMinBytes(int32(c.FetchMinBytes)),
		kgo.FetchMaxWait(c.FetchMaxWait),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.HeartbeatInterval(c.HeartbeatInterval),
		kgo.RebalanceTimeout(c.MaxPollInterval),
		kgo.RequestTimeoutOverhead(c.RequestTimeout),
		kgo.Balancers(balancers(c.AssignmentStrategy)...),
	)
	if c.IsolationLevel == "read_committed" {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	if !c.CheckCRCs {
		opts = append(opts, kgo.DisableFetchCRCValidation())
	}
	if c.AllowAutoCreate {
		opts = append(opts, kgo.AllowAutoTopicCreation())
	}
	if c.Rack != "" {
		opts = append(opts, kgo.Rack(c.Rack))
	}
	return opts, nil
}

// resetOpts say where a partition without a committed offset begins, and one whose
// offset is no longer there goes on.
func resetOpts(r clientkeys.OffsetReset) []kgo.Opt {
	switch {
	case r.None:
		return []kgo.Opt{kgo.ConsumeStartOffset(kgo.NewOffset().AtCommitted()), kgo.ConsumeResetOffset(kgo.NoResetOffset())}
	case r.Latest:
		return []kgo.Opt{kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd())}
	case r.Ago > 0:
		return []kgo.Opt{kgo.ConsumeResetOffset(kgo.LookbackOffset(r.Ago))}
	}
	return []kgo.Opt{kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())}
}

func balancers(names []string) []kgo.GroupBalancer {
	var out []kgo.GroupBalancer
	for _, n := range names {
		switch n {
		case clientkeys.RangeAssignor:
			out = append(out, kgo.RangeBalancer())
		case clientkeys.RoundRobinAssign:
			out = append(out, kgo.RoundRobinBalancer())
		case clientkeys.StickyAssignor:
			out = append(out, kgo.StickyBalancer())
		case clientkeys.CooperativeSticky:
			out = append(out, kgo.CooperativeStickyBalancer())
		}
	}
	return out
}

// AdminOpts returns what the keys of an admin client make of a client, beside
// those of its connection.
func AdminOpts(c clientkeys.AdminConfig) []kgo.Opt {
	return append(commonOpts(c.Common), kgo.RequestTimeoutOverhead(c.RequestTimeout), kgo.RequestRetries(c.Retries))
}

func commonOpts(c clientkeys.Common) []kgo.Opt {
	return []kgo.Opt{
		kgo.MetadataMaxAge(c.MetadataMaxAge),
		kgo.ConnIdleTimeout(c.ConnectionsMaxIdle),
		kgo.DialTimeout(c.ConnectionSetup),
		kgo.RetryBackoffFn(backoff(c.RetryBackoff, c.RetryBackoffMax)),
	}
}

// backoff returns the pause before the nth try: first, and each time twice as
// long, up to last, a fifth more or less.
func backoff(first, last time.Duration) func(int) time.Duration {
	return func(tries int) time.Duration {
		d := min(first, last)
		for i := 1; i < tries && d > 0 && d < last; i++ {
			d = min(2*d, last)
		}
		return d*4/5 + rand.N(d*2/5+1)
	}
}
