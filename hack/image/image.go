// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Options says what goes into an image.
type Options struct {
	// Binary is the path of a static Linux binary; in the image it is /<base name>, and the entry point.
	Binary string
	// Tag is the image's name with its tag.
	Tag string
	// User is user:group, in numbers: an empty base has no /etc/passwd, and Kubernetes' runAsNonRoot needs a number.
	User string
	// Certificates is the path of a PEM file, or empty.
	Certificates string
	// Source and Licenses are the image's labels of these names.
	Source, Licenses string
	// Created is the time of the image and of every file in it.
	Created time.Time
}

// certificatesPath is the first place where Go's crypto/x509 looks on Linux.
const certificatesPath = "etc/ssl/certs/ca-certificates.crt"

var numericUser = regexp.MustCompile(`^[0-9]+:[0-9]+$`)

// WriteFile writes the image as a docker-archive. The same input gives the same bytes, and path is replaced only by a
// complete archive.
func WriteFile(path string, o Options) error {
	tag, err := name.NewTag(o.Tag, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("-tag is %q: give name:tag, for example local.test/penstock:dev: %w", o.Tag, err)
	}
	if !numericUser.MatchString(o.User) {
		return fmt.Errorf("-user is %q: give user:group in numbers, for example 65532:65532", o.User)
	}
	image, err := Build(tag, o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("creating the archive's folder: %w", err)
	}
	if err := tarball.WriteToFile(path+".part", tag, image); err != nil {
		return errors.Join(fmt.Errorf("writing the archive: %w", err), os.RemoveAll(path+".part"))
	}
	if err := os.Rename(path+".part", path); err != nil {
		return fmt.Errorf("renaming the archive: %w", err)
	}
	return nil
}

// Build makes the image in memory.
func Build(tag name.Tag, o Options) (v1.Image, error) {
	info, err := inspect(o.Binary)
	if err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(o.Binary)
	if err != nil {
		return nil, fmt.Errorf("reading the binary: %w", err)
	}
	entry := filepath.Base(o.Binary)
	var layers []v1.Layer
	if o.Certificates != "" {
		pem, err := certificates(o.Certificates)
		if err != nil {
			return nil, err
		}
		layer, err := layer(o.Created, file{certificatesPath, 0o644, pem})
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	app, err := layer(o.Created, file{entry, 0o755, binary})
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, append(layers, app)...)
	if err != nil {
		return nil, fmt.Errorf("adding layers: %w", err)
	}
	old, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the empty image's config: %w", err)
	}
	config := old.DeepCopy()
	config.OS, config.Architecture = "linux", info.arch
	config.Created = v1.Time{Time: o.Created}
	config.Config = v1.Config{
		Entrypoint: []string{"/" + entry},
		User:       o.User,
		WorkingDir: "/",
		Env:        []string{"PATH=/"},
		Labels:     labels(tag, info, o),
	}
	for i := range config.History {
		config.History[i] = v1.History{Created: v1.Time{Time: o.Created}, CreatedBy: "hack/image"}
	}
	return mutate.ConfigFile(image, config)
}

// labels are the OCI image spec's annotations, as labels (https://specs.opencontainers.org/image-spec/annotations/).
func labels(tag name.Tag, info binaryInfo, o Options) map[string]string {
	all := map[string]string{
		"org.opencontainers.image.title":    path.Base(tag.RepositoryStr()),
		"org.opencontainers.image.version":  tag.TagStr(),
		"org.opencontainers.image.created":  o.Created.Format(time.RFC3339),
		"org.opencontainers.image.source":   o.Source,
		"org.opencontainers.image.licenses": o.Licenses,
		"org.opencontainers.image.revision": info.revision,
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

type binaryInfo struct {
	arch     string
	revision string // of the source, from the version control stamp; "-dirty" when it was modified; may be empty
}

// inspect reads what the Go tool has written into the binary and refuses what could not run on an empty base.
func inspect(path string) (binaryInfo, error) {
	f, err := elf.Open(path)
	if err != nil {
		return binaryInfo{}, fmt.Errorf("-binary %s: want a Linux binary (GOOS=linux go build): %w", path, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return binaryInfo{}, fmt.Errorf("-binary %s is linked dynamically and the image has no C library: build it with CGO_ENABLED=0", path)
		}
	}
	build, err := buildinfo.ReadFile(path)
	if err != nil {
		return binaryInfo{}, fmt.Errorf("-binary %s: want a binary that Go has built: %w", path, err)
	}
	var info binaryInfo
	var dirty bool
	for _, s := range build.Settings {
		switch s.Key {
		case "GOARCH":
			info.arch = s.Value
		case "vcs.revision":
			info.revision = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	if dirty && info.revision != "" {
		info.revision += "-dirty"
	}
	return info, nil
}

func certificates(path string) ([]byte, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("-certificates: install Debian's ca-certificates, or name another PEM file: %w", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("-certificates %s holds no certificate: name a PEM file of certificate authorities", path)
	}
	return pem, nil
}

type file struct {
	path string
	mode int64
	data []byte
}

// layer is left uncompressed: compressing costs seconds for every build, and an archive that never leaves the machine
// gains nothing from it.
func layer(created time.Time, f file) (v1.Layer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, dir := range parents(f.path) {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: created, Format: tar.FormatUSTAR}); err != nil {
			return nil, fmt.Errorf("adding /%s: %w", dir, err)
		}
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: f.path, Mode: f.mode, Size: int64(len(f.data)), ModTime: created, Format: tar.FormatUSTAR}
	if err := w.WriteHeader(header); err != nil {
		return nil, fmt.Errorf("adding /%s: %w", f.path, err)
	}
	if _, err := io.Copy(w, bytes.NewReader(f.data)); err != nil {
		return nil, fmt.Errorf("adding /%s: %w", f.path, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("adding /%s: %w", f.path, err)
	}
	return static.NewLayer(buf.Bytes(), types.DockerUncompressedLayer), nil
}

// parents lists the folders above name, outermost first.
func parents(name string) []string {
	var dirs []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	return dirs
}
