// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package manifest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

const (
	// maxSource bounds what is read of one file or address.
	maxSource = 16 << 20
	// fetchTimeout bounds the download of an address.
	fetchTimeout = 30 * time.Second
)

// document is one YAML or JSON document of a source.
type document struct {
	source string
	index  int // from 1
	data   []byte
}

// origin names the document in messages.
func (d document) origin() string { return fmt.Sprintf("%s, document %d", d.source, d.index) }

// read returns the documents of a source: a file, a directory's *.yaml, *.yml
// and *.json files, an http or https address, or "-" for stdin.
func read(ctx context.Context, source string, stdin io.Reader) ([]document, error) {
	switch {
	case source == "":
		return nil, errors.New("an empty file name was given")
	case source == "-":
		return readFrom("stdin", stdin)
	case strings.HasPrefix(source, "http://"), strings.HasPrefix(source, "https://"):
		return download(ctx, source)
	}
	info, err := os.Stat(source)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readDir(source)
	}
	return readFile(source)
}

func readDir(dir string) ([]document, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var docs []document
	found := false
	for _, e := range entries {
		if e.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) {
			continue
		}
		found = true
		more, err := readFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		docs = append(docs, more...)
	}
	if !found {
		return nil, fmt.Errorf("%s holds no *.yaml, *.yml or *.json file", dir)
	}
	return docs, nil
}

func readFile(path string) ([]document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return readFrom(path, f)
}

func download(ctx context.Context, address string) ([]document, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching %s: the server answered %s", address, resp.Status)
	}
	return readFrom(address, resp.Body)
}

func readFrom(name string, r io.Reader) ([]document, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(data) > maxSource {
		return nil, fmt.Errorf("%s is larger than %d MiB", name, maxSource>>20)
	}
	return split(name, data)
}

// split cuts at the lines that hold only ---, and leaves documents out that are
// empty or only comments. They count all the same, except comments before the
// first line of ---, which belong to what follows.
func split(name string, data []byte) ([]document, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var docs []document
	first := true
	for i := 1; ; i++ {
		doc, err := reader.Read()
		if first && err == nil && blank(doc) {
			i--
		}
		first = false
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s, document %d: %w", name, i, err)
		}
		if !blank(doc) {
			docs = append(docs, document{source: name, index: i, data: doc})
		}
	}
}

func blank(doc []byte) bool {
	for line := range bytes.Lines(doc) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}
