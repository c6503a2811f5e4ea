#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# build.sh [TARGET...]: compiles Kubernetes' programs, etcd and CoreDNS from the Go module proxy into
# ~/.cache/penstock/bin, each once per version. Needs Go alone. Without arguments: everything a cluster runs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${PENSTOCK_CACHE:-$HOME/.cache/penstock}/bin
all='etcd kube-apiserver kubectl kube-controller-manager kube-scheduler kubelet kube-proxy coredns pause'
export CGO_ENABLED=0 GOWORK=off GOFLAGS='-trimpath -buildvcs=false'

say() { echo "build: $*" >&2; }

# module_of TARGET prints the folder of src that holds it.
module_of() {
  case $1 in
    etcd | coredns | pause) echo "$1" ;;
    kube-apiserver | kubectl | kube-controller-manager | kube-scheduler | kubelet | kube-proxy) echo kubernetes ;;
    *) say "unknown target $1; known: $all"; exit 1 ;;
  esac
}

# version_of MODULE prints the version its go.mod requires.
version_of() {
  case $1 in
    kubernetes) sed -n 's#^require k8s.io/kubernetes ##p' "$here/src/kubernetes/go.mod" ;;
    etcd) sed -n 's#^require go.etcd.io/etcd/server/v3 ##p' "$here/src/etcd/go.mod" ;;
    coredns) sed -n 's#^require github.com/coredns/coredns ##p' "$here/src/coredns/go.mod" ;;
    pause) echo v1 ;;
  esac
}

built() { [[ -x $bin/$1 && $(cat "$bin/.$1.version" 2>/dev/null) == "$(version_of "$(module_of "$1")")" ]]; }

# compile MODULE TARGET...: one go build, so that the targets share it.
compile() {
  local module=$1 version ldflags='-s -w' packages=() stage out p
  shift
  version=$(version_of "$module")
  stage=$bin/.stage-$module
  out=$stage/$1
  rm -rf "$stage" && mkdir -p "$stage"
  case $module in
    kubernetes)
      # The API server and kubectl report these; without them a server calls itself v0.0.0 and refuses to start.
      for p in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        ldflags+=" -X $p.gitVersion=$version -X $p.gitMajor=1 -X $p.gitMinor=$(echo "$version" | cut -d . -f 2)"
        ldflags+=" -X $p.gitCommit=local -X $p.gitTreeState=clean -X $p.buildDate=2026-01-01T00:00:00Z"
      done
      out=$stage/ # several, each under its own name
      for p in "$@"; do packages+=("k8s.io/kubernetes/cmd/$p"); done
      ;;
    etcd) packages=(go.etcd.io/etcd/server/v3) ;;
    coredns | pause) packages=(.) ;;
  esac
  # -v names each package as it is compiled: the log is what the progress lines count.
  (cd "$here/src/$module" && go build -v -ldflags "$ldflags" -o "$out" "${packages[@]}") >"$stage.log" 2>&1 &
  follow $! "$module $version ($*)" "$stage.log"
  for p in "$@"; do
    mv "$stage/$p" "$bin/$p"
    echo "$version" >"$bin/.$p.version"
  done
  rm -rf "$stage" "$stage.log"
}

# follow PID WHAT LOG: a line every 15 s until the build ends, then its outcome.
follow() {
  local started=$SECONDS next=15
  say "building $2"
  while kill -0 "$1" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - started >= next)); then
      say "still building $2: $((SECONDS - started)) s, $(grep -c '^go: downloading' "$3" || true) modules fetched, $(grep -vc '^go: ' "$3" || true) packages compiled"
      next=$((next + 15))
    fi
  done
  wait "$1" || { tail -n 30 "$3" >&2; say "building $2 failed"; exit 1; }
  say "built $2 in $((SECONDS - started)) s"
}

# shellcheck disable=SC2086 # a list of words
(($#)) || set -- $all
missing=()
for target in "$@"; do
  module_of "$target" >/dev/null
  built "$target" || missing+=("$target")
done
((${#missing[@]})) || exit 0

command -v go >/dev/null || { say 'go is not installed: see https://go.dev/doc/install'; exit 1; }
mkdir -p "$bin"
if command -v flock >/dev/null; then
  exec 9>"$bin/.lock"
  flock -n 9 || { say 'waiting for another build'; flock 9; }
fi
say "into $bin; the first time all of it takes about 10 minutes on 2 cores, then it is cached"
for module in etcd kubernetes coredns pause; do
  wanted=()
  for target in "${missing[@]}"; do
    [[ $(module_of "$target") != "$module" ]] || built "$target" || wanted+=("$target")
  done
  ((${#wanted[@]} == 0)) || compile "$module" "${wanted[@]}"
done
