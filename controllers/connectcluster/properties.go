// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"penstock.dev/api/v1alpha1"
)

// propertiesKey is the file in the ConfigMap that a worker reads.
const propertiesKey = "worker.properties"

// settings are Kafka Connect's worker properties for a cluster: who it is and
// what its spec.config says. How it reaches Kafka is added by the caller.
func settings(c *v1alpha1.ConnectCluster, config map[string]string) map[string]string {
	p := maps.Clone(config)
	if p == nil {
		p = map[string]string{}
	}
	p["bootstrap.servers"] = strings.Join(c.Spec.Kafka.BootstrapServers, ",")
	p["group.id"] = c.GroupID()
	p["offset.storage.topic"] = c.OffsetsTopic()
	p["status.storage.topic"] = c.StatusTopic()
	if s := c.Spec.Storage; s != nil && s.ReplicationFactor > 0 {
		rf := strconv.Itoa(int(s.ReplicationFactor))
		p["offset.storage.replication.factor"], p["status.storage.replication.factor"] = rf, rf
	}
	return p
}

// workerConnection says how a worker reaches Kafka. It names files and holds no
// secret, because it stands in a ConfigMap.
func workerConnection(c *v1alpha1.ConnectCluster) map[string]string {
	var in credentials
	if tls := c.Spec.Kafka.TLS; tls != nil {
		if tls.CASecretRef != nil {
			in.ca = dirReference(kafkaCADir, tls.CASecretRef.Key)
		}
		if tls.CertificateSecretRef != nil {
			in.certificate, in.key = dirReference(kafkaTLSDir, "tls.crt"), dirReference(kafkaTLSDir, "tls.key")
		}
	}
	if sasl := c.Spec.Kafka.SASL; sasl != nil {
		in.password = dirReference(kafkaSASLDir, sasl.PasswordSecretRef.Key)
	}
	return connection(c, in)
}

// dirReference is read by the worker's config provider "dir" (KIP-297).
func dirReference(dir, key string) string { return "${dir:" + dir + ":" + key + "}" }

// connection says how to reach Kafka in Kafka's client keys (KIP-651 for PEM).
func connection(c *v1alpha1.ConnectCluster, in credentials) map[string]string {
	p := map[string]string{}
	tls, sasl := c.Spec.Kafka.TLS, c.Spec.Kafka.SASL
	p["security.protocol"] = protocol(tls != nil, sasl != nil)
	if tls != nil {
		if in.ca != "" {
			p["ssl.truststore.type"], p["ssl.truststore.certificates"] = "PEM", in.ca
		}
		if in.certificate != "" {
			p["ssl.keystore.type"], p["ssl.keystore.certificate.chain"], p["ssl.keystore.key"] = "PEM", in.certificate, in.key
		}
		if tls.InsecureSkipVerify {
			p["ssl.insecure.skip.verify"] = "true"
		}
	}
	if sasl != nil {
		p["sasl.mechanism"] = string(sasl.Mechanism)
		// Not sasl.jaas.config: a password may hold what would have to be escaped there,
		// and here it is only a reference.
		p["sasl.username"], p["sasl.password"] = sasl.Username, in.password
	}
	return p
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

// format writes a Java properties file, ordered so that equal settings are equal
// text.
func format(props map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(props)) {
		b.WriteString(escape(k, " :=#!"))
		b.WriteByte('=')
		b.WriteString(escape(props[k], ""))
		b.WriteByte('\n')
	}
	return b.String()
}

// escape follows java.util.Properties.store: controls and backslashes anywhere,
// a space only where it would be trimmed.
func escape(s, special string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\f':
			b.WriteString(`\f`)
		case r == ' ' && i == 0, strings.ContainsRune(special, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
