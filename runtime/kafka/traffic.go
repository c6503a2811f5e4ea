// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Traffic counts what clients that are the same to the outside, one after the
// other, exchange with brokers. It is a hook for Options. It costs a worker of
// hundreds of clients about a hundred bytes each, and nothing is to be registered
// or to be forgotten: whoever has it asks it. Several clients at once may share
// one; what is buffered is then that of the last one that was made.
type Traffic struct {
	connects, connectErrors, disconnects atomic.Int64
	written, read, writeErrors           atomic.Int64
	readErrors                           atomic.Int64
	requests, requestTime, throttled     atomic.Int64
	batches, records                     atomic.Int64
	compressed, uncompressed             atomic.Int64
	client                               atomic.Pointer[kgo.Client]
}

// TrafficCounts is what a Traffic has counted.
type TrafficCounts struct {
	// Connects, ConnectErrors and Disconnects count connections.
	Connects, ConnectErrors, Disconnects int64
	// BytesWritten and BytesRead are those of requests and responses, WriteErrors
	// and ReadErrors count what failed of them.
	BytesWritten, BytesRead, WriteErrors, ReadErrors int64
	// Requests counts those that were answered, RequestTime is how long that took,
	// a fetch's wait for records included.
	Requests    int64
	RequestTime time.Duration
	// Throttled is how long brokers have made the client wait.
	Throttled time.Duration
	// FetchBatches, FetchRecords and the bytes count what was fetched.
	FetchBatches, FetchRecords                   int64
	FetchCompressedBytes, FetchUncompressedBytes int64
	BufferedFetchRecords, BufferedFetchBytes     int64
}

var (
	_ kgo.HookNewClient        = (*Traffic)(nil)
	_ kgo.HookClientClosed     = (*Traffic)(nil)
	_ kgo.HookBrokerConnect    = (*Traffic)(nil)
	_ kgo.HookBrokerDisconnect = (*Traffic)(nil)
	_ kgo.HookBrokerE2E        = (*Traffic)(nil)
	_ kgo.HookBrokerThrottle   = (*Traffic)(nil)
	_ kgo.HookFetchBatchRead   = (*Traffic)(nil)
)

// Counts returns what was counted so far. Of a nil Traffic it is nothing.
func (t *Traffic) Counts() TrafficCounts {
	if t == nil {
		return TrafficCounts{}
	}
	c := TrafficCounts{
		Connects: t.connects.Load(), ConnectErrors: t.connectErrors.Load(), Disconnects: t.disconnects.Load(),
		BytesWritten: t.written.Load(), BytesRead: t.read.Load(), WriteErrors: t.writeErrors.Load(), ReadErrors: t.readErrors.Load(),
		Requests: t.requests.Load(), RequestTime: time.Duration(t.requestTime.Load()), Throttled: time.Duration(t.throttled.Load()),
		FetchBatches: t.batches.Load(), FetchRecords: t.records.Load(),
		FetchCompressedBytes: t.compressed.Load(), FetchUncompressedBytes: t.uncompressed.Load(),
	}
	if cl := t.client.Load(); cl != nil {
		c.BufferedFetchRecords, c.BufferedFetchBytes = cl.BufferedFetchRecords(), cl.BufferedFetchBytes()
	}
	return c
}

// OnNewClient implements kgo.HookNewClient.
func (t *Traffic) OnNewClient(cl *kgo.Client) { t.client.Store(cl) }

// OnClientClosed implements kgo.HookClientClosed.
func (t *Traffic) OnClientClosed(cl *kgo.Client) { t.client.CompareAndSwap(cl, nil) }

// OnBrokerConnect implements kgo.HookBrokerConnect.
func (t *Traffic) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil {
		t.connectErrors.Add(1)
		return
	}
	t.connects.Add(1)
}

// OnBrokerDisconnect implements kgo.HookBrokerDisconnect.
func (t *Traffic) OnBrokerDisconnect(kgo.BrokerMetadata, net.Conn) { t.disconnects.Add(1) }

// OnBrokerE2E implements kgo.HookBrokerE2E.
func (t *Traffic) OnBrokerE2E(_ kgo.BrokerMetadata, _ int16, e kgo.BrokerE2E) {
	t.written.Add(int64(e.BytesWritten))
	t.read.Add(int64(e.BytesRead))
	switch {
	case e.WriteErr != nil:
		t.writeErrors.Add(1)
	case e.ReadErr != nil:
		t.readErrors.Add(1)
	default:
		t.requests.Add(1)
		t.requestTime.Add(int64(e.DurationE2E()))
	}
}

// OnBrokerThrottle implements kgo.HookBrokerThrottle.
func (t *Traffic) OnBrokerThrottle(_ kgo.BrokerMetadata, d time.Duration, _ bool) {
	t.throttled.Add(int64(d))
}

// OnFetchBatchRead implements kgo.HookFetchBatchRead.
func (t *Traffic) OnFetchBatchRead(_ kgo.BrokerMetadata, _ string, _ int32, b kgo.FetchBatchMetrics) {
	t.batches.Add(1)
	t.records.Add(int64(b.NumRecords))
	t.compressed.Add(int64(b.CompressedBytes))
	t.uncompressed.Add(int64(b.UncompressedBytes))
}
