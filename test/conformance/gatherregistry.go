// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// schema is a schema as the registry has it.
type schema struct {
	Type       string      `json:"schemaType"`
	Schema     string      `json:"schema"`
	References []Reference `json:"references"`
}

func (s schema) String() string {
	parts := []string{strings.TrimSpace(s.Schema)}
	for _, r := range s.References {
		parts = append(parts, fmt.Sprintf("%s = %s/%d", r.Name, r.Subject, r.Version))
	}
	if s.Type == "" {
		s.Type = "AVRO"
	}
	return s.Type + " " + strings.Join(parts, " + ")
}

// framed returns the text of bytes that name their schema: the schema, and the bytes
// that follow its id, which may differ from system to system.
func (a *attempt) framed(ctx context.Context, b []byte) (string, error) {
	var s schema
	if err := a.reg.ask(ctx, http.MethodGet, fmt.Sprintf("/schemas/ids/%d", binary.BigEndian.Uint32(b[1:5])), nil, &s); err != nil {
		return "", err
	}
	return "{" + a.norm.text(s.String()) + "} " + a.norm.octets(b[5:]), nil
}

// gatherSubjects adds the schemas of the case's own subjects, and of those it names.
func (a *attempt) gatherSubjects(ctx context.Context) error {
	if !a.c.registry() {
		return nil
	}
	var subjects []string
	if err := a.reg.ask(ctx, http.MethodGet, "/subjects", nil, &subjects); err != nil {
		return err
	}
	var lines, named []string
	for _, subject := range a.c.Subjects {
		named = append(named, a.expand(subject))
	}
	for _, subject := range slices.Sorted(slices.Values(subjects)) {
		if !strings.HasPrefix(subject, a.name+"--") && !slices.Contains(named, subject) {
			continue
		}
		path := "/subjects/" + url.PathEscape(subject) + "/versions"
		var versions []int
		if err := a.reg.ask(ctx, http.MethodGet, path, nil, &versions); err != nil {
			return err
		}
		for _, v := range versions {
			var s schema
			if err := a.reg.ask(ctx, http.MethodGet, path+"/"+strconv.Itoa(v), nil, &s); err != nil {
				return err
			}
			lines = append(lines, a.norm.text(fmt.Sprintf("%s/%d %s", strings.TrimPrefix(subject, a.name+"--"), v, s)))
		}
	}
	a.put("schemas", lines)
	return nil
}

// gatherRead adds what the independent implementation reads in a topic.
func (a *attempt) gatherRead(topic string, records []*kgo.Record) error {
	var lines []string
	for _, r := range records {
		var line []string
		for _, side := range []struct {
			name string
			data []byte
			how  *Reading
		}{{"key", r.Key, a.c.ReadKey}, {"value", r.Value, a.c.ReadValue}} {
			if side.how == nil {
				continue
			}
			text := "null"
			if side.data != nil {
				answer, err := a.reg.formats.ask(question{Do: "read", As: side.how.As, Topic: r.Topic, Side: side.name,
					Message: side.how.Message, Bytes: hex.EncodeToString(side.data)})
				if err != nil {
					return err
				}
				text = a.norm.answer(answer.Data)
			}
			line = append(line, side.name+" "+text)
		}
		if line != nil {
			lines = append(lines, strings.Join(line, ", "))
		}
	}
	a.put("read "+topic, lines)
	return nil
}
