// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package expression evaluates expressions of the Common Expression Language
// (https://cel.dev) over records.
//
// A record is shown to an expression as it is: a key or value that nothing asks
// for is not decoded, and a field that nothing asks for is not converted. Kafka
// Connect's types become these of CEL:
//
//   - integers: int; floats and Decimal: double; Boolean, String and Bytes: bool,
//     string and bytes; null: null.
//   - Timestamp and Date: timestamp (a Date at midnight UTC); Time: duration since
//     midnight.
//   - Struct and Map: map; Array: list.
//
// Of headers that have the same key, an expression sees the last one.
package expression

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"

	"penstock.dev/runtime/connect"
)

// The variables of an expression.
const (
	keyVariable       = "key"
	valueVariable     = "value"
	topicVariable     = "topic"
	partitionVariable = "partition"
	offsetVariable    = "offset"
	timestampVariable = "timestamp"
	headersVariable   = "headers"
)

// variables lists them for messages.
const variables = "key, value, topic, partition, offset, timestamp, headers"

// costLimit bounds the work of one evaluation, in units of CEL: about one for each
// step and one for each ten bytes of text that are looked at. It is what Kubernetes
// gives one expression.
const costLimit = 1_000_000

// Program is a compiled expression. It is not safe for concurrent use.
type Program struct {
	program cel.Program
	output  *cel.Type
	scope   scope
	shapes  shapes
}

// Compile compiles an expression for the records of a connector of that kind, or
// of any kind if it is "". The error says what is wrong where, and what to do.
func Compile(text string, kind connect.Kind) (*Program, error) {
	env, err := environment(kind)
	if err != nil {
		return nil, fmt.Errorf("making the environment of expressions: %w", err)
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, explain(issues.Errors(), kind)
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if loops(checked.NativeRep()) {
		// Counting takes five to fifteen times the time (docs/adr/0008-cel.md), and the
		// work of an expression without loops is bounded by its length, the texts, and
		// the bounds of single functions.
		options = append(options, cel.CostLimit(costLimit))
	}
	program, err := env.Program(checked, options...)
	if err != nil {
		return nil, fmt.Errorf("cannot be run: %w", err)
	}
	p := &Program{program: program, output: checked.OutputType()}
	p.scope.key.fields, p.scope.value.fields = fieldsOf(checked.NativeRep(), keyVariable), fieldsOf(checked.NativeRep(), valueVariable)
	return p, nil
}

// CompileCondition compiles an expression that gives true or false.
func CompileCondition(text string, kind connect.Kind) (*Program, error) {
	p, err := Compile(text, kind)
	if err != nil {
		return nil, err
	}
	if k := p.output.Kind(); k != types.BoolKind && k != types.DynKind {
		return nil, fmt.Errorf("gives %s, and a condition gives true or false; compare it with something", p.output)
	}
	return p, nil
}

func environment(kind connect.Kind) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.Variable(keyVariable, cel.DynType),
		cel.Variable(valueVariable, cel.DynType),
		cel.Variable(topicVariable, cel.StringType),
		cel.Variable(partitionVariable, cel.NullableType(cel.IntType)),
		cel.Variable(timestampVariable, cel.TimestampType),
		cel.Variable(headersVariable, cel.MapType(cel.StringType, cel.DynType)),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals()),
		cel.OptionalTypes(),
		ext.Bindings(), ext.Encoders(), ext.Lists(ext.ListsMaxRangeSize(maxRange)), ext.Math(), ext.Sets(), ext.Strings(),
	}
	switch kind {
	case connect.SinkKind:
		options = append(options, cel.Variable(offsetVariable, cel.IntType))
	case "":
		options = append(options, cel.Variable(offsetVariable, cel.NullableType(cel.IntType)))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	return bounded(env)
}

// loops reports whether an expression has a macro that goes over a list or map.
func loops(a *ast.AST) bool {
	found := false
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		found = found || e.Kind() == ast.ComprehensionKind
	}))
	return found
}

// Test evaluates a condition. Of a key or value that is not decoded yet it reads the
// fields that the condition looks at, if it looks at nothing else. A record of which the
// condition gives neither true nor false is decoded, for that may be what is wrong with it.
func (p *Program) Test(r *connect.Record) (bool, error) {
	defer p.scope.end()
	p.scope.narrow = true
	hit, err := p.test(r)
	if err != nil && (p.scope.key.looked || p.scope.value.looked) {
		p.scope.end()
		hit, err = p.test(r)
	}
	return hit, err
}

func (p *Program) test(r *connect.Record) (bool, error) {
	v, err := p.eval(r)
	if err != nil {
		return false, err
	}
	hit, ok := v.(types.Bool)
	if !ok {
		return false, fmt.Errorf("the expression gives %s, and a condition gives true or false", v.Type().TypeName())
	}
	return bool(hit), nil
}

// eval evaluates the expression. The value is good until the scope ends, for which
// the caller cares.
func (p *Program) eval(r *connect.Record) (ref.Val, error) {
	p.scope.record = r
	v, _, err := p.program.Eval(&p.scope)
	if err == nil {
		err = p.scope.failed
	}
	if err != nil {
		return nil, fmt.Errorf("evaluating the expression: %w", err)
	}
	return v, nil
}
