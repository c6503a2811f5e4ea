// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package javajson writes compact JSON exactly as Kafka Connect's JsonConverter
// does (Jackson on the JVM), and reads it back. Offsets are looked up by the bytes
// of their keys, so that byte for byte is what counts.
package javajson
