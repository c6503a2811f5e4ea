#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# Runs the fuzz tests of the module one after the other, FUZZTIME each, and goes on
# after one that fails. An argument is a regular expression for those that are
# wanted, of "package Name": avro, FuzzParse$.
#
# An input that fails is written to testdata/fuzz beside its test: commit it with
# the mending, and every go test runs it from then on. What else is worth trying is
# kept in $(go env GOCACHE)/fuzz, where the next run goes on.
set -euo pipefail
cd "$(dirname "$0")/.."

FUZZTIME=${FUZZTIME:-1m}
wanted=${1:-.}

# The compiler is asked for the names, in the packages that have any.
targets() {
  local dir
  while read -r dir; do
    go test -list '^Fuzz' "./$dir" | awk -v p="./$dir" '/^Fuzz/ {print p, $1}'
  done < <(git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -lE '^func Fuzz' | xargs -n1 dirname | sort -u)
}

mapfile -t chosen < <(targets | grep -E -- "$wanted")
[[ ${#chosen[@]} -gt 0 ]] || { echo "there is no fuzz test for $wanted" >&2; exit 1; }
echo "${#chosen[@]} fuzz tests, $FUZZTIME each"

failed=()
for target in "${chosen[@]}"; do
  read -r package name <<<"$target"
  printf '\n== %s\n' "$target"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "$FUZZTIME" "$package" || failed+=("$target")
done

if [[ ${#failed[@]} -gt 0 ]]; then
  printf '\nfailed:\n'
  printf '  %s\n' "${failed[@]}"
  exit 1
fi
