// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// Root is the name of the logger above all others.
const Root = "root"

// LoggerKey is the attribute that names a logger. One with the attribute
// "connector" is that connector's, connector.NAME.
const LoggerKey = "logger"

// Levels are the levels of a process's loggers, which can be changed while it
// runs. A logger has the level of the nearest one above it that has one; names are
// divided by dots. They are safe for concurrent use.
type Levels struct {
	now func() time.Time

	mu    sync.RWMutex
	set   map[string]loggerLevel
	known map[string]bool
}

type loggerLevel struct {
	name     string // as Log4j calls it
	level    slog.Level
	modified *int64
}

// levelNames are Log4j's levels. slog has none for fatal errors, which only Java
// code has.
func levelNames() map[string]slog.Level {
	return map[string]slog.Level{
		"ALL": math.MinInt, "TRACE": slog.LevelDebug - 4, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo,
		"WARN": slog.LevelWarn, "ERROR": slog.LevelError, "FATAL": slog.LevelError + 4, "OFF": math.MaxInt,
	}
}

// NewLevels returns levels of which only root has one. now may be nil.
func NewLevels(root slog.Level, now func() time.Time) *Levels {
	if now == nil {
		now = time.Now
	}
	name := root.String()
	for n, l := range levelNames() {
		if l == root {
			name = n
		}
	}
	return &Levels{now: now, known: map[string]bool{}, set: map[string]loggerLevel{Root: {name: name, level: root}}}
}

// Handler hands on to next what the levels let through; next must take
// everything.
func (l *Levels) Handler(next slog.Handler) slog.Handler { return levelHandler{l, Root, next} }

// All returns all loggers with the levels that hold for them.
func (l *Levels) All() map[string]LoggerLevel {
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := make(map[string]LoggerLevel, len(l.known)+1)
	for name := range l.known {
		out[name] = loggerLevel{name: l.effective(name).name}.shown()
	}
	for name, level := range l.set {
		out[name] = level.shown()
	}
	return out
}

func (l loggerLevel) shown() LoggerLevel { return LoggerLevel{Level: l.name, LastModified: l.modified} }

// Level returns the level of a logger, which may be that of one above it; false
// if there is no such logger.
func (l *Levels) Level(logger string) (LoggerLevel, bool) {
	if strings.EqualFold(logger, Root) {
		logger = Root
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	own, set := l.set[logger]
	if !set && !l.known[logger] {
		return LoggerLevel{}, false
	}
	if !set {
		own = loggerLevel{name: l.effective(logger).name}
	}
	return own.shown(), true
}

// Valid reports whether a level is one of Log4j's, in any case.
func (l *Levels) Valid(level string) bool {
	_, ok := levelNames()[strings.ToUpper(level)]
	return ok
}

// Set sets the level of a logger and of all whose names begin with its, and
// returns their names in order. The level must be valid.
func (l *Levels) Set(logger, level string) []string {
	level = strings.ToUpper(level)
	to := levelNames()[level]
	l.mu.Lock()
	defer l.mu.Unlock()
	affected := map[string]bool{}
	if strings.EqualFold(logger, Root) {
		affected = maps.Clone(l.known)
		logger = Root
	}
	affected[logger] = true
	for name := range l.known {
		if strings.HasPrefix(name, logger) {
			affected[name] = true
		}
	}
	var changed []string // looked up first: one may be above another
	for name := range affected {
		if name != Root {
			l.known[name] = true
		}
		if l.effective(name).name != level {
			changed = append(changed, name)
		}
	}
	at := l.now().UnixMilli()
	for _, name := range changed {
		l.set[name] = loggerLevel{name: level, level: to, modified: &at}
	}
	return slices.Sorted(maps.Keys(affected))
}

// effective returns the level that holds for a logger.
func (l *Levels) effective(logger string) loggerLevel {
	for {
		if own, ok := l.set[logger]; ok {
			return own
		}
		dot := strings.LastIndexByte(logger, '.')
		if dot < 0 {
			return l.set[Root]
		}
		logger = logger[:dot]
	}
}

func (l *Levels) enabled(logger string, level slog.Level) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return level >= l.effective(logger).level
}

func (l *Levels) know(logger string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[logger] = true
}

// levelHandler is the handler of one logger.
type levelHandler struct {
	levels *Levels
	name   string
	next   slog.Handler
}

// Enabled implements slog.Handler.
func (h levelHandler) Enabled(_ context.Context, level slog.Level) bool {
	return h.levels.enabled(h.name, level)
}

// Handle implements slog.Handler.
func (h levelHandler) Handle(ctx context.Context, r slog.Record) error { return h.next.Handle(ctx, r) }

// WithAttrs implements slog.Handler. An attribute may name the logger.
func (h levelHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := levelHandler{h.levels, h.name, h.next.WithAttrs(attrs)}
	for _, a := range attrs {
		switch {
		case a.Value.Kind() != slog.KindString:
		case a.Key == LoggerKey:
			out.name = a.Value.String()
		case a.Key == "connector":
			out.name = "connector." + a.Value.String()
		}
	}
	if out.name != h.name {
		h.levels.know(out.name)
	}
	return out
}

// WithGroup implements slog.Handler.
func (h levelHandler) WithGroup(name string) slog.Handler {
	return levelHandler{h.levels, h.name, h.next.WithGroup(name)}
}
