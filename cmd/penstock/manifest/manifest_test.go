// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package manifest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/standalone"
)

const orders = `# a comment
---
apiVersion: connect.penstock.dev/v1alpha1
kind: Connector
metadata: {name: orders, namespace: shop}
spec:
  clusterRef: {name: demo}
  connectorName: orders.ES
  class: file-sink
  state: Paused
  tasksMax: 3
  config: {topics: orders, batch.size: 500, ssl: true, text: "0123"}
  configFrom:
  - key: connection.password
    secretKeyRef: {name: db, key: password}
  restartPolicy: {type: OnFailure, maxRestarts: 2, backoff: {initial: 5s}}
---
# nothing here
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
data: {password: czNjcmV0}
stringData: {user: ann}
`

func connector(name, spec string) string {
	return "apiVersion: connect.penstock.dev/v1alpha1\nkind: Connector\nmetadata: {name: " + name + "}\nspec:\n" + spec
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	path := file(t, "orders.yaml", orders)
	m, err := Load(t.Context(), []string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []standalone.Connector{{
		Name: "orders.ES", Class: "file-sink", State: standalone.Paused, TasksMax: 3, Origin: path + ", document 1",
		Config: map[string]string{
			"topics": "orders", "batch.size": "500", "ssl": "true", "text": "0123",
			"connection.password": "${secrets:shop/db:password}",
		},
		Restart: &standalone.RestartPolicy{MaxRestarts: 2, Window: time.Hour, Initial: 5 * time.Second, Max: 5 * time.Minute},
	}}
	if diff := cmp.Diff(want, m.Connectors); diff != "" {
		t.Errorf("connectors (-want +got):\n%s", diff)
	}
	for path, want := range map[string]string{"shop/db:password": "s3cret", "shop/db:user": "ann"} {
		name, key, _ := strings.Cut(path, ":")
		if got, err := m.Secrets.Get(t.Context(), name, key); got != want || err != nil {
			t.Errorf("secret %s is %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestLoadCluster(t *testing.T) {
	text := `apiVersion: connect.penstock.dev/v1alpha1
kind: ConnectCluster
metadata: {name: demo}
spec:
  kafka:
    bootstrapServers: [a:9092, b:9092]
    tls: {caSecretRef: {name: ca, key: ca.crt}, certificateSecretRef: {name: tls}}
    sasl: {mechanism: PLAIN, username: ann, passwordSecretRef: {name: sasl, key: password}}
  groupId: g
  storage: {offsetsTopic: o, statusTopic: s, replicationFactor: 2}
  replicas: 3
  config: {offset.flush.interval.ms: 1000, value.converter: string}
---
apiVersion: v1
kind: Secret
metadata: {name: ca}
stringData: {ca.crt: CA}
---
apiVersion: v1
kind: Secret
metadata: {name: tls}
stringData: {tls.crt: CRT, tls.key: KEY}
---
apiVersion: v1
kind: Secret
metadata: {name: sasl}
stringData: {password: 'a"b\c'}
`
	m, err := Load(t.Context(), []string{"-"}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &Cluster{
		Origin: "stdin, document 1",
		Config: map[string]string{"offset.flush.interval.ms": "1000", "value.converter": "string"},
		Properties: map[string]string{
			"bootstrap.servers": "a:9092,b:9092", "group.id": "g",
			"offset.storage.topic": "o", "status.storage.topic": "s", "offset.storage.replication.factor": "2",
			"security.protocol": "SASL_SSL", "ssl.truststore.type": "PEM", "ssl.truststore.certificates": "CA",
			"ssl.keystore.type": "PEM", "ssl.keystore.certificate.chain": "CRT", "ssl.keystore.key": "KEY",
			"sasl.mechanism": "PLAIN", "sasl.username": "ann", "sasl.password": `a"b\c`,
		},
	}
	if diff := cmp.Diff(want, m.Cluster); diff != "" {
		t.Errorf("cluster (-want +got):\n%s", diff)
	}
}

func TestLoadSources(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": connector("a", "  class: x\n"), "b.yml": connector("b", "  class: x\n"),
		"c.json":   `{"apiVersion":"connect.penstock.dev/v1alpha1","kind":"Connector","metadata":{"name":"c"},"spec":{"class":"x"}}`,
		"note.txt": "no manifest",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/d.yaml" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(connector("d", "  class: x\n")))
	}))
	defer server.Close()

	m, err := Load(t.Context(), []string{dir, server.URL + "/d.yaml", "-"}, strings.NewReader(connector("e", "  class: x\n")))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range m.Connectors {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e"}, names); diff != "" {
		t.Errorf("connectors (-want +got):\n%s", diff)
	}

	_, err = Load(t.Context(), []string{server.URL + "/nope.yaml"}, nil)
	if err == nil || !strings.Contains(err.Error(), "/nope.yaml: the server answered 404") {
		t.Errorf("error %v, want the 404", err)
	}
}

func TestLoadErrors(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"unknown field":         {connector("a", "  class: x\n  clas: y\n  config: {a: 1}\n"), []string{`stdin, document 1: unknown field "spec.clas"`}},
		"every unknown field":   {connector("a", "  class: x\n  clas: y\n  restartPolicy: {maxRestart: 1}\n"), []string{`unknown field "spec.clas"`, `unknown field "spec.restartPolicy.maxRestart"`}},
		"the document's number": {connector("a", "  class: x\n") + "---\n" + connector("b", "  class: x\n  nope: 1\n"), []string{`stdin, document 2: unknown field "spec.nope"`}},
		"wrong case":            {connector("a", "  Class: x\n"), []string{`unknown field "spec.Class"`}},
		"a key twice":           {connector("a", "  class: x\n  class: y\n"), []string{`document 1: the document cannot be read`, `key "class" already set in map`}},
		"wrong type":            {connector("a", "  class: x\n  tasksMax: three\n"), []string{"document 1: the document cannot be read", "tasksMax"}},
		"other kind":            {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n", []string{"stdin, document 1: apps/v1 Deployment: this kind cannot be run here"}},
		"a Task":                {"apiVersion: connect.penstock.dev/v1alpha1\nkind: Task\n", []string{"connect.penstock.dev/v1alpha1 Task: this kind cannot be run here"}},
		"other version":         {"apiVersion: connect.penstock.dev/v2\nkind: Connector\n", []string{"connect.penstock.dev/v2 Connector: this kind cannot be run here"}},
		"no kind":               {"metadata: {name: a}\n", []string{"document 1: apiVersion and kind must be set"}},
		"no YAML":               {"a: [1\n", []string{"document 1: the document cannot be read"}},
		"no object":             {"just text\n", []string{"document 1: the document cannot be read"}},
		"no name":               {connector(`""`, "  class: x\n"), []string{"metadata.name must be set"}},
		"long name":             {connector(strings.Repeat("a", 64), "  class: x\n"), []string{"metadata.name has 64 characters, the limit is 63"}},
		"bad name":              {connector("Orders_1", "  class: x\n"), []string{`metadata.name "Orders_1": use lower-case letters`, "spec.connectorName"}},
		"long connectorName":    {connector("a", "  class: x\n  connectorName: "+strings.Repeat("a", 201)+"\n"), []string{"spec.connectorName has 201 characters, the limit is 200"}},
		"bad connectorName":     {connector("a", "  class: x\n  connectorName: a b\n"), []string{`spec.connectorName "a b": use only letters`}},
		"no class":              {connector("a", "  tasksMax: 1\n"), []string{"spec.class must be set"}},
		"bad state":             {connector("a", "  class: x\n  state: RUNNING\n"), []string{`spec.state "RUNNING" is unknown, use Running, Paused or Stopped`}},
		"bad tasksMax":          {connector("a", "  class: x\n  tasksMax: 0\n"), []string{"spec.tasksMax must be from 1 to 10000, not 0"}},
		"bad restart type":      {connector("a", "  class: x\n  restartPolicy: {type: Always}\n"), []string{`spec.restartPolicy.type "Always" is unknown`}},
		"bad restarts":          {connector("a", "  class: x\n  restartPolicy: {maxRestarts: -1, window: 0s, backoff: {max: -1s}}\n"), []string{"maxRestarts must be from 0 to 100, not -1", "restartPolicy.window must be longer", "restartPolicy.backoff.max must be longer"}},
		"too many restarts":     {connector("a", "  class: x\n  restartPolicy: {maxRestarts: 101}\n"), []string{"maxRestarts must be from 0 to 100, not 101"}},
		"too many keys":         {connector("a", "  class: x\n  config: "+keys(513)+"\n"), []string{"document 1: spec.config has 513 keys, the limit is 512"}},
		"too many of a cluster": {cluster("  config: " + keys(513) + "\n"), []string{"document 1: spec.config has 513 keys, the limit is 512"}},
		"bad duration":          {connector("a", "  class: x\n  restartPolicy: {window: 1 hour}\n"), []string{"the document cannot be read"}},
		"list in config":        {connector("a", "  class: x\n  config: {topics: [a, b]}\n"), []string{"document 1: spec.config: topics is not a string, number or boolean"}},
		"null in config":        {connector("a", "  class: x\n  config: {topics: }\n"), []string{"spec.config: topics is null"}},
		"missing secret":        {connector("a", "  class: x\n  configFrom: [{key: p, secretKeyRef: {name: db, key: password}}]\n"), []string{"document 1: spec.configFrom[0].secretKeyRef: there is no Secret document default/db; add one"}},
		"empty password":        {strings.Replace(cluster("---\n{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {p: ''}}"), "['a:9092']", "['a:9092'], sasl: {mechanism: PLAIN, username: u, passwordSecretRef: {name: s, key: p}}", 1), []string{`spec.kafka.sasl.passwordSecretRef: the key "p" of the Secret document default/s is empty`}},
		"missing secret key":    {strings.Replace(orders, "czNjcmV0", "eA==, other: eA==", 1) + "---\n" + connector("b", "  class: x\n  configFrom: [{key: p, secretKeyRef: {name: e, key: k}}]\n---\n{apiVersion: v1, kind: Secret, metadata: {name: e}, stringData: {a: b, c: d}}"), []string{`the Secret document default/e has no key "k", it has a, c`}},
		"key set twice":         {connector("a", "  class: x\n  config: {p: 1}\n  configFrom: [{key: p, secretKeyRef: {name: db, key: password}}]\n"), []string{"spec.configFrom[0]: the key p is set twice"}},
		"incomplete configFrom": {connector("a", "  class: x\n  configFrom: [{key: p}]\n"), []string{"spec.configFrom[0]: key, secretKeyRef.name and secretKeyRef.key must be set"}},
		"two secrets":           {"{apiVersion: v1, kind: Secret, metadata: {name: e}}\n---\n{apiVersion: v1, kind: Secret, metadata: {name: e}}", []string{"document 2: there is another Secret document default/e"}},
		"two clusters":          {cluster("") + "---\n" + cluster(""), []string{"document 2: there is another ConnectCluster in stdin, document 1"}},
		"cluster field":         {cluster("  replica: 1\n"), []string{`unknown field "spec.replica"`}},
		"cluster secret":        {cluster("  config: {a: [1]}\n"), []string{"spec.config: a is not a string"}},
		"cluster without CA":    {strings.Replace(cluster(""), "]}", "], tls: {caSecretRef: {name: ca, key: k}}}", 1), []string{"document 1: spec.kafka.tls.caSecretRef: there is no Secret document default/ca"}},
		"every document":        {connector("a", "  class: x\n  x: 1\n") + "---\nkind: z\n", []string{`document 1: unknown field "spec.x"`, "document 2: apiVersion and kind must be set"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Load(t.Context(), []string{"-"}, strings.NewReader(tc.text))
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q, want one with %q", err, want)
				}
			}
		})
	}
}

