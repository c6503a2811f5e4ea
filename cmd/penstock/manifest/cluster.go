// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package manifest

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"penstock.dev/api/v1alpha1"
)

// cluster takes over what concerns one process: how to reach Kafka, the internal
// topics, the workers' defaults. Replicas, pods and the like are for Kubernetes.
func (l *loader) cluster(d document) error {
	var o v1alpha1.ConnectCluster
	if err := d.decode(&o); err != nil {
		return err
	}
	if l.m.Cluster != nil {
		return fmt.Errorf("there is another ConnectCluster in %s; one process has one", l.m.Cluster.Origin)
	}
	config, err := o.Spec.Config.Properties()
	if err := errors.Join(err, checkSize(config)); err != nil {
		return err
	}
	props := storageProperties(&o)
	l.m.Cluster = &Cluster{Origin: d.origin(), Config: config, Properties: props}
	props["bootstrap.servers"] = strings.Join(o.Spec.Kafka.BootstrapServers, ",")
	// The Secrets may stand further down.
	l.deferred = append(l.deferred, func() error {
		connection, err := l.connection(&o)
		maps.Copy(props, connection)
		if err != nil {
			return located(d, err)
		}
		return nil
	})
	return nil
}

// storageProperties leaves the group id of a cluster that gives none to the
// caller: the default would be that of the real cluster of this name.
func storageProperties(o *v1alpha1.ConnectCluster) map[string]string {
	props := map[string]string{}
	if o.Spec.GroupID != "" {
		props["group.id"] = o.Spec.GroupID
	}
	s := o.Spec.Storage
	if s == nil {
		return props
	}
	if s.OffsetsTopic != "" {
		props["offset.storage.topic"] = s.OffsetsTopic
	}
	if s.StatusTopic != "" {
		props["status.storage.topic"] = s.StatusTopic
	}
	if s.ReplicationFactor > 0 {
		props["offset.storage.replication.factor"] = strconv.Itoa(int(s.ReplicationFactor))
	}
	return props
}

// connection says how to reach Kafka in Kafka's client keys (KIP-651 for PEM).
func (l *loader) connection(o *v1alpha1.ConnectCluster) (map[string]string, error) {
	tls, sasl := o.Spec.Kafka.TLS, o.Spec.Kafka.SASL
	props := map[string]string{"security.protocol": protocol(tls != nil, sasl != nil)}
	var errs []error
	secret := func(field, name, key string) string {
		if l.inCluster {
			return ""
		}
		v, err := l.m.Secrets.value(namespaced(o.Namespace, name), key)
		if err == nil && v == "" {
			err = fmt.Errorf("the key %q of the Secret document %s is empty", key, namespaced(o.Namespace, name))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("spec.kafka.%s: %w", field, err))
		}
		return v
	}
	if tls != nil {
		if ref := tls.CASecretRef; ref != nil {
			props["ssl.truststore.type"] = "PEM"
			props["ssl.truststore.certificates"] = secret("tls.caSecretRef", ref.Name, ref.Key)
		}
		if ref := tls.CertificateSecretRef; ref != nil {
			props["ssl.keystore.type"] = "PEM"
			props["ssl.keystore.certificate.chain"] = secret("tls.certificateSecretRef", ref.Name, "tls.crt")
			props["ssl.keystore.key"] = secret("tls.certificateSecretRef", ref.Name, "tls.key")
		}
		if tls.InsecureSkipVerify {
			props["ssl.insecure.skip.verify"] = "true"
		}
	}
	if sasl != nil {
		props["sasl.mechanism"] = string(sasl.Mechanism)
		// Not sasl.jaas.config: a password may hold what would have to be escaped there.
		props["sasl.username"] = sasl.Username
		props["sasl.password"] = secret("sasl.passwordSecretRef", sasl.PasswordSecretRef.Name, sasl.PasswordSecretRef.Key)
	}
	return props, errors.Join(errs...)
}

func protocol(tls, sasl bool) string {
	switch {
	case tls && sasl:
		return "SASL_SSL"
	case sasl:
		return "SASL_PLAINTEXT"
	case tls:
		return "SSL"
	}
	return "PLAINTEXT"
}
