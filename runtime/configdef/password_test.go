// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestPasswordHidesItself(t *testing.T) {
	const secret = "hunter2"
	p := NewPassword(secret)
	outer := struct {
		Exported Password
		hidden   Password
	}{p, p}
	var text strings.Builder
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&text, format+format+format, p, &p, outer)
	}
	data, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	text.Write(data)
	log := slog.New(slog.NewTextHandler(&text, nil))
	log.Info("config", "password", p, "config", outer)
	slog.New(slog.NewJSONHandler(&text, nil)).Info("config", "password", p, "config", outer)
	for _, tell := range []string{secret, fmt.Sprintf("%x", secret)} {
		if strings.Contains(text.String(), tell) {
			t.Errorf("the secret shows: %s", text.String())
		}
	}
	if p.Reveal() != secret {
		t.Errorf("reveals %q", p.Reveal())
	}
}

func TestPasswordEqual(t *testing.T) {
	var unset Password
	switch {
	case unset.IsSet() || unset.Reveal() != "" || !NewPassword("x").IsSet():
		t.Error("the zero Password is not set")
	case !NewPassword("x").Equal(NewPassword("x")) || NewPassword("x").Equal(unset) || !NewPassword("").Equal(unset):
		t.Error("equal is not equal")
	}
}
