// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package apache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"penstock.dev/test/bench/proc"
)

// registryArchive is Apicurio Registry, a server with the API of Confluent's schema
// registry. 3.0.9 is the newest that runs on Java 17.
var registryArchive = archive{
	url:    "https://repo.maven.apache.org/maven2/io/apicurio/apicurio-registry-app/" + RegistryVersion + "/apicurio-registry-app-" + RegistryVersion + "-all.tar.gz",
	sha512: "1ed16d7284599c705a1ccbc551b307064990eb1f58c340e37eedc80716f24aba6216b85db35bc6c1651e44fdfd3598c4c6daa082f18e020e6b8f192036e609c0",
}

// RegistryVersion is the version of Apicurio Registry.
const RegistryVersion = "3.0.9"

// InstallRegistry puts the schema registry into the cache and returns its folder.
func InstallRegistry(ctx context.Context, cache string) (string, error) {
	dir := filepath.Join(cache, "apicurio-registry-"+RegistryVersion)
	if err := registryArchive.install(ctx, dir); err != nil {
		return "", fmt.Errorf("installing the schema registry: %w", err)
	}
	return dir, nil
}

// Registry is a schema registry that keeps everything in memory.
type Registry struct {
	proc *proc.Process
	base string
}

// registryTime is how long the registry may take to start.
const registryTime = 2 * time.Minute

// StartRegistry starts the registry of a folder on a free port of this machine and
// waits until it answers. Its output goes to the file log.
func StartRegistry(ctx context.Context, dir, log string) (*Registry, error) {
	p, err := proc.Start(proc.Command{Path: "java", Log: log, Args: []string{
		"-Xmx256M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true",
		"-Dquarkus.http.host=127.0.0.1", "-Dquarkus.http.port=0",
		`-Dquarkus.log.category."io.quarkus".level=INFO`, // which says the port
		`-Dquarkus.log.category."io.quarkus.http.access-log".level=OFF`,
		"-jar", filepath.Join(dir, "apicurio-registry-app-"+RegistryVersion+"-runner.jar"),
	}})
	if err != nil {
		return nil, err
	}
	r := &Registry{proc: p}
	if err := r.wait(ctx); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

var listening = regexp.MustCompile(`Listening on: (http://[0-9.:]+)`)

// wait returns when the registry answers.
func (r *Registry) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, registryTime, fmt.Errorf("the schema registry did not answer within %s", registryTime))
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; its log ends with:\n%s", context.Cause(ctx), r.proc.LogTail(2000))
		case <-r.proc.Done():
			return r.proc.Err()
		case <-tick.C:
		}
		if r.base == "" {
			if m := listening.FindStringSubmatch(r.proc.LogTail(1 << 20)); m != nil {
				r.base = m[1]
			}
		}
		if r.base != "" && r.answers(ctx) {
			return nil
		}
	}
}

func (r *Registry) answers(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL()+"/subjects", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close()) == nil && resp.StatusCode == http.StatusOK
}

// URL is where the API of Confluent's schema registry is: what schema.registry.url
// is to be. A schema has the same id under all subjects.
func (r *Registry) URL() string { return r.base + "/apis/ccompat/v7" }

// ApicurioURL is where the API of Apicurio's own clients is: what
// apicurio.registry.url is to be. Its "contentId" is the id of URL.
func (r *Registry) ApicurioURL() string { return r.base + "/apis/registry/v2" }

// Stop stops the registry; nothing of it is left.
func (r *Registry) Stop() error { return r.proc.Stop() }

// AvroConverterClass is Apicurio's converter for Kafka Connect.
const AvroConverterClass = "io.apicurio.registry.utils.converter.AvroConverter"

// AvroConverter returns the keys, without the prefix of keys or values, with which
// Apicurio's converter does what Confluent's does: it writes a zero and four bytes of
// the schema's id, registers schemas, and takes the topic's name for the subject.
func (r *Registry) AvroConverter() map[string]string {
	return map[string]string{
		"apicurio.registry.url":             r.ApicurioURL(),
		"apicurio.registry.as-confluent":    "true",
		"apicurio.registry.use-id":          "contentId",
		"apicurio.registry.headers.enabled": "false",
		"apicurio.registry.auto-register":   "true",
	}
}

// InstallAvroConverter puts Apicurio's converter into the cache and returns the folder
// that is to be in the worker's plugin.path.
func InstallAvroConverter(ctx context.Context, root, cache string) (string, error) {
	pom := filepath.Join(root, "test/apache/registry/pom.xml")
	text, err := os.ReadFile(pom)
	if err != nil {
		return "", fmt.Errorf("looking for the converter's version: %w", err)
	}
	version := property(text, "apicurio.version")
	if version == "" {
		return "", fmt.Errorf("%s names no apicurio.version", pom)
	}
	dir := filepath.Join(cache, "apicurio-converter-"+version)
	return dir, onceFor(dir, sum(text), func(to string) error {
		fmt.Fprintf(os.Stderr, "fetching Apicurio's converters %s from Maven Central\n", version)
		return maven(ctx, "fetching Apicurio's converters", "-f", pom, "dependency:copy-dependencies",
			"-DincludeScope=runtime", "-DoutputDirectory="+filepath.Join(to, "apicurio"))
	})
}
