// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
)

// cluster makes a ConnectCluster whose workers have these defaults.
func cluster(t *testing.T, ns string, defaults map[string]v1alpha1.Scalar, plugins ...v1alpha1.PluginStatus) {
	t.Helper()
	c := &v1alpha1.ConnectCluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "main"},
		Spec: v1alpha1.ConnectClusterSpec{
			Kafka: v1alpha1.Kafka{BootstrapServers: []string{"kafka:9092"}}, Config: &v1alpha1.WorkerConfig{Values: defaults},
		},
	}
	if err := api.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.Status.Plugins = plugins
	if err := api.Status().Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

const orders = `{"name":"Orders_In","config":{"connector.class":"FileStreamSource","tasks.max":1,"file":"/in.txt","topic":"orders",
"value.converter":"io.confluent.connect.avro.AvroConverter","value.converter.schema.registry.url":"http://u:geheim@registry",
"value.converter.basic.auth.user.info":"u:geheim","value.converter.basic.auth.credentials.source":"USER_INFO","producer.override.sasl.jaas.config":"${secrets:kafka:jaas}"}}`

// What is written is what kubectl apply would create, and no secret stands in the
// Connector.
func TestCreate(t *testing.T) {
	ns := namespace(t)
	cluster(t, ns, nil)
	out, stderr, err := execute(t, ns, orders, "create", "-f", "-", "--cluster", "main", "--secrets-to", "orders")
	if want := "secret/orders created\n" + resource + "/orders-in created\n"; err != nil || out != want {
		t.Fatalf("%q, %q, %v; want %q", out, stderr, err, want)
	}
	var c v1alpha1.Connector
	var s corev1.Secret
	read(t, ns, "orders-in", &c)
	read(t, ns, "orders", &s)
	if c.Spec.ConnectorName != "Orders_In" || c.Spec.ClusterRef.Name != "main" || c.Spec.Class != "FileStreamSource" || *c.Spec.TasksMax != 1 {
		t.Errorf("spec %+v", c.Spec)
	}
	got := map[string]string{}
	for _, f := range c.Spec.ConfigFrom {
		got[f.Key] = f.SecretKeyRef.Name + "/" + f.SecretKeyRef.Key
	}
	for k, want := range map[string]string{
		"value.converter.schema.registry.url":  "orders/value.converter.schema.registry.url",
		"value.converter.basic.auth.user.info": "orders/value.converter.basic.auth.user.info",
		"producer.override.sasl.jaas.config":   "kafka/jaas",
	} {
		if got[k] != want {
			t.Errorf("%s comes from %q, want %q", k, got[k], want)
		}
	}
	if string(s.Data["value.converter.basic.auth.user.info"]) != "u:geheim" || len(s.Data) != 2 {
		t.Errorf("the Secret holds %q", s.Data)
	}
	config, err := c.Spec.Config.Properties()
	if err != nil || len(config) != 4 || config["file"] != "/in.txt" {
		t.Errorf("config %v, %v", config, err)
	}
	_, _, err = execute(t, ns, strings.ReplaceAll(orders, "Orders_In", "other"), "create", "-f", "-", "--cluster", "main", "--secrets-to", "orders")
	if err == nil || !strings.HasPrefix(err.Error(), "secret/orders exists already: ") {
		t.Errorf("error %v", err)
	}
}

