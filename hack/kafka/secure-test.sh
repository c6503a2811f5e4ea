#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# Runs the tests of TLS, SASL and ACLs against a real Kafka with listeners of each kind, which it starts and removes.
set -euo pipefail
cd "$(dirname "$0")/../.."

data=$(mktemp -d "${TMPDIR:-/tmp}/penstock-secure.XXXXXX")
kafka() { hack/kafka/kafka.sh "$@" --data "$data"; }
trap 'kafka clean; rm -rf "$data"' EXIT

kafka start --secure --port $((20000 + RANDOM % 1000 * 10))
kafka wait
PENSTOCK_TEST_SECURE_KAFKA=$data go test -count=1 -timeout 5m -run '^TestSecure' ./runtime/worker ./controllers/connectcluster
