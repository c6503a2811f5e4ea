// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package apache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Broker is a Kafka of one node, run by hack/kafka.
type Broker struct {
	script, data string
	port         int
}

// StartBroker starts a broker with no data. It uses the port and the next one.
func StartBroker(ctx context.Context, root, data string, port int) (*Broker, error) {
	b := &Broker{script: filepath.Join(root, "hack/kafka/kafka.sh"), data: data, port: port}
	for _, args := range [][]string{{"clean"}, {"start", "--port", strconv.Itoa(port)}, {"wait", "--timeout", "120"}} {
		if err := b.run(ctx, args...); err != nil {
			return nil, errors.Join(err, b.Stop())
		}
	}
	return b, nil
}

// Address is where clients reach the broker.
func (b *Broker) Address() string { return "127.0.0.1:" + strconv.Itoa(b.port) }

// Port is the port of that address.
func (b *Broker) Port() int { return b.port }

func (b *Broker) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, b.script, append(args, "--data", b.data)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kafka.sh %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// Stop stops the broker and removes its data, also after a context has ended.
func (b *Broker) Stop() error { return b.run(context.Background(), "clean") }
