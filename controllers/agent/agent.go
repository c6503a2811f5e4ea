// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package agent runs in the worker's pod and turns the Tasks that are bound to
// it into the worker's assignment. It is a bare reflector over a store that is
// kept in a file: a container that restarts while the API server is away goes on
// with what it had (docs/architecture.md).
package agent

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/fields"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/worker"
)

// workerField is the selectable field of a Task that names its worker's pod.
const workerField = "spec.worker.name"

// Options are what an agent needs.
type Options struct {
	// REST reaches the API server.
	REST *rest.Config
	// Namespace, Pod and PodUID name the pod that the agent runs in. A Task that
	// is bound to the same name with another UID belongs to an earlier pod and is
	// ignored.
	Namespace, Pod, PodUID string
	// Dir holds the last assignment; it should live in memory and as long as the
	// pod, because resolved secrets are kept in it too.
	Dir    string
	Logger logr.Logger
	// Assign takes the whole assignment each time it changes. It must not block.
	Assign func([]worker.TaskSpec)
}

// Agent watches the Tasks of one worker.
type Agent struct {
	opts  Options
	store *store
	file  string

	mu     sync.Mutex
	synced bool
}

// New returns an agent; Run starts it.
func New(o Options) (*Agent, error) {
	if o.Namespace == "" || o.Pod == "" || o.PodUID == "" {
		return nil, errors.New("the agent needs POD_NAMESPACE, POD_NAME and POD_UID from the pod's downward API")
	}
	return &Agent{
		opts:  o,
		store: newStore(o.PodUID),
		file:  filepath.Join(o.Dir, "assignment.json"),
	}, nil
}

// Synced reports whether an assignment was taken over: from the API server, or
// from the file of an earlier container of this pod.
func (a *Agent) Synced() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.synced
}

// Run assigns what the file holds, then what the API server says, until ctx is
// done.
func (a *Agent) Run(ctx context.Context) error {
	client, err := taskClient(a.opts.REST)
	if err != nil {
		return err
	}
	if err := a.restore(); err != nil {
		a.opts.Logger.Error(err, "Starting without the last assignment")
	}
	var wg sync.WaitGroup
	wg.Go(func() { a.reflector(client).RunWithContext(ctx) })
	a.follow(ctx)
	wg.Wait()
	return nil
}

// restore seeds the store from the file. The tasks may be stale: their epochs
// tell, in Kafka, before they move anything.
func (a *Agent) restore() error {
	specs, err := load(a.file, a.opts.PodUID)
	if err != nil || specs == nil {
		return err
	}
	a.opts.Logger.Info("Resuming the last assignment", "tasks", len(specs))
	a.store.seed(specs)
	return nil
}

// follow hands each change of the store on, several at once if they come fast.
func (a *Agent) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.store.changed:
		}
		specs := a.store.specs()
		if err := save(a.file, a.opts.PodUID, specs); err != nil {
			a.opts.Logger.Error(err, "The assignment is not kept and will not survive a restart without the API server")
		}
		a.opts.Assign(sorted(specs))
		a.mu.Lock()
		a.synced = true
		a.mu.Unlock()
	}
}

func (a *Agent) reflector(client rest.Interface) *cache.Reflector {
	lw := cache.NewListWatchFromClient(client, "tasks", a.opts.Namespace,
		fields.OneTermEqualSelector(workerField, a.opts.Pod))
	logger := a.opts.Logger
	return cache.NewReflectorWithOptions(lw, &v1alpha1.Task{}, a.store, cache.ReflectorOptions{
		Name:   "tasks",
		Logger: &logger,
		// client-go's own back-off lets an agent miss up to a minute and a half after
		// the API server came back.
		Backoff: &wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 10, Cap: 5 * time.Second},
	})
}

func taskClient(base *rest.Config) (rest.Interface, error) {
	scheme := k8sruntime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("registering the Task type: %w", err)
	}
	cfg := rest.CopyConfig(base)
	cfg.GroupVersion = &v1alpha1.GroupVersion
	cfg.APIPath = "/apis"
	cfg.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	cfg.QPS = -1
	client, err := rest.RESTClientFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("building the client for Tasks: %w", err)
	}
	return client, nil
}
