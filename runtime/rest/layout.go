// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// layout is what a form needs to know of a key beside its definition, as Kafka
// Connect's ConfigDef says it.
type layout struct {
	key     string
	group   string // "" is none
	order   int
	width   string
	display string
	// kind is the type if it is not the one that the key has here: what names a
	// class is a text for us.
	kind string
}

// The groups of the keys that connectors have in common.
const (
	commonGroup  = "Common"
	errorGroup   = "Error Handling"
	onceGroup    = "Exactly Once Support"
	transformSet = "Transforms"
	predicateSet = "Predicates"
)

// commonLayout are the keys that every connector may have, in Kafka Connect's
// order. A key that this build does not know is left out of answers.
func commonLayout() []layout {
	return []layout{
		{"name", commonGroup, 1, "MEDIUM", "Connector name", ""},
		{"connector.class", commonGroup, 2, "LONG", "Connector class", ""},
		{"connector.plugin.version", commonGroup, 3, "MEDIUM", "Connector version", ""},
		{"tasks.max", commonGroup, 4, "SHORT", "Tasks max", ""},
		{"tasks.max.enforce", commonGroup, 5, "SHORT", "Enforce tasks max", ""},
		{"key.converter", commonGroup, 6, "SHORT", "Key converter class", "CLASS"},
		{"key.converter.plugin.version", commonGroup, 7, "SHORT", "Key converter version", ""},
		{"value.converter", commonGroup, 8, "SHORT", "Value converter class", "CLASS"},
		{"value.converter.plugin.version", commonGroup, 9, "SHORT", "Value converter version", ""},
		{"header.converter", commonGroup, 10, "SHORT", "Header converter class", "CLASS"},
		{"header.converter.plugin.version", commonGroup, 11, "SHORT", "Header converter version", ""},
		{"transforms", transformSet, 12, "LONG", "Transforms", ""},
		{"predicates", predicateSet, 13, "LONG", "Predicates", ""},
		{"config.action.reload", commonGroup, 14, "MEDIUM", "Reload Action", ""},
		{"errors.retry.timeout", errorGroup, 1, "MEDIUM", "Retry Timeout for Errors", ""},
		{"errors.retry.delay.max.ms", errorGroup, 2, "MEDIUM", "Maximum Delay Between Retries for Errors", ""},
		{"errors.tolerance", errorGroup, 3, "SHORT", "Error Tolerance", ""},
		{"errors.log.enable", errorGroup, 4, "SHORT", "Log Errors", ""},
		{"errors.log.include.messages", errorGroup, 5, "SHORT", "Log Error Details", ""},
	}
}

// sinkLayout are the keys of sinks that follow.
func sinkLayout() []layout {
	return []layout{
		{"topics", commonGroup, 4, "LONG", "Topics", ""},
		{"topics.regex", commonGroup, 4, "LONG", "Topics regex", ""},
		{"errors.deadletterqueue.topic.name", errorGroup, 6, "MEDIUM", "Dead Letter Queue Topic Name", ""},
		{"errors.deadletterqueue.topic.replication.factor", errorGroup, 7, "MEDIUM", "Dead Letter Queue Topic Replication Factor", "SHORT"},
		{"errors.deadletterqueue.context.headers.enable", errorGroup, 8, "MEDIUM", "Enable Error Context Headers", ""},
	}
}

// sourceLayout are the keys of sources that follow.
func sourceLayout() []layout {
	return []layout{
		{"topic.creation.groups", "Topic Creation", 1, "LONG", "Topic Creation Groups", ""},
		{"exactly.once.support", onceGroup, 2, "SHORT", "Exactly once support", ""},
		{"transaction.boundary", onceGroup, 3, "SHORT", "Transaction Boundary", ""},
		{"transaction.boundary.interval.ms", onceGroup, 4, "SHORT", "Transaction boundary interval", ""},
		{"offsets.storage.topic", "offsets.topic", 1, "LONG", "Offsets topic", ""},
	}
}

