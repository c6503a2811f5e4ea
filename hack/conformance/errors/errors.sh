#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# Runs the cases of runtime/worker/testdata/errors-cases.json in Kafka Connect, on a broker of its own, and writes what
# becomes of them into errors-golden.json beside them, and the lines that it logs into errors-golden.log. It takes three
# minutes. The jars come from `make bench-quick`.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../../..
cache=${PENSTOCK_CACHE:-$HOME/.cache/penstock}
version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$root/hack/kafka/pom.xml")
jars=$cache/connect-$version
port=${PORT:-21592} rest=${REST_PORT:-21583}
data=$root/runtime/worker/testdata

[[ -d $jars ]] || { echo "errors.sh: no Kafka Connect in $jars: run make bench-quick first" >&2; exit 1; }
work=$(mktemp -d)
cleanup() {
  "$root/hack/kafka/kafka.sh" clean --data "$work/kafka" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT

"$root/hack/kafka/kafka.sh" start --data "$work/kafka" --port "$port"
"$root/hack/kafka/kafka.sh" wait --data "$work/kafka"
java -Xmx512m -Dlog4j2.configurationFile="$root/hack/kafka/log4j2.xml" -Dkafka.log.level=ERROR -cp "$jars/*" "$here/Errors.java" \
  "127.0.0.1:$port" "$rest" "$work" "$data/errors-cases.json" "$data/errors-golden.json" 2>"$work/log" || { tail -n 50 "$work/log" >&2; exit 1; }
sed -n 's/^[^ ]* ERROR [^ ]* *\(Error encountered in task .*\)$/\1/p' "$work/log" | sed 's/ (org.apache.*)$//' >"$data/errors-golden.log"
