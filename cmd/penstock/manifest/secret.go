// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package manifest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/runtime/secrets"
)

// SecretsProvider is the name under which configFrom references are resolved:
// `${secrets:name:key}`.
const SecretsProvider = "secrets"

// defaultNamespace is that of a document that names none.
const defaultNamespace = "default"

// Secrets are the Secret documents of a manifest. It is a secrets.Provider.
type Secrets map[types.NamespacedName]map[string]string

var _ secrets.Provider = Secrets{}

// Get returns the value of key in the Secret path, `namespace/name` or `name`.
func (s Secrets) Get(_ context.Context, path, key string) (string, error) {
	namespace, name, ok := strings.Cut(path, "/")
	if !ok {
		namespace, name = defaultNamespace, path
	}
	return s.value(types.NamespacedName{Namespace: namespace, Name: name}, key)
}

func (s Secrets) value(name types.NamespacedName, key string) (string, error) {
	data, ok := s[name]
	if !ok {
		return "", fmt.Errorf("there is no Secret document %s; add one with kind: Secret beside the connector", name)
	}
	v, ok := data[key]
	if !ok {
		return "", fmt.Errorf("the Secret document %s has no key %q, it has %s", name, key, strings.Join(slices.Sorted(maps.Keys(data)), ", "))
	}
	return v, nil
}

// reference returns how a connector's config names a key of a Secret.
func reference(name types.NamespacedName, key string) string {
	path := name.Name
	if name.Namespace != defaultNamespace {
		path = name.String()
	}
	return secrets.Reference{Provider: SecretsProvider, Path: path, Key: key}.String()
}

func (l *loader) secret(d document) error {
	var o corev1.Secret
	if err := d.decode(&o); err != nil {
		return err
	}
	if o.Name == "" {
		return errors.New("metadata.name must be set")
	}
	name := namespaced(o.Namespace, o.Name)
	if _, ok := l.m.Secrets[name]; ok {
		return fmt.Errorf("there is another Secret document %s", name)
	}
	data := map[string]string{}
	for k, v := range o.Data {
		data[k] = string(v)
	}
	maps.Copy(data, o.StringData)
	l.m.Secrets[name] = data
	return nil
}

func namespaced(namespace, name string) types.NamespacedName {
	if namespace == "" {
		namespace = defaultNamespace
	}
	return types.NamespacedName{Namespace: namespace, Name: name}
}
