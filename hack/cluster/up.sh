#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# [NODES=1..3] up.sh: a real Kubernetes on this machine, without a container engine or a registry: etcd, the control plane,
# and per node kubelet, kube-proxy and containerd in namespaces of their own behind a bridge. A cluster that is up already
# stays as it is; leftovers of one that is not are removed first. down.sh ends it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
count=${NODES:-1}
[[ $count =~ ^[1-3]$ ]] || die "NODES is $count: give 1, 2 or 3"
[[ $(uname -s) == Linux ]] || die 'Linux is needed'
need_root
lap() { say "$(printf '%3d s' $SECONDS)  $*"; }

packages() {
  local want=() pair
  for pair in containerd:containerd ctr:containerd runc:runc iptables:iptables nft:nftables conntrack:conntrack \
    socat:socat openssl:openssl ip:iproute2 unshare:util-linux sysctl:procps; do
    command -v "${pair%%:*}" >/dev/null || want+=("${pair#*:}")
  done
  [[ -x /usr/lib/cni/bridge ]] || want+=(containernetworking-plugins)
  [[ -e /etc/ssl/certs/ca-certificates.crt ]] || want+=(ca-certificates)
  ((${#want[@]})) || return 0
  command -v apt-get >/dev/null || die "install these Debian packages, or what they are called here: ${want[*]}"
  lap "installing ${want[*]}"
  {
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${want[@]}"
  } >"$cache/apt.log" 2>&1 || { tail -n 20 "$cache/apt.log" >&2; die 'apt-get failed'; }
}

base_image() { # NAME: from the binary of that name
  local archive=$images/$1.tar
  [[ ! -f $archive || $bin/$1 -nt $archive ]] || return 0
  (cd "$here/../.." && go run ./hack/image -binary "$bin/$1" -certificates '' -tag "$(image_of "$1")" -o "$archive") >/dev/null
}

# What a running cluster was made from, to tell whether it is the one that is asked for.
fingerprint() { { echo "$count"; cat "$bin"/.*.version "$here"/*.sh "$here"/conf/*; } | sha256sum; }

node_ready() { [[ $(kubectl get node "node$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null) == True ]]; }

is_up() {
  local name n
  [[ $(cat "$state/fingerprint" 2>/dev/null) == "$(fingerprint)" ]] || return 1
  for name in etcd api controllers scheduler; do pid_of $name >/dev/null || return 1; done
  for n in $(seq "$count"); do
    for name in containerd kubelet kube-proxy; do pid_of "$name-$n" >/dev/null || return 1; done
    node_ready "$n" || return 1
  done
}

prepare() {
  local folder n
  mkdir -p "$state/log" "$run"
  echo "$count" >"$state/nodes"
  for folder in /var/lib/kubelet /var/lib/containerd /var/lib/cni /var/log/pods /var/log/containers /run/containerd; do
    # Mount points for the nodes; down.sh removes those that this has made.
    [[ -d $folder ]] || { echo "$folder" >>"$state/made"; mkdir -p "$folder"; }
  done
  mount -t tmpfs -o mode=755 penstock "$run"
  mount --make-private "$run" # a mount namespace can be kept as a file only below a private mount
  mkdir "$run/pid"
  make_cgroups system
  "$here/pki.sh" "$count"
  ip link add "$bridge" type bridge
  ip addr add "$host_ip/24" dev "$bridge"
  ip link set "$bridge" up
  for n in $(seq "$count"); do "$here/node.sh" create "$n"; done
  ip route add "$services" via "$api"
}

control_plane() {
  local pki=$state/pki
  start etcd 1 host etcd --name penstock --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
  start api 1 host kube-apiserver --etcd-servers=http://127.0.0.1:2379 --advertise-address="$api" --secure-port=6443 \
    --service-cluster-ip-range="$services" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --tls-cert-file="$pki/api.crt" --tls-private-key-file="$pki/api.key" --client-ca-file="$pki/ca.crt" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$pki/service-accounts.pub" --service-account-signing-key-file="$pki/service-accounts.key" \
    --kubelet-certificate-authority="$pki/ca.crt" --kubelet-client-certificate="$pki/api-to-kubelet.crt" \
    --kubelet-client-key="$pki/api-to-kubelet.key" --kubelet-preferred-address-types=InternalIP \
    --requestheader-client-ca-file="$pki/ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$pki/front-proxy.crt" --proxy-client-key-file="$pki/front-proxy.key" --enable-aggregator-routing=true
  until_ok 60 api kubectl get --raw /readyz
  # One of each: electing a leader would only cost time.
  start controllers 1 host kube-controller-manager --leader-elect=false --bind-address=127.0.0.1 --kubeconfig="$pki/controllers.kubeconfig" \
    --authentication-kubeconfig="$pki/controllers.kubeconfig" --authorization-kubeconfig="$pki/controllers.kubeconfig" \
    --use-service-account-credentials=true --service-account-private-key-file="$pki/service-accounts.key" --root-ca-file="$pki/ca.crt" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" --node-monitor-period=2s --node-monitor-grace-period=20s
  start scheduler 1 host kube-scheduler --leader-elect=false --bind-address=127.0.0.1 --kubeconfig="$pki/scheduler.kubeconfig" \
    --authentication-kubeconfig="$pki/scheduler.kubeconfig" --authorization-kubeconfig="$pki/scheduler.kubeconfig"
  until_ok 60 controllers kubectl -n default get serviceaccount default
}

start_nodes() {
  local n pids=()
  for n in $(seq "$count"); do
    "$here/node.sh" start "$n" &
    pids+=($!)
  done
  for n in "${pids[@]}"; do wait "$n"; done
  for n in $(seq "$count"); do until_ok 90 "kubelet-$n" node_ready "$n"; done
}

mkdir -p "$cache" "$images"
packages
"$here/build.sh"
base_image pause
base_image coredns
if is_up; then
  say 'already up'
else
  "$here/down.sh"
  prepare
  lap 'certificates, bridge and namespaces made'
  control_plane
  lap 'control plane up'
  start_nodes
  lap "$count node(s) Ready"
  sed "s#@DNS@#$dns_service#g; s#@COREDNS@#$(image_of coredns)#g" "$here/conf/coredns.yaml" | kubectl apply -f - >/dev/null
  until_ok 90 kubelet-1 kubectl -n kube-system rollout status deployment/coredns --timeout=1s
  fingerprint >"$state/fingerprint"
  lap 'DNS up'
fi
echo "export KUBECONFIG=$kubeconfig PATH=$bin:\$PATH"
