// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// settleTime is how long a connector may take to handle its records.
const settleTime = time.Minute

// attempt is a case on a system.
type attempt struct {
	*system
	c    Case
	name string // the connector's
	dir  string
	out  Outcome
}

// run does a case on a system and returns what has come of it.
func run(ctx context.Context, s *system, c Case) (Outcome, error) {
	a := &attempt{system: s, c: c, name: s.prefix + c.slug(), dir: filepath.Join(s.dir, "cases", c.slug()), out: Outcome{}}
	if err := a.prepare(ctx); err != nil {
		return nil, fmt.Errorf("%s: preparing: %w", s.name, err)
	}
	err := a.work(ctx)
	if err == nil {
		err = a.gather(ctx)
	}
	if c.Config != nil {
		_, _, derr := s.patient(ctx, http.MethodDelete, "/connectors/"+a.name, "", "")
		err = errors.Join(err, derr)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return a.out, nil
}

// topic returns a topic of the case's own. Names of cases have no two hyphens in a
// row, so that no topic looks like another case's.
func (a *attempt) topic(name string) string { return a.name + "--" + name }

var topicVariable = regexp.MustCompile(`\$\{topic:([a-z0-9-]+)\}`)

// expand replaces the case's variables.
func (a *attempt) expand(text string) string {
	text = strings.NewReplacer("${name}", a.name, "${dir}", a.dir, "${registry}", a.reg.url(),
		"${word}", strings.ReplaceAll(a.name, "-", "_")).Replace(text)
	return topicVariable.ReplaceAllStringFunc(text, func(v string) string {
		return a.topic(topicVariable.FindStringSubmatch(v)[1])
	})
}

func (a *attempt) prepare(ctx context.Context) error {
	if err := os.MkdirAll(a.dir, 0o755); err != nil {
		return err
	}
	for name, text := range a.c.Files {
		if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	topics := maps.Clone(a.c.Topics)
	if topics == nil {
		topics = map[string]int32{}
	}
	if _, ok := topics["in"]; !ok && a.c.Input != nil {
		topics["in"] = 1
	}
	for name, partitions := range topics {
		if _, err := a.adm.CreateTopic(ctx, partitions, 1, nil, a.topic(name)); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("creating topic %s: %w", a.topic(name), err)
		}
	}
	if err := a.register(ctx); err != nil {
		return err
	}
	return a.load(ctx)
}

// load writes the case's input.
func (a *attempt) load(ctx context.Context) error {
	var records []*kgo.Record
	for i, in := range a.c.Input {
		r := &kgo.Record{Topic: a.topic("in"), Partition: in.Partition, Timestamp: time.UnixMilli(1700000000000 + int64(i))}
		if in.Timestamp != 0 {
			r.Timestamp = time.UnixMilli(in.Timestamp)
		}
		var errs [2]error
		r.Key, errs[0] = a.octets("key", in.Key, in.WriteKey)
		r.Value, errs[1] = a.octets("value", in.Value, in.WriteValue)
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		for _, h := range in.Headers {
			value, err := octets(h.Value)
			if err != nil {
				return err
			}
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: value})
		}
		records = append(records, r)
	}
	if err := a.cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("writing the input: %w", err)
	}
	return nil
}

func (a *attempt) octets(side string, text *string, e *Encoded) ([]byte, error) {
	if e != nil {
		return a.encode(side, e)
	}
	return octets(text)
}

func octets(text *string) ([]byte, error) {
	if text == nil {
		return nil, nil
	}
	if digits, ok := strings.CutPrefix(*text, "0x"); ok {
		return hex.DecodeString(digits)
	}
	return []byte(*text), nil
}

// work makes the connector, waits for it, and makes the case's requests.
func (a *attempt) work(ctx context.Context) error {
	if a.c.Config != nil {
		created, err := a.create(ctx)
		if err != nil {
			return err
		}
		if created && a.c.Settle != "none" {
			if err := a.settle(ctx); err != nil {
				return err
			}
		}
	}
	var lines []string
	for i, step := range a.c.Steps {
		line, err := a.step(ctx, step)
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.Do, err)
		}
		if !step.Quiet {
			lines = append(lines, fmt.Sprintf("%d. %s: %s", i+1, step.Do, line))
		}
	}
	a.put("steps", lines)
	return nil
}

func (a *attempt) put(aspect string, lines []string) {
	if len(lines) > 0 {
		a.out[aspect] = strings.Join(lines, "\n")
	}
}

