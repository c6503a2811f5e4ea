// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kslog"

	"penstock.dev/runtime/secrets"
)

// Options are what code adds to a Config for one client.
type Options struct {
	// ClientID is the client's name unless the Config has one.
	ClientID string
	// Logger takes what the client has to say, without the Config's secrets; nil is
	// silence.
	Logger *slog.Logger
	// Hooks see what the client does: metrics.
	Hooks []kgo.Hook
	// Dial opens connections; nil is the usual way. TLS is put on top of it.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// maxBatchBytes is how many bytes a batch of records may have once it is
// decompressed, for clients that do not say otherwise: those of the internal
// topics, whose records are small.
const maxBatchBytes = 64 << 20

// NewClient builds a client. It connects when it is first used. The settings
// here were measured to cost least for clients that are many and mostly idle;
// extra options come last.
func (c Config) NewClient(o Options, extra ...kgo.Opt) (*kgo.Client, error) {
	id := c.ClientID
	if id == "" {
		id = o.ClientID
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(id),
		kgo.SoftwareNameAndVersion("penstock", "1"),
		// Client telemetry is what an idle client costs most.
		kgo.DisableClientMetrics(),
		kgo.ConnIdleTimeout(10 * time.Second),
		// A moved leader is asked for at most this often; the default of 5 s would
		// be what every move costs.
		kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.MetadataMaxAge(time.Minute),
		kgo.DialTimeout(10 * time.Second),
		kgo.MaxDecompressBatchBytes(maxBatchBytes),
		kgo.WithHooks(o.Hooks...),
	}
	if o.Logger != nil {
		opts = append(opts, kgo.WithLogger(kslog.New(secrets.NewRedactor(c.Secrets()).Logger(o.Logger))))
	}
	opts = append(opts, c.dial(o)...)
	if c.SASL != nil {
		m, err := c.SASL.mechanism()
		if err != nil {
			return nil, fmt.Errorf("building the Kafka client %s: %w", id, err)
		}
		opts = append(opts, kgo.SASL(m))
	}
	client, err := kgo.NewClient(append(opts, extra...)...)
	if err != nil {
		return nil, fmt.Errorf("building the Kafka client %s: %w", id, err)
	}
	return client, nil
}

func (c Config) dial(o Options) []kgo.Opt {
	switch {
	case o.Dial != nil && c.TLS != nil:
		return []kgo.Opt{kgo.Dialer(overTLS(o.Dial, c.TLS))}
	case o.Dial != nil:
		return []kgo.Opt{kgo.Dialer(o.Dial)}
	case c.TLS != nil:
		return []kgo.Opt{kgo.DialTLSConfig(c.TLS)}
	}
	return nil
}
