// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// The headers of dead letters, in the order in which Kafka Connect writes them
// (org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter). All are texts
// in UTF-8, numbers included.
const (
	headerTopic     = "__connect.errors.topic"
	headerPartition = "__connect.errors.partition"
	headerOffset    = "__connect.errors.offset"
	headerConnector = "__connect.errors.connector.name"
	headerTask      = "__connect.errors.task.id"
	headerStage     = "__connect.errors.stage"
	headerClass     = "__connect.errors.class.name"
	headerException = "__connect.errors.exception.class.name"
	headerMessage   = "__connect.errors.exception.message"
	headerTrace     = "__connect.errors.exception.stacktrace"
	contextHeaders  = 10
)

// The headers that only a source's dead letters have.
const (
	headerSourcePartition = "__connect.errors.source.partition"
	headerSourceOffset    = "__connect.errors.source.offset"
	headerValueBytes      = "__connect.errors.value.bytes"
)

// The longest message and trace in a header, in bytes. A dead letter is to fit
// where the record did.
const (
	maxMessage = 4 << 10
	maxTrace   = 16 << 10
)

// addContext appends what has happened to a record that came from there.
func (p *policy) addContext(hs []kgo.RecordHeader, from connect.Origin, t *trouble) []kgo.RecordHeader {
	class, message := exceptionClass(t), shorten(p.Redact(t.err.Error()), maxMessage)
	for _, h := range [contextHeaders][2]string{
		{headerTopic, from.Topic},
		{headerPartition, strconv.Itoa(int(from.Partition))},
		{headerOffset, strconv.FormatInt(from.Offset, 10)},
		{headerConnector, p.id.Connector},
		{headerTask, strconv.Itoa(p.id.Index)},
		{headerStage, string(t.stage)},
		{headerClass, t.class},
		{headerException, class},
		{headerMessage, message},
		{headerTrace, shorten(class+": "+message+p.Redact(causes(t.err)), maxTrace)},
	} {
		hs = append(hs, kgo.RecordHeader{Key: h[0], Value: []byte(h[1])})
	}
	return hs
}

// exceptionClass returns the class of the exception that Kafka Connect would have
// at this place.
func exceptionClass(t *trouble) string {
	const ofConnect = "org.apache.kafka.connect.errors."
	if e := new(kerr.Error); errors.As(t.err, &e) {
		return "org.apache.kafka.common.errors." + kafkaException(e.Message)
	}
	switch {
	case isPanic(t.err):
		return "java.lang.RuntimeException"
	case connect.IsRetriable(t.err):
		return ofConnect + "RetriableException"
	case t.stage == stagePut, t.stage == stagePoll, t.stage == stageProduce:
		return ofConnect + "ConnectException"
	}
	return ofConnect + "DataException"
}

// kafkaException returns the class for an error of Kafka's protocol, whose name is
// like UNKNOWN_TOPIC_OR_PARTITION.
func kafkaException(name string) string {
	switch name {
	case "MESSAGE_TOO_LARGE":
		return "RecordTooLargeException"
	case "RECORD_LIST_TOO_LARGE":
		return "RecordBatchTooLargeException"
	case "REQUEST_TIMED_OUT":
		return "TimeoutException"
	case "CORRUPT_MESSAGE":
		return "CorruptRecordException"
	}
	var b strings.Builder
	for word := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSuffix(name, "_EXCEPTION"), "_FAILED"), "_") {
		if word != "" {
			b.WriteString(word[:1] + strings.ToLower(word[1:]))
		}
	}
	return b.String() + "Exception"
}

// causes are the errors behind an error, as a Java stack trace shows them, each
// with its Go type; and the stack of a panic.
func causes(err error) string {
	var b strings.Builder
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		fmt.Fprintf(&b, "\nCaused by: %T: %s", cause, cause.Error())
	}
	if p := new(PanicError); errors.As(err, &p) {
		b.WriteString("\n" + strings.TrimSpace(string(p.Stack)))
	}
	return b.String() + "\n"
}

// shorten cuts a text at a character.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

// logged writes the failure of a record to the log, as
// org.apache.kafka.connect.runtime.errors.LogReporter words it; record is what is
// said of the record if it is to be named.
func (b *base) logged(t *trouble, record func() string) {
	p := &b.policy
	if !p.Log {
		return
	}
	what := ""
	if p.LogRecord {
		what = record()
	}
	b.log.Error(fmt.Sprintf("Error encountered in task %s. Executing stage '%s' with class '%s'%s.", //nolint:sloglint // Kafka Connect's line, which people look for
		p.id, t.stage, t.class, what), "error", t.err)
	p.progress.logged.Add(1)
}
