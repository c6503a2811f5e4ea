// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// embeddedKafka is the value of --kafka that asks for a broker in this process.
const embeddedKafka = "embedded"

// broker is a Kafka broker in this process, for one machine and for tries: it
// keeps its data under a directory and knows no replication.
type broker struct {
	cluster *kfake.Cluster
	lock    *os.File
	create  chan string   // names of topics to create
	done    chan struct{} // closed when that is to end
	created chan struct{} // closed when it has ended
}

// startBroker starts a broker whose topics and group offsets are in dir; port 0
// is any free one. The directory serves one process at a time.
func startBroker(dir string, port int, log io.Writer) (*broker, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.Ports(port),
		kfake.DataDir(filepath.Join(dir, "kafka")),
		kfake.DefaultNumPartitions(1), // num.partitions of a broker's stock config: one file stays in order
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": "60000"}),
		kfake.WithLogger(kfake.BasicLogger(log, kfake.LogLevelWarn)),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the embedded Kafka in %s: %w", dir, err), lock.Close())
	}
	b := &broker{cluster: cluster, lock: lock, create: make(chan string, 64), done: make(chan struct{}), created: make(chan struct{})}
	go b.createTopics()
	cluster.ControlKey(int16(kmsg.Metadata), b.watch)
	return b, nil
}

// watch sees the requests that may create topics (auto.create.topics.enable).
// The broker's own way to do that forgets such topics, and their records, if the
// process is killed; topics that are created on purpose are written down at once.
// The client asks again after a moment.
func (b *broker) watch(req kmsg.Request) (kmsg.Response, error, bool) {
	m, ok := req.(*kmsg.MetadataRequest)
	if !ok || !m.AllowAutoTopicCreation {
		return nil, nil, false
	}
	for _, t := range m.Topics {
		if t.Topic == nil {
			continue
		}
		select {
		case b.create <- *t.Topic:
		default: // the client asks again
		}
	}
	return nil, nil, false
}

func (b *broker) createTopics() {
	defer close(b.created)
	for {
		select {
		case topic := <-b.create:
			// An error says that it is there, or that its name is none; the client hears
			// that itself.
			_ = b.cluster.CreateTopic(topic, 0, nil)
		case <-b.done:
			return
		}
	}
}

// lockDir makes sure that no other process uses dir; the lock ends with the file
// or the process.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		return nil, errors.Join(fmt.Errorf("the data directory %s is in use by process %s; stop that one or give another --data-dir",
			dir, strings.TrimSpace(string(holder))), f.Close())
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		return nil, errors.Join(fmt.Errorf("locking the data directory: %w", err), f.Close())
	}
	return f, nil
}

func writePID(f *os.File) error {
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return err
}

func (b *broker) addresses() []string { return b.cluster.ListenAddrs() }

// stop ends the broker after it has written everything.
func (b *broker) stop() error {
	close(b.done)
	<-b.created // to ask a closed cluster for a topic would wait for ever
	b.cluster.Close()
	return b.lock.Close()
}

// embeddedPort reads "embedded" and "embedded:PORT".
func embeddedPort(kafka string) (port int, embedded bool, err error) {
	name, text, given := strings.Cut(kafka, ":")
	if name != embeddedKafka {
		return 0, false, nil
	}
	if !given {
		return 0, true, nil
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return 0, true, fmt.Errorf("--kafka %s: the port must be a number from 1 to 65535", kafka)
	}
	return port, true, nil
}
