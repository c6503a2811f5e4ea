// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package plugins

import (
	"context"
	"fmt"

	"penstock.dev/runtime/connect"
	"penstock.dev/test/bench/bare"
	"penstock.dev/test/bench/customers"
)

// CustomerSourceConfig is what customer-source is told.
type CustomerSourceConfig struct {
	// The topic to write to.
	Topic string `config:"topic" importance:"high"`
	// How many records to make.
	Records int `config:"records" min:"1" importance:"high"`
}

func customerSourcePlugin() connect.Plugin {
	return connect.Source[CustomerSourceConfig]{
		Name: "customer-source", Version: "1", Aliases: []string{"dev.penstock.bench.CustomerSource"},
		Doc:   "Makes up structs as fast as they are taken.",
		Tasks: func(CustomerSourceConfig, int) int { return 1 },
		Open: func(_ context.Context, _ connect.Env, c CustomerSourceConfig) (connect.SourceTask, error) {
			return &customerSource{
				config: c, customers: customers.New(), schema: customers.Schema(),
				part: &connect.SourcePartition{Key: map[string]any{"bench": "0"}, Fields: []string{"n"}},
			}, nil
		},
	}.Plugin()
}

type customerSource struct {
	config    CustomerSourceConfig
	customers *customers.Customers
	schema    *connect.Schema
	part      *connect.SourcePartition
	n         int64
}

// Poll implements connect.SourceTask.
func (s *customerSource) Poll(ctx context.Context, b *connect.Batch) error {
	if s.n == int64(s.config.Records) {
		<-ctx.Done()
		return ctx.Err()
	}
	for s.n < int64(s.config.Records) && !b.Full() {
		r := b.Add()
		r.Topic = s.config.Topic
		r.Value.Set(s.schema, s.customers.Value(&b.Arena, s.n))
		s.n++
		r.Source, r.SourceOffset = s.part, b.Offset(connect.Int64Value(s.n))
	}
	return ctx.Err()
}

// Close implements connect.SourceTask.
func (s *customerSource) Close(context.Context) error { return nil }

func customerSinkPlugin() connect.Plugin {
	return connect.Sink[SinkConfig]{
		Name: "customer-sink", Version: "1", Aliases: []string{"dev.penstock.bench.CustomerSink"},
		Doc: "Counts structs and discards them.",
		Open: func(_ context.Context, _ connect.Env, c SinkConfig) (connect.SinkTask, error) {
			return &customerSink{bare.NewReporter(c.Report, int64(c.Records))}, nil
		},
	}.Plugin()
}

type customerSink struct{ *bare.Reporter }

// Put implements connect.SinkTask.
func (s *customerSink) Put(_ context.Context, b *connect.Batch) error {
	for i := range b.Records {
		_, v, err := b.Records[i].Value.Get()
		if err != nil {
			return err
		}
		if err := customers.Add(&s.Count, v); err != nil {
			return fmt.Errorf("counting a record: %w", err)
		}
	}
	return s.Report()
}

// Close implements connect.SinkTask.
func (s *customerSink) Close(context.Context) error { return nil }
