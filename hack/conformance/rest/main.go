// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Command rest writes down what Apache Kafka Connect answers to the requests of
// runtime/standalone/testdata/rest.json, for the test that sends the same ones to
// Penstock, and what is in its config topic then. It needs a broker that is fresh
// (hack/kafka/kafka.sh start), because groups of an earlier run have offsets, and
// Kafka Connect's jars, which `make bench-quick` fetches.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock.dev/hack/conformance/rest/talk"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "rest: "+err.Error())
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	kafka, jars, script, golden, topic string
	port                               int
	wait                               time.Duration
}

func run(ctx context.Context) error {
	home, err := os.UserHomeDir()
	if err != nil {
		return err
	}
	var o options
	flag.StringVar(&o.kafka, "kafka", "127.0.0.1:9092", "`address` of a broker")
	flag.StringVar(&o.jars, "jars", filepath.Join(home, ".cache/penstock/connect-4.3.1"), "`directory` of Kafka Connect's jars")
	flag.StringVar(&o.script, "script", "runtime/standalone/testdata/rest.json", "`file` of requests")
	flag.StringVar(&o.golden, "golden", "runtime/standalone/testdata/rest.golden.json", "`file` to write")
	flag.StringVar(&o.topic, "topic", "runtime/storage/testdata/configs.golden.json", "`file` to write the config topic to")
	flag.IntVar(&o.port, "port", 18483, "`port` for Kafka Connect")
	flag.DurationVar(&o.wait, "start", 2*time.Minute, "how long Kafka Connect may take to start")
	flag.Parse()

	requests, err := talk.Load[talk.Request](o.script)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "penstock-rest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is a temporary directory
	group := "rest-" + strconv.FormatInt(time.Now().UnixMilli(), 36)
	stop, err := o.start(ctx, dir, group)
	if err != nil {
		return err
	}
	place := o.place(dir)
	answers, err := o.talk(ctx, place, dir, requests)
	return errors.Join(err, o.write(answers), stop(), o.writeConfigTopic(ctx, group+"-configs", place.Replace))
}

// start runs one worker of ConnectDistributed with topics of its own.
func (o options) start(ctx context.Context, dir, group string) (stop func() error, err error) {
	const json = "org.apache.kafka.connect.json.JsonConverter"
	lines := []string{
		"bootstrap.servers=" + o.kafka, "group.id=" + group, "key.converter=" + json, "value.converter=" + json,
		"config.storage.topic=" + group + "-configs", "offset.storage.topic=" + group + "-offsets", "status.storage.topic=" + group + "-status",
		"config.storage.replication.factor=1", "offset.storage.replication.factor=1", "status.storage.replication.factor=1",
		"offset.storage.partitions=5", "offset.flush.interval.ms=1000", "scheduled.rebalance.max.delay.ms=0",
		"listeners=http://127.0.0.1:" + strconv.Itoa(o.port),
	}
	file := filepath.Join(dir, "worker.properties")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(os.TempDir(), "penstock-rest-connect.log"))
	if err != nil {
		return nil, err
	}
	classpath, err := o.classpath()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "java", "-Xmx512m", "-Dlog4j2.configurationFile="+must(filepath.Abs("hack/kafka/log4j2.xml")),
		"-cp", classpath, "org.apache.kafka.connect.cli.ConnectDistributed", file)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() error {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		_ = cmd.Wait()                       // with the signal's status
		return log.Close()
	}
	if err := o.ready(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("waiting for Kafka Connect, see %s: %w", log.Name(), err), stop())
	}
	return stop, nil
}

// classpath are the jars without the connectors of the benchmarks, which lie
// beside them.
func (o options) classpath() (string, error) {
	jars, err := filepath.Glob(filepath.Join(o.jars, "*.jar"))
	if err != nil || len(jars) == 0 {
		return "", errors.Join(fmt.Errorf("there are no jars in %s", o.jars), err)
	}
	jars = slices.DeleteFunc(jars, func(jar string) bool { return strings.HasPrefix(filepath.Base(jar), "bench-") })
	return strings.Join(jars, string(os.PathListSeparator)), nil
}

func must(path string, err error) string {
	if err != nil {
		panic(err)
	}
	return path
}

func (o options) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	url := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port)) + "/health"
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// place is the worker, and what differs from run to run.
func (o options) place(dir string) talk.Place {
	worker := net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port))
	place := talk.Place{
		Base:    "http://" + worker,
		Fill:    map[string]string{"{dir}": dir, "{topic}": "rest-topic-" + strconv.FormatInt(time.Now().UnixMilli(), 36)},
		Replace: map[string]string{worker: "{worker}"},
	}
	for k, v := range place.Fill {
		place.Replace[v] = k
	}
	return place
}

func (o options) talk(ctx context.Context, place talk.Place, dir string, requests []talk.Request) ([]talk.Answer, error) {
	if err := os.WriteFile(filepath.Join(dir, "in.txt"), []byte("one\ntwo\n"), 0o600); err != nil {
		return nil, err
	}
	var answers []talk.Answer
	for _, r := range requests {
		a, err := place.Ask(ctx, r)
		if err != nil {
			return answers, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// documentation are Kafka's own words for a key, which are not compared.
var documentation = regexp.MustCompile(`"documentation":"(?:[^"\\]|\\.)*"`)

func (o options) write(answers []talk.Answer) error {
	var out bytes.Buffer
	for i := range answers {
		answers[i].Body = documentation.ReplaceAll(answers[i].Body, []byte(`"documentation":"{documentation}"`))
	}
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(answers); err != nil {
		return err
	}
	return os.WriteFile(o.golden, out.Bytes(), 0o644)
}
