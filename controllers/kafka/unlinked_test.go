// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/twmb/franz-go/pkg/kfake"

	"penstock.dev/controllers/internal/state"
)

func TestUnlinkedSaysWhy(t *testing.T) {
	away, topic := errors.New("away"), errors.New("not compacted")
	for name, tc := range map[string]struct {
		state state.Cluster
		want  error
	}{
		"Kafka does not answer":       {state.Cluster{Reachable: away, Topics: topic}, away},
		"a topic cannot be used":      {state.Cluster{Topics: topic}, topic},
		"the status topic is read on": {state.Cluster{}, errReading},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEntry(main, state.Settings{}, New(Options{Logger: logr.Discard()}))
			e.state = tc.state
			e.m.entries[main] = e
			if _, _, err := e.m.link(main); !errors.Is(err, tc.want) || strings.Contains(err.Error(), "%!") {
				t.Errorf("the error is %v, want it to say %v", err, tc.want)
			}
		})
	}
}

func TestAMendedPasswordReachesKafka(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "u", "right"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	f := &fixture{t: t, brokers: c.ListenAddrs(), m: New(Options{Logger: logr.Discard()})}
	run(t, f.m)
	with := func(password string) state.Settings {
		s := f.settings("uid-main")
		maps.Copy(s.Properties, map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "u", "sasl.password": password})
		return s
	}
	f.m.Connect(main, with("wrong"))
	refused := f.await(main, func(c state.Cluster) bool { return c.Reachable != nil && !errors.Is(c.Reachable, errNotTried) })
	if strings.Contains(refused.Reachable.Error(), "wrong") {
		t.Errorf("the password stands in %v", refused.Reachable)
	}
	f.m.Connect(main, with("right"))
	f.await(main, func(c state.Cluster) bool { return c.Reachable == nil && c.HeldBy == "uid-main" })
}
