// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"maps"
	"net"
	"strings"
	"testing"

	"github.com/go-logr/logr"

	"penstock.dev/controllers/internal/state"
)

// What stands between us and Kafka may say again what it was sent; a condition and
// the log may not.
func TestAPasswordIsNotSaidAgain(t *testing.T) {
	const password = "correct-horse-battery"
	f := &fixture{t: t, brokers: []string{"127.0.0.1:1"}, m: New(Options{
		Logger: logr.Discard(),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("the proxy does not take " + password)
		},
	})}
	run(t, f.m)
	s := f.settings("uid-main")
	maps.Copy(s.Properties, map[string]string{
		"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "u", "sasl.password": password,
	})
	f.m.Connect(main, s)
	c := f.await(main, func(c state.Cluster) bool { return c.Reachable != nil && !errors.Is(c.Reachable, errNotTried) })
	if got := c.Reachable.Error(); strings.Contains(got, password) || !strings.Contains(got, "the proxy does not take") {
		t.Errorf("it says %q", got)
	}
}
