// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/api/v1alpha1"
)

// credentials are the parts of a connection that come from Secrets.
type credentials struct {
	ca, certificate, key, password string
	// passwordVersion names the password's Secret as it was read.
	passwordVersion string
}

// revision names credentials, in an annotation that many may read: another
// revision restarts the workers. It is a hash of the certificates and of the
// client's key, which nobody can guess. A password somebody could guess from its
// hash, so its Secret's UID and resource version stand for it: a restart too many,
// when something else in that Secret was changed, costs less. "" is that there are
// none.
func (c credentials) revision() string {
	if c.ca == "" && c.certificate == "" && c.passwordVersion == "" {
		return ""
	}
	return hash(strings.Join([]string{c.ca, c.certificate, c.key, c.passwordVersion}, "\x00"))
}

// readCredentials reads the Secrets of the connection; missing says what is not
// there.
func (r *Reconciler) readCredentials(ctx context.Context, c *v1alpha1.ConnectCluster) (in credentials, missing string, err error) {
	read := func(field, name, key string, to *string) (version string) {
		if err != nil || missing != "" {
			return ""
		}
		*to, version, missing, err = r.secret(ctx, c.Namespace, field, name, key)
		return version
	}
	if tls := c.Spec.Kafka.TLS; tls != nil {
		if ref := tls.CASecretRef; ref != nil {
			read("spec.kafka.tls.caSecretRef", ref.Name, ref.Key, &in.ca)
		}
		if ref := tls.CertificateSecretRef; ref != nil {
			read("spec.kafka.tls.certificateSecretRef", ref.Name, corev1.TLSCertKey, &in.certificate)
			read("spec.kafka.tls.certificateSecretRef", ref.Name, corev1.TLSPrivateKeyKey, &in.key)
		}
	}
	if sasl := c.Spec.Kafka.SASL; sasl != nil {
		in.passwordVersion = read("spec.kafka.sasl.passwordSecretRef", sasl.PasswordSecretRef.Name, sasl.PasswordSecretRef.Key, &in.password)
	}
	return in, missing, err
}

// secret reads one key of a Secret, and which version of which Secret it was.
func (r *Reconciler) secret(ctx context.Context, namespace, field, name, key string) (value, version, missing string, err error) {
	var secret corev1.Secret
	err = r.Live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &secret)
	if apierrors.IsNotFound(err) {
		return "", "", fmt.Sprintf("%s: there is no Secret %q in namespace %q", field, name, namespace), nil
	}
	if err != nil {
		return "", "", "", fmt.Errorf("reading Secret %s: %w", name, err)
	}
	v, ok := secret.Data[key]
	if !ok {
		return "", "", fmt.Sprintf("%s: the Secret %q has no key %q", field, name, key), nil
	}
	if len(v) == 0 { // of an authority that would be: trust the system's
		return "", "", fmt.Sprintf("%s: the key %q of the Secret %q is empty", field, key, name), nil
	}
	return string(v), string(secret.UID) + "/" + secret.ResourceVersion, "", nil
}

// revisions name what the workers run with; a change of one restarts them.
type revisions struct {
	// config is that of their settings, credentials that of the Secrets with which
	// they reach Kafka, "" if there are none.
	config, credentials string
}

// annotations are how a pod template carries them.
func (v revisions) annotations() map[string]string {
	out := map[string]string{configHashKey: v.config}
	if v.credentials != "" {
		out[credentialsHashKey] = v.credentials
	}
	return out
}

// settle keeps the workers from restarting for new credentials alone as long as
// the operator has not reached Kafka with them itself: those that run go on with
// the ones that they have, and wrong ones would end them one by one. It is pure.
func (v revisions) settle(s *scope) revisions {
	if s.workers == nil || s.kafka.Reachable == nil && s.kafka.CaughtUp {
		return v
	}
	old := s.workers.Spec.Template.Annotations
	if old[configHashKey] == v.config && sameSecrets(s.workers, s.cluster) {
		v.credentials = old[credentialsHashKey]
	}
	return v
}

// sameSecrets reports whether workers have the Secrets that a cluster names.
func sameSecrets(set *appsv1.StatefulSet, c *v1alpha1.ConnectCluster) bool {
	have := map[string]string{}
	for _, v := range set.Spec.Template.Spec.Volumes {
		if v.Secret != nil {
			have[v.Name] = v.Secret.SecretName
		}
	}
	for _, m := range ownMounts(c) {
		if m.volume.Secret != nil && have[m.volume.Name] != m.volume.Secret.SecretName {
			return false
		}
	}
	return true
}
