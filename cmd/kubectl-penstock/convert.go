// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/internal/definition"
	"penstock.dev/runtime/connect"
)

// maxName is how long a Connector's name may be: it is a label of its Tasks.
const maxName = 63

var (
	kafkaName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	// noObjectName is what a resource's name may not have.
	noObjectName = regexp.MustCompile(`[^a-z0-9.-]+`)
	// secretReference is a value that stands in a Secret, as Kafka Connect's config
	// providers for Kubernetes and ours name it, with a namespace or without.
	secretReference = regexp.MustCompile(`^\$\{` + secretsProvider + `:(?:([^/:}]+)/)?([^/:}]+):([^:}]+)\}$`)
	// anyReference is a value that a config provider has.
	anyReference = regexp.MustCompile(`\$\{([A-Za-z0-9_-]+):[^}]*\}`)
)

// wanted is how a connector's config becomes a Connector.
type wanted struct {
	// name is the resource's; "" makes one of the connector's name in Kafka.
	name, namespace, cluster string
	// fromSecret are keys that a Secret has already.
	fromSecret map[string]v1alpha1.SecretKeyRef
	// secret is the Secret that gets the secrets of the config; "" is none. It is
	// shared if it gets those of several.
	secret string
	shared bool
	// plain are keys that only look like secrets.
	plain []string
}

// converted is a Connector, and what goes into a Secret beside it.
type converted struct {
	connector *v1alpha1.Connector
	secret    map[string]string
	warnings  []string
}

// convert makes a Connector of a connector's config. Its name in Kafka stays, and
// with it its offsets and its consumer group. It is pure.
func convert(r connect.Registry, d definition.Definition, w wanted) (converted, error) {
	c, err := d.Connector()
	if err != nil {
		return converted{}, err
	}
	name, err := resourceName(d.Name, w.name)
	if err != nil {
		return converted{}, fmt.Errorf("%s: connector %s: %w", d.Origin, d.Name, err)
	}
	out := converted{secret: map[string]string{}, connector: &v1alpha1.Connector{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.ConnectorKind},
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name},
		Spec:       v1alpha1.ConnectorSpec{ClusterRef: v1alpha1.ClusterRef{Name: w.cluster}, Class: c.Class},
	}}
	if name != d.Name {
		out.connector.Spec.ConnectorName = d.Name
	}
	if c.State != "Running" {
		out.connector.Spec.State = v1alpha1.ConnectorState(c.State)
	}
	if n := int32(c.TasksMax); n > 0 {
		out.connector.Spec.TasksMax = &n
	}
	if err := out.settings(r, c.Config, w); err != nil {
		return converted{}, fmt.Errorf("%s: connector %s: %w", d.Origin, d.Name, err)
	}
	return out, nil
}

// resourceName is the name of the resource for a connector's name in Kafka.
func resourceName(kafka, given string) (string, error) {
	if !kafkaName.MatchString(kafka) {
		return "", fmt.Errorf("the name %q has more than letters, digits, '.', '_' and '-', which a Connector cannot have", kafka)
	}
	if given != "" {
		return given, nil
	}
	name := strings.Trim(noObjectName.ReplaceAllString(strings.ToLower(kafka), "-"), "-.")
	if name == "" || len(name) > maxName {
		return "", fmt.Errorf("no resource can have that name; give one of at most %d characters: create NAME -f FILE", maxName)
	}
	return name, nil
}

