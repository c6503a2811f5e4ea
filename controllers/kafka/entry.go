// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/storage"
)

const (
	// openTimeout bounds one try to reach a Kafka and to read its status topic.
	openTimeout = 60 * time.Second
	// pingInterval is how often a Kafka is asked whether it is there, pingTimeout how
	// long it may take to say so.
	pingInterval = 3 * time.Second
	pingTimeout  = 5 * time.Second
	// firstPause and lastPause lie between tries to reach a Kafka.
	firstPause = 500 * time.Millisecond
	lastPause  = 10 * time.Second
)

var (
	errNotTried = errors.New("the operator has not asked yet")
	errReading  = errors.New("its status topic was not read to the end yet")
)

// entry is one cluster's Kafka.
type entry struct {
	key      types.NamespacedName
	settings state.Settings
	m        *Manager
	log      logr.Logger
	cancel   context.CancelFunc // nil before launch

	// mayClaim is state.Settings.MayClaim, which may change; kick has look come at once.
	mayClaim atomic.Bool
	kick     chan struct{}

	// claiming is held while the claim on the topics is changed.
	claiming sync.Mutex
	// released says that the claim was taken back for good.
	released bool

	mu    sync.Mutex
	state state.Cluster
	link  *link
	// workers is what each worker last said, but for its heartbeat.
	workers map[string]string

	groups groups
}

// link is what reaches a Kafka.
type link struct {
	client   *kgo.Client
	adm      *kadm.Client
	new      storage.NewClient
	statuses *storage.Statuses
	logger   *slog.Logger
	redact   *secrets.Redactor // of the connection's secrets
}

func (l *link) close() {
	if l.statuses != nil {
		l.statuses.Close()
	}
	l.client.Close()
}

func newEntry(key types.NamespacedName, s state.Settings, m *Manager) *entry {
	e := &entry{
		key: key, settings: s, m: m, log: m.o.Logger.WithValues("connectCluster", key.String()), kick: make(chan struct{}, 1),
		state: state.Cluster{Reachable: errNotTried}, workers: map[string]string{},
	}
	e.mayClaim.Store(s.MayClaim)
	return e
}

// allow says whether the topics may be claimed from now on.
func (e *entry) allow(claim bool) {
	if e.mayClaim.Swap(claim) || !claim {
		return
	}
	select {
	case e.kick <- struct{}{}:
	default:
	}
}

func (e *entry) stop() {
	if e.cancel != nil {
		e.cancel()
	}
}

// run reaches the Kafka, and stays with it until ctx is done.
func (e *entry) run(ctx context.Context) {
	l := e.reach(ctx)
	if l == nil {
		return
	}
	defer l.close()
	e.mu.Lock()
	e.link = l
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.link = nil
		e.mu.Unlock()
	}()
	var wg sync.WaitGroup
	wg.Go(func() { e.watchGroups(ctx, l) })
	defer wg.Wait() // before the link is closed
	for {
		e.look(ctx, l)
		select {
		case <-ctx.Done():
			return
		case <-e.kick:
		case <-time.After(pingInterval):
		}
	}
}

