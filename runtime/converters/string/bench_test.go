// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package stringconv

import (
	"bytes"
	"testing"

	"penstock.dev/runtime/connect"
)

const benchSize = 1000

func BenchmarkRead(b *testing.B) {
	data := bytes.Repeat([]byte("0123456789"), benchSize/10)
	b.ReportAllocs()
	b.SetBytes(benchSize)
	for b.Loop() {
		if _, _, err := (Converter{}).ToConnect(nil, "t", data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	data, buf := bytes.Repeat([]byte("0123456789"), benchSize/10), make([]byte, 0, benchSize)
	b.ReportAllocs()
	b.SetBytes(benchSize)
	for b.Loop() {
		if _, err := (Converter{}).FromConnect(buf, "t", connect.StringSchema, connect.StringOf(data)); err != nil {
			b.Fatal(err)
		}
	}
}
