// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"time"

	"penstock.dev/runtime/configdef"
)

// The keys of sources with which exactly-once is asked for (KIP-618).
const (
	exactlyOnceKey         = "exactly.once.support"
	transactionBoundaryKey = "transaction.boundary"
	transactionIntervalKey = transactionBoundaryKey + ".interval.ms"

	onceRequired      = "required"
	boundaryPoll      = "poll"
	boundaryConnector = "connector"
)

// sourceKeys are keys of every source about its offsets, as in
// org.apache.kafka.connect.runtime.SourceConnectorConfig.
type sourceKeys struct {
	// Whether the connector may run without exactly-once. This version has it for no
	// source: required is refused, requested means at-least-once.
	ExactlyOnce string `config:"exactly.once.support" default:"requested" enum:"requested,required" importance:"medium"`
	// Where transactions of records end with exactly-once: poll, interval or connector.
	// Without it there are none, and this has no effect. No connector can say where they
	// end, so connector is refused.
	TransactionBoundary string `config:"transaction.boundary" default:"poll" enum:"poll,interval,connector" importance:"medium"`
	// How long such a transaction lasts with transaction.boundary=interval, in
	// milliseconds. Without exactly-once it has no effect.
	TransactionInterval *time.Duration `config:"transaction.boundary.interval.ms" optional:"true" min:"0" importance:"low"`
}

// sourceProblems looks at those keys.
func sourceProblems(kind Kind, props map[string]string) (problems, warnings []configdef.Problem) {
	if kind != SourceKind {
		return nil, nil
	}
	c, problems := configdef.Plan[sourceKeys](props)
	// Both begin as Kafka Connect's answers do.
	if c.ExactlyOnce == onceRequired {
		problems = append(problems, configdef.Problem{Key: exactlyOnceKey, Message: "This worker does not have exactly-once source support enabled. " +
			"This version has it for no source: set requested, or remove the key"})
	}
	if c.TransactionBoundary == boundaryConnector {
		problems = append(problems, configdef.Problem{Key: transactionBoundaryKey,
			Message: "The connector does not support connector-defined transaction boundaries with the given configuration. " +
				"Please reconfigure it to use a different transaction boundary definition."})
	}
	return problems, append(warnings, idleBoundaries(c)...)
}

// idleBoundaries warns of what would matter with exactly-once only.
func idleBoundaries(c sourceKeys) []configdef.Problem {
	const why = "has no effect: this version has exactly-once for no source, and without it there are no transactions of records"
	var out []configdef.Problem
	if b := c.TransactionBoundary; b != "" && b != boundaryPoll && b != boundaryConnector {
		out = append(out, configdef.Problem{Key: transactionBoundaryKey, Message: why})
	}
	if c.TransactionInterval != nil {
		out = append(out, configdef.Problem{Key: transactionIntervalKey, Message: why})
	}
	return out
}
