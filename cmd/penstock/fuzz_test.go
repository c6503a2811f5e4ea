// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
)

// FuzzWorkerProperties: what a worker's properties say is taken or refused, and a
// password is in no message.
func FuzzWorkerProperties(f *testing.F) {
	f.Add("bootstrap.servers=a:9092\ngroup.id=g\nsasl.jaas.config=m required username=\"u\" password=\"p\";\n")
	f.Add("config.providers=file\nconfig.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider\nlisteners=http://:0,https://x:y\n")
	f.Add("key.converter=json\nkey.converter.schemas.enable=maybe\nproducer.acks=2\n")
	f.Fuzz(func(t *testing.T, text string) {
		props, err := secrets.ParseProperties(text)
		if err != nil {
			return
		}
		s := settings{connection: map[string]string{}, rest: map[string]string{}, defaults: map[string]string{}}
		errs := s.take(props)
		problems, _ := connect.Registry{}.ValidateWorker(s.defaults)
		for _, p := range problems {
			errs = append(errs, p)
		}
		password := props["sasl.jaas.config"]
		for _, err := range errs {
			if len(password) > 16 && strings.Contains(err.Error(), password) {
				t.Errorf("the problem shows a password: %v", err)
			}
		}
	})
}

// FuzzTail: a record of a foreign topic is printed as one line, and as JSON.
func FuzzTail(f *testing.F) {
	f.Add([]byte("k"), []byte("\x1b[2J\n"), "h")
	f.Add([]byte(nil), []byte{0xff}, "\xff")
	f.Add([]byte("null"), []byte(`{"a":1}`), "")
	f.Fuzz(func(t *testing.T, key, value []byte, header string) {
		for _, asJSON := range []bool{false, true} {
			var out bytes.Buffer
			p := recordPrinter{topic: "t", out: &out, json: asJSON}
			r := kafka.TailRecord{Timestamp: time.UnixMilli(0), Key: key, Value: value, Headers: []kafka.TailHeader{{Key: header, Value: value}}}
			if err := p.print(r); err != nil {
				t.Fatal(err)
			}
			text := out.String()
			if strings.Count(text, "\n") != 1 || strings.ContainsFunc(strings.TrimSuffix(text, "\n"), func(r rune) bool { return r < ' ' && r != '\t' }) {
				t.Errorf("printed %q", text)
			}
			if asJSON && !json.Valid(out.Bytes()) {
				t.Errorf("printed %q, which is no JSON", text)
			}
		}
	})
}
