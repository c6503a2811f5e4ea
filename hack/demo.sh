#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# The main job on embedded defaults: a real file goes through a broker in this process into another file, twice.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

cp README.md "$work/in.txt"
cat >"$work/copy.yaml" <<YAML
apiVersion: connect.penstock.dev/v1alpha1
kind: Connector
metadata: {name: readme-in}
spec:
  clusterRef: {name: demo}
  class: file-source
  config: {file: $work/in.txt, topic: lines, value.converter: string}
---
apiVersion: connect.penstock.dev/v1alpha1
kind: Connector
metadata: {name: readme-out}
spec:
  clusterRef: {name: demo}
  class: file-sink
  config: {file: $work/out.txt, topics: lines, value.converter: string}
YAML

run() { bin/penstock standalone -f "$work/copy.yaml" --data-dir "$work/data" --until-idle 1s --metrics-addr ""; }

say "README.md ($(wc -l <"$work/in.txt") lines) through a topic into another file"
run
cmp "$work/in.txt" "$work/out.txt"
say "the same again, after two more lines: it goes on where it stopped"
printf 'one more line\nand another\n' >>"$work/in.txt"
run
cmp "$work/in.txt" "$work/out.txt"
tail -n 2 "$work/out.txt"
say "in and out are equal, byte for byte"