// config is the connector's, with what the case leaves to the harness.
func (a *attempt) config() (map[string]string, error) {
	config := map[string]string{"tasks.max": "1"}
	switch {
	case a.c.source():
		records, err := json.Marshal(a.c.Records)
		if err != nil {
			return nil, err
		}
		config["connector.class"] = "dev.penstock.conformance.ReplaySource"
		config["records"], config["done.file"] = string(records), "${dir}/done"
	case a.c.Input != nil:
		config["connector.class"] = "dev.penstock.conformance.CaptureSink"
		config["topics"], config["file"] = "${topic:in}", "${dir}/captured"
	}
	maps.Copy(config, a.c.Config)
	for k, v := range config {
		if v == "" && (k == "topics" || k == "connector.class") {
			delete(config, k)
			continue
		}
		config[k] = a.expand(v)
	}
	if a.system.prefix == theirPrefix && a.c.registry() {
		return forApicurio(config, a.reg.server.AvroConverter())
	}
	return config, nil
}

// create makes the connector, and reports whether it was taken.
func (a *attempt) create(ctx context.Context) (bool, error) {
	config, err := a.config()
	if err != nil {
		return false, err
	}
	body, err := json.Marshal(config)
	if err != nil {
		return false, err
	}
	code, answer, err := a.patient(ctx, http.MethodPut, "/connectors/"+a.name+"/config", string(body), "")
	if err != nil {
		return false, err
	}
	if code == http.StatusCreated {
		return true, nil
	}
	a.out["create"] = strconv.Itoa(code) + " " + a.norm.answer(answer)
	return false, nil
}

// settle waits until the connector has handled all records, or has failed.
func (a *attempt) settle(ctx context.Context) error {
	deadline := time.Now().Add(settleTime)
	var last error
	for {
		st, err := a.status(ctx, a.name)
		if err != nil {
			return err
		}
		done := st.failed()
		if !done {
			done, last = a.done(ctx, st)
		}
		if done {
			return a.shown(ctx)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the connector has not handled its records within %s: %s; %w", settleTime, st, last)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// shownTime is how long a state may take to be shown after the work is done.
const shownTime = 10 * time.Second

// shown waits until the states of all tasks are shown: they come later than what
// the tasks do.
func (a *attempt) shown(ctx context.Context) error {
	for deadline := time.Now().Add(shownTime); ; {
		st, err := a.status(ctx, a.name)
		if err != nil || st.failed() || st.running() || st.resting() || time.Now().After(deadline) {
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// done reports whether nothing is left to handle.
func (a *attempt) done(ctx context.Context, st status) (bool, error) {
	switch {
	case a.c.source():
		_, err := os.Stat(filepath.Join(a.dir, "done"))
		return err == nil, err
	case a.c.Input != nil:
		return a.committed(ctx)
	default:
		return st.running(), errors.New("it is not running")
	}
}

// committed reports whether the sink's group has committed all of its input.
func (a *attempt) committed(ctx context.Context) (bool, error) {
	ends, err := a.ends(ctx, a.topic("in"))
	if err != nil {
		return false, err
	}
	offsets, err := a.adm.FetchOffsets(ctx, a.group())
	if err != nil {
		return false, err
	}
	for p, end := range ends {
		if o, ok := offsets.Lookup(a.topic("in"), p); end > 0 && (!ok || o.At < end) {
			return false, fmt.Errorf("of partition %d of the input %d is committed, and %d is there", p, o.At, end)
		}
	}
	return true, nil
}

func (a *attempt) group() string {
	if g := a.c.Config["consumer.override.group.id"]; g != "" {
		return a.expand(g)
	}
	return "connect-" + a.name
}

// step makes one request.
func (a *attempt) step(ctx context.Context, s Step) (string, error) {
	method, path, _ := strings.Cut(a.expand(s.Do), " ")
	for deadline := time.Now().Add(settleTime); ; {
		code, answer, err := a.patient(ctx, method, path, a.expand(s.Body), s.Type)
		if err != nil {
			return "", err
		}
		if s.Until == "" || strings.Contains(string(answer), a.expand(s.Until)) {
			return strings.TrimSpace(strconv.Itoa(code) + " " + a.norm.answer(answer)), nil
		}
		if time.Now().After(deadline) {
			return "", fmt.Errorf("no answer with %s within %s; the last is %d %s", s.Until, settleTime, code, answer)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return "", err
		}
	}
}
