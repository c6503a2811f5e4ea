// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/internal/definition"
	"penstock.dev/cmd/penstock/restclient"
)

type createFlags struct {
	files  []string
	update bool
	server serverFlags
	wait   cli.Waiting
}

func createCommand() *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Use:   "create -f FILE",
		Short: "Create connectors on a Connect server",
		Long: `Create connectors on a Connect server, from Kafka Connect's JSON ({"name": …,
"config": {…}}, a flat object of keys, or what GET /connectors?expand=info
answers), its properties files (*.properties), or Connector manifests. Of a
manifest, clusterRef is ignored.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return create(cmd, &f) },
	}
	addFiles(cmd, &f.files)
	_ = cmd.MarkFlagRequired("filename") // the flag exists
	cmd.Flags().BoolVar(&f.update, "update", false, "give connectors that are there already this config")
	f.server.add(cmd)
	f.wait.AddFlags(cmd)
	return cmd
}

func create(cmd *cobra.Command, f *createFlags) error {
	if err := f.wait.Check(); err != nil {
		return err
	}
	// Nothing is created unless all can be read.
	list, err := definition.Read(cmd.Context(), f.files, cmd.InOrStdin())
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errors.New("the manifests hold no connector")
	}
	c, err := f.server.client()
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range list {
		did, err := f.put(cmd, c, d)
		if err == nil {
			err = f.wait.Finish(cmd, connectServer(), remote{c}, d.Name, target(d), "connector "+d.Name+": "+did)
		} else {
			err = fmt.Errorf("%s: connector %s: %w", d.Origin, d.Name, err)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// put creates a connector, or updates it if the user wants that, and says which.
func (f *createFlags) put(cmd *cobra.Command, c *restclient.Client, d definition.Definition) (string, error) {
	_, err := c.Create(cmd.Context(), restclient.NewConnector{Name: d.Name, Config: d.Config, InitialState: d.State})
	var refused *restclient.Error
	switch {
	case err == nil:
		return "created", nil
	case !errors.As(err, &refused) || refused.Code != http.StatusConflict:
		return "", err
	case !f.update:
		return "", fmt.Errorf("%w; --update gives it this config", err)
	}
	if _, err := c.Configure(cmd.Context(), d.Name, d.Config); err != nil {
		return "", err
	}
	if d.State != "" {
		if err := (remote{c}).SetTarget(cmd.Context(), d.Name, target(d)); err != nil {
			return "", err
		}
	}
	return "updated", nil
}

// target is what the connector does once it is created.
func target(d definition.Definition) cli.Target {
	switch d.State {
	case "PAUSED":
		return cli.Paused
	case "STOPPED":
		return cli.Stopped
	}
	return cli.Running
}
