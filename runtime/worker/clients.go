// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kprom"

	"penstock.dev/runtime/clientkeys"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

// shared are the clients of connectors that cannot use the worker's own, because
// of their settings. Those with equal settings have one.
type shared struct {
	mu  sync.Mutex
	all map[string]*sharedClient
}

type sharedClient struct {
	client *kgo.Client
	users  int
}

// take returns the client of that name, which open makes if it is not there, and
// what gives it back: the last one that does closes it.
func (s *shared) take(name string, open func() (*kgo.Client, error)) (*kgo.Client, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.all[name]
	if c == nil {
		client, err := open()
		if err != nil {
			return nil, nil, err
		}
		c = &sharedClient{client: client}
		if s.all == nil {
			s.all = map[string]*sharedClient{}
		}
		s.all[name] = c
	}
	c.users++
	return c.client, sync.OnceFunc(func() { s.give(name, c) }), nil
}

func (s *shared) give(name string, c *sharedClient) {
	s.mu.Lock()
	c.users--
	last := c.users == 0
	if last {
		delete(s.all, name)
	}
	s.mu.Unlock()
	if last {
		c.client.Close()
	}
}

// workerKeys are the keys of a role in the worker's config, resolved.
func (w *Worker) workerKeys(ctx context.Context, r clientkeys.Role) (map[string]string, error) {
	resolved, err := w.o.Secrets.Resolve(ctx, clientkeys.WorkerKeys(r, w.o.Defaults))
	if err != nil {
		return nil, fmt.Errorf("reading %s…: %w", r.Prefix(), err)
	}
	return resolved.Props, nil
}

// openProducer makes a producer of the given keys.
func (w *Worker) openProducer(props map[string]string, hooks []kgo.Hook) (*kgo.Client, error) {
	c, problems := clientkeys.ReadProducer(props)
	config, more := w.o.Kafka.With(props)
	if err := invalid(clientkeys.Producer, slices.Concat(problems, more)); err != nil {
		return nil, err
	}
	opts := append(task.ProducerOpts(), kafka.ProducerOpts(c)...)
	return w.clientOf(config, "producer", append(slices.Clip(hooks), &w.producers), append(opts, task.Partitioned(kafka.Partitioner(c)))...)
}

// invalid makes one error of what is wrong with a client's keys.
func invalid(r clientkeys.Role, problems []configdef.Problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = fmt.Errorf("%s: %w", r, p)
	}
	return errors.Join(errs...)
}

// producer returns the producer of a source task, or of the dead letters of a sink
// task. It is the worker's, unless its keys are others.
func (w *Worker) producer(ctx context.Context, c resolved) (*kgo.Client, func(), error) {
	props := clientkeys.Merge(clientkeys.Producer, c.defaults, c.props)
	id := clientkeys.Identity(clientkeys.Producer, props)
	if id == clientkeys.Identity(clientkeys.Producer, clientkeys.WorkerKeys(clientkeys.Producer, c.defaults)) {
		return w.link.producer, func() {}, nil
	}
	client, release, err := w.lent.take("producer\n"+id, func() (*kgo.Client, error) {
		return w.openProducer(props, w.link.laterHooks())
	})
	if err != nil {
		return nil, nil, err
	}
	if connectsOtherwise(props) {
		if err := knock(ctx, client); err != nil {
			release()
			return nil, nil, fmt.Errorf("connecting the producer: %w", err)
		}
	}
	return client, release, nil
}

// knockTimeout is how long a broker may take to let a client in.
const knockTimeout = 10 * time.Second

// knock finds out whether Kafka refuses who connects, or whether we refuse Kafka: a
// client that has records, or is to join a group, tries again for ever. That Kafka
// is away is no refusal.
func knock(ctx context.Context, client *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, knockTimeout)
	defer cancel()
	if _, err := kafka.ClusterID(ctx, client); kafka.IsRefusal(err) {
		return err
	}
	return nil
}

// budget is how many bytes of records a task may hold: what its producer has as
// buffer.memory, or the worker as task.max.in.flight.bytes.
func (w *Worker) budget(kind connect.Kind, c resolved) (int, error) {
	if kind != connect.SourceKind {
		return w.config.MaxInFlightBytes, nil
	}
	p, problems := clientkeys.ReadProducer(clientkeys.Merge(clientkeys.Producer, c.defaults, c.props))
	if p.BufferMemory > 0 {
		return p.BufferMemory, invalid(clientkeys.Producer, problems)
	}
	return w.config.MaxInFlightBytes, invalid(clientkeys.Producer, problems)
}