func TestCreateRefuses(t *testing.T) {
	ns := namespace(t)
	cluster(t, ns, map[string]v1alpha1.Scalar{"value.converter": `"string"`}, v1alpha1.PluginStatus{Class: "our-source", Type: v1alpha1.SourceType})
	const sink = `{"name":"out","config":{"connector.class":"file-sink","file":"a","topics":"t"%s}}`
	with := func(more string) string { return strings.ReplaceAll(sink, "%s", more) }
	for name, tc := range map[string]struct {
		stdin, args      string
		out, stderr, err string
	}{
		"secrets": {stdin: with(`,"a.password":"geheim","b.token":"geheim"`), args: "--plain a.password",
			err: "stdin: connector out: whoever may read the Connector would see the secrets in b.token: --secrets-to SECRET"},
		"a key that is not there": {stdin: with(""), args: "--plain x", err: "--plain x: no config has such a key"},
		"plain":                   {stdin: with(`,"a.token":"public"`), args: "--plain a.token --dry-run=server", out: resource + "/out created (server dry run)\n", stderr: "a.token: is not a key of file-sink and has no effect"},
		"another's Secret":        {stdin: with(`,"a.token":"${secrets:other/s:k}"`), err: "a.token: the Secret s is in namespace other, and workers read only those of their own, " + ns},
		"a file in the pods":      {stdin: with(`,"value.converter.x":"${file:/a:b}"`), args: "--dry-run=server", out: "created", stderr: "value.converter.x: the config provider file looks for the value in the worker pods"},
		"from a Secret":           {stdin: with(`,"a.token":"geheim"`), args: "--from-secret a.token=s/k --dry-run=client -o yaml", out: "  - key: a.token\n    secretKeyRef:\n      key: k\n      name: s\n", stderr: "no effect"},
		"no such Secret's key":    {stdin: with(""), args: "--from-secret a.token=s", err: `--from-secret "a.token=s" must be KEY=SECRET/KEY`},
		"an invalid config":       {stdin: `{"name":"out","config":{"connector.class":"file-sink","topics":"a b"}}`, err: "connector out: topics: \"a b\" is no topic name"},
		"not validated":           {stdin: `{"name":"out","config":{"connector.class":"file-snk"}}`, args: "--validate=false --dry-run=server", out: "created"},
		"a plugin of theirs":      {stdin: `{"name":"out","config":{"connector.class":"our-source"}}`, args: "--dry-run=server", out: "created", stderr: "the workers have our-source"},
		"a plugin of nobody":      {stdin: `{"name":"out","config":{"connector.class":"their-source"}}`, err: "unknown class their-source"},
		"a manifest":              {stdin: "apiVersion: connect.penstock.dev/v1alpha1\nkind: Connector\n", err: "-: this is no config of Kafka Connect; manifests are created with kubectl apply -f"},
		"two of one name": {stdin: `{"A_b":{"info":{"name":"A_b","config":{"connector.class":"file-sink","topics":"t"}}},"a-b":{"info":{"name":"a-b","config":{"connector.class":"file-sink","topics":"t"}}}}`,
			args: "--dry-run=client", err: "stdin, a-b: connector a-b: its resource would be called a-b, as that of connector A_b"},
		"all that is wrong": {stdin: `{"a":{"info":{"name":"a","config":{"connector.class":"file-sink"}}},"b":{"info":{"name":"b","config":{"connector.class":"file-snk"}}}}`,
			args: "--dry-run=client", err: "topics.regex\nstdin, b: connector b: connector.class: unknown class file-snk"},
		"all, one of them paused": {stdin: `{"a":{"info":{"name":"a","config":{"connector.class":"file-sink","topics":"t"}},"status":{"connector":{"state":"PAUSED"}}},"b":{"info":{"name":"b","config":{"connector.class":"file-sink","topics":"t"}}}}`,
			args: "--dry-run=client -o yaml", out: "  state: Paused\n---\n"},
		"a file not there":  {args: "-f nope.json", stdin: with(""), err: "stat nope.json: no such file or directory"},
		"hidden":            {stdin: with(`,"a.password":"[hidden]"`), args: "--secrets-to s", err: "a.password: [hidden] is what a server shows in place of a secret"},
		"no cluster":        {stdin: with(""), args: "--cluster other", err: "connectcluster.connect.penstock.dev/other: not found in namespace " + ns},
		"a name of none":    {stdin: strings.ReplaceAll(with(""), `"out"`, `"a b"`), err: `the name "a b" has more than letters`},
		"a long name":       {stdin: strings.ReplaceAll(with(""), `"out"`, `"`+strings.Repeat("n", 64)+`"`), err: "give one of at most 63 characters: create NAME -f FILE"},
		"a name of its own": {stdin: with(`,"initial_state":"x"`), args: "mine --dry-run=client -o json --validate=false", out: `"connectorName": "out"`},
		"dry run":           {stdin: with(""), args: "--dry-run=client", out: resource + "/out created (dry run)\n"},
		"dry run of what":   {stdin: with(""), args: "--dry-run=yes", err: `--dry-run "yes" is unknown, use none, client or server`},
		"dry run, waiting":  {stdin: with(""), args: "--dry-run=client --wait", err: "--wait waits for what was created"},
		"a state":           {stdin: strings.TrimSuffix(with(""), "}") + `,"initial_state":"PAUSED"}`, args: "--dry-run=client -o yaml", out: "  state: Paused\n"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"create", "-f", "-", "--cluster", "main"}, strings.Fields(tc.args)...)
			out, stderr, err := execute(t, ns, tc.stdin, args...)
			if !strings.Contains(out, tc.out) || tc.out == "" && out != "" || !strings.Contains(stderr, tc.stderr) || tc.stderr == "" && stderr != "" {
				t.Errorf("printed\n%s%s\nwant\n%s%s", out, stderr, tc.out, tc.stderr)
			}
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error %v, want %s", err, tc.err)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") || strings.Contains(out+stderr, "geheim") {
				t.Errorf("shows a secret: %s%s%v", out, stderr, err)
			}
		})
	}
	var c v1alpha1.Connector
	if err := api.Get(t.Context(), types.NamespacedName{Namespace: ns, Name: "out"}, &c); !apierrors.IsNotFound(err) {
		t.Errorf("a Connector was created: %v", err)
	}
}

