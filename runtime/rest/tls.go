// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"crypto/tls"
	"crypto/x509"
	"maps"
	"os"
	"strings"

	"penstock.dev/runtime/configdef"
)

// tlsKeys are Kafka's keys for a server's TLS (SslConfigs, KIP-651); certificates
// are PEM.
type tlsKeys struct {
	// The format of the certificate; only PEM is read.
	KeystoreType string `config:"ssl.keystore.type" default:"PEM" enum:"PEM" importance:"medium"`
	// The file of certificate and key.
	KeystoreLocation string `config:"ssl.keystore.location" default:"" importance:"high"`
	// The certificate itself.
	Certificate string `config:"ssl.keystore.certificate.chain" default:"" importance:"high"`
	// The key itself.
	Key configdef.Password `config:"ssl.keystore.key" default:"" importance:"high"`
	// The format of the certificate authorities of clients; only PEM is read.
	TruststoreType string `config:"ssl.truststore.type" default:"PEM" enum:"PEM" importance:"medium"`
	// The file of the certificate authorities of clients.
	TruststoreLocation string `config:"ssl.truststore.location" default:"" importance:"high"`
	// The certificate authorities themselves.
	Truststore string `config:"ssl.truststore.certificates" default:"" importance:"high"`
	// Whether clients must have a certificate.
	ClientAuth string `config:"ssl.client.auth" default:"none" enum:"none,requested,required" importance:"low"`
}

// tls reads the keys below the prefix or, if there are none, those without.
func (p *parser) tls(prefix string) *tls.Config {
	own := map[string]string{}
	for k, v := range p.props {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			own[rest] = v
		}
	}
	if len(own) == 0 {
		prefix, own = "", maps.Clone(p.props)
	}
	k, problems := configdef.Decode[tlsKeys](own)
	for _, problem := range problems {
		p.problem(prefix+problem.Key, "%s", problem.Message)
	}
	if len(problems) > 0 {
		return nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	chain, key := k.Certificate, k.Key.Reveal()
	if k.KeystoreLocation != "" {
		both, err := os.ReadFile(k.KeystoreLocation)
		if err != nil {
			p.problem(prefix+"ssl.keystore.location", "%v", err)
			return nil
		}
		chain, key = string(both), string(both)
	}
	cert, err := tls.X509KeyPair([]byte(chain), []byte(key))
	if err != nil {
		p.problem(prefix+"ssl.keystore.location", "must name a PEM file of the server's certificate and key: %v", err)
		return nil
	}
	out.Certificates = []tls.Certificate{cert}
	return p.clients(out, k, prefix)
}

// clients sets what is asked of clients.
func (p *parser) clients(out *tls.Config, k tlsKeys, prefix string) *tls.Config {
	out.ClientAuth = map[string]tls.ClientAuthType{
		"none": tls.NoClientCert, "requested": tls.VerifyClientCertIfGiven, "required": tls.RequireAndVerifyClientCert,
	}[k.ClientAuth]
	if out.ClientAuth == tls.NoClientCert {
		return out
	}
	authorities := k.Truststore
	if k.TruststoreLocation != "" {
		data, err := os.ReadFile(k.TruststoreLocation)
		if err != nil {
			p.problem(prefix+"ssl.truststore.location", "%v", err)
			return out
		}
		authorities = string(data)
	}
	out.ClientCAs = x509.NewCertPool()
	if !out.ClientCAs.AppendCertsFromPEM([]byte(authorities)) {
		p.problem(prefix+"ssl.truststore.location", "must name a PEM file of certificate authorities, because ssl.client.auth is %s", k.ClientAuth)
	}
	return out
}
