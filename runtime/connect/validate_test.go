// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/configdef"
)

type fakeConfig struct {
	// Where to write.
	File string `config:"file"`
	// How many at once.
	Batch int `config:"batch.size" default:"10" min:"1"`
}

type fakeConverterConfig struct {
	// Whether schemas are written.
	Schemas bool `config:"schemas.enable" default:"true"`
}

func fakeRegistry() Registry {
	conv := func(name string, sides []string, aliases ...string) ConverterPlugin {
		return ConverterPlugin{
			Name: name, Sides: sides, Aliases: aliases, Keys: configdef.Of[fakeConverterConfig](),
			Check: func(p map[string]string) []configdef.Problem {
				_, problems := configdef.Plan[fakeConverterConfig](p)
				return problems
			},
		}
	}
	return Registry{
		Plugins: []Plugin{
			Sink[fakeConfig]{
				Name: "file-sink", Aliases: []string{"org.apache.kafka.connect.file.FileStreamSinkConnector"},
				Tasks: func(c fakeConfig, limit int) int { return limit * 100 },
				Open:  func(context.Context, Env, fakeConfig) (SinkTask, error) { return nil, nil },
			}.Plugin(),
			Source[fakeConfig]{
				Name: "file-source", Aliases: []string{"org.apache.kafka.connect.file.FileStreamSourceConnector"},
				Tasks: func(fakeConfig, int) int { return 0 },
				Open:  func(context.Context, Env, fakeConfig) (SourceTask, error) { return nil, nil },
			}.Plugin(),
		},
		Converters: []ConverterPlugin{
			conv("json", nil, "org.apache.kafka.connect.json.JsonConverter"),
			conv("string", EverySide(), "org.apache.kafka.connect.storage.StringConverter"),
			conv("simple", []string{HeaderSide}, "org.apache.kafka.connect.storage.SimpleHeaderConverter"),
		},
	}
}

func TestLookup(t *testing.T) {
	r := fakeRegistry()
	for class, want := range map[string]string{
		"file-sink": "file-sink",
		"org.apache.kafka.connect.file.FileStreamSinkConnector": "file-sink",
		"FileStreamSinkConnector":                               "file-sink",
		"FileStreamSink":                                        "file-sink",
		"FileStreamSource":                                      "file-source",
		"filestreamsink":                                        "",
		"Connector":                                             "",
		"":                                                      "",
	} {
		if p, _ := r.Lookup(class); p.Name != want {
			t.Errorf("class %q is %q, want %q", class, p.Name, want)
		}
	}
	for class, want := range map[string]string{"json": "json", "JsonConverter": "json", "Json": "json", "org.apache.kafka.connect.storage.StringConverter": "string"} {
		if c, _ := r.Converter(class); c.Name != want {
			t.Errorf("converter %q is %q, want %q", class, c.Name, want)
		}
	}
}

func TestTasksStayWithinTheLimit(t *testing.T) {
	r := fakeRegistry()
	sink, _ := r.Lookup("file-sink")
	source, _ := r.Lookup("file-source")
	if got := sink.Tasks(map[string]string{"file": "x"}, 3); got != 3 {
		t.Errorf("a plugin that asks for 300 of 3 tasks gets %d", got)
	}
	if got := source.Tasks(map[string]string{"file": "x"}, 3); got != 1 {
		t.Errorf("a plugin that asks for 0 tasks gets %d, want 1", got)
	}
}

