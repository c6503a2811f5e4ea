// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"io"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
)

// clusterPlugin is a connector class as a ConnectCluster's status has it.
type clusterPlugin struct {
	Cluster string `json:"cluster"`
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version,omitempty"`
}

func pluginsCommand(k *kube) *cobra.Command {
	var output cli.Output
	var cluster string
	cmd := &cobra.Command{
		Use:   "plugins",
		Short: "List the connector classes that the workers of ConnectClusters have",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.Check(); err != nil {
				return err
			}
			c, namespace, err := k.connect(cmd)
			if err != nil {
				return err
			}
			list, err := clusters(cmd, c, namespace, cluster)
			if err != nil {
				return err
			}
			found := clusterPlugins(list)
			return output.Print(cmd.OutOrStdout(), found, func(w io.Writer) error {
				rows := make([][]string, len(found))
				for i, p := range found {
					rows[i] = []string{p.Cluster, p.Class, p.Type, p.Version}
				}
				return cli.WriteTable(w, []string{"CLUSTER", "CLASS", "TYPE", "VERSION"}, rows)
			})
		},
	}
	cli.AddOutput(cmd, &output)
	k.addCluster(cmd, &cluster, "only those of this ConnectCluster")
	return cmd
}

func clusterPlugins(list []v1alpha1.ConnectCluster) []clusterPlugin {
	out := []clusterPlugin{}
	for i := range list {
		for _, p := range list[i].Status.Plugins {
			out = append(out, clusterPlugin{list[i].Name, p.Class, string(p.Type), p.Version})
		}
	}
	return out
}

// clusters returns one ConnectCluster, or all of a namespace.
func clusters(cmd *cobra.Command, c client.Client, namespace, name string) ([]v1alpha1.ConnectCluster, error) {
	b := backend{namespace: namespace}
	if name == "" {
		var list v1alpha1.ConnectClusterList
		err := c.List(cmd.Context(), &list, client.InNamespace(namespace))
		return list.Items, b.plain(err)
	}
	var one v1alpha1.ConnectCluster
	err := c.Get(cmd.Context(), client.ObjectKey{Namespace: namespace, Name: name}, &one)
	if err = b.plain(err); err != nil {
		return nil, aboutCluster(name, err)
	}
	return []v1alpha1.ConnectCluster{one}, nil
}
