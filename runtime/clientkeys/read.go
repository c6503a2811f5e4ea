// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package clientkeys

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock.dev/runtime/configdef"
)

// ReadProducer reads the keys of a producer, without a prefix, of which all are
// resolved.
func ReadProducer(props map[string]string) (ProducerConfig, []configdef.Problem) {
	c, problems := configdef.Decode[ProducerConfig](props)
	if len(problems) == 0 {
		problems = c.conflicts(props)
	}
	if c.Acks == "-1" {
		c.Acks = acksAll
	}
	if c.Acks != acksAll {
		c.Idempotence = false
	}
	return c, problems
}

// ReadConsumer reads the keys of a consumer, without a prefix, of which all are
// resolved.
func ReadConsumer(props map[string]string) (ConsumerConfig, []configdef.Problem) {
	c, problems := configdef.Decode[ConsumerConfig](props)
	if len(problems) == 0 {
		problems = c.conflicts()
	}
	return c, problems
}

// ReadAdmin reads the keys of an admin client, without a prefix, of which all are
// resolved.
func ReadAdmin(props map[string]string) (AdminConfig, []configdef.Problem) {
	return configdef.Decode[AdminConfig](props)
}

const (
	acksAll        = "all"
	acksKey        = "acks"
	idempotenceKey = "enable.idempotence"
	inFlightKey    = "max.in.flight.requests.per.connection"
	batchKey       = "batch.size"
	partitionerKey = "partitioner.class"
	strategyKey    = "partition.assignment.strategy"
	resetKey       = "auto.offset.reset"
	heartbeatKey   = "heartbeat.interval.ms"

	// mostInFlight is how many requests brokers keep in order for an idempotent
	// producer.
	mostInFlight = 5

	// RoundRobin is the partitioner that gives each partition its turn.
	RoundRobin = "org.apache.kafka.clients.producer.RoundRobinPartitioner"
)

// conflicts are keys that contradict each other. What Kafka refuses is refused in
// its words.
func (c ProducerConfig) conflicts(props map[string]string) []configdef.Problem {
	var out []configdef.Problem
	refuse := func(key, message string) { out = append(out, configdef.Problem{Key: key, Message: message}) }
	_, asked := props[idempotenceKey]
	if asked && c.Idempotence && c.Acks != acksAll && c.Acks != "-1" {
		refuse(acksKey, "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.")
	}
	if asked && c.Idempotence && c.MaxInFlight > mostInFlight {
		refuse(inFlightKey, fmt.Sprintf("Must set max.in.flight.requests.per.connection to at most %d to use the idempotent producer.", mostInFlight))
	}
	if c.Partitioner != "" && c.Partitioner != RoundRobin {
		refuse(partitionerKey, fmt.Sprintf("is not supported: it names a Java class; leave it out for a partition by the key, or use %s", RoundRobin))
	}
	return out
}

// weaker are the warnings of a producer whose keys are in effect, and do less than
// they seem to or give up something that holds without them.
func (c ProducerConfig) weaker(props map[string]string) []configdef.Problem {
	var out []configdef.Problem
	warn := func(key, format string, args ...any) {
		out = append(out, configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case c.Acks == "0" || c.Acks == "1":
		warn(acksKey, "a record counts as written before all brokers in sync have it: with acks=%s a record whose broker fails can be lost", c.Acks)
	case !c.Idempotence:
		warn(idempotenceKey, "a record that is sent again may be there twice")
	}
	if _, ok := props[inFlightKey]; ok && c.Idempotence && c.Acks != "0" && c.Acks != "1" {
		warn(inFlightKey, "has no effect here: brokers keep up to %d requests in order, unless enable.idempotence is false", mostInFlight)
	}
	if _, ok := props[batchKey]; ok && c.BatchSize <= c.MaxRequestSize {
		warn(batchKey, "has no effect here: a batch takes what has come while others were under way, up to max.request.size")
	}
	return out
}

// conflicts are values that the tags cannot say.
func (c ConsumerConfig) conflicts() []configdef.Problem {
	var out []configdef.Problem
	refuse := func(key, format string, args ...any) {
		out = append(out, configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)})
	}
	if _, err := c.Reset(); err != nil {
		refuse(resetKey, "%v", err)
	}
	for _, s := range c.AssignmentStrategy {
		if !slices.Contains(Strategies(), s) {
			refuse(strategyKey, "%s is not supported; use one of %s", s, strings.Join(Strategies(), ", "))
		}
	}
	if c.HeartbeatInterval >= c.SessionTimeout {
		refuse(heartbeatKey, "must be less than session.timeout.ms, which is %d", c.SessionTimeout.Milliseconds())
	}
	return out
}

// The assignors of Kafka that there are here, too.
const (
	assignors         = "org.apache.kafka.clients.consumer."
	RangeAssignor     = assignors + "RangeAssignor"
	RoundRobinAssign  = assignors + "RoundRobinAssignor"
	StickyAssignor    = assignors + "StickyAssignor"
	CooperativeSticky = assignors + "CooperativeStickyAssignor"
)

// Strategies returns the assignors that partition.assignment.strategy may name.
func Strategies() []string {
	return []string{RangeAssignor, RoundRobinAssign, StickyAssignor, CooperativeSticky}
}

// OffsetReset is where a partition without a committed offset begins: at its end,
// nowhere, so long ago, or else at its beginning.
type OffsetReset struct {
	Latest, None bool
	// Ago is 0 for no time.
	Ago time.Duration
}

// Reset reads auto.offset.reset.
func (c ConsumerConfig) Reset() (OffsetReset, error) {
	switch v := strings.ToLower(c.AutoOffsetReset); {
	case v == "earliest":
		return OffsetReset{}, nil
	case v == "latest":
		return OffsetReset{Latest: true}, nil
	case v == "none":
		return OffsetReset{None: true}, nil
	case strings.HasPrefix(v, "by_duration:"):
		d, err := parseDuration(c.AutoOffsetReset[len("by_duration:"):])
		// Of no time at all, the end is what is left.
		return OffsetReset{Ago: d, Latest: d == 0}, err
	}
	return OffsetReset{}, fmt.Errorf("%q is not earliest, latest, none or by_duration:P…, as in by_duration:PT1H", c.AutoOffsetReset)
}

var durationForm = regexp.MustCompile(`^(?i)P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]{1,9})?)S)?)?$`)

// parseDuration reads a duration of ISO 8601 as java.time.Duration does, of days,
// hours, minutes and seconds, that is not negative.
func parseDuration(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is not a duration of ISO 8601, such as PT1H or P1D", text)
	m := durationForm.FindStringSubmatch(text)
	if m == nil || strings.HasSuffix(strings.ToUpper(text), "T") || len(text) < 2 {
		return 0, wrong
	}
	total := 0.0
	for i, unit := range []float64{86400, 3600, 60, 1} {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.ParseFloat(m[i+1], 64)
		if err != nil {
			return 0, wrong
		}
		total += n * unit
	}
	if total > math.MaxInt64/float64(time.Second) {
		return 0, wrong
	}
	return time.Duration(total * float64(time.Second)), nil
}
