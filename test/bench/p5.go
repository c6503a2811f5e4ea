// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/avro"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/test/apache"
	"penstock.dev/test/bench/bare"
	"penstock.dev/test/bench/customers"
)

// avroHeader is what stands before the Avro of a record: a zero and four bytes of
// the schema's id.
const avroHeader = 5

const confluentAvro = "io.confluent.connect.avro.AvroConverter"

// avroWork is what both directions of P5 need.
type avroWork struct {
	*bench
	v         variant
	registry  *apache.Registry
	schemas   *sr.Client
	plugins   string // Kafka Connect's converter
	customers *customers.Customers
}

// p5 reads and writes Avro with a schema registry: structs out of a connector that
// makes them up, and into one that counts them.
func p5(ctx context.Context, b *bench, v variant) (err error) {
	dir, err := apache.InstallRegistry(ctx, b.cache)
	if err != nil {
		return err
	}
	w := avroWork{bench: b, v: v, customers: customers.New()}
	if w.plugins, err = apache.InstallAvroConverter(ctx, b.root, b.cache); err != nil {
		return err
	}
	if w.registry, err = apache.StartRegistry(ctx, dir, filepath.Join(b.dir, "registry.log")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.registry.Stop()) }()
	if w.schemas, err = sr.NewClient(sr.URLs(w.registry.URL())); err != nil {
		return fmt.Errorf("building a client of the registry: %w", err)
	}
	b.book.Machine.Versions["Apicurio Registry"] = apache.RegistryVersion
	b.book.Machine.Versions["Kafka Connect's AvroConverter"] = filepath.Base(w.plugins)
	results, err := b.hold(ctx, w.source())
	if err != nil {
		return err
	}
	b.book.transfers("P5/source", results)
	const topic = "p5-in"
	raw, err := w.load(ctx, topic)
	if err != nil {
		return err
	}
	c, err := w.sink(topic, raw)
	if err != nil {
		return err
	}
	if results, err = b.hold(ctx, c); err != nil {
		return err
	}
	b.book.transfers("P5/sink", results)
	return b.broker.deleteTopic(ctx, topic)
}

// job is one connector, with the converter that the system has.
func (w avroWork) job(s system, c connector) job {
	class, keys := confluentAvro, map[string]string{"schema.registry.url": w.registry.URL()}
	if s != ours {
		class, keys = apache.AvroConverterClass, w.registry.AvroConverter()
	}
	config := maps.Clone(c.config)
	config["key.converter"], config["value.converter"] = bytesConverter, class
	for k, v := range keys {
		config["value.converter."+k] = v
	}
	c.config = config
	return job{connectors: []connector{c}, own: true, plugins: w.plugins}
}

func (w avroWork) source() contest {
	topic := func(turn string) string { return "p5-" + turn }
	var want checksum
	var value []byte
	for i := range w.v.records {
		value = w.customers.AppendAvro(value[:0], i)
		want.add(w.seed, value)
	}
	return contest{
		id: "P5/source", systems: []system{ours, peer, tunedPeer},
		prepare: func(ctx context.Context, s system, turn string) (job, transfer, error) {
			if err := w.broker.createTopic(ctx, topic(turn), w.v.partitions); err != nil {
				return job{}, transfer{}, err
			}
			j := w.job(s, connector{name: "p5-" + turn, class: "dev.penstock.bench.CustomerSource", config: map[string]string{
				"topic": topic(turn), "records": itoa(w.v.records),
			}})
			count := func(ctx context.Context) (int64, error) { return w.broker.count(ctx, topic(turn)) }
			return j, transfer{
				records: w.v.records, bytes: want.bytes + avroHeader*want.records, progress: count, look: 20 * time.Millisecond,
			}, nil
		},
		check: func(ctx context.Context, s system, turn string) error {
			got, compression, err := w.read(ctx, topic(turn))
			if err != nil {
				return err
			}
			if compression != w.v.compression {
				return fmt.Errorf("%s compresses with %s, %s was asked for", s, compression, w.v.compression)
			}
			return errors.Join(want.diff(got), w.broker.deleteTopic(ctx, topic(turn)))
		},
	}
}

// read sums up the Avro of a topic's records, without its headers, and makes sure
// that their schemas are the right ones.
func (w avroWork) read(ctx context.Context, topic string) (c checksum, compression string, err error) {
	ids := map[int]bool{}
	short := 0
	err = w.broker.each(ctx, topic, func(r *kgo.Record) {
		compression = compressions[r.Attrs.CompressionType()&7]
		if len(r.Value) < avroHeader || r.Value[0] != 0 {
			short++
			return
		}
		ids[int(binary.BigEndian.Uint32(r.Value[1:]))] = true
		c.add(w.seed, r.Value[avroHeader:])
	})
	if err == nil && short > 0 {
		err = fmt.Errorf("%d records do not begin with the id of a schema", short)
	}
	for id := range ids {
		found, serr := w.schemas.SchemaByID(ctx, id)
		if serr == nil {
			serr = sameAvro(found.Schema)
		}
		if serr != nil {
			err = errors.Join(err, fmt.Errorf("the schema with id %d: %w", id, serr))
		}
	}
	return c, compression, err
}

// sameAvro returns an error if a schema reads other bytes, or names fields
// otherwise, than that of the records.
func sameAvro(text string) error {
	s, err := avro.Parse(text)
	if err != nil {
		return err
	}
	want, err := avro.Parse(customers.AvroSchema)
	if err != nil {
		return err
	}
	if !bytes.Equal(s.Canonical(), want.Canonical()) {
		return fmt.Errorf("it is %s, want %s", s.Canonical(), want.Canonical())
	}
	return nil
}

// load fills a topic with records of a schema that is registered for it.
func (w avroWork) load(ctx context.Context, topic string) (raw int64, err error) {
	id, err := w.schemas.RegisterSchema(ctx, topic+"-value", sr.Schema{Schema: customers.AvroSchema}, -1, -1)
	if err != nil {
		return 0, fmt.Errorf("registering the schema: %w", err)
	}
	if err := w.broker.createTopic(ctx, topic, w.v.partitions); err != nil {
		return 0, err
	}
	header := binary.BigEndian.AppendUint32([]byte{0}, uint32(id))
	return raw, w.broker.load(ctx, topic, w.v.partitions, w.v.compression, w.v.records, func(i int64) []byte {
		value := w.customers.AppendAvro(append(make([]byte, 0, 1200), header...), i)
		raw += int64(len(value))
		return value
	})
}

func (w avroWork) sink(topic string, raw int64) (contest, error) {
	want, err := w.customers.Expect(w.v.records)
	return contest{
		id: "P5/sink", systems: []system{ours, peer, tunedPeer},
		prepare: func(_ context.Context, s system, turn string) (job, transfer, error) {
			report := w.path(turn, "count")
			return w.job(s, connector{
					name: "p5-" + turn, class: "dev.penstock.bench.CustomerSink", tasks: w.v.tasks,
					config: map[string]string{"topics": topic, "records": itoa(w.v.records), "report": report},
				}), transfer{
					records: w.v.records, bytes: raw, look: 5 * time.Millisecond,
					progress: func(context.Context) (int64, error) { return reported(report) },
				}, nil
		},
		check: func(_ context.Context, _ system, turn string) error {
			got, err := bare.Read(w.path(turn, "count"))
			if err == nil && got != want {
				err = fmt.Errorf("counted %+v, want %+v", got, want)
			}
			return err
		},
	}, err
}

// reported returns how many records a sink has reported, 0 as long as it has not.
func reported(path string) (int64, error) {
	c, err := bare.Read(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	return c.Records, err
}
