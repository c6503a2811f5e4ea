// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package javassl makes TLS settings of the keys that Java's clients have for them
// (org.apache.kafka.common.config.SslConfigs), as far as they are about PEM
// (KIP-651).
package javassl

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"penstock.dev/runtime/configdef"
)

// Config holds the values of the keys.
type Config struct {
	// Prefix stands before the names of the keys in problems: "schema.registry.".
	Prefix string
	// Truststore holds the certificate authorities, or TruststoreLocation is the
	// file of them; the system's if there are none.
	Truststore, TruststoreLocation string
	// Certificate and Key are what the client shows, or KeystoreLocation is the file
	// of both; nothing if there are none.
	Certificate, KeystoreLocation string
	Key                           configdef.Password
	// Endpoint is https, or empty for certificates that need not be for their host.
	Endpoint string
	// SkipVerify does not check certificates at all.
	SkipVerify bool
}

// TLS returns the settings. The problems name the keys and never hold a secret.
func (c Config) TLS() (*tls.Config, []configdef.Problem) {
	var problems []configdef.Problem
	out := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.SkipVerify}
	ca, err := pem(c.Truststore, c.TruststoreLocation)
	if err != nil {
		problems = append(problems, c.problem("ssl.truststore.location", err.Error()))
	}
	if ca != "" {
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM([]byte(ca)) {
			problems = append(problems, c.problem("ssl.truststore.certificates", "holds no PEM certificate"))
		}
	}
	if c.Endpoint == "" && !c.SkipVerify {
		out.InsecureSkipVerify = true
		out.VerifyConnection = verifyChain(out.RootCAs)
	}
	cert, p := c.certificate()
	if cert != nil {
		out.Certificates = []tls.Certificate{*cert}
	}
	return out, append(problems, p...)
}

func (c Config) problem(key, message string) configdef.Problem {
	return configdef.Problem{Key: c.Prefix + key, Message: message}
}

// verifyChain checks a certificate without the host that it is for.
func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(o)
		return err
	}
}

func (c Config) certificate() (*tls.Certificate, []configdef.Problem) {
	chain, key := c.Certificate, c.Key.Reveal()
	if c.KeystoreLocation != "" {
		both, err := pem("", c.KeystoreLocation)
		if err != nil {
			return nil, []configdef.Problem{c.problem("ssl.keystore.location", err.Error())}
		}
		chain, key = both, both
	}
	if chain == "" && key == "" {
		return nil, nil
	}
	cert, err := tls.X509KeyPair([]byte(chain), []byte(key))
	if err != nil {
		return nil, []configdef.Problem{c.problem("ssl.keystore.certificate.chain", fmt.Sprint(err))}
	}
	return &cert, nil
}

func pem(text, file string) (string, error) {
	if file == "" {
		return text, nil
	}
	data, err := os.ReadFile(file)
	return string(data), err
}
