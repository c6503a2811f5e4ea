// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/common"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// maxIssues bounds an error: one mistake often makes several issues.
const maxIssues = 3

// explain says what is wrong with an expression, where, and what to do. It does not
// show the expression, which may hold a resolved secret.
func explain(issues []*common.Error, kind connect.Kind) error {
	var out []string
	for _, e := range issues[:min(len(issues), maxIssues)] {
		message := strings.TrimSuffix(e.Message, " (in container '')")
		out = append(out, fmt.Sprintf("line %d, column %d: %s; %s", e.Location.Line(), e.Location.Column()+1, shortened(message), fix(message, kind)))
	}
	if more := len(issues) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return errors.New("is no valid CEL expression: " + strings.Join(out, "; "))
}

// shortened leaves out the tokens that the parser would have liked.
func shortened(message string) string {
	message, _, _ = strings.Cut(message, " expecting ")
	return message
}

func fix(message string, kind connect.Kind) string {
	_, name, undeclared := strings.Cut(message, "undeclared reference to '")
	switch {
	case undeclared:
		return fixName(strings.TrimSuffix(name, "'"), kind)
	case strings.Contains(message, "no matching overload"):
		return "make both sides of one type, as with int(x), double(x), string(x) or timestamp(x)"
	case strings.HasPrefix(message, "Syntax error"):
		return "look at the quotes, brackets and operators there"
	default:
		return "see https://github.com/google/cel-spec/blob/master/doc/langdef.md"
	}
}

func fixName(name string, kind connect.Kind) string {
	if name == offsetVariable && kind == connect.SourceKind {
		return "offset is for sink connectors, a source's records have no Kafka offset yet"
	}
	names := strings.Split(variables, ", ")
	if n := configdef.Nearest(name, names); n != "" {
		return "did you mean " + n + "?"
	}
	return "the variables are " + variables + ", and a field of the value is value." + name
}
