// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import "log/slog"

// hidden is what is shown of a password, as Kafka's Password class shows it.
const hidden = "[hidden]"

// Password is a secret that shows itself as "[hidden]" wherever it is printed,
// logged or marshalled, also as a member of another value.
type Password struct {
	// A pointer, because fmt prints unexported string members as they are.
	text *string
}

// NewPassword returns a Password that holds text.
func NewPassword(text string) Password { return Password{&text} }

// Reveal returns the secret.
func (p Password) Reveal() string {
	if p.text == nil {
		return ""
	}
	return *p.text
}

// IsSet reports whether the password holds a text that is not empty.
func (p Password) IsSet() bool { return p.Reveal() != "" }

// Equal reports whether both hold the same secret.
func (p Password) Equal(q Password) bool { return p.Reveal() == q.Reveal() }

// String returns "[hidden]".
func (p Password) String() string { return hidden }

// GoString returns "[hidden]".
func (p Password) GoString() string { return hidden }

// MarshalText returns "[hidden]".
func (p Password) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue returns "[hidden]".
func (p Password) LogValue() slog.Value { return slog.StringValue(hidden) }
