// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/kafka"
	"penstock.dev/runtime/secrets"
)

// This test runs against a real Kafka with listeners of each kind and an
// authorizer, which hack/kafka/secure-test.sh starts; the variable names its data
// directory.
const secureVariable = "PENSTOCK_TEST_SECURE_KAFKA"

// wrongPassword is nobody's.
const wrongPassword = "m4rker-of-a-password"

// operatorLog is what the operator's side of Kafka logs.
type operatorLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *operatorLog) write(prefix, args string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(&l.b, prefix, args)
}

func (l *operatorLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func secureSettings(t *testing.T) (dir string, port int) {
	t.Helper()
	if dir = os.Getenv(secureVariable); dir == "" {
		t.Skip(secureVariable + " is not set: run hack/kafka/secure-test.sh")
	}
	props, err := secrets.ParseProperties(readFile(t, filepath.Join(dir, "settings")))
	if err != nil {
		t.Fatal(err)
	}
	if port, err = strconv.Atoi(props["port"]); err != nil {
		t.Fatal(err)
	}
	return dir, port
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// allow lets alice and carol do everything while the test runs.
func allow(t *testing.T, port int) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(fmt.Sprintf("127.0.0.1:%d", port)), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	b := kadm.NewACLs().Topics("*").Groups("*").TransactionalIDs("*").Clusters().Operations(kadm.OpAll).
		Allow("User:alice", "User:carol").ResourcePatternType(kadm.ACLPatternLiteral)
	if _, err := kadm.NewClient(cl).CreateACLs(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func TestSecureConnections(t *testing.T) {
	dir, port := secureSettings(t)
	allow(t, port)
	certs := func(name string) string { return readFile(t, filepath.Join(dir, "certs", name)) }
	ca := func(name string) *v1alpha1.KafkaTLS {
		return &v1alpha1.KafkaTLS{CASecretRef: &v1alpha1.SecretKeyRef{Name: "files", Key: name}}
	}
	mutual := ca("ca.pem")
	mutual.CertificateSecretRef = &v1alpha1.SecretRef{Name: "client"}
	login := func(mechanism, user, key string) *v1alpha1.KafkaSASL {
		return &v1alpha1.KafkaSASL{Mechanism: v1alpha1.SASLMechanism(mechanism), Username: user, PasswordSecretRef: v1alpha1.SecretKeyRef{Name: "files", Key: key}}
	}
	for name, tc := range map[string]struct {
		listener int
		tls      *v1alpha1.KafkaTLS
		sasl     *v1alpha1.KafkaSASL
		says     []string // of why Kafka is not reachable; none: it is
	}{
		"TLS":              {3, ca("ca.pem"), nil, nil},
		"mutual TLS":       {4, mutual, nil, nil},
		"PLAIN over TLS":   {5, ca("ca.pem"), login("PLAIN", "alice", "alice"), nil},
		"SCRAM over TLS":   {5, ca("ca.pem"), login("SCRAM-SHA-512", "alice", "alice"), nil},
		"SCRAM":            {6, nil, login("SCRAM-SHA-256", "alice", "alice"), nil},
		"a password":       {5, ca("ca.pem"), login("SCRAM-SHA-512", "alice", "wrong"), []string{"invalid credentials with SASL mechanism SCRAM-SHA-512", "check the user's name and password", "spec.kafka.sasl"}},
		"an authority":     {3, ca("stranger.pem"), nil, []string{"unknown authority", "spec.kafka.tls.caSecretRef"}},
		"a host":           {7, ca("ca.pem"), nil, []string{"valid for kafka.example.com, not localhost", "connect by a name that the certificate has"}},
		"no certificate":   {4, ca("ca.pem"), nil, []string{"tls: ", "spec.kafka.tls.certificateSecretRef"}},
		"no TLS":           {3, nil, nil, []string{"spec.kafka.tls"}},
		"what may be done": {6, nil, login("PLAIN", "bob", "bob"), []string{"TOPIC_AUTHORIZATION_FAILED", "-offsets", "needs an ACL on the Topic"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			log := &operatorLog{}
			door := kafka.New(kafka.Options{Logger: funcr.New(log.write, funcr.Options{Verbosity: 4})})
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- door.Start(ctx) }()
			t.Cleanup(func() { cancel(); <-ended })
			f.r.Kafka = door
			f.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "files", Namespace: f.ns}, StringData: map[string]string{
				"ca.pem": certs("ca.pem"), "stranger.pem": certs("stranger.pem"), "alice": "alice-s3cret", "bob": "bob-s3cret", "wrong": wrongPassword,
			}})
			f.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "client", Namespace: f.ns}, Type: corev1.SecretTypeTLS, StringData: map[string]string{
				"tls.crt": certs("client.crt"), "tls.key": certs("client.key"),
			}})
			c := f.add(v1alpha1.ConnectClusterSpec{Kafka: v1alpha1.Kafka{
				BootstrapServers: []string{fmt.Sprintf("localhost:%d", port+tc.listener)}, TLS: tc.tls, SASL: tc.sasl,
			}})
			met := func(got *metav1.Condition) bool {
				if len(tc.says) == 0 {
					return got.Status == metav1.ConditionTrue
				}
				for _, text := range tc.says {
					if !strings.Contains(got.Message, text) {
						return false
					}
				}
				return got.Status == metav1.ConditionFalse
			}
			var got *metav1.Condition
			for deadline := time.Now().Add(30 * time.Second); got == nil || !met(got); {
				if time.Now().After(deadline) {
					t.Fatalf("the condition is %+v, want %q\n%s", got, tc.says, log)
				}
				c = f.pass(c)
				got = meta.FindStatusCondition(c.Status.Conditions, v1alpha1.KafkaReachableCondition)
				time.Sleep(20 * time.Millisecond) //nolint:forbidigo // between two looks at a real broker
			}
			said := fmt.Sprintf("%+v %s", c.Status, log)
			for _, secret := range []string{wrongPassword, "alice-s3cret", "bob-s3cret", "PRIVATE KEY"} {
				if strings.Contains(said, secret) {
					t.Errorf("%q stands in the status or in the log", secret)
				}
			}
		})
	}
}
