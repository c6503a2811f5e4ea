// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/converters/registry"
)

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		props map[string]string
		key   string // of the problem, "" for none
		text  string
	}{
		"nothing":           {nil, "schema.registry.url", "is required"},
		"URL":               {map[string]string{"schema.registry.url": "http://a:8081, https://b"}, "", ""},
		"no scheme":         {map[string]string{"schema.registry.url": "a:8081"}, "schema.registry.url", "http://"},
		"mock":              {map[string]string{"schema.registry.url": "mock://x"}, "schema.registry.url", "http://"},
		"no host":           {map[string]string{"schema.registry.url": "http://"}, "schema.registry.url", "without a host"},
		"password in a URL": {map[string]string{"schema.registry.url": "http://u:hunter2@%%"}, "schema.registry.url", "no URL"},
		"reference":         {map[string]string{"schema.registry.url": "${env:URL}"}, "", ""},
		"inherit":           {map[string]string{"basic.auth.credentials.source": "SASL_INHERIT"}, "basic.auth.credentials.source", "SASL_INHERIT is not supported"},
		"other source":      {map[string]string{"basic.auth.credentials.source": "FILE"}, "basic.auth.credentials.source", "FILE is not one of"},
		"no user info":      {map[string]string{"basic.auth.credentials.source": "USER_INFO"}, "basic.auth.user.info", "must be set"},
		"user info by reference": {map[string]string{"basic.auth.credentials.source": "USER_INFO",
			"basic.auth.user.info": "${file:/a:b}"}, "", ""},
		"source by reference": {map[string]string{"basic.auth.credentials.source": "${env:S}", "basic.auth.user.info": "a:b"}, "", ""},
		"forgotten source":    {map[string]string{"basic.auth.user.info": "a:b"}, "basic.auth.credentials.source", "must be USER_INFO"},
		"no colon": {map[string]string{"basic.auth.credentials.source": "USER_INFO",
			"basic.auth.user.info": "hunter2"}, "basic.auth.user.info", "the value is not user:password"},
		"oauth":    {map[string]string{"bearer.auth.credentials.source": "OAUTHBEARER"}, "bearer.auth.credentials.source", "STATIC_TOKEN"},
		"both":     {map[string]string{"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "a:b", "bearer.auth.token": "x"}, "bearer.auth.token", "together"},
		"strategy": {map[string]string{"value.subject.name.strategy": "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy"}, "", ""},
		"short":    {map[string]string{"key.subject.name.strategy": "RecordNameStrategy"}, "", ""},
		"no such strategy": {map[string]string{"key.subject.name.strategy": "com.example.Mine"},
			"key.subject.name.strategy", "com.example.Mine is not one of TopicNameStrategy"},
		"proxy without port": {map[string]string{"proxy.host": "p"}, "proxy.port", "must be set"},
		"JKS":                {map[string]string{"schema.registry.ssl.truststore.type": "JKS"}, "schema.registry.ssl.truststore.type", "PEM"},
		"password of a JKS":  {map[string]string{"schema.registry.ssl.truststore.password": "hunter2"}, "schema.registry.ssl.truststore.password", "PEM"},
		"rules":              {map[string]string{"rule.executors": "x"}, "rule.executors", "not supported"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			props := map[string]string{"schema.registry.url": "http://a"}
			maps.Copy(props, tc.props)
			if tc.props == nil {
				props = nil
			}
			c, problems := configdef.Plan[registry.Config](props)
			problems = append(problems, c.Check(props)...)
			if tc.key == "" {
				if len(problems) != 0 {
					t.Error(problems)
				}
				return
			}
			if len(problems) != 1 || problems[0].Key != tc.key || !strings.Contains(problems[0].Message, tc.text) {
				t.Errorf("problems %v", problems)
			}
			for _, p := range problems {
				if strings.Contains(p.Error(), "hunter2") {
					t.Errorf("the problem shows the secret: %v", p)
				}
			}
		})
	}
}

func TestSubject(t *testing.T) {
	tests := map[string]struct {
		isKey            bool
		strategy, record string
		want             string
	}{
		"value":                {false, "TopicNameStrategy", "", "orders-value"},
		"key":                  {true, "io.confluent.kafka.serializers.subject.TopicNameStrategy", "a.B", "orders-key"},
		"record":               {true, "RecordNameStrategy", "a.B", "a.B"},
		"topic and record":     {false, "TopicRecordNameStrategy", "a.B", "orders-a.B"},
		"no record":            {false, "RecordNameStrategy", "", ""},
		"topic, but no record": {false, "TopicRecordNameStrategy", "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			side := "value"
			if tc.isKey {
				side = "key"
			}
			c := decode(t, map[string]string{"schema.registry.url": "http://a", side + ".subject.name.strategy": tc.strategy})
			v, problems := registry.New(c, registry.Options{Type: sr.TypeAvro, IsKey: tc.isKey})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			got, err := v.Subject("orders", tc.record)
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
			if err != nil && !strings.Contains(err.Error(), side+".subject.name.strategy") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	for _, id := range []int{0, 1, 1 << 20, 1<<31 - 1} {
		got, rest, err := registry.ParseHeader(append(registry.AppendHeader(nil, id), "data"...))
		if got != id || string(rest) != "data" || err != nil {
			t.Errorf("%d: %d, %q, %v", id, got, rest, err)
		}
	}
	for name, tc := range map[string]struct {
		data []byte
		text string
	}{
		"empty":    {[]byte{}, "is empty"},
		"JSON":     {[]byte(`{"a":1}`), "0x7b"},
		"cut":      {[]byte{0, 0, 0, 1}, "4 bytes"},
		"negative": {[]byte{0, 255, 255, 255, 255}, "negative"},
	} {
		if _, _, err := registry.ParseHeader(tc.data); err == nil || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := registry.NewCache[int, int](3)
	for i := range 100 {
		c.Put(i, i)
		if got, ok := c.Get(i); !ok || got != i {
			t.Fatalf("%d is forgotten at once", i)
		}
	}
	kept := 0
	for i := range 100 {
		if _, ok := c.Get(i); ok {
			kept++
		}
	}
	if kept > 3 {
		t.Errorf("%d entries are kept", kept)
	}
	if n := testing.AllocsPerRun(100, func() { c.Get(99) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
