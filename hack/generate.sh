#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# Writes everything that is derived from something else in this repository.
set -euo pipefail
cd "$(dirname "$0")/.."

gen() { go tool -modfile=go.tools.mod controller-gen "$@"; }
header=headerFile=hack/boilerplate.go.txt

# Descriptions are cut so that a definition stays below the 256 KiB that
# kubectl apply can carry in an annotation.
gen "object:$header" crd:maxDescLen=300 paths=./api/... output:crd:dir=config/crd/bases
gen rbac:roleName=penstock paths=./controllers/... output:rbac:dir=config/rbac

go generate ./...

rm -f charts/penstock/files/crds/*.yaml
cp config/crd/bases/*.yaml charts/penstock/files/crds/
cp config/rbac/{role,edit,view}.yaml charts/penstock/files/
cp config/admission/policy.yaml charts/penstock/files/taskguard.yaml

{
  cat <<'RULE'
# Generated from rules.yaml by hack/generate.sh.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: penstock
  namespace: penstock-system
  labels: {app.kubernetes.io/name: penstock}
spec:
RULE
  sed 's/^/  /' config/prometheus/rules.yaml
} >config/prometheus/prometheusrule.yaml
cp config/prometheus/{rules.yaml,dashboard.json} charts/penstock/files/
