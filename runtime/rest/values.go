// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// invalid is the text with which Kafka's ConfigException says that a value is
// refused.
func invalid(value, key, message string) string {
	return fmt.Sprintf("Invalid value %s for configuration %s: %s", value, key, message)
}

// hidden is how Kafka shows a password.
const hidden = "[hidden]"

// value reads the text of a key as Kafka's ConfigDef does and returns how it is
// shown and what is wrong with it. given is nil if the key is not set. A value
// that holds a reference is not read: the worker resolves it, and no answer shows
// what comes of that.
func (d definition) value(given *string) (shown *string, errors []string) {
	switch {
	case given != nil && strings.Contains(*given, "${"):
		return given, nil
	case given != nil:
		text, problem := d.parse(*given)
		if problem != "" {
			errors = append(errors, invalid(d.safe(*given), d.name, problem))
		} else {
			shown = &text
		}
	case d.Required:
		errors = append(errors, fmt.Sprintf("Missing required configuration %q which has no default value.", d.Name))
	case d.HasDefault:
		shown = &d.Default
	}
	if problem := d.check(shown); problem != "" {
		text := "null"
		switch {
		case shown != nil && d.Type == "LIST":
			text = "[" + strings.Join(list(*shown), ", ") + "]"
		case shown != nil:
			text = *shown
		}
		errors = append(errors, invalid(text, d.name, problem))
	}
	return shown, errors
}

// safe is a value as messages may show it.
func (d definition) safe(value string) string {
	if d.Type == "PASSWORD" {
		return hidden
	}
	return value
}

// parse returns the value as it is shown, or what is wrong with it.
func (d definition) parse(given string) (shown, problem string) {
	text := strings.TrimFunc(given, func(r rune) bool { return r <= ' ' })
	switch d.Type {
	case "PASSWORD":
		return hidden, ""
	case "BOOLEAN":
		if lower := strings.ToLower(text); lower == "true" || lower == "false" {
			return lower, ""
		}
		return "", "Expected value to be either true or false"
	case "SHORT", "INT", "LONG":
		bits := map[string]int{"SHORT": 16, "INT": 32, "LONG": 64}[d.Type]
		n, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			return "", "Not a number of type " + d.Type
		}
		return strconv.FormatInt(n, 10), ""
	case "DOUBLE":
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "", "Not a number of type " + d.Type
		}
		return text, ""
	case "LIST":
		return strings.Join(list(text), ","), ""
	}
	return text, ""
}

// list splits a list at its commas.
func list(text string) []string {
	if text == "" {
		return nil
	}
	items := strings.Split(text, ",")
	for i, item := range items {
		items[i] = strings.TrimSpace(item)
	}
	return items
}

// check says what Kafka's validators say of a value that could be read; nil is
// none.
func (d definition) check(shown *string) string {
	switch {
	case d.Min != nil || d.Max != nil:
		return d.checkRange(shown)
	case d.Type == "LIST":
		return d.checkList(shown)
	case shown != nil && len(anyCase(d.Name)) > 0:
		return checkAnyCase(*shown, anyCase(d.Name))
	case len(d.Enum) > 0 && shown != nil:
		if !slices.ContainsFunc(d.Enum, func(e string) bool { return strings.EqualFold(e, *shown) }) {
			return "String must be one of: " + strings.Join(d.Enum, ", ")
		}
	case d.Name == nameKey && shown != nil:
		return checkName(*shown)
	case d.Type == "STRING" && d.Required && shown != nil && *shown == "":
		return "String must be non-empty"
	}
	return ""
}

// anyCase are the values of the keys that Kafka Connect compares with them without
// case, in the order of its hash set.
func anyCase(key string) []string {
	switch key {
	case "exactly.once.support":
		return []string{"REQUIRED", "REQUESTED"}
	case "transaction.boundary":
		return []string{"INTERVAL", "POLL", "CONNECTOR"}
	}
	return nil
}

func checkAnyCase(value string, of []string) string {
	if slices.ContainsFunc(of, func(e string) bool { return strings.EqualFold(e, value) }) {
		return ""
	}
	return "String must be one of (case insensitive): " + strings.Join(of, ", ")
}

// checkList refuses aliases that stand twice in a list of them.
func (d definition) checkList(shown *string) string {
	if shown == nil || d.Name != "transforms" && d.Name != "predicates" {
		return ""
	}
	items := list(*shown)
	if len(slices.Compact(slices.Sorted(slices.Values(items)))) < len(items) {
		return "Duplicate alias provided."
	}
	return ""
}

func (d definition) checkRange(shown *string) string {
	if shown == nil {
		if d.Name == tasksMaxKey { // the one key with a range that Kafka Connect defines
			return "Value must be non-null"
		}
		return ""
	}
	n, err := strconv.ParseFloat(*shown, 64)
	switch {
	case err != nil:
		return ""
	case d.Min != nil && n < float64(*d.Min):
		return fmt.Sprintf("Value must be at least %d", *d.Min)
	case d.Max != nil && n > float64(*d.Max):
		return fmt.Sprintf("Value must be no more than %d", *d.Max)
	}
	return ""
}

// checkName refuses names that are empty or hold control characters.
func checkName(name string) string {
	if name == "" {
		return "String may not be empty"
	}
	var control []string
	for _, r := range name {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			control = append(control, strconv.Itoa(int(r)))
		}
	}
	if len(control) > 0 {
		return "String may not contain control sequences but had the following ASCII chars: " + strings.Join(control, ", ")
	}
	return ""
}
