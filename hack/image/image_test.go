// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"archive/tar"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const tag = "local.test/penstock:abc123"

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	o := Options{
		Binary: goBinary(t, dir, "penstock"), Tag: tag, User: "65532:65532", Certificates: authorities(t, dir),
		Source: "https://example.test/src", Licenses: "Apache-2.0", Created: time.Unix(1_700_000_000, 0).UTC(),
	}
	out := filepath.Join(dir, "dist", "penstock.tar")
	if err := WriteFile(out, o); err != nil {
		t.Fatal(err)
	}

	image, err := tarball.ImageFromPath(out, nil)
	if err != nil {
		t.Fatalf("reading the archive back: %v", err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := config.Platform().String(), "linux/"+runtime.GOARCH; got != want {
		t.Errorf("platform %s, want %s", got, want)
	}
	if !config.Created.Equal(o.Created) {
		t.Errorf("created %v, want %v", config.Created, o.Created)
	}
	if diff := cmp.Diff([]string{"/penstock"}, config.Config.Entrypoint); diff != "" {
		t.Errorf("entry point (-want +got):\n%s", diff)
	}
	if config.Config.User != "65532:65532" {
		t.Errorf("user %q, want 65532:65532", config.Config.User)
	}
	wantLabels := map[string]string{
		"org.opencontainers.image.title":    "penstock",
		"org.opencontainers.image.version":  "abc123",
		"org.opencontainers.image.created":  "2023-11-14T22:13:20Z",
		"org.opencontainers.image.source":   "https://example.test/src",
		"org.opencontainers.image.licenses": "Apache-2.0",
	}
	if diff := cmp.Diff(wantLabels, config.Config.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}

	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(out) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{tag}, manifest[0].RepoTags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}

	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != len(config.RootFS.DiffIDs) {
		t.Fatalf("%d layers and %d diff ids", len(layers), len(config.RootFS.DiffIDs))
	}
	got := map[string]entry{}
	for i, l := range layers {
		id, err := l.DiffID()
		if err != nil {
			t.Fatal(err)
		}
		if id != config.RootFS.DiffIDs[i] {
			t.Errorf("layer %d is %s, the config says %s", i, id, config.RootFS.DiffIDs[i])
		}
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		readLayer(t, r, o.Created, got)
	}
	want := map[string]entry{
		"etc/":           {mode: 0o755},
		"etc/ssl/":       {mode: 0o755},
		"etc/ssl/certs/": {mode: 0o755},
		certificatesPath: {mode: 0o644, data: readFile(t, o.Certificates)},
		"penstock":       {mode: 0o755, data: readFile(t, o.Binary)},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{})); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestWriteFileIsReproducible also replaces an archive that is already there.
func TestWriteFileIsReproducible(t *testing.T) {
	dir := t.TempDir()
	o := Options{Binary: goBinary(t, dir, "penstock"), Tag: tag, User: "1:1", Created: time.Unix(0, 0).UTC()}
	out := filepath.Join(dir, "image.tar")
	var archives [2][]byte
	for i := range archives {
		if err := WriteFile(out, o); err != nil {
			t.Fatal(err)
		}
		archives[i] = readFile(t, out)
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the same input gave two different archives")
	}
}

func TestWriteFileWithoutCertificates(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "image.tar")
	if err := WriteFile(out, Options{Binary: goBinary(t, dir, "tool"), Tag: tag, User: "0:0"}); err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != 1 {
		t.Errorf("%d layers, want the binary's alone", len(layers))
	}
}

func TestWriteFileRefuses(t *testing.T) {
	dir := t.TempDir()
	good := Options{Binary: goBinary(t, dir, "penstock"), Tag: tag, User: "65532:65532", Certificates: authorities(t, dir)}
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("no certificate, no binary"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		change func(*Options)
		want   []string // the flag, the value, the fix
	}{
		"no tag":               {func(o *Options) { o.Tag = "local.test/penstock" }, []string{"-tag", "local.test/penstock", "name:tag"}},
		"bad name":             {func(o *Options) { o.Tag = "Local Test:x" }, []string{"-tag", "Local Test:x", "name:tag"}},
		"user by name":         {func(o *Options) { o.User = "nonroot" }, []string{"-user", "nonroot", "65532:65532"}},
		"no binary":            {func(o *Options) { o.Binary = filepath.Join(dir, "absent") }, []string{"-binary", "absent"}},
		"not an executable":    {func(o *Options) { o.Binary = text }, []string{"-binary", text, "GOOS=linux"}},
		"no certificate file":  {func(o *Options) { o.Certificates = filepath.Join(dir, "absent") }, []string{"-certificates", "absent", "ca-certificates"}},
		"no certificate in it": {func(o *Options) { o.Certificates = text }, []string{"-certificates", text, "PEM"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			o := good
			tc.change(&o)
			out := filepath.Join(t.TempDir(), "image.tar")
			err := WriteFile(out, o)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %q", err, want)
				}
			}
			if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("an archive was left behind: %v", err)
			}
		})
	}
}

func TestWriteFileRefusesDynamicBinary(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks at the system's own shell")
	}
	shell, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Skip(err)
	}
	err = WriteFile(filepath.Join(t.TempDir(), "image.tar"), Options{Binary: shell, Tag: tag, User: "1:1"})
	if err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Errorf("error %v, want one that says CGO_ENABLED=0", err)
	}
}

func TestSourceDate(t *testing.T) {
	tests := map[string]struct {
		in      string
		want    time.Time
		wantErr string
	}{
		"unset":        {in: "", want: time.Unix(0, 0).UTC()},
		"seconds":      {in: "1700000000", want: time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)},
		"not a number": {in: "yesterday", wantErr: `SOURCE_DATE_EPOCH is "yesterday"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := sourceDate(tc.in)
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Fatalf("error %v, want %s", err, tc.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equal(tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

type entry struct {
	mode int64
	data []byte
}

func readLayer(t *testing.T, r io.Reader, created time.Time, into map[string]entry) {
	t.Helper()
	files := tar.NewReader(r)
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(created) || h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s: time %v, owner %d:%d; want %v and root", h.Name, h.ModTime, h.Uid, h.Gid, created)
		}
		var data []byte
		if h.Size > 0 {
			if data, err = io.ReadAll(files); err != nil {
				t.Fatal(err)
			}
		}
		into[h.Name] = entry{h.Mode, data}
	}
}

// goBinary builds the smallest static Linux program there is.
func goBinary(t *testing.T, dir, name string) string {
	t.Helper()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, name)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", out, source)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	return out
}

// authorities writes a PEM file with one certificate.
func authorities(t *testing.T, dir string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "authorities.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
