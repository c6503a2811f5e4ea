// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package apache

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func pack(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for _, h := range headers {
		h.Size = int64(len(h.Name))
		if h.Typeflag != tar.TypeReg {
			h.Size = 0
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(h.Name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestArchive(t *testing.T) {
	good := pack(t, tar.Header{Name: "lib/", Typeflag: tar.TypeDir}, tar.Header{Name: "lib/a.jar", Typeflag: tar.TypeReg}, tar.Header{Name: "./b/c.jar", Typeflag: tar.TypeReg})
	for name, tc := range map[string]struct {
		data      []byte
		code      int
		sum, want string
	}{
		"good":                 {data: good},
		"another sum":          {data: good, sum: "00", want: "SHA-512"},
		"not there":            {code: http.StatusNotFound, want: "404"},
		"no archive":           {data: []byte("hello, I am no archive"), want: "gzip"},
		"a file outside":       {data: pack(t, tar.Header{Name: "../x", Typeflag: tar.TypeReg}), want: "escapes"},
		"a link":               {data: pack(t, tar.Header{Name: "x", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}), want: "neither a file nor a folder"},
		"an archive cut short": {data: good[:len(good)/2], want: "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				if tc.code != 0 {
					w.WriteHeader(tc.code)
				}
				_, _ = w.Write(tc.data)
			}))
			defer s.Close()
			if tc.sum == "" {
				hash := sha512.Sum512(tc.data)
				tc.sum = hex.EncodeToString(hash[:])
			}
			cache := t.TempDir()
			a, dir := archive{url: s.URL + "/x.tar.gz", sha512: tc.sum}, filepath.Join(cache, "x")
			err := a.install(t.Context(), dir)
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %v, want one with %q", err, tc.want)
				}
				if left, _ := os.ReadDir(cache); len(left) > 0 {
					t.Errorf("%v is left", left)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range []string{"lib/a.jar", "b/c.jar"} {
				if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
					t.Error(err)
				}
			}
			if err := a.install(t.Context(), dir); err != nil || asked != 1 {
				t.Errorf("the second time: error %v, fetched %d times", err, asked)
			}
		})
	}
}
