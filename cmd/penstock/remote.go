// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/penstock/restclient"
)

const (
	defaultServer = "http://localhost:8083"
	serverEnv     = "PENSTOCK_SERVER"
	userEnv       = "PENSTOCK_USER"
	passwordEnv   = "PENSTOCK_PASSWORD"
	// answerTimeout is longer than what a Connect worker gives itself for a request.
	answerTimeout = 100 * time.Second
)

// serverFlags say where a Connect server is.
type serverFlags struct {
	server   string
	user     string
	ca       string
	insecure bool
}

func (f *serverFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.server, "server", "", "`address` of the Connect server; else $"+serverEnv+", else "+defaultServer)
	cmd.Flags().StringVar(&f.user, "user", "", "`name` or name:password for basic auth; else $"+userEnv+", and the password from $"+passwordEnv)
	cmd.Flags().StringVar(&f.ca, "ca", "", "PEM `file` of the authorities that the server's certificate may come from")
	cmd.Flags().BoolVar(&f.insecure, "insecure", false, "do not check the server's certificate")
}

// client builds the client.
func (f *serverFlags) client() (*restclient.Client, error) {
	transport, err := f.transport()
	if err != nil {
		return nil, err
	}
	user, password, given := strings.Cut(firstOf(f.user, os.Getenv(userEnv)), ":")
	if !given {
		password = os.Getenv(passwordEnv)
	}
	return restclient.New(restclient.Options{
		Server: firstOf(f.server, os.Getenv(serverEnv), defaultServer), User: user, Password: password, Transport: transport,
	})
}

func (f *serverFlags) transport() (http.RoundTripper, error) {
	config := &tls.Config{InsecureSkipVerify: f.insecure, MinVersion: tls.VersionTLS12}
	if f.ca != "" {
		if f.insecure {
			return nil, errors.New("--insecure checks nothing, so --ca has no effect; leave one out")
		}
		pem, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, fmt.Errorf("reading --ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca %s holds no certificate in PEM", f.ca)
		}
	}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: config,
		ResponseHeaderTimeout: answerTimeout, DisableKeepAlives: true,
	}, nil
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// connectServer is the source of the shared commands: a Connect server.
func connectServer() cli.Source {
	return cli.Source{
		Open:    openServer,
		Subject: "connector ",
		Columns: []cli.Column{
			{Title: "NAME", Cell: func(c cli.Connector, _ time.Time) string { return c.Name }},
			{Title: "TYPE", Cell: func(c cli.Connector, _ time.Time) string { return c.Type }},
			{Title: "STATE", Cell: func(c cli.Connector, _ time.Time) string { return c.State }},
			{Title: "TASKS", Cell: func(c cli.Connector, _ time.Time) string { return cli.Counted(c) }},
			{Title: "WORKER", Cell: func(c cli.Connector, _ time.Time) string { return c.Worker }},
			{Title: "CLASS", Cell: func(c cli.Connector, _ time.Time) string { return c.Class }},
		},
		TaskAlone: true,
		Moves:     true,
		DeleteDoc: `Delete connectors. Their tasks end; their offsets stay, so that a connector of
the same name goes on from there. To forget them, stop the connector and use
offsets reset before.`,
		OffsetsDoc: `Show where a connector stands.

What -o json or -o yaml prints can be changed and given to offsets set.`,
		None: func() string { return "No connectors found" },
		Now:  time.Now,
	}
}

func openServer(cmd *cobra.Command, _ cli.Takes) func() (cli.Backend, error) {
	var f serverFlags
	f.add(cmd)
	return func() (cli.Backend, error) {
		c, err := f.client()
		if err != nil {
			return nil, err
		}
		return remote{c}, nil
	}
}