// What --dry-run=client prints can be applied, and holds everything.
func TestCreatePrints(t *testing.T) {
	dir := t.TempDir()
	var args []string
	for name, text := range map[string]string{
		"a.properties": "name=a\nconnector.class=FileStreamSource\nfile=x\ntopic=t\ndb.password=one\n",
		"b.json":       `{"name":"b","connector.class":"FileStreamSource","file":"y","topic":"t","db.password":"two"}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-f", path)
	}
	args = append([]string{"create", "--cluster", "main", "--secrets-to", "db", "--dry-run=client", "-o", "yaml"}, args...)
	out, _, err := execute(t, "data", "", args...)
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(out, "---\n")
	var s corev1.Secret
	if len(documents) != 3 || yaml.UnmarshalStrict([]byte(documents[0]), &s) != nil {
		t.Fatalf("printed %s", out)
	}
	if s.Namespace != "data" || s.StringData["a.db.password"] != "one" || s.StringData["b.db.password"] != "two" {
		t.Errorf("the Secret is %+v", s)
	}
	for _, text := range documents[1:] {
		var c v1alpha1.Connector
		if err := yaml.UnmarshalStrict([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		if from := c.Spec.ConfigFrom; c.Kind != "Connector" || len(from) != 1 || from[0].SecretKeyRef.Key != c.Name+".db.password" || strings.Contains(text, "status") {
			t.Errorf("printed %s", text)
		}
	}
	if _, _, err := execute(t, "data", "", append(args, "mine")...); err == nil || err.Error() != "NAME is the name of one Connector, and the files hold 2" {
		t.Errorf("error %v", err)
	}
}

func TestCreateAndWait(t *testing.T) {
	ns := namespace(t)
	cluster(t, ns, nil)
	path := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(path, []byte(`{"name":"in","connector.class":"FileStreamSource","file":"y","topic":"t"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	e, done, _ := start(t, ns, "create", "-f", path, "--cluster", "main", "--wait")
	c := changed(t, ns, "in", func(*v1alpha1.Connector) bool { return true })
	operator(t, c, "Running", false)
	if err := <-done; err == nil || err.Error() != resource+"/in: ConfigInvalid: file: must be set" {
		t.Errorf("%q, %v", &e.out, err)
	}
}

func TestValidate(t *testing.T) {
	ns := namespace(t)
	cluster(t, ns, map[string]v1alpha1.Scalar{"value.converter": `"nope"`})
	const manifest = `apiVersion: connect.penstock.dev/v1alpha1
kind: Connector
metadata: {name: out}
spec:
  clusterRef: {name: main}
  class: file-sink
  config: {topics: t, flie: x}
  configFrom: [{key: file, secretKeyRef: {name: s, key: k}}]
`
	for name, tc := range map[string]struct {
		stdin, args string
		out, err    string
	}{
		"a manifest, its Secret in the cluster": {stdin: manifest, out: "warning: stdin, document 1: connector out: flie: is not a key of file-sink and has no effect, did you mean file?\n1 connector, 0 problems, 1 warning\n"},
		"strict":                                {stdin: manifest, args: "--strict -o json", out: `"key": "flie"`, err: cli.ErrReported.Error()},
		"a config":                              {stdin: `{"name":"in","connector.class":"FileStreamSource","file":"x"}`, out: "problem: stdin: connector in: topic: is required and has no default", err: cli.ErrReported.Error()},
		"properties":                            {stdin: "name=in\nconnector.class=FileStreamSource\nfile=x\ntopic=t\ntasks.max=2\n", args: "-o yaml", out: "connectors: 1\nproblems: []\nwarnings: []\n"},
		"the workers' config":                   {stdin: manifest, args: "--cluster main", out: "problem: connectcluster.connect.penstock.dev/main: value.converter: ", err: cli.ErrReported.Error()},
		"a bad tasks.max":                       {stdin: "name=in\nconnector.class=x\ntasks.max=many\n", err: `stdin: connector in: tasks.max must be a number of 1 or more, not "many"`},
		"two clusters":                          {stdin: manifest + "---\napiVersion: connect.penstock.dev/v1alpha1\nkind: ConnectCluster\nmetadata: {name: main}\nspec: {kafka: {bootstrapServers: ['a:9092'], sasl: {mechanism: PLAIN, username: u, passwordSecretRef: {name: s, key: k}}}}\n", args: "--cluster main", err: "both --cluster and the ConnectCluster in stdin, document 2"},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := execute(t, ns, tc.stdin, append([]string{"validate", "-f", "-"}, strings.Fields(tc.args)...)...)
			if !strings.Contains(out, tc.out) || tc.out == "" && out != "" {
				t.Errorf("printed\n%s\nwant\n%s", out, tc.out)
			}
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error %v, want %s", err, tc.err)
			}
			if errors.Is(err, cli.ErrReported) != strings.Contains(tc.err, "reported") {
				t.Errorf("error %v", err)
			}
		})
	}
}
