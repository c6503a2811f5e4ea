// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	"k8s.io/utils/keymutex"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
	"penstock.dev/controllers/internal/state"
)

const (
	// fieldOwner owns the binding in a Task's spec, and its status.
	fieldOwner client.FieldOwner = "penstock-task"
	// kafkaTimeout bounds one call to Kafka.
	kafkaTimeout = 15 * time.Second
	// locks is how many bindings can be written at once.
	locks = 64
	// conflicts is how often a binding is written again that somebody's write came
	// before.
	conflicts = 5
)

// binding writes what a Task is bound to. Two reconcilers do: the one that places
// tasks, and the one that restarts them.
type binding struct {
	client client.Client
	live   client.Reader
	kafka  Kafka
	clock  clock.PassiveClock
	// locked serialises writers of one Task: an epoch that is raised and then not
	// used would end the running incarnation.
	locked keymutex.KeyMutex
}

func newBinding(d Dependencies) *binding {
	return &binding{client: d.Client, live: d.Live, kafka: d.Kafka, clock: d.Clock, locked: keymutex.NewHashed(locks)}
}

// start binds a task to a worker under a new epoch, or gives it a new epoch on
// the worker that it has, and reports whether it did. check is asked about the
// Task as it is in the API server now; if it refuses, because the caller's view
// was old, nothing is done: the newer view is on its way. The caller's Task then
// has the resource version of what was written.
func (b *binding) start(ctx context.Context, t *v1alpha1.Task, to v1alpha1.WorkerRef, check func(now *v1alpha1.Task) bool) (bool, error) {
	var epoch int64
	return b.write(ctx, t, check, func(now *v1alpha1.Task) (*v1alpha1.TaskSpec, error) {
		if epoch == 0 { // a conflict is no reason for yet another epoch
			var err error
			if epoch, err = b.nextEpoch(ctx, now); err != nil {
				return nil, err
			}
		}
		return &v1alpha1.TaskSpec{Worker: &to, Epoch: epoch, BoundRevision: now.Spec.ConfigRevision}, nil
	})
}

func (b *binding) nextEpoch(ctx context.Context, t *v1alpha1.Task) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, kafkaTimeout)
	defer cancel()
	// A status topic that was lost knows no epochs, and the Task's own never goes down.
	epoch, err := b.kafka.NextEpoch(ctx, keyOf(t), t.Spec.Epoch)
	if err != nil {
		return 0, fmt.Errorf("raising the epoch of task %s: %w", t.Name, err)
	}
	return epoch, nil
}

// release takes a task from its worker; letGo says that the worker is there and
// is to be waited for.
func (b *binding) release(ctx context.Context, t *v1alpha1.Task, letGo bool) error {
	check := func(now *v1alpha1.Task) bool { return sameBinding(t, now) && now.Spec.Worker != nil }
	_, err := b.write(ctx, t, check, func(now *v1alpha1.Task) (*v1alpha1.TaskSpec, error) {
		s := &v1alpha1.TaskSpec{Epoch: now.Spec.Epoch, BoundRevision: now.Spec.BoundRevision}
		if letGo {
			s.Releasing = &v1alpha1.Release{Worker: *now.Spec.Worker, Since: metav1.NewTime(b.clock.Now())}
		}
		return s, nil
	})
	return err
}

// write changes a binding and reports whether it did. A Task that changes
// meanwhile, if only its status, is read and judged again: no event may follow
// that would bring the caller back.
func (b *binding) write(ctx context.Context, t *v1alpha1.Task, check func(*v1alpha1.Task) bool, decide func(*v1alpha1.Task) (*v1alpha1.TaskSpec, error)) (done bool, err error) {
	id := t.Namespace + "/" + t.Name
	b.locked.LockKey(id)
	defer func() { _ = b.locked.UnlockKey(id) }() // always nil for a key that is locked
	for range conflicts {
		if done, err = b.writeOnce(ctx, t, check, decide); !apierrors.IsConflict(err) {
			return done, err
		}
	}
	return false, err
}

func (b *binding) writeOnce(ctx context.Context, t *v1alpha1.Task, check func(*v1alpha1.Task) bool, decide func(*v1alpha1.Task) (*v1alpha1.TaskSpec, error)) (bool, error) {
	var now v1alpha1.Task
	if err := b.live.Get(ctx, client.ObjectKeyFromObject(t), &now); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	if now.UID != t.UID || now.DeletionTimestamp != nil || !check(&now) {
		return false, nil
	}
	s, err := decide(&now)
	if err != nil {
		return false, err
	}
	fields, err := bindingFields(s)
	if err != nil {
		return false, err
	}
	if err := apply.Fields(ctx, b.client, fieldOwner, &now, map[string]any{"spec": fields}); err != nil {
		return false, err
	}
	t.ResourceVersion = now.ResourceVersion
	return true, nil
}

// bindingFields are the fields of a spec that the binding owns.
func bindingFields(s *v1alpha1.TaskSpec) (map[string]any, error) {
	all, err := runtime.DefaultUnstructuredConverter.ToUnstructured(s)
	if err != nil {
		return nil, fmt.Errorf("encoding a binding: %w", err)
	}
	out := map[string]any{}
	for _, k := range []string{"worker", "epoch", "boundRevision", "releasing"} {
		if v, ok := all[k]; ok {
			out[k] = v
		}
	}
	return out, nil
}

func sameBinding(a, b *v1alpha1.Task) bool {
	return a.Spec.Epoch == b.Spec.Epoch && (a.Spec.Worker == nil) == (b.Spec.Worker == nil)
}

func keyOf(t *v1alpha1.Task) state.TaskKey {
	return state.TaskKey{Cluster: t.Cluster(), Connector: t.Spec.ConnectorName, Index: int(t.Spec.Index)}
}
