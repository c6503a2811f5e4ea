// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/sr/srfake"
	"go.uber.org/goleak"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a registry that counts requests.
type fake struct {
	*srfake.Registry
	requests atomic.Int64
}

func newFake(t testing.TB) *fake {
	t.Helper()
	f := &fake{Registry: srfake.New()}
	f.Intercept(func(http.ResponseWriter, *http.Request) bool { f.requests.Add(1); return false })
	t.Cleanup(f.Close)
	return f
}

// config returns the config of these keys and values.
func config(t testing.TB, url string, extra ...string) Config {
	t.Helper()
	props := map[string]string{"schema.registry.url": url, "max.retries": "0"}
	for i := 0; i < len(extra); i += 2 {
		props[extra[i]] = extra[i+1]
	}
	c, problems := configdef.Decode[Config](props)
	if problems = append(problems, c.Check(props)...); len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func defaultRules(t testing.TB, extra ...string) rules {
	t.Helper()
	return config(t, "http://localhost", extra...).rules()
}

func newTestConverter(t testing.TB, url string, extra ...string) *Converter {
	t.Helper()
	c, err := New(config(t, url, extra...), false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustParse(t testing.TB, text string) *schema {
	t.Helper()
	s, err := newParser().parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

// showSchema returns a text of all of a schema. A schema that is part of itself is
// shown as its name.
func showSchema(s *connect.Schema) string {
	var b strings.Builder
	appendSchema(&b, s, nil)
	return b.String()
}

func appendSchema(b *strings.Builder, s *connect.Schema, in []string) {
	if s == nil {
		b.WriteString("none")
		return
	}
	b.WriteString(s.Type.String())
	if s.Optional {
		b.WriteByte('?')
	}
	if s.Name != "" {
		fmt.Fprintf(b, " %s", s.Name)
	}
	if s.Version != 0 {
		fmt.Fprintf(b, " v%d", s.Version)
	}
	if s.Doc != "" {
		fmt.Fprintf(b, " %q", s.Doc)
	}
	for _, p := range s.Parameters {
		fmt.Fprintf(b, " %s=%s", p.Name, p.Value)
	}
	if s.Default != nil {
		fmt.Fprintf(b, " default %s", show(*s.Default))
	}
	for _, name := range in {
		if s.Type == connect.Struct && s.Name != "" && name == s.Name {
			b.WriteString("{…}")
			return
		}
	}
	in = append(in, s.Name)
	switch s.Type {
	case connect.Array:
		b.WriteByte('[')
		appendSchema(b, s.Elem, in)
		b.WriteByte(']')
	case connect.Map:
		b.WriteByte('[')
		appendSchema(b, s.Key, in)
		b.WriteString(": ")
		appendSchema(b, s.Elem, in)
		b.WriteByte(']')
	case connect.Struct:
		b.WriteByte('{')
		for i, f := range s.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(f.Name + " ")
			appendSchema(b, f.Schema, in)
		}
		b.WriteByte('}')
	}
}

// show returns a text of a value.
func show(v connect.Value) string {
	switch v.Type() {
	case connect.Null:
		return "null"
	case connect.Boolean:
		return fmt.Sprint(v.Bool())
	case connect.Float32, connect.Float64:
		return fmt.Sprint(v.Float())
	case connect.String:
		return fmt.Sprintf("%q", v.Str())
	case connect.Bytes:
		return fmt.Sprintf("%x", v.Bytes())
	case connect.Array, connect.Struct:
		var parts []string
		for _, i := range v.Items() {
			parts = append(parts, show(i))
		}
		if v.Type() == connect.Array {
			return "[" + strings.Join(parts, " ") + "]"
		}
		return "(" + strings.Join(parts, " ") + ")"
	case connect.Map:
		var parts []string
		for _, e := range v.Entries() {
			parts = append(parts, show(e.Key)+":"+show(e.Value))
		}
		return "{" + strings.Join(parts, " ") + "}"
	default:
		return fmt.Sprint(v.Int())
	}
}
