#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# update.sh v1.37.2: moves this module to a Kubernetes version. Kubernetes' own go.mod points its k8s.io libraries at
# ./staging, which the module proxy does not serve; here they are the libraries published with that version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
version=${1:?usage: update.sh vMAJOR.MINOR.PATCH}
upstream=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
{
  echo "module $(go list -m)"
  grep -E '^(go|godebug) ' "$upstream"
  echo "require k8s.io/kubernetes $version"
  sed -n "s#^[[:space:]]*\(k8s.io/[a-z-]*\) => ./staging.*#replace \1 => \1 v0.${version#v1.}#p" "$upstream"
} >go.mod.new
mv go.mod.new go.mod
rm -f go.sum
go mod tidy
go mod edit -fmt
