#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# load.sh [--node N] IMAGE.tar...: makes images known to every node, or to one. Pods then name them with
# imagePullPolicy Never or IfNotPresent.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_root
targets=$(seq "$(nodes)")
if [[ ${1:-} == --node ]]; then
  targets=$2
  shift 2
fi
(($#)) || die 'usage: load.sh [--node N] IMAGE.tar...'
[[ -n $targets ]] || die 'no cluster is up: run hack/cluster/up.sh first'
pids=()
for n in $targets; do
  for archive in "$@"; do
    [[ -r $archive ]] || die "$archive cannot be read"
    ctr -a "$run/$n/containerd/containerd.sock" -n k8s.io images import "$archive" >/dev/null &
    pids+=($!)
  done
done
for pid in "${pids[@]}"; do wait "$pid" || die 'an image was not loaded'; done
