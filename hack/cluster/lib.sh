# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
# shellcheck shell=bash disable=SC2034 # settings are used by the scripts that source this
#
# Settings and process handling shared by the scripts of this folder.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${PENSTOCK_CACHE:-$HOME/.cache/penstock}
bin=$cache/bin
images=$cache/images
state=$cache/cluster    # on disk: certificates, etcd's data, the nodes' files, logs
run=/run/penstock       # a tmpfs: namespaces and sockets
bridge=penstock-br
host_ip=10.250.0.1      # the bridge's own address; servers of this machine that pods shall reach listen here
api=10.250.0.2          # node 1, which also runs the control plane
pods=10.244.0.0/16      # node N: 10.244.N.0/24
services=10.96.0.0/16
api_service=10.96.0.1
dns_service=10.96.0.10
kubeconfig=$state/kubeconfig
PATH=$bin:$PATH:/usr/sbin:/sbin
export KUBECONFIG=$kubeconfig

say() { echo "cluster: $*" >&2; }
die() { say "$*"; exit 1; }
need_root() { [[ $(id -u) == 0 ]] || die 'run this as root: it makes network namespaces, mounts and cgroups'; }

node_ip() { echo "10.250.0.$(($1 + 1))"; }
image_of() { echo "local.test/$1:$(cat "$bin/.$1.version")"; } # of a binary that build.sh made
nodes() { cat "$state/nodes" 2>/dev/null || echo 0; }

# Every process of the cluster is in the cgroup penstock: our own in penstock/system, the pods' in penstock/nodeN. So the
# kernel keeps the list of what down.sh must end, whatever has crashed or forked in between.
if [[ $(stat -fc %T /sys/fs/cgroup 2>/dev/null) == cgroup2fs ]]; then
  hierarchies=(/sys/fs/cgroup)
  cgroup=/sys/fs/cgroup/penstock
else
  hierarchies=()
  for h in /sys/fs/cgroup/*/; do [[ $h == */unified/ ]] || hierarchies+=("${h%/}"); done
  cgroup=/sys/fs/cgroup/pids/penstock
fi

make_cgroups() { # NAME...
  local h name controller
  for h in "${hierarchies[@]}"; do
    for name in penstock "${@/#/penstock/}"; do
      mkdir -p "$h/$name"
      # v1: a new cpuset is empty and takes no process. v2: children get only the controllers that the parent hands on.
      if [[ -f $h/cpuset.cpus && -w $h/$name/cpuset.cpus && ! -f $h/cgroup.controllers ]]; then
        cat "$h/cpuset.cpus" >"$h/$name/cpuset.cpus"
        cat "$h/cpuset.mems" >"$h/$name/cpuset.mems"
      fi
      [[ -f $h/cgroup.controllers && $name != penstock/system ]] || continue
      for controller in cpu cpuset memory pids io hugetlb; do
        { echo "+$controller" >"$h/cgroup.subtree_control" && echo "+$controller" >"$h/$name/cgroup.subtree_control"; } 2>/dev/null || true
      done
    done
  done
}

cluster_pids() { find "$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null; }

# pid_of NAME prints the pid of a running component; a recorded pid counts only while it is in our cgroup.
pid_of() {
  local pid
  pid=$(cat "$run/pid/$1" 2>/dev/null) || return 1
  grep -qs "/penstock/system$" "/proc/$pid/cgroup" && ! grep -qs '^State:.Z' "/proc/$pid/status" && echo "$pid"
}

# start NAME NODE host|node COMMAND...: runs it detached in the node's network, and in this machine's or the node's file
# system.
start() {
  local name=$1 inside=(--net="$run/$2/net")
  [[ $3 != node ]] || inside+=(--mount="$run/$2/mnt")
  shift 3
  ! pid_of "$name" >/dev/null || return 0
  (
    echo "$BASHPID" >"$cgroup/system/cgroup.procs"
    exec setsid nsenter "${inside[@]}" "$@"
  ) >>"$state/log/$name.log" 2>&1 </dev/null &
  echo $! >"$run/pid/$name"
}

# until_ok SECONDS NAME COMMAND...: waits for the command to succeed; NAME's log tells why it did not.
until_ok() {
  local limit=$1 name=$2 begin=$SECONDS next=15
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS - begin >= limit)); then
      tail -n 20 "$state/log/$name.log" >&2 || true
      die "$name is not ready after $limit s: see $state/log/$name.log"
    fi
    if ((SECONDS - begin >= next)); then
      say "still waiting for $name, $((SECONDS - begin)) s"
      next=$((next + 15))
    fi
    sleep 0.2
  done
}