// admin returns the client with which the topics of a connector are created, that of
// its dead letters too.
func (w *Worker) admin(c resolved) (*kgo.Client, func(), error) {
	props := clientkeys.Merge(clientkeys.Admin, c.defaults, c.props)
	id := clientkeys.Identity(clientkeys.Admin, props)
	if id == "" {
		return w.link.control, func() {}, nil
	}
	return w.lent.take("admin\n"+id, func() (*kgo.Client, error) {
		a, problems := clientkeys.ReadAdmin(props)
		config, more := w.o.Kafka.With(props)
		if err := invalid(clientkeys.Admin, slices.Concat(problems, more)); err != nil {
			return nil, err
		}
		return w.clientOf(config, "connector-admin", nil, kafka.AdminOpts(a)...)
	})
}

// sinkClient returns how the group client of a sink task is made, and sets what the
// loop must know of its keys. The instance id is the same for every incarnation: a
// new one takes the partitions over at once and the old one is fenced.
func (w *Worker) sinkClient(ctx context.Context, o *task.SinkOptions, c resolved, log *slog.Logger, hook kgo.Hook) error {
	props := clientkeys.Merge(clientkeys.Consumer, c.defaults, c.props)
	consumer, problems := clientkeys.ReadConsumer(props)
	config, more := w.o.Kafka.With(props)
	if err := invalid(clientkeys.Consumer, slices.Concat(problems, more)); err != nil {
		return err
	}
	opts, err := kafka.ConsumerOpts(consumer)
	if err != nil {
		return err
	}
	o.Group = connect.GroupID(o.ID.Connector, c.props)
	o.BatchRecords, o.MaxFetchBytes, o.MaxPartitionFetchBytes = consumer.MaxPollRecords, consumer.FetchMaxBytes, consumer.MaxPartitionFetchBytes
	o.MaxBatchBytes = w.config.MaxBatchBytes
	opts = append(opts,
		kgo.ConsumerGroup(o.Group),
		kgo.InstanceID(storage.TransactionalID(w.o.GroupID, o.ID.Connector, o.ID.Index)),
		kgo.DisableAutoCommit(),
	)
	if connectsOtherwise(props) {
		if err := w.knockAs(ctx, config); err != nil {
			return fmt.Errorf("connecting the consumer: %w", err)
		}
	}
	o.NewClient = func(extra ...kgo.Opt) (*kgo.Client, error) {
		return config.NewClient(kafka.Options{
			ClientID: "connector-consumer-" + o.ID.Connector + "-" + strconv.Itoa(o.ID.Index),
			Logger:   slog.New(clientLog{log.Handler()}), Hooks: []kgo.Hook{hook, &w.consumers}, Dial: w.o.Dial,
		}, append(slices.Clip(opts), extra...)...)
	}
	return nil
}

// connectsOtherwise reports whether a client has keys of a connection of its own.
func connectsOtherwise(props map[string]string) bool {
	return slices.ContainsFunc(kafka.Keys(), func(k configdef.Key) bool { _, ok := props[k.Name]; return ok })
}

// knockAs is knock with a client that is only for that.
func (w *Worker) knockAs(ctx context.Context, config kafka.Config) error {
	client, err := w.clientOf(config, "knock", nil)
	if err != nil {
		return err
	}
	defer client.Close()
	return knock(ctx, client)
}

// later measures a further producer under the names of the first, which has
// registered them.
type later struct{ *kprom.Metrics }

// OnNewClient does not register the metrics again.
func (later) OnNewClient(*kgo.Client) {}

// OnClientClosed leaves them to the first one.
func (later) OnClientClosed(*kgo.Client) {}

// laterHooks measure producers beside the worker's own.
func (l *link) laterHooks() []kgo.Hook {
	if l.metrics == nil {
		return nil
	}
	return []kgo.Hook{later{l.metrics}}
}

// clientSecrets are the values of a connector's clients that must not be shown:
// those of its keys, and what of them proves who connects.
func (w *Worker) clientSecrets(own, defaults map[string]string) []string {
	var hidden []string
	for _, r := range clientkeys.Roles() {
		props := clientkeys.Merge(r, defaults, own)
		hidden = append(hidden, clientkeys.Secrets(r, props)...)
		if config, problems := w.o.Kafka.With(props); len(problems) == 0 {
			hidden = append(hidden, config.Secrets()...)
		}
	}
	return hidden
}
