// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package definition

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	config := func(more ...string) map[string]string {
		out := map[string]string{"connector.class": "X"}
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	for name, tc := range map[string]struct {
		stdin string
		want  []Definition
		err   string
	}{
		"name and config": {
			stdin: `{"name":"a","config":{"connector.class":"X","n":1,"b":true},"tasks":[],"type":"sink","initial_state":"PAUSED"}`,
			want:  []Definition{{Name: "a", Config: config("n", "1", "b", "true"), State: "PAUSED", Origin: "stdin"}},
		},
		"flat":       {stdin: `{"name":"a","connector.class":"X","config":"text"}`, want: []Definition{{Name: "a", Config: config("name", "a", "config", "text"), Origin: "stdin"}}},
		"properties": {stdin: "# c\nname=a\nconnector.class: X\n", want: []Definition{{Name: "a", Config: config("name", "a"), Origin: "stdin"}}},
		"all": {
			stdin: `{"b":{"info":{"name":"b","config":{"connector.class":"X","name":"b"},"tasks":[{"connector":"b","task":0}],"type":"source"},"status":{"name":"b","connector":{"state":"STOPPED","worker_id":"w"},"tasks":[]}},
				"a":{"info":{"name":"a","config":{"connector.class":"X"}},"status":{"connector":{"state":"FAILED"}}}}`,
			want: []Definition{{Name: "a", Config: config(), Origin: "stdin, a"}, {Name: "b", Config: config("name", "b"), State: "STOPPED", Origin: "stdin, b"}},
		},
		"a list":             {stdin: `{"name":"a","config":{"connector.class":"X","l":["x"]}}`, err: "stdin: config: l must be text, a number or a boolean"},
		"an unknown field":   {stdin: `{"name":"a","config":{"connector.class":"X"},"label":1}`, err: "stdin: label: is unknown, use name, config and initial_state"},
		"two names":          {stdin: `{"name":"a","config":{"connector.class":"X","name":"b"}}`, err: `stdin: name is "a", and "b" in the config; leave one out`},
		"no name":            {stdin: `{"connector.class":"X"}`, err: "stdin: name must be set"},
		"no class among all": {stdin: `{"b":{"info":{"name":"b","config":{}}}}`, err: "stdin, b: connector.class must be set"},
		"a Secret in a manifest": {
			stdin: "apiVersion: connect.penstock.dev/v1alpha1\nkind: Connector\nmetadata: {name: a}\nspec: {class: X, configFrom: [{key: k, secretKeyRef: {name: s, key: k}}]}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: geheim}\n",
			err:   "stdin, document 1: spec.configFrom: a Connect server reads no Secrets; set k in spec.config",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(t.Context(), []string{"-"}, strings.NewReader(tc.stdin))
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("error %v, want %s", err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); err == nil && diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzDefinition reads anything without a panic, and what it takes has a name and a
// class.
func FuzzDefinition(f *testing.F) {
	for _, seed := range []string{`{"name":"a","config":{"connector.class":"X"}}`, "name=a\nconnector.class=X\n", `{"a":{"info":{"name":"a","config":{"connector.class":"X"}}}}`, "{", "kind: Connector\n", `{"config":{"name":null}}`, `{"a":{"info":null}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Read(t.Context(), []string{"-"}, strings.NewReader(text))
		if err != nil {
			return
		}
		for _, d := range list {
			if d.Name == "" || d.Config["connector.class"] == "" {
				t.Errorf("took %+v", d)
			}
			_, _ = d.Connector()
		}
	})
}
