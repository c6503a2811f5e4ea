// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package apply writes objects by server-side apply, each controller under a
// field owner of its own.
package apply

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// ErrNotOurs says that an object of the needed name belongs to someone else.
var ErrNotOurs = errors.New("it exists and belongs to someone else: delete or rename it")

// Owned applies obj as a child of owner. An object of that name that owner does
// not control is refused with ErrNotOurs and left as it is. Fields that obj leaves
// empty are not applied. obj gets the generation of what was written.
func Owned(ctx context.Context, c client.Client, field client.FieldOwner, owner, obj client.Object) error {
	existing := obj.DeepCopyObject().(client.Object)
	existing.SetOwnerReferences(nil) // those that are read are added to what is there
	err := c.Get(ctx, client.ObjectKeyFromObject(obj), existing)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading %s: %w", name(c, obj), err)
	}
	if err == nil && !metav1.IsControlledBy(existing, owner) {
		return fmt.Errorf("%s: %w", name(c, obj), ErrNotOurs)
	}
	if err := controllerutil.SetControllerReference(owner, obj, c.Scheme()); err != nil {
		return fmt.Errorf("owning %s: %w", name(c, obj), err)
	}
	u, err := desired(c, obj)
	if err != nil {
		return err
	}
	if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), field, client.ForceOwnership); err != nil {
		return fmt.Errorf("applying %s: %w", name(c, obj), err)
	}
	obj.SetGeneration(u.GetGeneration())
	return nil
}

// Fields applies exactly the given fields of an object that exists. The object's
// UID and resource version go with them: an object that was deleted is not made
// again, and one that was changed meanwhile is a conflict. obj gets the resource
// version of what was written.
func Fields(ctx context.Context, c client.Client, field client.FieldOwner, obj client.Object, fields map[string]any) error {
	u, err := partial(c, obj, fields)
	if err != nil {
		return err
	}
	if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), field, client.ForceOwnership); err != nil {
		return fmt.Errorf("applying %s: %w", name(c, obj), err)
	}
	obj.SetResourceVersion(u.GetResourceVersion())
	return nil
}

// Status applies the status of an object, whole. It follows from the object as it
// was read: one that was changed since is a conflict, and so is another one of the
// name, which the API server tells apart by the resource version only. An object
// that is gone is no error.
func Status(ctx context.Context, c client.Client, field client.FieldOwner, obj client.Object) error {
	all, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return fmt.Errorf("encoding the status of %s: %w", name(c, obj), err)
	}
	u, err := partial(c, obj, map[string]any{"status": all["status"]})
	if err != nil {
		return err
	}
	err = c.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(u), field, client.ForceOwnership)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("writing the status of %s: %w", name(c, obj), err)
	}
	return nil
}

func desired(c client.Client, obj client.Object) (*unstructured.Unstructured, error) {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", name(c, obj), err)
	}
	u := &unstructured.Unstructured{Object: m}
	delete(m, "status")
	unstructured.RemoveNestedField(m, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(m, "spec", "template", "metadata", "creationTimestamp")
	return u, setKind(c, obj, u)
}

func partial(c client.Client, obj client.Object, fields map[string]any) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{Object: fields}
	u.SetName(obj.GetName())
	u.SetNamespace(obj.GetNamespace())
	u.SetUID(obj.GetUID())
	u.SetResourceVersion(obj.GetResourceVersion())
	return u, setKind(c, obj, u)
}

func setKind(c client.Client, obj client.Object, u *unstructured.Unstructured) error {
	gvk, err := apiutil.GVKForObject(obj, c.Scheme())
	if err != nil {
		return fmt.Errorf("finding the kind of %s: %w", obj.GetName(), err)
	}
	u.SetGroupVersionKind(gvk)
	return nil
}

func name(c client.Client, obj client.Object) string {
	gvk, err := apiutil.GVKForObject(obj, c.Scheme())
	if err != nil {
		return obj.GetName()
	}
	return gvk.Kind + " " + obj.GetName()
}
