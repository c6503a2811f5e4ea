// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/standalone"
)

// The API server checks names and enums by the resource's schema; here it is
// done by hand.
const (
	maxName          = 63
	maxConnectorName = 200
	maxTasks         = 10000
	maxRestarts      = 100
	maxConfigKeys    = 512
)

var (
	objectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)
	kafkaName  = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

func (l *loader) connector(d document) error {
	var o v1alpha1.Connector
	if err := d.decode(&o); err != nil {
		return err
	}
	config, err := o.Spec.Config.Properties()
	if err := errors.Join(checkConnector(&o), err, checkSize(config)); err != nil {
		return err
	}
	if err := addReferences(&o, config); err != nil {
		return err
	}
	l.deferred = append(l.deferred, func() error {
		if err := l.checkReferences(&o); err != nil {
			return located(d, err)
		}
		return nil
	})
	c := standalone.Connector{
		Name: o.KafkaName(), Class: o.Spec.Class, State: standalone.TargetState(o.Spec.State),
		Config: config, Restart: restartPolicy(o.Spec.RestartPolicy), Origin: d.origin(),
	}
	if o.Spec.TasksMax != nil {
		c.TasksMax = int(*o.Spec.TasksMax)
	}
	l.m.Connectors = append(l.m.Connectors, c)
	return nil
}

func checkConnector(o *v1alpha1.Connector) error {
	var errs []error
	switch {
	case o.Name == "":
		errs = append(errs, errors.New("metadata.name must be set"))
	case len(o.Name) > maxName:
		errs = append(errs, fmt.Errorf("metadata.name has %d characters, the limit is %d", len(o.Name), maxName))
	case !objectName.MatchString(o.Name):
		errs = append(errs, fmt.Errorf("metadata.name %q: use lower-case letters, digits, '-' and '.'; a name in Kafka with others goes to spec.connectorName", o.Name))
	}
	if n := o.Spec.ConnectorName; len(n) > maxConnectorName {
		errs = append(errs, fmt.Errorf("spec.connectorName has %d characters, the limit is %d", len(n), maxConnectorName))
	} else if n != "" && !kafkaName.MatchString(n) {
		errs = append(errs, fmt.Errorf("spec.connectorName %q: use only letters, digits, '.', '_' and '-'", n))
	}
	if o.Spec.Class == "" {
		errs = append(errs, errors.New("spec.class must be set"))
	}
	switch o.Spec.State {
	case "", v1alpha1.ConnectorRunning, v1alpha1.ConnectorPaused, v1alpha1.ConnectorStopped:
	default:
		errs = append(errs, fmt.Errorf("spec.state %q is unknown, use Running, Paused or Stopped", o.Spec.State))
	}
	if n := o.Spec.TasksMax; n != nil && (*n < 1 || *n > maxTasks) {
		errs = append(errs, fmt.Errorf("spec.tasksMax must be from 1 to %d, not %d", maxTasks, *n))
	}
	return errors.Join(append(errs, checkRestart(o.Spec.RestartPolicy))...)
}

func checkSize(config map[string]string) error {
	if len(config) > maxConfigKeys {
		return fmt.Errorf("spec.config has %d keys, the limit is %d", len(config), maxConfigKeys)
	}
	return nil
}

func checkRestart(p *v1alpha1.RestartPolicy) error {
	if p == nil {
		return nil
	}
	var errs []error
	switch p.Type {
	case "", v1alpha1.RestartOnFailure, v1alpha1.RestartNever:
	default:
		errs = append(errs, fmt.Errorf("spec.restartPolicy.type %q is unknown, use OnFailure or Never", p.Type))
	}
	if n := p.MaxRestarts; n != nil && (*n < 0 || *n > maxRestarts) {
		errs = append(errs, fmt.Errorf("spec.restartPolicy.maxRestarts must be from 0 to %d, not %d", maxRestarts, *n))
	}
	for _, d := range []struct {
		name  string
		value *metav1.Duration
	}{{"window", p.Window}, {"backoff.initial", backoff(p).Initial}, {"backoff.max", backoff(p).Max}} {
		if d.value != nil && d.value.Duration <= 0 {
			errs = append(errs, fmt.Errorf("spec.restartPolicy.%s must be longer than 0s", d.name))
		}
	}
	return errors.Join(errs...)
}

func backoff(p *v1alpha1.RestartPolicy) v1alpha1.RestartBackoff {
	if p.Backoff == nil {
		return v1alpha1.RestartBackoff{}
	}
	return *p.Backoff
}

// restartPolicy fills what the policy leaves out; nil stays nil.
func restartPolicy(p *v1alpha1.RestartPolicy) *standalone.RestartPolicy {
	if p == nil {
		return nil
	}
	out := standalone.DefaultRestartPolicy()
	out.Never = p.Type == v1alpha1.RestartNever
	if p.MaxRestarts != nil {
		out.MaxRestarts = int(*p.MaxRestarts)
	}
	set(&out.Window, p.Window)
	set(&out.Initial, backoff(p).Initial)
	set(&out.Max, backoff(p).Max)
	return &out
}

func set(to *time.Duration, from *metav1.Duration) {
	if from != nil {
		*to = from.Duration
	}
}

// addReferences puts a reference in place of each configFrom entry.
func addReferences(o *v1alpha1.Connector, config map[string]string) error {
	var errs []error
	for i, f := range o.Spec.ConfigFrom {
		at := fmt.Sprintf("spec.configFrom[%d]", i)
		switch _, taken := config[f.Key]; {
		case f.Key == "" || f.SecretKeyRef.Name == "" || f.SecretKeyRef.Key == "":
			errs = append(errs, fmt.Errorf("%s: key, secretKeyRef.name and secretKeyRef.key must be set", at))
		case taken:
			errs = append(errs, fmt.Errorf("%s: the key %s is set twice; remove one of them", at, f.Key))
		default:
			config[f.Key] = reference(namespaced(o.Namespace, f.SecretKeyRef.Name), f.SecretKeyRef.Key)
		}
	}
	return errors.Join(errs...)
}

func (l *loader) checkReferences(o *v1alpha1.Connector) error {
	if l.inCluster {
		return nil
	}
	var errs []error
	for i, f := range o.Spec.ConfigFrom {
		if _, err := l.m.Secrets.value(namespaced(o.Namespace, f.SecretKeyRef.Name), f.SecretKeyRef.Key); err != nil {
			errs = append(errs, fmt.Errorf("spec.configFrom[%d].secretKeyRef: %w", i, err))
		}
	}
	return errors.Join(errs...)
}