// settings sorts the keys of a config into what may stand in the Connector and
// what must stand in a Secret.
func (c *converted) settings(r connect.Registry, config map[string]string, w wanted) error {
	values := map[string]v1alpha1.Scalar{}
	hidden := cli.SecretKeys(config, passwords(r, c.connector.Spec.Class, config))
	var exposed []string
	for _, k := range slices.Sorted(maps.Keys(config)) {
		v := config[k]
		ref, inSecret := w.fromSecret[k]
		named, err := referred(v, w.namespace)
		switch {
		case inSecret:
			c.from(k, ref)
		case err != nil:
			return fmt.Errorf("%s: %w", k, err)
		case named != nil:
			c.from(k, *named)
		case v == cli.Hidden:
			return fmt.Errorf("%s: %s is what a server shows in place of a secret: say where it is with --from-secret %s=SECRET/KEY", k, v, k)
		case !slices.Contains(hidden, k) || slices.Contains(w.plain, k):
			values[k] = v1alpha1.ScalarOf(v)
			c.warnOfReference(k, v)
		case w.secret != "":
			at := k
			if w.shared {
				at = c.connector.Name + "." + k
			}
			c.secret[at] = v
			c.from(k, v1alpha1.SecretKeyRef{Name: w.secret, Key: at})
		default:
			exposed = append(exposed, k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(w.fromSecret)) {
		if _, ok := config[k]; !ok && !w.shared { // one that was left out of the file
			c.from(k, w.fromSecret[k])
		}
	}
	if len(exposed) > 0 {
		return fmt.Errorf("whoever may read the Connector would see the secrets in %s: "+
			"--secrets-to SECRET makes a Secret of them, --from-secret KEY=SECRET/KEY takes one from a Secret that is there, --plain KEY leaves one where it is",
			strings.Join(exposed, ", "))
	}
	if len(values) > 0 {
		c.connector.Spec.Config = &v1alpha1.ConnectorConfig{Values: values}
	}
	return nil
}

func (c *converted) from(key string, ref v1alpha1.SecretKeyRef) {
	c.connector.Spec.ConfigFrom = append(c.connector.Spec.ConfigFrom, v1alpha1.ConfigFrom{Key: key, SecretKeyRef: ref})
}

func (c *converted) warnOfReference(key, value string) {
	if m := anyReference.FindStringSubmatch(value); m != nil {
		c.warnings = append(c.warnings, fmt.Sprintf("%s: the config provider %s looks for the value in the worker pods, so it must be there too", key, m[1]))
	}
}

// referred returns the key of a Secret that a value refers to, if it does. Workers
// read a Secret only if a Connector of theirs names it in configFrom.
func referred(value, namespace string) (*v1alpha1.SecretKeyRef, error) {
	m := secretReference.FindStringSubmatch(strings.TrimSpace(value))
	switch {
	case m == nil:
		return nil, nil
	case m[1] != "" && namespace != "" && m[1] != namespace:
		return nil, fmt.Errorf("the Secret %s is in namespace %s, and workers read only those of their own, %s: copy it, and use --from-secret", m[2], m[1], namespace)
	}
	return &v1alpha1.SecretKeyRef{Name: m[2], Key: m[3]}, nil
}

// passwords are the keys that the plugins of a config say are passwords. What a
// plugin that is not built in says is unknown: the names of keys must do.
func passwords(r connect.Registry, class string, config map[string]string) map[string]bool {
	out := map[string]bool{}
	if p, ok := r.Lookup(class); ok {
		for _, k := range p.Keys {
			out[k.Name] = k.Type == "PASSWORD"
		}
	}
	for _, side := range connect.EverySide() {
		for _, k := range r.ConverterFor(side, config, nil).Plugin.Keys {
			out[side+".converter."+k.Name] = k.Type == "PASSWORD"
		}
	}
	return out
}

// parseRefs reads KEY=SECRET/KEY.
func parseRefs(list []string) (map[string]v1alpha1.SecretKeyRef, error) {
	out := map[string]v1alpha1.SecretKeyRef{}
	var errs []error
	for _, text := range list {
		key, at, ok := strings.Cut(text, "=")
		name, in, ok2 := strings.Cut(at, "/")
		if !ok || !ok2 || key == "" || name == "" || in == "" {
			errs = append(errs, fmt.Errorf("--from-secret %q must be KEY=SECRET/KEY: a key of the config, a Secret and a key in it", text))
			continue
		}
		out[key] = v1alpha1.SecretKeyRef{Name: name, Key: in}
	}
	return out, errors.Join(errs...)
}
