// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package bytesconv

import (
	"bytes"
	"testing"

	"penstock.dev/runtime/connect"
)

// FuzzToConnect: what is read is written as it was.
func FuzzToConnect(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte{0, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		var a connect.Arena
		s, v, err := Converter{}.ToConnect(&a, "t", data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Converter{}.FromConnect(nil, "t", s, v)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%q comes back as %q, %v", data, got, err)
		}
	})
}