func TestValidate(t *testing.T) {
	type props = map[string]string
	for name, tc := range map[string]struct {
		class              string
		props, defaults    props
		problems, warnings []string
	}{
		"good sink":   {class: "file-sink", props: props{"topics": "a, b", "file": "/x"}},
		"good source": {class: "FileStreamSource", props: props{"file": "/x", "value.converter": "string"}},
		"no class":    {problems: []string{"connector.class: must be set; this build has file-sink, file-source"}},
		"unknown class": {
			class:    "file-snk",
			problems: []string{"connector.class: unknown class file-snk, did you mean file-sink?; this build has file-sink, file-source"},
		},
		"known class": {
			class:    "JdbcSink",
			problems: []string{"connector.class: JdbcSink is not built into this version; it has file-sink, file-source"},
		},
		"missing and wrong, all at once": {
			class: "file-sink", props: props{"batch.size": "many"},
			problems: []string{"topics: Must configure one of topics or topics.regex", "topics.regex: Must configure one of topics or topics.regex", "file:", "batch.size:"},
		},
		"bad topic": {
			class: "file-sink", props: props{"topics": "a,b c", "file": "/x"},
			problems: []string{`topics: "b c" is no topic name: use only letters, digits, '.', '_' and '-'`},
		},
		"topics from a secret": {class: "file-sink", props: props{"topics": "${secrets:a:b}", "file": "${secrets:a:c}"}},
		"reserved": {
			class: "file-source", props: props{"file": "/x", "name": "n", "tasks.max": "2", "connector.class": "c"},
			problems: []string{"connector.class: is not a config key here, set spec.class", "name: is not a config key here, set spec.connectorName", "tasks.max: is not a config key here, set spec.tasksMax"},
		},
		"not built": {
			class: "file-source", props: props{"file": "/x", "offsets.storage.topic": "o"},
			problems: []string{"offsets.storage.topic: is a Kafka Connect key"},
		},
		"exactly-once is not asked for": {
			class: "file-source", props: props{"file": "/x", "exactly.once.support": "Requested", "transaction.boundary": "POLL"},
		},
		"exactly-once is asked for": {
			class: "file-source", props: props{"file": "/x", "exactly.once.support": "required", "transaction.boundary": "connector"},
			problems: []string{
				"exactly.once.support: This worker does not have exactly-once source support enabled. This version has it for no source: set requested, or remove the key",
				"transaction.boundary: The connector does not support connector-defined transaction boundaries with the given configuration.",
			},
		},
		"transactions without exactly-once": {
			class: "file-source", props: props{"file": "/x", "transaction.boundary": "interval", "transaction.boundary.interval.ms": "0"},
			warnings: []string{
				"transaction.boundary: has no effect: this version has exactly-once for no source",
				"transaction.boundary.interval.ms: has no effect: this version has exactly-once for no source",
			},
		},
		"keys of exactly-once with mistakes": {
			class: "file-source", props: props{"file": "/x", "exactly.once.support": "always", "transaction.boundary": "", "transaction.boundary.interval.ms": "-1"},
			problems: []string{
				`exactly.once.support: "always" is not one of requested, required`,
				`transaction.boundary: "" is not one of poll, interval, connector`,
				`transaction.boundary.interval.ms: "-1" is not a whole number of milliseconds, at least 0`,
			},
		},
		"keys of exactly-once from a secret": {
			class: "file-source", props: props{"file": "/x", "exactly.once.support": "${secrets:a:b}", "transaction.boundary": "${secrets:a:b}"},
		},
		"keys of sources for a sink": {
			class: "file-sink", props: props{"topics": "a", "file": "/x", "exactly.once.support": "required"},
			warnings: []string{"exactly.once.support: is not a key of file-sink and has no effect"},
		},
		"errors": {
			class: "file-sink", props: props{
				"topics": "a,b", "file": "/x", "errors.tolerance": "all", "errors.retry.timeout": "-1", "errors.retry.delay.max.ms": "1000",
				"errors.log.enable": "true", "errors.log.include.messages": "true", "errors.deadletterqueue.topic.name": "c",
				"errors.deadletterqueue.topic.replication.factor": "-1", "errors.deadletterqueue.context.headers.enable": "true",
			},
		},
		"errors of a source": {class: "file-source", props: props{"file": "/x", "errors.tolerance": "all", "errors.deadletterqueue.topic.name": "c"}},
		"errors from secrets": {class: "file-sink", props: props{
			"topics": "a", "file": "/x", "errors.tolerance": "${secrets:a:b}", "errors.log.enable": "${secrets:a:b}", "errors.log.include.messages": "true",
			"errors.deadletterqueue.topic.name": "${secrets:a:b}", "errors.deadletterqueue.topic.replication.factor": "1",
		}},
		"wrong errors": {
			class: "file-sink", props: props{
				"topics": "a", "file": "/x", "errors.tolerance": "some", "errors.retry.timeout": "-2", "errors.retry.delay.max.ms": "0", "errors.log.enable": "maybe",
				"errors.deadletterqueue.topic.name": "a b", "errors.deadletterqueue.topic.replication.factor": "0", "errors.deadletterqueue.context.headers.enable": "1",
			},
			problems: []string{
				`errors.retry.timeout: "-2" is not`, `errors.retry.delay.max.ms: "0" is not`, `errors.tolerance: "some" is not one of none, all`, `errors.log.enable: "maybe" is not`,
				`errors.deadletterqueue.context.headers.enable: "1" is not`, "errors.deadletterqueue.topic.replication.factor: 0 is not a number of replicas",
				`errors.deadletterqueue.topic.name: "a b" is no topic name`,
			},
		},
		"dead letters among the topics": {
			class: "file-sink", props: props{"topics": "a, b", "file": "/x", "errors.deadletterqueue.topic.name": "b"},
			problems: []string{"errors.deadletterqueue.topic.name: The DLQ topic 'b' may not be included in the list of topics ('topics=a, b') consumed by the connector"},
		},
		"dead letters among the topics of an expression": {
			class: "file-sink", props: props{"topics.regex": "a|b.*", "file": "/x", "errors.deadletterqueue.topic.name": "bad"},
			problems: []string{"errors.deadletterqueue.topic.name: The DLQ topic 'bad' may not be matched by the regex for the topics ('topics.regex=a|b.*') consumed by the connector"},
		},
		"idle errors": {
			class: "file-sink", props: props{
				"topics": "a", "file": "/x", "errors.log.include.messages": "TRUE", "errors.deadletterqueue.topic.replication.factor": "1",
				"errors.deadletterqueue.context.headers.enable": "true", "errors.tolerence": "all",
			},
			warnings: []string{
				"errors.deadletterqueue.context.headers.enable: has no effect without errors.deadletterqueue.topic.name",
				"errors.deadletterqueue.topic.replication.factor: has no effect without errors.deadletterqueue.topic.name",
				"errors.log.include.messages: has no effect without errors.log.enable=true",
				"errors.tolerence: is not a key of file-sink and has no effect, did you mean errors.tolerance?",
			},
		},
		"unknown keys": {
			class: "file-source", props: props{"fil": "/y", "file": "/x", "whatever": "1", "topics": "a"},
			warnings: []string{"fil: is not a key of file-source and has no effect, did you mean file?", "topics: is not a key", "whatever: is not a key of file-source and has no effect"},
		},
		"unknown converter": {
			class: "file-source", props: props{"file": "/x", "value.converter": "jsn"},
			problems: []string{"value.converter: unknown converter jsn, did you mean json?; use one of json, string"},
		},
		"converter that is not built": {
			class: "file-source", props: props{"file": "/x", "key.converter": "io.apicurio.registry.utils.converter.AvroConverter", "value.converter": "avro"},
			problems: []string{
				"key.converter: io.apicurio.registry.utils.converter.AvroConverter is not built into this version; use one of json, string",
				"value.converter: avro is not built into this version",
			},
		},
		"converter's keys": {
			class: "file-source", props: props{"file": "/x", "value.converter": "json", "value.converter.schemas.enable": "maybe", "value.converter.schema.enable": "true"},
			problems: []string{"value.converter.schemas.enable:"},
			warnings: []string{"value.converter.schema.enable: is not a key of the json converter and has no effect, did you mean value.converter.schemas.enable?"},
		},
		"converter's keys without converter": {
			class: "file-source", props: props{"file": "/x", "value.converter.schemas.enable": "true"},
			warnings: []string{"value.converter.schemas.enable: has no effect without value.converter"},
		},
		"header converter": {
			class: "file-source", props: props{"file": "/x", "header.converter": "StringConverter", "header.converter.schemas.enable": "maybe", "header.converter.type": "x"},
			problems: []string{"header.converter.schemas.enable:"},
			warnings: []string{"header.converter.type: is not a key of the string converter"},
		},
		"header converter's keys without it": {
			class: "file-source", props: props{"file": "/x", "header.converter.schemas.enable": "true"},
			warnings: []string{"header.converter.schemas.enable: has no effect without header.converter"},
		},
		"no header converter": {
			class: "file-source", props: props{"file": "/x", "header.converter": "json", "value.converter": "SimpleHeaderConverter", "key.converter": "avro"},
			problems: []string{
				"key.converter: avro is not built into this version; use one of json, string",
				"value.converter: SimpleHeaderConverter does not convert values; use one of json, string",
				"header.converter: json does not convert headers; use one of simple, string",
			},
		},
		"unknown header converter": {
			class: "file-source", props: props{"file": "/x", "header.converter": "smple"}, defaults: props{"header.converter": "string"},
			problems: []string{"header.converter: unknown converter smple, did you mean simple?; use one of simple, string"},
		},
		"worker's header converter": {
			class: "file-source", props: props{"file": "/x"}, defaults: props{"header.converter": "json"},
			problems: []string{"header.converter: json does not convert headers"},
		},
		"worker's converter": {
			class: "file-source", props: props{"file": "/x"}, defaults: props{"value.converter": "avro"},
			problems: []string{"value.converter: avro is not built"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := fakeRegistry().Validate(tc.class, tc.props, tc.defaults)
			match(t, "problem", v.Problems, tc.problems)
			match(t, "warning", v.Warnings, tc.warnings)
		})
	}
}

