// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectors

import (
	"testing"

	"penstock.dev/runtime/connect"
)

func TestAllAnswerToTheirNames(t *testing.T) {
	r := connect.Registry{Plugins: All()}
	for class, want := range map[string]string{
		"file-source":               "file-source",
		"FileStreamSource":          "file-source",
		"FileStreamSourceConnector": "file-source",
		"org.apache.kafka.connect.file.FileStreamSourceConnector": "file-source",
		"file-sink":               "file-sink",
		"FileStreamSink":          "file-sink",
		"FileStreamSinkConnector": "file-sink",
		"org.apache.kafka.connect.file.FileStreamSinkConnector": "file-sink",
		"datagen-source":   "datagen-source",
		"DatagenConnector": "datagen-source",
		"io.confluent.kafka.connect.datagen.DatagenConnector": "datagen-source",
	} {
		if p, ok := r.Lookup(class); !ok || p.Name != want {
			t.Errorf("%s is %q", class, p.Name)
		}
	}
	for _, p := range All() {
		for _, a := range p.Aliases {
			if q, _ := r.Lookup(a); q.Name != p.Name {
				t.Errorf("%s is claimed by %s and %s", a, p.Name, q.Name)
			}
		}
	}
}
