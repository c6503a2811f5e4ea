// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"penstock.dev/controllers"
	"penstock.dev/controllers/connectcluster"
	"penstock.dev/controllers/kafka"
	"penstock.dev/controllers/task"
	"penstock.dev/runtime/connect"
)

// The operator's lease, within which it must have stopped when it loses it.
const (
	leaseName     = "penstock-operator"
	shutdownGrace = 15 * time.Second
)

type operatorFlags struct {
	namespace, pod          string
	watch                   []string
	metricsAddr, healthAddr string
	leaderElect             bool
	logLevel                string
	image, pullPolicy       string
}

func operatorCommand(r connect.Registry) *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "operator",
		Short: "Run the controllers",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), r) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.namespace, "namespace", os.Getenv("POD_NAMESPACE"), "`namespace` of the lease (POD_NAMESPACE)")
	flags.StringVar(&f.pod, "pod", os.Getenv("POD_NAME"), "`name` of the pod that this process runs in (POD_NAME)")
	flags.StringSliceVar(&f.watch, "watch-namespaces", nil, "`namespaces` to look after; none means all")
	flags.StringVar(&f.metricsAddr, "metrics-addr", ":8080", "`address` of /metrics")
	flags.StringVar(&f.healthAddr, "health-addr", ":8081", "`address` of /healthz and /readyz")
	flags.BoolVar(&f.leaderElect, "leader-elect", true, "work only while holding the lease")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&f.image, "image", os.Getenv("PENSTOCK_IMAGE"), "`image` of workers (PENSTOCK_IMAGE); without it the one of --pod, and its pull policy")
	flags.StringVar(&f.pullPolicy, "image-pull-policy", os.Getenv("PENSTOCK_IMAGE_PULL_POLICY"), "when workers pull it (PENSTOCK_IMAGE_PULL_POLICY)")
	return cmd
}

func (f operatorFlags) run(ctx context.Context, r connect.Registry) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return fmt.Errorf("--log-level: %w", err)
	}
	log := logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	ctrl.SetLogger(log)
	klog.SetLogger(log)
	mgr, err := f.manager()
	if err != nil {
		return err
	}
	image, err := f.workerImage(ctx, mgr.GetAPIReader())
	if err != nil {
		return err
	}
	err = controllers.SetupWithManager(ctx, mgr, controllers.Options{
		Registry: r,
		Image:    image,
		Kafka:    kafka.Options{Logger: log.WithName("kafka")},
	})
	if err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the controllers: %w", err)
	}
	return nil
}

// workerImage is the image of the flags, or else the operator's own.
func (f operatorFlags) workerImage(ctx context.Context, c client.Reader) (connectcluster.Image, error) {
	image := connectcluster.Image{Name: f.image}
	if image.Name == "" {
		var err error
		if image, err = readImage(ctx, c, client.ObjectKey{Namespace: f.namespace, Name: f.pod}); err != nil {
			return image, err
		}
	}
	if f.pullPolicy != "" {
		image.PullPolicy = corev1.PullPolicy(f.pullPolicy)
	}
	return image, nil
}

func (f operatorFlags) manager() (ctrl.Manager, error) {
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the API server: %w", err)
	}
	// The API server shares its capacity out itself (priority and fairness).
	cfg.QPS = -1
	cfg.UserAgent = "penstock-operator/" + version
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	grace := shutdownGrace
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         f.cache(),
		Client:                        client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		Metrics:                       server.Options{BindAddress: f.metricsAddr},
		HealthProbeBindAddress:        f.healthAddr,
		LeaderElection:                f.leaderElect,
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       f.namespace,
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       &grace,
	})
	if err != nil {
		return nil, fmt.Errorf("making the manager: %w", err)
	}
	return mgr, errors.Join(
		mgr.AddHealthzCheck("ping", healthz.Ping),
		mgr.AddReadyzCheck("ping", healthz.Ping),
	)
}

// cache holds no more than the controllers look at: of pods only workers, and
// nobody's managed fields.
func (f operatorFlags) cache() cache.Options {
	o := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: {Label: labels.SelectorFromSet(labels.Set{task.ComponentLabel: task.WorkerComponent})},
		},
	}
	if len(f.watch) > 0 {
		o.DefaultNamespaces = map[string]cache.Config{}
		for _, ns := range f.watch {
			o.DefaultNamespaces[ns] = cache.Config{}
		}
	}
	return o
}
