// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// trim removes what Java's String.trim removes.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

// set reads text into v and returns "" or what is wrong with it.
func (f *field) set(v reflect.Value, text string) string {
	trimmed := trim(text)
	switch f.key.Type {
	case "PASSWORD":
		v.Set(reflect.ValueOf(NewPassword(text)))
		return ""
	case "LIST":
		return f.setList(v, trimmed)
	case "BOOLEAN":
		return f.setBool(v, trimmed)
	case "INT", "LONG":
		return f.setInt(v, trimmed)
	case "DOUBLE":
		return f.setFloat(v, trimmed)
	default:
		return f.setString(v, trimmed)
	}
}

func (f *field) setString(v reflect.Value, text string) string {
	// An optional key that is set to nothing counts as left out.
	if len(f.key.Enum) > 0 && (text != "" || f.key.HasDefault) {
		spelled, ok := f.spell(text)
		if !ok {
			return f.refuse(text)
		}
		text = spelled
	}
	v.SetString(text)
	return ""
}

// spell returns the value as the enum writes it.
func (f *field) spell(text string) (string, bool) {
	for _, e := range f.key.Enum {
		if strings.EqualFold(e, text) {
			return e, true
		}
	}
	return "", false
}

func (f *field) setList(v reflect.Value, text string) string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		item = trim(item)
		if item == "" {
			continue
		}
		if len(f.key.Enum) > 0 {
			spelled, ok := f.spell(item)
			if !ok {
				return f.refuse(item)
			}
			item = spelled
		}
		items = append(items, item)
	}
	if f.key.Required && len(items) == 0 {
		return f.refuse(text)
	}
	v.Set(reflect.ValueOf(items))
	return ""
}

func (f *field) setBool(v reflect.Value, text string) string {
	switch {
	case strings.EqualFold(text, "true"):
		v.SetBool(true)
	case strings.EqualFold(text, "false"):
		v.SetBool(false)
	default:
		return f.refuse(text)
	}
	return ""
}

func (f *field) setInt(v reflect.Value, text string) string {
	bits := 64
	if f.key.Type == "INT" {
		bits = 32
	}
	n, err := strconv.ParseInt(text, 10, bits)
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Sprintf("%s that fits in %d bits", f.refuse(text), bits)
	}
	if err != nil || f.key.Min != nil && n < *f.key.Min || f.key.Max != nil && n > *f.key.Max {
		return f.refuse(text)
	}
	if f.typ == durationType {
		n = int64(milliseconds(n))
	}
	v.SetInt(n)
	return ""
}

// milliseconds returns n milliseconds, or the nearest Duration there is.
func milliseconds(n int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	switch {
	case n > most:
		return math.MaxInt64
	case n < -most:
		return math.MinInt64
	default:
		return time.Duration(n) * time.Millisecond
	}
}

func (f *field) setFloat(v reflect.Value, text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) ||
		f.key.Min != nil && n < float64(*f.key.Min) || f.key.Max != nil && n > float64(*f.key.Max) {
		return f.refuse(text)
	}
	v.SetFloat(n)
	return ""
}

// shown bounds what a message repeats of a value.
const shown = 80

// refuse says that the value is not what is accepted.
func (f *field) refuse(text string) string {
	value := "the value"
	if !f.secret {
		value = quote(text)
	}
	message := value + " is not " + f.accepted()
	if near := Nearest(text, f.key.Enum); near != "" && !f.secret {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	return message
}

func quote(text string) string {
	if len(text) <= shown {
		return strconv.Quote(text)
	}
	return strconv.Quote(strings.ToValidUTF8(text[:shown], "")) + "…"
}

// accepted describes what the key takes.
func (f *field) accepted() string {
	k := f.key
	if len(k.Enum) > 0 {
		list := "one of "
		if k.Type == "LIST" {
			list = "a list of "
		}
		return list + strings.Join(k.Enum, ", ")
	}
	switch k.Type {
	case "INT", "LONG":
		unit := "a whole number"
		if f.typ == durationType {
			unit += " of milliseconds"
		}
		return unit + within(k)
	case "DOUBLE":
		return "a number" + within(k)
	case "BOOLEAN":
		return "true or false"
	case "LIST":
		return "a list separated by commas"
	default:
		return "a text"
	}
}

func within(k Key) string {
	switch {
	case k.Min != nil && k.Max != nil:
		return fmt.Sprintf(" from %d to %d", *k.Min, *k.Max)
	case k.Min != nil:
		return fmt.Sprintf(", at least %d", *k.Min)
	case k.Max != nil:
		return fmt.Sprintf(", at most %d", *k.Max)
	default:
		return ""
	}
}
