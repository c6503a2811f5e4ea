// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"penstock.dev/runtime/connect"
)

// fieldsOf returns the fields of a variable that an expression looks at, or nil if
// it uses the variable in another way, too.
func fieldsOf(a *ast.AST, variable string) *connect.Fields {
	var names []string
	uses, fields := 0, 0
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if isVariable(e, variable) {
			uses++
		}
		if of, name, ok := fieldOf(e); ok && isVariable(of, variable) {
			fields++
			names = append(names, name)
		}
	}))
	if uses > fields {
		return nil
	}
	return connect.NewFields(names...)
}

func isVariable(e ast.Expr, name string) bool {
	return e.Kind() == ast.IdentKind && e.AsIdent() == name
}

// fieldOf returns what an expression takes a field of, or asks for one, and the
// field's name: x.name, x["name"], x.?name, x[?"name"], has(x.name), "name" in x.
func fieldOf(e ast.Expr) (of ast.Expr, name string, ok bool) {
	switch e.Kind() {
	case ast.SelectKind:
		s := e.AsSelect()
		return s.Operand(), s.FieldName(), true
	case ast.CallKind:
		c := e.AsCall()
		args := c.Args()
		switch c.FunctionName() {
		case operators.Index, operators.OptSelect, operators.OptIndex:
			name, ok = text(args[1])
			return args[0], name, ok
		case operators.In:
			name, ok = text(args[0])
			return args[1], name, ok
		}
	}
	return nil, "", false
}

// text returns the text that an expression is.
func text(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}
