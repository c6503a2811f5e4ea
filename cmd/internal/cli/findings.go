// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"fmt"
	"io"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/standalone"
)

// Findings is what validate prints.
type Findings struct {
	Connectors int       `json:"connectors"`
	Problems   []Finding `json:"problems"`
	Warnings   []Finding `json:"warnings"`
}

// Finding is one thing that is wrong, or worth a look.
type Finding struct {
	Origin    string `json:"origin,omitempty"`
	Connector string `json:"connector,omitempty"`
	Key       string `json:"key,omitempty"`
	Message   string `json:"message"`
}

// Find checks connectors as they would run together, with defaults as the config
// of their workers.
func Find(r connect.Registry, connectors []standalone.Connector, defaults map[string]string) Findings {
	problems, warnings := standalone.Validate(r, connectors, defaults)
	return Findings{Connectors: len(connectors), Problems: toFindings(problems), Warnings: toFindings(warnings)}
}

func toFindings(problems []standalone.Problem) []Finding {
	out := make([]Finding, len(problems))
	for i, p := range problems {
		out[i] = Finding{p.Origin, p.Connector, p.Key, p.Message}
	}
	return out
}

// String is a finding as a line.
func (f Finding) String() string {
	text := ""
	if f.Origin != "" {
		text = f.Origin + ": "
	}
	if f.Connector != "" {
		text += "connector " + f.Connector + ": "
	}
	if f.Key != "" {
		text += f.Key + ": "
	}
	return text + f.Message
}

// Report prints the findings and returns ErrReported if there are problems; strict
// takes warnings for problems.
func (f Findings) Report(w io.Writer, o Output, strict bool) error {
	if strict {
		f.Problems = append(f.Problems, f.Warnings...)
		f.Warnings = []Finding{}
	}
	if err := o.Print(w, f, f.print); err != nil {
		return err
	}
	if len(f.Problems) > 0 {
		return ErrReported
	}
	return nil
}

func (f Findings) print(w io.Writer) error {
	for _, p := range f.Problems {
		if _, err := fmt.Fprintln(w, "problem: "+p.String()); err != nil {
			return err
		}
	}
	for _, p := range f.Warnings {
		if _, err := fmt.Fprintln(w, "warning: "+p.String()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s, %s, %s\n", Plural(f.Connectors, "connector"), Plural(len(f.Problems), "problem"), Plural(len(f.Warnings), "warning"))
	return err
}

// Plural is a number of things: 1 problem, 2 problems.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