func keys(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "key.%d: %d, ", i, i)
	}
	return "{" + text.String() + "}"
}

func cluster(more string) string {
	return "apiVersion: connect.penstock.dev/v1alpha1\nkind: ConnectCluster\nmetadata: {name: c}\nspec:\n  kafka: {bootstrapServers: ['a:9092']}\n" + more
}

func TestLoadSourceErrors(t *testing.T) {
	empty := t.TempDir()
	large := file(t, "large.yaml", "")
	if err := os.Truncate(large, maxSource+1); err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		"":           "an empty file name",
		"/nope.yaml": "no such file",
		empty:        "holds no *.yaml, *.yml or *.json file",
		large:        "is larger than 16 MiB",
	} {
		if _, err := Load(t.Context(), []string{source}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", source, err, want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(orders)
	f.Add(cluster("  replicas: 1\n"))
	f.Add("---\n---\n{}\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Load(t.Context(), []string{"-"}, strings.NewReader(text))
		if err != nil && (len(m.Connectors) > 0 || m.Cluster != nil) {
			t.Error("something was returned beside an error")
		}
		for _, c := range m.Connectors {
			if c.Name == "" || c.Class == "" || c.Origin == "" {
				t.Errorf("an incomplete connector was accepted: %+v", c)
			}
		}
	})
}
