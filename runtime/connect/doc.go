// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package connect is the SDK: everything that the author of a connector, a
// converter or a transform imports. Its words are Kafka Connect's (Record,
// Schema, SourceTask, SinkTask, Converter), its signatures are Go's.
//
// Tasks work on batches. A [Batch] owns the memory of its records through an
// [Arena]; the loop that runs the task owns the batch and reuses it, so nothing
// taken from a record may be kept after the call that handed the batch over has
// returned, unless it is copied.
package connect
