// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"penstock.dev/runtime/javaregex"
)

// The worker keys that name config providers (KIP-297), and the parameters of
// Kafka's own: paths below which files may be read (KIP-993), and a regular
// expression of Java's that the whole name of a variable must match (KIP-887).
const (
	providersKey = "config.providers"
	classSuffix  = "class"
	paramInfix   = "param."
	allowedPaths = "allowed.paths"
	allowlist    = "allowlist.pattern"
)

// The classes of Kafka's own config providers.
const (
	providerPackage = "org.apache.kafka.common.config.provider."
	fileClass       = providerPackage + "FileConfigProvider"
	dirClass        = providerPackage + "DirectoryConfigProvider"
	envClass        = providerPackage + "EnvVarConfigProvider"
)

// builtin are the classes of the providers that are there without being named.
var builtin = map[string]string{"file": fileClass, "dir": dirClass, "env": envClass}

// Problem is what is wrong with a worker key about config providers.
type Problem struct{ Key, Message string }

// Error returns `key: message`.
func (p Problem) Error() string { return p.Key + ": " + p.Message }

// IsProviderKey reports whether a worker key is about config providers.
func IsProviderKey(key string) bool {
	return key == providersKey || strings.HasPrefix(key, providersKey+".")
}

// Configured returns the providers of a worker: those that every worker has, and
// in their place or beside them those that its keys name. One that is named and of
// the class of one that every worker has stands in its place, whatever its name:
// what the former may not read, the latter must not either. It is pure.
func Configured(props map[string]string) (map[string]Provider, []Problem) {
	c := configured{props: props, out: Defaults(), classes: map[string]bool{}}
	for name := range strings.SplitSeq(props[providersKey], ",") {
		if name = strings.TrimSpace(name); name != "" {
			c.names = append(c.names, name)
			c.add(name)
		}
	}
	for name, class := range builtin {
		if c.classes[class] && !slices.Contains(c.names, name) {
			delete(c.out, name)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(props)) {
		name, _, _ := strings.Cut(strings.TrimPrefix(k, providersKey+"."), ".")
		if k != providersKey && IsProviderKey(k) && !slices.Contains(c.names, name) {
			c.problem(k, "belongs to no provider: add %s to %s, or remove it", name, providersKey)
		}
	}
	return c.out, c.problems
}

// configured gathers providers and what is wrong with them.
type configured struct {
	props    map[string]string
	names    []string
	out      map[string]Provider
	classes  map[string]bool // of those that are named
	problems []Problem
}

func (c *configured) problem(key, format string, args ...any) {
	c.problems = append(c.problems, Problem{key, fmt.Sprintf(format, args...)})
}

func (c *configured) add(name string) {
	prefix := providersKey + "." + name + "."
	class := strings.TrimSpace(c.props[prefix+classSuffix])
	if class == "" {
		class = builtin[name]
	}
	c.classes[class] = true
	var known string // the parameter that there is
	switch class {
	case "":
		c.problem(prefix+classSuffix, "must be set: %s, %s or %s", fileClass, dirClass, envClass)
		return
	case fileClass:
		known = allowedPaths
		c.out[name] = within{File{}, c.paths(prefix)}
	case dirClass:
		known = allowedPaths
		c.out[name] = within{Dir{}, c.paths(prefix)}
	case envClass:
		known = allowlist
		c.out[name] = matching{Env{}, c.pattern(prefix)}
	default:
		c.problem(prefix+classSuffix, "%s is a Java class that this version does not have: use %s, %s or %s", class, fileClass, dirClass, envClass)
		return
	}
	for _, k := range slices.Sorted(maps.Keys(c.props)) {
		rest, ours := strings.CutPrefix(k, prefix)
		if ours && rest != classSuffix && rest != paramInfix+known {
			c.problem(k, "is not known of %s: it has %s", class, paramInfix+known)
		}
	}
}

func (c *configured) paths(prefix string) []string {
	var out []string
	key := prefix + paramInfix + allowedPaths
	for p := range strings.SplitSeq(c.props[key], ",") {
		switch p = strings.TrimSpace(p); {
		case p == "":
		case !filepath.IsAbs(p):
			c.problem(key, "Path %s is not absolute", p)
		default:
			out = append(out, filepath.Clean(p))
		}
	}
	return out
}

func (c *configured) pattern(prefix string) *javaregex.Pattern {
	key := prefix + paramInfix + allowlist
	text, ok := c.props[key]
	if !ok || text == "" {
		return nil
	}
	p, err := javaregex.Compile(text)
	if err != nil {
		c.problem(key, "%v", err)
	}
	return p
}

// within lets a provider read below some paths only; without any, everywhere.
type within struct {
	Provider
	allowed []string
}

// Get implements Provider.
func (w within) Get(ctx context.Context, path, key string) (string, error) {
	if len(w.allowed) == 0 {
		return w.Provider.Get(ctx, path, key)
	}
	file := filepath.Clean(path)
	for _, a := range w.allowed {
		if file == a || a == "/" || strings.HasPrefix(file, a+"/") {
			return w.Provider.Get(ctx, file, key) // behind a link, path with its ".." may be elsewhere
		}
	}
	return "", fmt.Errorf("%s may not be read: the worker's %s are %s", path, allowedPaths, strings.Join(w.allowed, ", "))
}

// matching lets a provider read variables of some names only; nil is all.
type matching struct {
	Provider
	names *javaregex.Pattern
}

// Get implements Provider.
func (m matching) Get(ctx context.Context, path, key string) (string, error) {
	if m.names != nil && !m.names.Matches(key) {
		return "", errors.New("may not be read: the worker's " + allowlist + " does not match it")
	}
	return m.Provider.Get(ctx, path, key)
}
