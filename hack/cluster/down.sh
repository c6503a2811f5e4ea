#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# down.sh: ends the cluster and removes every trace of it, also of one that crashed half-way. What build.sh compiled and
# the base images stay cached.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_root

# Components first: while they live they start pods again.
deadline=$((SECONDS + 20))
while pids=$(cluster_pids) && [[ -n $pids ]]; do
  system=$(cat "$cgroup/system/cgroup.procs" 2>/dev/null) || true
  # shellcheck disable=SC2086 # lists
  kill -KILL ${system:-$pids} 2>/dev/null || true
  ((SECONDS < deadline)) || die "these processes do not end: $(echo "$pids" | xargs)"
  sleep 0.1
done

while read -r mount; do umount -l "$mount"; done < <(awk -v run="$run" '$2 == run || index($2, run "/") == 1 {print $2}' /proc/mounts | sort -r)
for link in $(ip -o link show | grep -oE "penstock-h[0-9]+|$bridge" | sort -u); do
  ip link delete "$link" 2>/dev/null || true # the other end of a pair takes this one along
done
# Also where only runc has put ours (v1's unified hierarchy). A cgroup is busy until the kernel has done with its processes.
ours() { compgen -G '/sys/fs/cgroup/penstock' || compgen -G '/sys/fs/cgroup/*/penstock'; }
while left=$(ours); do
  # shellcheck disable=SC2086 # a list
  find $left -depth -type d -exec rmdir {} + 2>/dev/null || true
  ((SECONDS < deadline)) || die "these cgroups stay busy: $(echo "$left" | xargs)"
  sleep 0.02
done
if [[ -f $state/made ]]; then xargs -r rmdir --ignore-fail-on-non-empty <"$state/made" 2>/dev/null || true; fi
rm -rf "$run" "$state"