// reach tries until it has a link, or returns nil when ctx is done.
func (e *entry) reach(ctx context.Context) *link {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		l, err := e.open(ctx)
		if err == nil {
			return l
		}
		if ctx.Err() != nil {
			return nil
		}
		err = kafka.Explain(err)
		e.log.Info("Reaching Kafka failed, trying again", "reason", err.Error(), "pause", pause.String())
		e.update(func(s *state.Cluster) { fail(s, err) })
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// unlinked says why there is no link. The caller holds mu.
func (e *entry) unlinked() error {
	return cmp.Or(e.state.Reachable, e.state.Topics, errReading)
}

// fail sorts an error into what it is about.
func fail(s *state.Cluster, err error) {
	s.Tried = true
	if errors.As(err, new(*kafka.TopicError)) {
		s.Reachable, s.Topics = nil, err
		return
	}
	s.Reachable = err
}

func (e *entry) open(ctx context.Context) (_ *link, err error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	config, problems := kafka.ParseConfig(e.settings.Properties)
	if len(problems) > 0 {
		return nil, join(problems)
	}
	redact := secrets.NewRedactor(config.Secrets())
	// Others' words, such as a token endpoint's, may say again what they were sent.
	defer func() { err = redact.Error(err) }()
	logger := redact.Logger(slog.New(logr.ToSlogHandler(e.log)))
	l := &link{logger: logger, redact: redact, new: func(extra ...kgo.Opt) (*kgo.Client, error) {
		return config.NewClient(kafka.Options{ClientID: "penstock-operator", Dial: e.m.o.Dial}, extra...)
	}}
	if l.client, err = l.new(); err != nil {
		return nil, err
	}
	l.adm = kadm.NewClient(l.client)
	if err := e.follow(ctx, l); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// ping asks Kafka for its id, and not for longer than people wait to hear why it
// does not answer: a client tries a refused connection again for half a minute.
func ping(ctx context.Context, l *link) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	return kafka.ClusterID(ctx, l.client)
}

// follow makes sure of the topics and reads the status topic to its end.
func (e *entry) follow(ctx context.Context, l *link) error {
	id, err := ping(ctx, l)
	if err != nil {
		return err
	}
	e.update(func(s *state.Cluster) { s.Reachable, s.KafkaClusterID = nil, id })
	topics := storage.Topics{Offsets: e.settings.OffsetsTopic, Status: e.settings.StatusTopic, ReplicationFactor: e.settings.ReplicationFactor}
	if err := topics.Ensure(ctx, l.adm); err != nil {
		return err
	}
	e.update(func(s *state.Cluster) { s.Topics = nil })
	l.statuses, err = storage.OpenStatuses(l.new, e.settings.StatusTopic, l.logger, e.changed)
	if err != nil {
		return err
	}
	return l.statuses.ReadToEnd(ctx)
}

func join(problems []configdef.Problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// changed wakes whom a record of the status topic concerns.
func (e *entry) changed(c storage.Change) {
	switch {
	case c.Task != nil:
		e.m.tasks.publish(state.TaskKey{Cluster: e.key, Connector: c.Task.Connector, Index: c.Task.Index})
	case c.Worker != "" && !e.isNews(c.Worker):
	default:
		e.m.clusters.publish(e.key)
	}
}

// isNews reports whether a worker says something else than that it is alive.
func (e *entry) isNews(pod string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.link == nil {
		return false // whoever looks when the link is there sees it
	}
	d, _ := e.link.statuses.Worker(pod)
	said := fmt.Sprint(d.UID, d.Version, d.Plugins)
	news := e.workers[pod] != said
	e.workers[pod] = said
	return news
}

// look asks Kafka whether it is there, and sees to the claim on the topics.
func (e *entry) look(ctx context.Context, l *link) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	id, err := kafka.ClusterID(ctx, l.client)
	if err == nil {
		err = e.claim(ctx, l)
	}
	if ctx.Err() != nil && err == nil {
		return
	}
	err = l.redact.Error(kafka.Explain(err))
	e.update(func(s *state.Cluster) {
		s.Tried, s.Reachable = true, err
		if err == nil {
			s.Topics, s.CaughtUp, s.KafkaClusterID = nil, true, id
			e.addHolder(s, l)
		}
	})
}

// addHolder says who holds the topics, as far as the status topic was read.
func (e *entry) addHolder(s *state.Cluster, l *link) {
	holder, held := l.statuses.Holder()
	s.HeldBy, s.HeldByName, s.HeldByAnother = holder.UID, holder.Name, held && holder.UID != e.settings.UID
}

// ours returns an error if another ConnectCluster holds the topics, as far as the
// status topic was read: then tasks and members of these names are its own.
func (e *entry) ours(l *link) error {
	if holder, held := l.statuses.Holder(); held && holder.UID != e.settings.UID {
		return fmt.Errorf("the internal topics of ConnectCluster %s belong to the ConnectCluster %s", e.key, holder.Name)
	}
	return nil
}

// claim claims the topics if nobody holds them. Who was second sees so and takes
// its claim back.
func (e *entry) claim(ctx context.Context, l *link) error {
	e.claiming.Lock()
	defer e.claiming.Unlock()
	if e.released || !e.mayClaim.Load() {
		return nil
	}
	if _, held := l.statuses.Holder(); held {
		return nil
	}
	mine := storage.Identity{UID: e.settings.UID, Name: e.key.String()}
	if err := l.statuses.PutIdentity(ctx, mine); err != nil {
		return err
	}
	if err := l.statuses.ReadToEnd(ctx); err != nil {
		return err
	}
	if holder, held := l.statuses.Holder(); held && holder.UID != mine.UID {
		return l.statuses.DeleteIdentity(ctx, mine.UID)
	}
	return nil
}

// update changes what is known, and tells if that says something new.
func (e *entry) update(change func(*state.Cluster)) {
	e.mu.Lock()
	before := e.state
	change(&e.state)
	news := !equal(before, e.state)
	e.mu.Unlock()
	if news {
		e.m.clusters.publish(e.key)
	}
}

func equal(a, b state.Cluster) bool {
	return text(a.Reachable) == text(b.Reachable) && text(a.Topics) == text(b.Topics) && a.CaughtUp == b.CaughtUp && a.Tried == b.Tried &&
		a.KafkaClusterID == b.KafkaClusterID && a.HeldBy == b.HeldBy && a.HeldByName == b.HeldByName
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
