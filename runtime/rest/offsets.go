// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"math"
	"net/http"
	"strconv"
)

func (a *API) offsets(r *http.Request) (answer, error) {
	list, err := a.backend.Offsets(r.Context(), r.PathValue("connector"))
	return answer{code: http.StatusOK, body: Offsets{listed(list)}}, err
}

func (a *API) alterOffsets(r *http.Request) (answer, error) {
	list, err := readOffsets(r)
	if err != nil {
		return answer{}, err
	}
	message, err := a.backend.AlterOffsets(r.Context(), r.PathValue("connector"), list)
	return answer{code: http.StatusOK, body: Message{message}}, err
}

func (a *API) resetOffsets(r *http.Request) (answer, error) {
	message, err := a.backend.ResetOffsets(r.Context(), r.PathValue("connector"))
	return answer{code: http.StatusOK, body: Message{message}}, err
}

// The fields of a sink's offsets.
const (
	topicField     = "kafka_topic"
	partitionField = "kafka_partition"
	offsetField    = "kafka_offset"
)

// SinkOffset is the offset of a sink for one partition; nil is none.
type SinkOffset struct {
	Topic     string
	Partition int32
	Offset    *int64
}

// Entry returns the offset as the API shows it.
func (o SinkOffset) Entry() Offset {
	e := Offset{Partition: Object{topicField: o.Topic, partitionField: int64(o.Partition)}}
	if o.Offset != nil {
		e.Offset = Object{offsetField: *o.Offset}
	}
	return e
}

// SinkOffsets reads the offsets that a user wants for a sink. Numbers may be
// given as texts.
func SinkOffsets(list []Offset) ([]SinkOffset, error) {
	out := make([]SinkOffset, len(list))
	for i, e := range list {
		var err error
		if out[i], err = sinkOffset(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sinkOffset(e Offset) (o SinkOffset, err error) {
	if e.Partition == nil {
		return o, BadRequest("The partition for a sink connector offset cannot be null or missing")
	}
	topic, hasTopic := e.Partition[topicField]
	partition, hasPartition := e.Partition[partitionField]
	switch {
	case !hasTopic || !hasPartition:
		return o, BadRequest("The partition for a sink connector offset must contain the keys '%s' and '%s'", topicField, partitionField)
	case topic == nil:
		return o, BadRequest("Kafka topic names must be valid strings and may not be null")
	case partition == nil:
		return o, BadRequest("Kafka partitions must be valid numbers and may not be null")
	}
	o.Topic = plain(topic)
	n, nerr := strconv.ParseInt(plain(partition), 10, 32)
	if nerr != nil {
		return o, BadRequest("Failed to parse the following Kafka partition value in the provided offsets: '%s'. Partition values for sink connectors need to be integers.", plain(partition))
	}
	if n < 0 {
		return o, BadRequest("The Kafka partition %d is below 0", n)
	}
	o.Partition = int32(n)
	if e.Offset == nil {
		return o, nil
	}
	offset, ok := e.Offset[offsetField]
	if !ok {
		return o, BadRequest("The offset for a sink connector should either be null or contain the key '%s'", offsetField)
	}
	at, nerr := strconv.ParseInt(plain(offset), 10, 64)
	if nerr != nil {
		return o, BadRequest("Failed to parse the following Kafka offset value in the provided offsets: '%s'. Offset values for sink connectors need to be integers.", plain(offset))
	}
	if at < 0 {
		return o, BadRequest("The Kafka offset %d is below 0; use null to remove the offset of a partition", at)
	}
	o.Offset = &at
	return o, nil
}

// plain returns a JSON value as Java's String.valueOf does.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e7 {
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return "an object or a list"
}

// Altered and Reset are what a user is told after offsets were changed; Altered
// and reset are all offsets that there are, for no connector here keeps its own
// elsewhere.
const (
	Altered = "The offsets for this connector have been altered successfully"
	Reset   = "The offsets for this connector have been reset successfully"
)