// converterLayout are the keys of converters.
func converterLayout() []layout {
	const schemas, serialization = "Schemas", "Serialization"
	return []layout{
		{"converter.encoding", "", -1, "MEDIUM", "Encoding", ""},
		{"schemas.enable", schemas, 0, "MEDIUM", "Enable Schemas", ""},
		{"schemas.cache.size", schemas, 1, "MEDIUM", "Schema Cache Size", ""},
		{"schema.content", schemas, 2, "MEDIUM", "Schema Content", ""},
		{"decimal.format", serialization, 0, "MEDIUM", "Decimal Format", ""},
		{"replace.null.with.default", serialization, 1, "MEDIUM", "Replace null with default", ""},
	}
}

// converterDefinitions shows the keys of a converter.
func converterDefinitions(keys []configdef.Key) []definition {
	out := plainlyAll(keys)
	order := converterLayout()
	for i, d := range out {
		if at := slices.IndexFunc(order, func(l layout) bool { return l.key == d.Name }); at >= 0 {
			out[i].layout = order[at]
			out[i].HasDefault = d.HasDefault && d.Name != "schema.content" // which is null there
		}
	}
	return out
}

// maxTasks bounds the tasks of a connector.
const maxTasks = 10000

// reservedKeys are those of a connector that are no keys of the registry.
func reservedKeys() []configdef.Key {
	one, most := int64(1), int64(maxTasks)
	return []configdef.Key{
		{Name: nameKey, Type: "STRING", Required: true, Importance: "HIGH", Doc: "The connector's name, which no other connector has."},
		{Name: classKey, Type: "STRING", Required: true, Importance: "HIGH", Doc: "The connector's class: Kafka Connect's name for it, in full or without package and Connector, or its name here."},
		{Name: tasksMaxKey, Type: "INT", Default: "1", HasDefault: true, Min: &one, Max: &most, Importance: "HIGH", Doc: "How many tasks the connector may have at most."},
	}
}

// sharedKeys are the keys that every connector of a kind may have, but for those
// that Kafka Connect's connectors of the kind have not: dead letters of a source are
// ours alone, and no form for Kafka Connect shows them.
func sharedKeys(kind connect.Kind) []configdef.Key {
	out := slices.Concat(reservedKeys(), connect.CommonKeys(kind))
	for _, side := range connect.EverySide() {
		out = append(out, configdef.Key{Name: side + ".converter." + versionKey, Type: "STRING", Importance: "LOW",
			Doc: "The version that the converter must have: one, or a range such as [4.1,5.0)."})
	}
	if kind == connect.SinkKind {
		return out
	}
	out = slices.DeleteFunc(out, func(k configdef.Key) bool { return strings.HasPrefix(k.Name, "errors.deadletterqueue.") })
	return append(out, configdef.Key{Name: "topic.creation.groups", Type: "LIST", HasDefault: true, Importance: "LOW",
		Doc: "The groups of topics that the connector creates, beside the default one: aliases, for each of which topic.creation.ALIAS.include and its like are set."})
}

// versionKey ends the keys that ask for a version of a plugin.
const versionKey = "plugin.version"

// definition is a key and how it is shown.
type definition struct {
	configdef.Key
	layout layout
	// name is the key without the prefix of an alias, as messages have it.
	name string
	// recommended are values that a form may offer.
	recommended []string
}

// plainly shows a key that has no layout.
func plainly(k configdef.Key) definition {
	return definition{Key: k, name: k.Name, layout: layout{key: k.Name, order: -1, width: "NONE", display: k.Name}}
}

// commonDefinitions are the keys that every connector of a kind has, in Kafka
// Connect's order, and after them those that only this build has.
func commonDefinitions(kind connect.Kind) []definition {
	known := sharedKeys(kind)
	order := slices.Concat(commonLayout(), sourceLayout())
	if kind == connect.SinkKind {
		order = slices.Concat(commonLayout(), sinkLayout())
	}
	var out []definition
	for _, l := range order {
		if k, ok := configdef.Find(known, l.key); ok {
			if l.kind != "" {
				k.Type = l.kind
			}
			if k.Name == connect.TopicsKey { // it or the other one must be set, which is told by itself
				k.Required, k.HasDefault = false, true
			}
			if k.Type == "LIST" && !k.Required || k.Name == connect.TopicsRegexKey { // none is an empty one
				k.HasDefault = true
			}
			out = append(out, definition{Key: k, name: k.Name, layout: l})
		}
	}
	for _, k := range known {
		if !slices.ContainsFunc(order, func(l layout) bool { return l.key == k.Name }) {
			out = append(out, plainly(k))
		}
	}
	return out
}
