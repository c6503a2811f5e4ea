// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Command coredns is CoreDNS with the few plug-ins that a test cluster's DNS uses: a fraction of the stock build's
// dependencies and compile time.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"
)

func main() {
	// The order is that of the chain: template answers whatever kubernetes has passed on.
	dnsserver.Directives = []string{"health", "ready", "errors", "kubernetes", "template"}
	coremain.Run()
}