func match(t *testing.T, what string, got []configdef.Problem, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%ss are %q, want %q", what, got, want)
	}
	for i := range got {
		if !strings.HasPrefix(got[i].Error(), want[i]) {
			t.Errorf("%s %d is %q, want it to begin with %q", what, i, got[i], want[i])
		}
	}
}

func TestConverterFor(t *testing.T) {
	type props = map[string]string
	for name, tc := range map[string]struct {
		side            string
		props, defaults props
		plugin          string
		want            props
	}{
		"built in":             {ValueSide, nil, nil, "json", props{"schemas.enable": "false"}},
		"the worker's":         {ValueSide, nil, props{"value.converter": "string", "value.converter.x": "1"}, "string", props{"x": "1"}},
		"the connector's":      {ValueSide, props{"value.converter": "string"}, props{"value.converter": "json", "value.converter.schemas.enable": "true"}, "string", props{}},
		"nothing of a key":     {ValueSide, props{"key.converter": "string"}, nil, "json", props{"schemas.enable": "false"}},
		"built in for headers": {HeaderSide, props{"value.converter": "string"}, props{"key.converter": "string"}, "simple", props{}},
		"the worker's headers": {HeaderSide, nil, props{"header.converter": "string", "header.converter.x": "1"}, "string", props{"x": "1"}},
		"its own headers":      {HeaderSide, props{"header.converter": "simple"}, props{"header.converter": "string", "header.converter.x": "1"}, "simple", props{}},
	} {
		t.Run(name, func(t *testing.T) {
			c := fakeRegistry().ConverterFor(tc.side, tc.props, tc.defaults)
			if c.Plugin.Name != tc.plugin {
				t.Errorf("converter is %q, want %q", c.Plugin.Name, tc.plugin)
			}
			if diff := cmp.Diff(tc.want, c.Props); diff != "" {
				t.Errorf("props (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateWorker(t *testing.T) {
	problems, warnings := fakeRegistry().ValidateWorker(map[string]string{
		"bootstrap.servers":        "b:9092",
		"offset.flush.interval.ms": "soon",
		"value.converter":          "io.apicurio.registry.utils.converter.AvroConverter",
		"ofset.flush.interval.ms":  "1",
	})
	match(t, "problem", problems, []string{
		"offset.flush.interval.ms:",
		"value.converter: io.apicurio.registry.utils.converter.AvroConverter is not built",
		"bootstrap.servers: is not a config key here, set spec.kafka.bootstrapServers instead",
	})
	match(t, "warning", warnings, []string{"ofset.flush.interval.ms: is not a worker key and has no effect, did you mean offset.flush.interval.ms?"})
}

func TestCheckTopic(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "A.b_c-9": true, strings.Repeat("x", 249): true,
		"": false, ".": false, "..": false, "a/b": false, "ü": false, strings.Repeat("x", 250): false,
	} {
		if err := CheckTopic(name); (err == nil) != ok {
			t.Errorf("topic %q: %v", name, err)
		}
	}
}
