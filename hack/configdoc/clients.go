// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"penstock.dev/runtime/clientkeys"
)

const clientsText = `# Kafka's own keys

The keys of Kafka's clients, by the names that they have in Kafka 4.3 (ProducerConfig, ConsumerConfig, AdminClientConfig),
and what becomes of each here. Every key of these three classes stands in one of the tables below.

- In a connector's config they stand behind a prefix: ` + "`producer.override.`" + ` for the producer of a source, and for
  that of a sink's dead letters,
  ` + "`consumer.override.`" + ` for the consumer of a sink, ` + "`admin.override.`" + ` for the client that creates a source's topics and those
  of dead letters. In a worker's config ` + "`producer.`, `consumer.` and `admin.`" + ` say it for all connectors; a connector's own word goes before.
- All clients begin with the worker's connection: ` + "`security.protocol`, `sasl.*` and `ssl.*`" + ` need not be repeated for them, as they
  must be in Kafka Connect.
- ` + "`connector.client.config.override.policy`" + ` in the worker's config says which keys connectors may set: ` + "`All`" + ` (the default),
  ` + "`None`, `Principal`" + `, or ` + "`Allowlist`" + ` with the names in ` + "`connector.client.config.override.allowlist`" + `.
- The tasks of a worker share one producer. A connector whose producer must be another, because its keys are, has one of
  its own: connections to the brokers, and some 100 KB. Connectors with equal keys in one worker share it, and the last task closes it.
- The offsets of sources are written by the worker's own client, with the worker's connection, whatever a connector says.
- A key that Kafka does not have is warned about, like one that has no effect.
`

const topicCreationText = `
## Topics of sources

A source's topics are created before the first record goes there, if the connector has any key that begins with
` + "`topic.creation.`" + ` (and the worker does not have ` + "`topic.creation.enable=false`" + `). Otherwise brokers create them if they may
(` + "`auto.create.topics.enable`" + `).

| Key | Meaning |
|---|---|
| ` + "`topic.creation.default.replication.factor`" + ` | **Required.** How many brokers have a topic; -1 is the broker's default. |
| ` + "`topic.creation.default.partitions`" + ` | **Required.** How many partitions a topic has; -1 is the broker's default. |
| ` + "`topic.creation.groups`" + ` | Groups of topics that are created otherwise. A topic belongs to the first that has it, or to the default group. |
| ` + "`topic.creation.GROUP.include`" + ` | Regular expressions of Java's; the group has the topics whose whole name one of them matches … |
| ` + "`topic.creation.GROUP.exclude`" + ` | … and none of these does. |
| ` + "`topic.creation.GROUP.replication.factor`, `.partitions`" + ` | As above; without them as in the default group. |
| ` + "`topic.creation.GROUP.ANYTHING`, `topic.creation.default.ANYTHING`" + ` | A setting of the topic, such as ` + "`cleanup.policy`" + `. |
`

const providersText = `
## Config providers

The providers ` + "`file`, `dir` and `env`" + ` are there, each unless a provider of its class is named; ` + "`secrets`" + `, always, for the Secrets beside a Connector.

| Key | Meaning |
|---|---|
| ` + "`config.providers`" + ` | Names of further providers, or of these to be given parameters. |
| ` + "`config.providers.NAME.class`" + ` | Kafka's ` + "`org.apache.kafka.common.config.provider.FileConfigProvider`, `…DirectoryConfigProvider` or `…EnvVarConfigProvider`" + `. |
| ` + "`config.providers.NAME.param.allowed.paths`" + ` | Of the first two: the absolute paths below which files may be read; without it everywhere. |
| ` + "`config.providers.NAME.param.allowlist.pattern`" + ` | Of the third: the regular expression of Java's that the whole name of a variable must match; without it every one. |

A reference that may not be read, or is not there, fails the task that has it (Kafka Connect leaves its text as the value).
`

// clientsPage is about the keys of Kafka's clients.
func clientsPage() string {
	var b strings.Builder
	b.WriteString(generatedNote + clientsText)
	for _, part := range []struct {
		effect      clientkeys.Effect
		title, text string
	}{
		{clientkeys.Used, "Keys that have an effect", "The default is what holds here if nobody says anything."},
		{clientkeys.NoEffect, "Keys that have no effect", "They are accepted, with a warning that says why."},
		{clientkeys.Refused, "Keys that are refused", "To go on without them would do something else than was asked for."},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", part.title, part.text)
		b.WriteString(clientTable(part.effect))
	}
	return b.String()
}

// clientRow is a key, and the clients for which it is the same.
type clientRow struct {
	clientkeys.Key
	roles []string
}

func (r clientRow) same(k clientkeys.Key) bool {
	return r.Name == k.Name && r.Doc == k.Doc && r.Default == k.Default && r.Effect == k.Effect
}

func clientTable(effect clientkeys.Effect) string {
	var b strings.Builder
	switch effect {
	case clientkeys.Used:
		b.WriteString("| Key | Clients | Type | Default | Meaning |\n|---|---|---|---|---|\n")
	case clientkeys.Refused:
		b.WriteString("| Key | Clients | But for | Why |\n|---|---|---|---|\n")
	default:
		b.WriteString("| Key | Clients | Why |\n|---|---|---|\n")
	}
	for _, r := range clientRows(effect) {
		fmt.Fprintf(&b, "| `%s` | %s |", r.Name, strings.Join(r.roles, ", "))
		switch effect {
		case clientkeys.Used:
			fmt.Fprintf(&b, " %s | %s |", strings.ToLower(r.Type), shownDefault(r))
		case clientkeys.Refused:
			fmt.Fprintf(&b, " %s |", values(r.Accepts))
		}
		fmt.Fprintf(&b, " %s |\n", strings.ReplaceAll(r.Doc, "\n", "<br>"))
	}
	return b.String()
}

func shownDefault(r clientRow) string {
	if r.Default == "" {
		return ""
	}
	return "`" + r.Default + "`"
}

func values(list []string) string {
	shown := make([]string, len(list))
	for i, v := range list {
		shown[i] = "`" + v + "`"
		if v == "" {
			shown[i] = "empty"
		}
	}
	return strings.Join(shown, ", ")
}

func clientRows(effect clientkeys.Effect) []clientRow {
	var rows []clientRow
	for _, role := range clientkeys.Roles() {
		for _, k := range clientkeys.Keys(role) {
			if k.Effect != effect {
				continue
			}
			if i := slices.IndexFunc(rows, func(r clientRow) bool { return r.same(k) }); i >= 0 {
				rows[i].roles = append(rows[i].roles, string(role))
				continue
			}
			rows = append(rows, clientRow{k, []string{string(role)}})
		}
	}
	slices.SortStableFunc(rows, func(a, b clientRow) int { return cmp.Compare(a.Name, b.Name) })
	return rows
}
