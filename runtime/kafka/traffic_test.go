// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestTraffic(t *testing.T) {
	c := cluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	conf := Config{Brokers: c.ListenAddrs()}
	writer := newClient(t, conf, Options{ClientID: "writer"})
	for range 3 {
		if err := writer.ProduceSync(within(t), &kgo.Record{Topic: "t", Value: []byte("value")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	var traffic Traffic
	reader, err := conf.NewClient(Options{ClientID: "reader", Hooks: []kgo.Hook{&traffic}},
		kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for n := 0; n < 3; {
		n += reader.PollFetches(within(t)).NumRecords()
	}
	got := traffic.Counts()
	want := TrafficCounts{FetchRecords: 3}
	some := cmpopts.IgnoreFields(TrafficCounts{}, "Connects", "BytesWritten", "BytesRead", "Requests", "RequestTime",
		"Disconnects", "FetchBatches", "FetchCompressedBytes", "FetchUncompressedBytes")
	if diff := cmp.Diff(want, got, some); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if got.Connects == 0 || got.BytesWritten == 0 || got.BytesRead == 0 || got.Requests == 0 || got.RequestTime == 0 ||
		got.FetchBatches == 0 || got.FetchCompressedBytes == 0 || got.FetchUncompressedBytes == 0 {
		t.Errorf("counts %+v, want all of them moved", got)
	}

	// A client that follows counts on; one that is closed has nothing buffered.
	reader.Close()
	if got := traffic.client.Load(); got != nil {
		t.Error("a closed client is kept")
	}
	refused := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
	next := newClient(t, conf, Options{Hooks: []kgo.Hook{&traffic}, Dial: refused})
	if err := next.Ping(within(t)); err == nil {
		t.Error("a client that may not connect has answered")
	}
	if after := traffic.Counts(); after.ConnectErrors == 0 || after.FetchRecords != 3 {
		t.Errorf("counts %+v, want connections that failed and the three records", after)
	}
	if diff := cmp.Diff(TrafficCounts{}, (*Traffic)(nil).Counts()); diff != "" {
		t.Errorf("nothing has counted (-want +got):\n%s", diff)
	}
}

func TestConfigSecrets(t *testing.T) {
	tests := map[string]struct {
		sasl *SASL
		want []string
	}{
		"none":     {},
		"password": {&SASL{Mechanism: "PLAIN", Username: "u", Password: "p"}, []string{"p"}},
		"endpoint": {&SASL{Mechanism: "OAUTHBEARER", Username: "id", Password: "p", TokenEndpoint: "https://a:b@h/t"}, []string{"p", "b"}},
		"token":    {&SASL{Mechanism: "OAUTHBEARER", TokenEndpoint: "file:///t"}, []string{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Config{SASL: tc.sasl}.Secrets()); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
		})
	}
}
