// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
)

// What brokers and handshakes really say, runtime/worker's secure tests look at.
func TestExplain(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"password":  {kerr.SaslAuthenticationFailed, "sasl.jaas.config"},
		"topic":     {kerr.TopicAuthorizationFailed, "ACL on the Topic"},
		"large":     {kerr.MessageTooLarge, "producer.override.max.request.size"},
		"authority": {x509.UnknownAuthorityError{}, "ssl.truststore.location"},
		"host":      {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}, "advertised.listeners"},
		"expired":   {x509.CertificateInvalidError{Reason: x509.Expired}, "certificate that is valid"},
		"alert":     {errors.New("remote error: tls: bad certificate"), "ssl.keystore.location"},
	} {
		err := Explain(fmt.Errorf("reaching: %w", tc.err))
		if !strings.HasPrefix(err.Error(), "reaching: "+tc.err.Error()+": ") || !strings.Contains(err.Error(), tc.want) || !errors.Is(err, tc.err) && name != "host" {
			t.Errorf("%s is %q, want %q in it", name, err, tc.want)
		}
		if again := Explain(fmt.Errorf("again: %w", err)); strings.Count(again.Error(), tc.want) != 1 {
			t.Errorf("%s is explained twice: %q", name, again)
		}
	}
	other := errors.New("other")
	if Explain(nil) != nil || Explain(other) != other { //nolint:errorlint // the error itself
		t.Error("another error does not stay as it is")
	}
}
