// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package datagen is the source connector datagen-source: made-up records for
// demonstrations and load tests, in the manner of Confluent's
// kafka-connect-datagen.
package datagen

import (
	"context"
	"fmt"
	"time"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// Config is what users set.
type Config struct {
	// The topic to write to.
	Topic string `config:"kafka.topic" importance:"high"`
	// The longest time between two records of a task, in milliseconds; each pause
	// is a random part of it. 0 makes records as fast as they are taken.
	MaxInterval time.Duration `config:"max.interval" default:"500" min:"0" importance:"high"`
	// How many records each task makes; less than 1 is no limit. When they are
	// made, the task has nothing more to do and stays idle.
	Iterations int `config:"iterations" default:"-1" importance:"high"`
	// What the records are about.
	Quickstart string `config:"quickstart" enum:"orders,pageviews,users" importance:"high"`
	// The field of the value that becomes the record's key; if it is not set,
	// orderid of orders, viewtime of pageviews, userid of users.
	KeyField string `config:"schema.keyfield" optional:"true" importance:"high"`
	// Where the random numbers start: the same number makes the same records. Each
	// task makes others. If it is not set, every start without offsets is
	// different.
	Seed *int64 `config:"random.seed" optional:"true" importance:"low"`
	// Refused, because it is not supported yet: an Avro schema to make records of.
	SchemaString string `config:"schema.string" refused:"is not supported yet; use quickstart" importance:"low"`
	// Refused, because it is not supported yet: a file with an Avro schema.
	SchemaFilename string `config:"schema.filename" refused:"is not supported yet; use quickstart" importance:"low"`
}

// Plugin returns the connector.
func Plugin() connect.Plugin {
	return connect.Source[Config]{
		Name:    "datagen-source",
		Version: "1.0.0",
		Aliases: []string{"io.confluent.kafka.connect.datagen.DatagenConnector"},
		Doc:     "Makes up records about orders, page views or users, the same ones for the same seed.",
		Check:   check,
		Open: func(ctx context.Context, env connect.Env, c Config) (connect.SourceTask, error) {
			// References are resolved only now, so what they hold is checked now.
			if problems := check(c); len(problems) > 0 {
				return nil, problems[0]
			}
			return open(ctx, env, c)
		},
	}.Plugin()
}

// check looks only at what is there: at plan time an empty key may be one that
// is not resolved yet.
func check(c Config) []configdef.Problem {
	var problems []configdef.Problem
	problem := func(key, format string, args ...any) {
		problems = append(problems, configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)})
	}
	if c.Topic != "" {
		if err := connect.CheckTopic(c.Topic); err != nil {
			problem("kafka.topic", "%v", err)
		}
	}
	if q := quickstartOf(c.Quickstart); q != nil && c.KeyField != "" && q.schema.FieldIndex(c.KeyField) < 0 {
		problem("schema.keyfield", "%q is no field of %s; use one of %s", c.KeyField, c.Quickstart, q.fieldNames())
	}
	return problems
}
