// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package apache

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
)

// archive is a tar.gz that Maven Central has and Maven itself cannot fetch, since the
// parent of its pom is not there.
type archive struct{ url, sha512 string }

// install unpacks the archive into dir, unless that is done.
func (a archive) install(ctx context.Context, dir string) error {
	return onceFor(dir, a.sha512, func(to string) error {
		fmt.Fprintf(os.Stderr, "fetching %s from Maven Central\n", path.Base(a.url))
		file := to + ".tar.gz"
		defer func() { _ = os.Remove(file) }() // nobody reads it
		if err := a.fetch(ctx, file); err != nil {
			return fmt.Errorf("fetching %s: %w", a.url, err)
		}
		if err := unpack(file, to); err != nil {
			return fmt.Errorf("unpacking %s: %w", path.Base(a.url), err)
		}
		return nil
	})
}

// fetch downloads the archive; what has another sum is an error.
func (a archive) fetch(ctx context.Context, to string) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", resp.Status)
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	hash := sha512.New()
	_, err = io.Copy(io.MultiWriter(f, hash), resp.Body)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if have := hex.EncodeToString(hash.Sum(nil)); have != a.sha512 {
		return fmt.Errorf("its SHA-512 is %s, want %s", have, a.sha512)
	}
	return nil
}

// unpack writes the files of an archive into a folder and nowhere else.
func unpack(file, to string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	packed, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // what was written is closed by then
	for r := tar.NewReader(packed); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = unpackOne(root, h, r)
		}
		if err != nil {
			return err
		}
	}
}

func unpackOne(root *os.Root, h *tar.Header, r io.Reader) error {
	name := filepath.Clean(filepath.FromSlash(h.Name))
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeReg:
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		f, err := root.Create(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Close())
	default:
		return fmt.Errorf("%s is neither a file nor a folder", h.Name)
	}
}

// stampFile is in a folder of the cache that is complete, and says of what it was made.
const stampFile = "sources.sha256"

// onceFor makes a folder of the cache with fill, unless it is there and was made of the
// same. What fill leaves half done is in the way of nobody.
func onceFor(dir, stamp string, fill func(to string) error) error {
	if have, err := os.ReadFile(filepath.Join(dir, stampFile)); err == nil && string(have) == stamp {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	part, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".part")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(part) }() // it is gone, or nobody reads it
	if err := fill(part); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(part, stampFile), []byte(stamp), 0o644); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(part, dir)
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}
