// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import (
	"fmt"
	"strings"
)

// Markdown returns the keys as a Markdown table, in their order.
func Markdown(keys []Key) string {
	if len(keys) == 0 {
		return "No keys.\n"
	}
	var b strings.Builder
	b.WriteString("| Key | Type | Default | Accepts | Importance | Meaning |\n|---|---|---|---|---|---|\n")
	for _, k := range keys {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", k.Name, strings.ToLower(k.Type),
			cell(defaultText(k)), cell(k.Accepts()), strings.ToLower(k.Importance), cell(k.Doc))
	}
	return b.String()
}

// cell keeps a text within its cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", "<br>").Replace(text)
}

func defaultText(k Key) string {
	switch {
	case k.Required:
		return "**required**"
	case !k.HasDefault:
		return ""
	case k.Default == "":
		return "empty"
	default:
		return "`" + k.Default + "`"
	}
}

// Accepts says which values of the key's type are accepted, or "" if all are.
func (k Key) Accepts() string {
	if len(k.Enum) > 0 {
		return strings.Join(k.Enum, ", ")
	}
	switch {
	case k.Min != nil && k.Max != nil:
		return fmt.Sprintf("%d to %d", *k.Min, *k.Max)
	case k.Min != nil:
		return fmt.Sprintf("at least %d", *k.Min)
	case k.Max != nil:
		return fmt.Sprintf("at most %d", *k.Max)
	default:
		return ""
	}
}
