// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package restclient

import (
	"context"
	"testing"
	"testing/synctest"
)

// FuzzAnswers: whatever answers in the place of a Connect server, there is a value
// or an error.
func FuzzAnswers(f *testing.F) {
	f.Add(200, `{"a":{"info":{"name":"a","config":{"x":null},"tasks":[]},"status":{"tasks":[{"id":0}]}}}`)
	f.Add(200, `{"offsets":[{"partition":{"a":1e400},"offset":null}]}`)
	f.Add(200, `[]`)
	f.Add(409, rebalance)
	f.Add(502, "<html>\xff")
	f.Add(401, ``)
	f.Fuzz(func(t *testing.T, code int, body string) {
		synctest.Test(t, func(t *testing.T) {
			c := client(t, &answers{list: []answer{{code, body}}})
			for what, ask := range map[string]func(context.Context) error{
				"info":       func(ctx context.Context) error { _, err := c.Info(ctx); return err },
				"names":      func(ctx context.Context) error { _, err := c.Names(ctx); return err },
				"connectors": func(ctx context.Context) error { _, err := c.Connectors(ctx); return err },
				"connector":  func(ctx context.Context) error { _, err := c.Connector(ctx, "a"); return err },
				"status":     func(ctx context.Context) error { _, err := c.Status(ctx, "a"); return err },
				"offsets":    func(ctx context.Context) error { _, err := c.Offsets(ctx, "a"); return err },
				"reset":      func(ctx context.Context) error { _, err := c.ResetOffsets(ctx, "a"); return err },
			} {
				if err := ask(t.Context()); err == nil && code >= 300 || err != nil && err.Error() == "" {
					t.Errorf("%s: the answer %d %q gives the error %v", what, code, body, err)
				}
			}
		})
	})
}
