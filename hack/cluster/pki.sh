#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
#
# pki.sh NODES: a certificate authority, the certificates of every component and a kubeconfig for each client, for up.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir -p "$state/pki"
chmod 700 "$state/pki"
cd "$state/pki"

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }

# issue NAME SUBJECT USAGE [ALTERNATIVE NAMES]
issue() {
  key "$1"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out "$1.crt" 2>/dev/null \
    -extfile <(printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$3"; [[ -z ${4:-} ]] || echo "subjectAltName=$4")
  rm "$1.csr"
}

# client NAME SUBJECT FILE: a client certificate and a kubeconfig that holds it.
client() {
  issue "$1" "$2" clientAuth
  (umask 077 && cat >"$3") <<TXT
apiVersion: v1
kind: Config
current-context: penstock
clusters: [{name: penstock, cluster: {server: "https://$api:6443", certificate-authority-data: $(base64 -w 0 ca.crt)}}]
contexts: [{name: penstock, context: {cluster: penstock, user: $1}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w 0 "$1.crt"), client-key-data: $(base64 -w 0 "$1.key")}}]
TXT
}

key ca
openssl req -x509 -new -key ca.key -subj /CN=penstock-cluster -days 3650 -out ca.crt
key service-accounts
openssl pkey -in service-accounts.key -pubout -out service-accounts.pub

issue api /CN=kube-apiserver serverAuth \
  "IP:127.0.0.1,IP:$api,IP:$api_service,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
issue api-to-kubelet /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
issue front-proxy /CN=front-proxy-client clientAuth
client admin /O=system:masters/CN=admin "$kubeconfig"
client controllers /CN=system:kube-controller-manager controllers.kubeconfig
client scheduler /CN=system:kube-scheduler scheduler.kubeconfig
client proxy /CN=system:kube-proxy proxy.kubeconfig
for n in $(seq "$1"); do
  issue "node$n-serving" "/O=system:nodes/CN=system:node:node$n" serverAuth "DNS:node$n,IP:$(node_ip "$n"),IP:127.0.0.1"
  client "node$n" "/O=system:nodes/CN=system:node:node$n" "node$n.kubeconfig"
done
