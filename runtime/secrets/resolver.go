// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Provider looks values up. Path is "" in a reference without path.
type Provider interface {
	// Get returns the value of key in path. Its error names path and key and holds
	// no value.
	Get(ctx context.Context, path, key string) (string, error)
}

// Resolver replaces references by what its providers say. It is safe for
// concurrent use if they are.
type Resolver struct{ providers map[string]Provider }

// New returns a resolver with these providers, by the name that stands in a
// reference. The map is not copied and must not change.
func New(providers map[string]Provider) *Resolver { return &Resolver{providers: providers} }

// Defaults returns the providers that every worker has: file, dir and env.
func Defaults() map[string]Provider {
	return map[string]Provider{"file": File{}, "dir": Dir{}, "env": Env{}}
}

// Resolved is a config whose references were replaced.
type Resolved struct {
	Props map[string]string
	// Secrets are the values that came from providers.
	Secrets []string
}

// Resolve replaces the references in every value, as text: a value may hold
// several, and what a provider returns is not looked at again. Every reference
// that cannot be resolved is reported, with the config key that holds it.
func (r *Resolver) Resolve(ctx context.Context, props map[string]string) (Resolved, error) {
	out := Resolved{Props: make(map[string]string, len(props))}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(props)) {
		v, found, err := r.value(ctx, props[name])
		if err != nil {
			errs = append(errs, fmt.Errorf("resolving %s: %w", name, err))
			continue
		}
		out.Props[name] = v
		out.Secrets = append(out.Secrets, found...)
	}
	return out, errors.Join(errs...)
}

func (r *Resolver) value(ctx context.Context, text string) (string, []string, error) {
	var b strings.Builder
	var found []string
	for {
		ref, before, after, ok := nextReference(text)
		b.WriteString(before)
		if !ok {
			return b.String(), found, nil
		}
		v, err := r.lookup(ctx, ref)
		if err != nil {
			return "", nil, err
		}
		if v != "" {
			found = append(found, v)
		}
		b.WriteString(v)
		text = after
	}
}

func (r *Resolver) lookup(ctx context.Context, ref Reference) (string, error) {
	p, ok := r.providers[ref.Provider]
	if !ok {
		return "", fmt.Errorf("%s names no config provider of this worker, which has %s",
			ref, strings.Join(slices.Sorted(maps.Keys(r.providers)), ", "))
	}
	v, err := p.Get(ctx, ref.Path, ref.Key)
	if err != nil {
		return "", fmt.Errorf("%s: %w", ref, err)
	}
	return v, nil
}
