# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
CACHE   ?= $(HOME)/.cache/penstock
ASSETS  ?= $(CACHE)/bin
IMAGE   ?= local.test/penstock:$(VERSION)

FUZZTIME ?= 1m
FUZZ     ?= .

LDFLAGS := -s -w -X main.version=$(VERSION)

export KUBEBUILDER_ASSETS := $(ASSETS)

##@ Use

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"} /^[a-zA-Z0-9_-]+:.*##/ {printf "  %-14s %s\n", $$1, $$2} /^##@/ {printf "\n%s\n", substr($$0, 5)}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/penstock.
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/penstock ./cmd/penstock

.PHONY: plugin
plugin: ## Build bin/kubectl-penstock, the plugin for kubectl, and what completes its words in the shell.
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/kubectl-penstock ./cmd/kubectl-penstock
	cp cmd/kubectl-penstock/kubectl_complete-penstock bin/

.PHONY: demo
demo: build ## Move a real file through the embedded broker and show it (needs Go only).
	hack/demo.sh

##@ Check

.PHONY: test
test: envtest $(ASSETS)/promtool ## Run every test that needs no cluster (needs Go and gcc; builds etcd, an API server and promtool once).
	go test -race -timeout 20m ./...

.PHONY: fuzz
fuzz: ## Fuzz every decoder and parser, one after the other, FUZZTIME (1m) each; FUZZ=avro takes some. make test runs their seeds only.
	FUZZTIME=$(FUZZTIME) hack/fuzz.sh '$(FUZZ)'

.PHONY: envtest
envtest: ## Build etcd, kube-apiserver and kubectl for the tests, unless they are cached.
	@hack/cluster/build.sh etcd kube-apiserver kubectl

.PHONY: secure
secure: envtest ## Run the tests of TLS, SASL and ACLs on a real Kafka, which they start (needs Java, mvn and openssl).
	hack/kafka/secure-test.sh

.PHONY: e2e
e2e: ## Run the end-to-end suite on a real Kubernetes and a real Kafka, which it starts.
	go test -tags e2e -count=1 -timeout 60m -v ./test/e2e/...

.PHONY: bench
bench: bin/bench ## Measure beside Kafka Connect and bare franz-go on a Kafka of its own; writes docs/benchmarks.* (35 minutes, a quiet machine).
	bin/bench -o docs

.PHONY: bench-full
bench-full: bin/bench ## The same with each axis: record size, partitions, tasks, compression (hours).
	bin/bench -full -o docs

.PHONY: bench-quick
bench-quick: bin/bench ## A few records a work: fails on wrong results and on allocations, never on time.
	bin/bench -quick

.PHONY: conformance
conformance: ## Do the same work on Apache Kafka Connect and on Penstock, on a Kafka of its own, and compare (needs Java, Maven and Python with pip).
	go build -o bin/conformance ./test/conformance
	bin/conformance

.PHONY: bench-go
bench-go: ## Run the Go benchmarks of the hot paths.
	go test -run '^$$' -bench . -benchmem ./runtime/...

.PHONY: bin/bench
bin/bench: build
	go build -o $@ ./test/bench

.PHONY: lint
lint: ## Run golangci-lint.
	go tool -modfile=go.lint.mod golangci-lint run ./...

.PHONY: generate
generate: ## Regenerate code, CRDs, RBAC, reference pages and the chart's copies.
	hack/generate.sh

.PHONY: verify
verify: generate ## Regenerate and fail if that changed anything.
	@git diff --exit-code -- . || { echo 'generated files are stale: run make generate and commit'; exit 1; }
	@test -z "$$(git status --porcelain -- . )" || { git status --short; echo 'generated files are not committed: run make generate and commit'; exit 1; }

$(ASSETS)/promtool: go.prom.mod ## promtool checks the rules and their tests.
	go build -modfile=go.prom.mod -tags remove_all_sd -trimpath -o $@ github.com/prometheus/prometheus/cmd/promtool

##@ Cluster

.PHONY: helm
helm: ## Build helm into the cache, where hack/cluster's tools are.
	go build -modfile=go.tools.mod -o $(ASSETS)/helm helm.sh/helm/v3/cmd/helm

.PHONY: image
image: build ## Build the container image as an archive in dist/, without a Docker daemon.
	go run ./hack/image -binary bin/penstock -tag $(IMAGE) -o dist/penstock.tar

.PHONY: cluster-up
cluster-up: ## Start a real single-node Kubernetes on this machine (as root, Debian 12).
	hack/cluster/up.sh

.PHONY: cluster-down
cluster-down: ## Stop it and remove every trace.
	hack/cluster/down.sh
