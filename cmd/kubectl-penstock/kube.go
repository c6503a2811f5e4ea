// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
	"penstock.dev/runtime/connect"
)

const (
	// resource is how kubectl names what is a connector.
	resource = "connector.connect.penstock.dev"
	// owner is the field manager of what this plugin changes.
	owner = "kubectl-penstock"
	// completionTimeout bounds how long the shell waits for names.
	completionTimeout = 3 * time.Second
)

// kube is how the cluster is reached: by kubectl's flags.
type kube struct {
	flags *genericclioptions.ConfigFlags
	now   clock.PassiveClock
	// registry is what workers of this version can run.
	registry connect.Registry
}

func newKube(now clock.PassiveClock, r connect.Registry) *kube {
	flags := genericclioptions.NewConfigFlags(true)
	// Here --cluster is a ConnectCluster; --context chooses among Kubernetes'.
	flags.ClusterName = nil
	// Nothing is discovered that would have to be kept.
	flags.CacheDir = nil
	return &kube{flags: flags, now: now, registry: r}
}

// connect opens the API server and returns the namespace that is meant.
func (k *kube) connect(cmd *cobra.Command) (client.WithWatch, string, error) {
	namespace, _, err := k.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, "", err
	}
	config, err := k.flags.ToRESTConfig()
	if err != nil {
		return nil, "", err
	}
	config.UserAgent = owner + "/" + version
	config.WarningHandler = rest.NewWarningWriter(cmd.ErrOrStderr(), rest.WarningWriterOptions{Deduplicate: true})
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, "", err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, "", err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	return c, namespace, err
}

// source is where the shared commands find connectors: in the cluster.
func (k *kube) source() cli.Source {
	// What get says if there is nothing depends on the flags of its command.
	var all bool
	return cli.Source{
		Open: func(cmd *cobra.Command, takes cli.Takes) func() (cli.Backend, error) {
			var b backend
			var selector string
			if takes != cli.One {
				cmd.Flags().StringVarP(&selector, "selector", "l", "", "select connectors by their `labels`: app=shop,tier!=test")
			}
			if takes == cli.List {
				cmd.Flags().BoolVarP(&all, "all-namespaces", "A", false, "list the connectors of all namespaces")
			}
			return func() (cli.Backend, error) {
				var err error
				if b.selector, err = labels.Parse(selector); err != nil {
					return nil, fmt.Errorf("--selector: %w", err)
				}
				b.selected, b.now, b.registry = selector != "", k.now, k.registry
				if b.c, b.namespace, err = k.connect(cmd); err != nil {
					return nil, err
				}
				if takes == cli.List && all {
					b.namespace = ""
				}
				return &b, nil
			}
		},
		Subject: resource + "/", Declares: true, Selector: "-l", Watches: true,
		Columns: columns(&all), Wide: wide(),
		LingersFor: 5 * time.Minute,
		DeleteDoc: `Delete connectors, and wait until their tasks have ended. Their offsets stay, so
that a connector of the same name in Kafka goes on from there, unless
spec.deletion.offsets says otherwise.`,
		OffsetsDoc: `Show where a connector stands, as its resources say: at most 16 partitions of
each task, those that moved last. Setting and resetting offsets is not possible
through resources.`,
		None: func() string {
			namespace, _, err := k.flags.ToRawKubeConfigLoader().Namespace()
			if all || err != nil {
				return "No resources found"
			}
			return "No resources found in " + namespace + " namespace."
		},
		Now: k.now.Now,
	}
}

// addCompletions completes the values of kubectl's flags.
func (k *kube) addCompletions(cmd *cobra.Command) {
	// The errors say that a flag does not exist, and they do.
	_ = cmd.RegisterFlagCompletionFunc("context", func(_ *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
		config, err := k.flags.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var out []string
		for name := range config.Contexts {
			out = append(out, name)
		}
		return beginning(out, start), cobra.ShellCompDirectiveNoFileComp
	})
	_ = cmd.RegisterFlagCompletionFunc("namespace", func(cmd *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
		var list corev1.NamespaceList
		return k.complete(cmd, &list, start, func() (out []string) {
			for _, n := range list.Items {
				out = append(out, n.Name)
			}
			return out
		}, true)
	})
}

// complete lists objects, of all namespaces or of the one that is meant, and
// returns those names of them that begin with start.
func (k *kube) complete(cmd *cobra.Command, list client.ObjectList, start string, names func() []string, all bool) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
	defer cancel()
	c, namespace, err := k.connect(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	if all {
		namespace = ""
	}
	if err := c.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return beginning(names(), start), cobra.ShellCompDirectiveNoFileComp
}

func beginning(names []string, start string) []string {
	var out []string
	for _, n := range names {
		if strings.HasPrefix(n, start) {
			out = append(out, n)
		}
	}
	return out
}

// addCluster adds --cluster to a command, which names a ConnectCluster.
func (k *kube) addCluster(cmd *cobra.Command, cluster *string, usage string) {
	cmd.Flags().StringVar(cluster, "cluster", "", usage)
	// The error says that the flag does not exist, and it does.
	_ = cmd.RegisterFlagCompletionFunc("cluster", func(cmd *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
		var list v1alpha1.ConnectClusterList
		return k.complete(cmd, &list, start, func() (out []string) {
			for i := range list.Items {
				out = append(out, list.Items[i].Name)
			}
			return out
		}, false)
	})
}

func aboutCluster(name string, err error) error {
	return fmt.Errorf("connectcluster.connect.penstock.dev/%s: %w", name, err)
}
