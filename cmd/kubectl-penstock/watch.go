// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

// again is how long to wait after a watch has broken.
const again = time.Second

// Watch tells of changes of connectors and of tasks. The first watch of each must
// work; later ones, which a server ends from time to time, are tried for ever.
func (b *backend) Watch(ctx context.Context) (<-chan struct{}, error) {
	wake := make(chan struct{}, 1)
	for _, open := range []func() (watch.Interface, error){
		func() (watch.Interface, error) {
			return b.c.Watch(ctx, &v1alpha1.ConnectorList{}, client.InNamespace(b.namespace), client.MatchingLabelsSelector{Selector: b.selector})
		},
		func() (watch.Interface, error) {
			return b.c.Watch(ctx, &v1alpha1.TaskList{}, client.InNamespace(b.namespace))
		},
	} {
		w, err := open()
		if err != nil {
			return nil, b.plain(err)
		}
		go follow(ctx, w, open, wake)
	}
	return wake, nil
}

// follow sends to wake after each event, and after each interruption.
func follow(ctx context.Context, w watch.Interface, open func() (watch.Interface, error), wake chan<- struct{}) {
	for {
		if w != nil {
			drain(ctx, w, wake)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
		w, _ = open() // what is wrong now shows when get lists
		poke(wake)
	}
}

func drain(ctx context.Context, w watch.Interface, wake chan<- struct{}) {
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-w.ResultChan():
			if !ok {
				return
			}
			poke(wake)
		}
	}
}

func poke(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default: // it will look anyway
	}
}
