// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"k8s.io/apimachinery/pkg/watch"

	"penstock.dev/api/v1alpha1"
)

// A watch that breaks is opened again, until that works, and what happened in
// between is looked at.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		first, second := watch.NewFake(), watch.NewFake()
		tries := 0
		open := func() (watch.Interface, error) {
			if tries++; tries == 1 {
				return nil, errors.New("the API server is away")
			}
			return second, nil
		}
		wake := make(chan struct{}, 1)
		ended := make(chan struct{})
		go func() { defer close(ended); follow(ctx, first, open, wake) }()
		first.Add(&v1alpha1.Connector{})
		<-wake
		first.Stop()
		<-wake // after the try in vain
		<-wake // after the one that worked
		second.Modify(&v1alpha1.Connector{})
		<-wake
		if tries != 2 {
			t.Errorf("opened %d times", tries)
		}
		cancel()
		<-ended
	})
}
