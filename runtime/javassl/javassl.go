// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package javassl makes TLS settings of the keys that Java's clients have for them
// (org.apache.kafka.common.config.SslConfigs), as far as they are about PEM
// (KIP-651).
package javassl

import (
	"crypto/tls"
	"crypto/x509"
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
	if c.Truststore != "" || c.TruststoreLocation != "" {
		key := "ssl.truststore.certificates"
		if c.TruststoreLocation != "" {
			key = "ssl.truststore.location"
		}
		out.RootCAs = x509.NewCertPool()
		if ca, err := pem(c.Truststore, c.TruststoreLocation); err != nil {
			problems = append(problems, c.problem(key, err.Error()))
		} else if !out.RootCAs.AppendCertsFromPEM([]byte(ca)) {
			problems = append(problems, c.problem(key, "holds no PEM certificate"+c.fix(c.TruststoreLocation)))
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
	name, chain, key := "ssl.keystore.certificate.chain", c.Certificate, c.Key.Reveal()
	if chain == "" && key == "" && c.KeystoreLocation == "" {
		return nil, nil
	}
	if c.KeystoreLocation != "" {
		name = "ssl.keystore.location"
		both, err := pem("", c.KeystoreLocation)
		if err != nil {
			return nil, []configdef.Problem{c.problem(name, err.Error())}
		}
		chain, key = both, both
	}
	cert, err := tls.X509KeyPair([]byte(chain), []byte(key))
	if err != nil {
		return nil, []configdef.Problem{c.problem(name, err.Error()+c.fix(c.KeystoreLocation))}
	}
	return &cert, nil
}

// fix says what to do with a file that is not as it should be.
func (Config) fix(file string) string {
	if file == "" {
		return ""
	}
	return "; a store of Java (JKS, PKCS12) must be converted to PEM"
}

func pem(text, file string) (string, error) {
	if file == "" {
		return text, nil
	}
	data, err := os.ReadFile(file)
	return string(data), err
}
