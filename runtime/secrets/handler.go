// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import (
	"context"
	"encoding"
	"fmt"
	"log/slog"
)

// Logger returns a logger that writes to l without the redactor's secrets: they
// are taken out of messages and of what texts, errors and other values say,
// within groups too. Keys, numbers, times and what l was given before stay as
// they are. A logger that is not enabled costs nothing more.
func (r *Redactor) Logger(l *slog.Logger) *slog.Logger {
	if r.empty() || l == nil {
		return l
	}
	return slog.New(handler{r, l.Handler()})
}

// handler redacts what it hands on.
type handler struct {
	redact *Redactor
	next   slog.Handler
}

// Enabled implements slog.Handler.
func (h handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, h.redact.Redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(h.attr(a))
		return true
	})
	return h.next.Handle(ctx, out)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.redact, h.next.WithAttrs(h.attrs(attrs))}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.redact, h.next.WithGroup(name)}
}

func (h handler) attrs(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = h.attr(a)
	}
	return out
}

func (h handler) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(h.redact.Redact(v.String()))
	case slog.KindGroup:
		v = slog.GroupValue(h.attrs(v.Group())...)
	case slog.KindAny:
		// A value can hide a secret in any of its fields, so only its text goes on.
		v = slog.StringValue(h.redact.Redact(textOf(v.Any())))
	default:
	}
	return slog.Attr{Key: a.Key, Value: v}
}

// textOf returns a value as slog's text handler writes it.
func textOf(v any) (text string) {
	defer func() {
		if p := recover(); p != nil { // a method on nil
			text = fmt.Sprintf("%T", v)
		}
	}()
	switch v := v.(type) {
	case error:
		return v.Error()
	case encoding.TextMarshaler:
		if b, err := v.MarshalText(); err == nil {
			return string(b)
		}
	case []byte:
		return string(v)
	}
	return fmt.Sprintf("%+v", v)
}
