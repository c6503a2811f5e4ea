// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// Bounds of what a function may make of a record. Without a loop nothing is counted,
// and where it is, it is counted after the call: these keep one record from taking
// the memory of the worker, or its task's time for ever.
const (
	// maxRange bounds lists.range, in items.
	maxRange = 100_000
	// maxText bounds what replace gives, in bytes: as much as a loop could make.
	maxText = 10 << 20
	// maxPairs bounds the comparisons of functions that compare all items with all.
	maxPairs = 10_000_000
)

// guard looks at the arguments of a call before it is made.
type guard func(args []ref.Val) error

// guards are those of the functions whose work is more than their arguments are
// long.
func guards() map[string]guard {
	return map[string]guard{
		"replace": replaceGuard, "distinct": pairsGuard,
		"sets.contains": pairsGuard, "sets.equivalent": pairsGuard, "sets.intersects": pairsGuard,
	}
}

// bounded gives the functions of an environment their guards.
func bounded(env *cel.Env) (*cel.Env, error) {
	var options []cel.EnvOption
	for name, check := range guards() {
		f, ok := env.Functions()[name]
		if !ok {
			return nil, fmt.Errorf("there is no function %s", name)
		}
		own, err := guarded(f, check)
		if err != nil {
			return nil, err
		}
		options = append(options, cel.Function(name, own...))
	}
	return env.Extend(options...)
}

// guarded defines the overloads of a function again, with a guard.
func guarded(f *decls.FunctionDecl, check guard) ([]cel.FunctionOpt, error) {
	bindings, err := f.Bindings()
	if err != nil {
		return nil, err
	}
	made := make(map[string]*functions.Overload, len(bindings))
	for _, b := range bindings {
		made[b.Operator] = b
	}
	var out []cel.FunctionOpt
	for _, o := range f.OverloadDecls() {
		define := cel.Overload
		if o.IsMemberFunction() {
			define = cel.MemberOverload
		}
		out = append(out, define(o.ID(), o.ArgTypes(), o.ResultType(), binding(made[o.ID()], len(o.ArgTypes()), check)))
	}
	return out, nil
}

// binding is what an overload with so many arguments does, behind a guard.
func binding(b *functions.Overload, arguments int, check guard) cel.OverloadOpt {
	refused := func(args ...ref.Val) ref.Val {
		if err := check(args); err != nil {
			return types.WrapErr(err)
		}
		return nil
	}
	switch arguments {
	case 1:
		return cel.UnaryBinding(func(v ref.Val) ref.Val {
			if e := refused(v); e != nil {
				return e
			}
			return b.Unary(v)
		})
	case 2:
		return cel.BinaryBinding(func(v, w ref.Val) ref.Val {
			if e := refused(v, w); e != nil {
				return e
			}
			return b.Binary(v, w)
		})
	default:
		return cel.FunctionBinding(func(args ...ref.Val) ref.Val {
			if e := refused(args...); e != nil {
				return e
			}
			return b.Function(args...)
		})
	}
}

// replaceGuard refuses what would make a text of more than maxText.
func replaceGuard(args []ref.Val) error {
	text, old, with := string(args[0].(types.String)), string(args[1].(types.String)), string(args[2].(types.String))
	if len(with) <= len(old) {
		return nil
	}
	n := utf8.RuneCountInString(text) + 1
	if old != "" {
		n = strings.Count(text, old)
	}
	if len(args) > 3 {
		if limit := args[3].(types.Int); limit >= 0 && int64(limit) < int64(n) {
			n = int(limit)
		}
	}
	if grown := n * (len(with) - len(old)); grown > maxText-min(len(text), maxText) {
		return fmt.Errorf("replace would give %d bytes, more than %d", len(text)+grown, maxText)
	}
	return nil
}

// pairsGuard refuses to compare the items of lists one by one if there are too many.
func pairsGuard(args []ref.Val) error {
	first := length(args[0].(traits.Sizer))
	last := length(args[len(args)-1].(traits.Sizer))
	if first > 0 && last > maxPairs/first {
		return fmt.Errorf("%d items would be compared with %d, more than %d pairs", first, last, maxPairs)
	}
	return nil
}
