// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package apache puts Apache Kafka Connect beside Penstock: it fetches it, and runs a
// broker and a schema registry for both.
package apache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// sources are the files that decide what is in the folder.
var sources = []string{
	"hack/kafka/pom.xml", "test/bench/peer/pom.xml",
	"test/bench/peer/src/main/java/dev/penstock/bench/Customers.java",
	"test/bench/peer/src/main/java/dev/penstock/bench/CustomerSink.java",
	"test/bench/peer/src/main/java/dev/penstock/bench/CustomerSinkTask.java",
	"test/bench/peer/src/main/java/dev/penstock/bench/CustomerSource.java",
	"test/bench/peer/src/main/java/dev/penstock/bench/CustomerSourceTask.java",
	"test/bench/peer/src/main/java/dev/penstock/bench/JsonFileSink.java",
	"test/bench/peer/src/main/java/dev/penstock/bench/JsonFileSinkTask.java",
	"test/bench/peer/src/main/resources/META-INF/services/org.apache.kafka.connect.sink.SinkConnector",
	"test/bench/peer/src/main/resources/META-INF/services/org.apache.kafka.connect.source.SourceConnector",
}

// Install puts Apache Kafka Connect of the broker's version, and our connectors for
// it from test/bench, into the cache and returns the folder and the version.
func Install(ctx context.Context, root, cache string) (dir, version string, err error) {
	stamp := sha256.New()
	for _, name := range sources {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", "", fmt.Errorf("looking for the peer's sources: %w", err)
		}
		if name == sources[0] {
			version = property(data, "kafka.version")
		}
		stamp.Write(data)
	}
	if version == "" {
		return "", "", fmt.Errorf("%s names no kafka.version", sources[0])
	}
	dir = filepath.Join(cache, "connect-"+version)
	want := hex.EncodeToString(stamp.Sum(nil))
	if have, err := os.ReadFile(filepath.Join(dir, "sources.sha256")); err == nil && string(have) == want {
		return dir, version, nil
	}
	return dir, version, build(ctx, root, dir, version, want)
}

// property returns what a pom says of a property, or nothing.
func property(pom []byte, name string) string {
	m := regexp.MustCompile("<" + name + ">(.*)</" + name + ">").FindSubmatch(pom)
	if m == nil {
		return ""
	}
	return string(m[1])
}

func build(ctx context.Context, root, dir, version, stamp string) error {
	fmt.Fprintf(os.Stderr, "fetching Apache Kafka Connect %s from Maven Central\n", version)
	target := dir + ".build"
	for _, path := range []string{dir, target} {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	if err := maven(ctx, "building Kafka Connect", "-f", filepath.Join(root, "test/bench/peer/pom.xml"),
		"-Dkafka.version="+version, "-Dbuild.to="+target,
		"package", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+dir); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(target, "bench-peer-1.jar"), filepath.Join(dir, "bench-peer-1.jar")); err != nil {
		return err
	}
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "sources.sha256"), []byte(stamp), 0o644)
}

// maven runs mvn, for the purpose that an error is to name.
func maven(ctx context.Context, purpose string, args ...string) error {
	out, err := exec.CommandContext(ctx, "mvn", append([]string{"-B", "-q"}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s with mvn: %w\n%s", purpose, err, strings.TrimSpace(string(out)))
	}
	return nil
}
