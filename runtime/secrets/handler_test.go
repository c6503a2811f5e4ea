// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type valuer string

func (v valuer) LogValue() slog.Value { return slog.StringValue("valued " + string(v)) }

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestLogger(t *testing.T) {
	tests := map[string]struct {
		log  func(l *slog.Logger)
		want string
	}{
		"message":       {func(l *slog.Logger) { l.Info("login with s3cret failed") }, `msg="login with **** failed"`},
		"text":          {func(l *slog.Logger) { l.Info("m", "url", "http://u:s3cret@h") }, `msg=m url=http://u:****@h`},
		"error":         {func(l *slog.Logger) { l.Info("m", "error", fmt.Errorf("a: %w", errors.New("s3cret"))) }, `msg=m error="a: ****"`},
		"nil error":     {func(l *slog.Logger) { l.Info("m", "error", (*nilError)(nil)) }, `msg=m error=*secrets.nilError`},
		"group":         {func(l *slog.Logger) { l.Info("m", slog.Group("g", "a", "s3cret", "n", 7)) }, `msg=m g.a=**** g.n=7`},
		"open group":    {func(l *slog.Logger) { l.WithGroup("g").Info("m", "a", "s3cret") }, `msg=m g.a=****`},
		"given before":  {func(l *slog.Logger) { l.With("a", "s3cret").Info("m") }, `msg=m a=****`},
		"valuer":        {func(l *slog.Logger) { l.Info("m", "a", valuer("s3cret")) }, `msg=m a="valued ****"`},
		"struct":        {func(l *slog.Logger) { l.Info("m", "a", struct{ P string }{"s3cret"}) }, `msg=m a={P:****}`},
		"map":           {func(l *slog.Logger) { l.Info("m", "a", map[string]string{"p": "s3cret"}) }, `msg=m a=map[p:****]`},
		"bytes":         {func(l *slog.Logger) { l.Info("m", "a", []byte("s3cret")) }, `msg=m a=****`},
		"marshaler":     {func(l *slog.Logger) { l.Info("m", "a", netip.MustParseAddr("10.0.0.1")) }, `msg=m a=10.0.0.1`},
		"quoted":        {func(l *slog.Logger) { l.Info("m", "a", "key czNjcmV0 and two\nlines") }, `msg=m a="key **** and ****"`},
		"other kinds":   {func(l *slog.Logger) { l.Info("m", "n", 42, "ok", true, "d", time.Second) }, `msg=m n=42 ok=true d=1s`},
		"not enabled":   {func(l *slog.Logger) { l.Debug("s3cret") }, ``},
		"nothing to do": {func(l *slog.Logger) { l.Info("m", "a", "b") }, `msg=m a=b`},
	}
	redact := NewRedactor([]string{"s3cret", "two\nlines"})
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			tc.log(redact.Logger(slog.New(slog.NewTextHandler(&out, nil))))
			_, got, _ := strings.Cut(strings.TrimSpace(out.String()), "level=INFO ")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}

// What a logger was given before it was wrapped, the names of connector and task,
// stays.
func TestLoggerKeepsIdentity(t *testing.T) {
	var out bytes.Buffer
	plain := slog.New(slog.NewTextHandler(&out, nil)).With("connector", "orders")
	NewRedactor([]string{"orders"}).Logger(plain).Info("reading orders")
	if got := out.String(); !strings.HasSuffix(got, "msg=\"reading ****\" connector=orders\n") {
		t.Errorf("log %q, want the connector's name kept", got)
	}
}

func TestLoggerWithoutSecrets(t *testing.T) {
	l := slog.New(slog.DiscardHandler)
	for name, r := range map[string]*Redactor{"nil": nil, "zero": {}, "only empty values": NewRedactor([]string{""})} {
		if got := r.Logger(l); got != l {
			t.Errorf("%s: the logger was wrapped for nothing", name)
		}
		if got := r.Redact("text"); got != "text" {
			t.Errorf("%s: Redact returned %q", name, got)
		}
	}
	if got := NewRedactor([]string{"x"}).Logger(nil); got != nil {
		t.Errorf("Logger(nil) is %v, want nil", got)
	}
}

// A record that is not enabled must not cost anything.
func TestLoggerAllocatesNothingWhenDisabled(t *testing.T) {
	l := NewRedactor([]string{"s3cret"}).Logger(slog.New(slog.DiscardHandler))
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() { l.LogAttrs(ctx, slog.LevelDebug, "m") }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestRedactError(t *testing.T) {
	redact := NewRedactor([]string{"s3cret"})
	cause := fmt.Errorf("login with s3cret: %w", io.ErrUnexpectedEOF)
	got := redact.Error(cause)
	if got.Error() != "login with ****: unexpected EOF" || !errors.Is(got, io.ErrUnexpectedEOF) {
		t.Errorf("error %q, want it without the secret and with its cause", got)
	}
	clean := errors.New("clean")
	if got := redact.Error(clean); !errors.Is(got, clean) || got.Error() != "clean" {
		t.Errorf("error %v, want the same one", got)
	}
	if got := redact.Error(nil); got != nil {
		t.Errorf("error %v, want none", got)
	}
}
