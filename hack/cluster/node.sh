#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# node.sh create|start N          up.sh's two steps for a node
# node.sh stop-kubelet|start-kubelet N
#                                 a node whose kubelet has died, for tests; its pods run on
# node.sh cut|heal N              takes the node off the network, and back
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_root
n=${2:?usage: node.sh create|start|stop-kubelet|start-kubelet|cut|heal N}
dir=$state/node$n

# A node is a network namespace, a mount namespace and a cgroup. With file systems of its own below the default paths,
# kubelet and containerd leave nothing on the machine, and all their mounts end with the namespace.
create() {
  local folder other
  mkdir -p "$run/$n/containerd" "$dir"
  : >"$run/$n/net"
  : >"$run/$n/mnt"
  make_cgroups "node$n"
  local mounts=("/run/containerd=$run/$n/containerd")
  for folder in /var/lib/kubelet /var/lib/containerd /var/lib/cni /var/log/pods /var/log/containers; do
    mkdir -p "$dir/${folder//\//_}"
    mounts+=("$folder=$dir/${folder//\//_}")
  done
  # shellcheck disable=SC2016 # expanded inside
  unshare --net="$run/$n/net" --mount="$run/$n/mnt" --propagation slave bash -euc '
    for m; do mount --bind "${m#*=}" "${m%%=*}"; done
    mount --make-rshared /' - "${mounts[@]}"

  ip link add "penstock-h$n" type veth peer name eth0 netns "$run/$n/net"
  ip link set "penstock-h$n" master "$bridge" up
  ip route add "10.244.$n.0/24" via "$(node_ip "$n")"
  nsenter --net="$run/$n/net" bash -euc "
    ip link set lo up
    ip addr add $(node_ip "$n")/24 dev eth0
    ip link set eth0 up
    ip route add default via $host_ip
    $(for other in $(seq "$(nodes)"); do [[ $other == "$n" ]] || echo "ip route add 10.244.$other.0/24 via $(node_ip "$other")"; done)
    sysctl -qw net.ipv4.ip_forward=1
    sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true"
}

fill_in() { # FILE: the template of that name, for this node
  sed "s#@N@#$n#g; s#@NODE@#$dir#g; s#@PKI@#$state/pki#g; s#@DNS@#$dns_service#g; s#@PODS@#$pods#g; s#@PAUSE@#$(image_of pause)#g" "$here/conf/$1"
}

start_kubelet() {
  start "kubelet-$n" "$n" node kubelet --config="$dir/kubelet.yaml" --kubeconfig="$state/pki/node$n.kubeconfig" \
    --hostname-override="node$n" --node-ip="$(node_ip "$n")"
}

start_node() {
  mkdir -p "$dir/net.d"
  fill_in containerd.toml >"$dir/containerd.toml"
  fill_in cni.conflist >"$dir/net.d/10-pods.conflist"
  fill_in kubelet.yaml >"$dir/kubelet.yaml"
  fill_in kube-proxy.yaml >"$dir/kube-proxy.yaml"
  : >"$dir/resolv.conf"
  start "containerd-$n" "$n" node containerd --config "$dir/containerd.toml"
  until_ok 30 "containerd-$n" ctr -a "$run/$n/containerd/containerd.sock" version
  "$here/load.sh" --node "$n" "$images"/*.tar
  start_kubelet
  start "kube-proxy-$n" "$n" node kube-proxy --config="$dir/kube-proxy.yaml"
}

case $1 in
  create) create ;;
  start) start_node ;;
  start-kubelet) start_kubelet ;;
  stop-kubelet) kill -KILL "$(pid_of "kubelet-$n")" ;;
  cut) ip link set "penstock-h$n" down ;;
  heal) ip link set "penstock-h$n" up ;;
  *) die "$1: want create, start, stop-kubelet, start-kubelet, cut or heal" ;;
esac
