// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Command image writes a container image as an archive for `docker load` or `ctr images import`, without a Docker daemon
// and without a registry: an empty base, the certificates of public authorities and one static binary.
//
//	go run ./hack/image -binary bin/penstock -tag local.test/penstock:dev -o dist/penstock.tar
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("image", flag.ExitOnError)
	var o Options
	flags.StringVar(&o.Binary, "binary", "bin/penstock", "static Linux binary; it becomes /<its name>, the entry point")
	flags.StringVar(&o.Tag, "tag", "", "name of the image with a tag, for example local.test/penstock:dev")
	flags.StringVar(&o.User, "user", "65532:65532", "user and group that the container runs as")
	flags.StringVar(&o.Certificates, "certificates", "/etc/ssl/certs/ca-certificates.crt", "PEM file of certificate authorities; empty leaves it out")
	flags.StringVar(&o.Source, "source", "https://penstock.dev", "where the source is, for the image's labels")
	flags.StringVar(&o.Licenses, "licenses", "Apache-2.0", "SPDX expression, for the image's labels")
	out := flags.String("o", "", "archive to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" {
		return fmt.Errorf("-o is missing: name the archive to write, for example -o dist/penstock.tar")
	}
	created, err := sourceDate(os.Getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return err
	}
	o.Created = created
	if err := WriteFile(*out, o); err != nil {
		return err
	}
	fmt.Println(*out, o.Tag)
	return nil
}

// sourceDate reads the variable by which reproducible builds agree on a time
// (https://reproducible-builds.org/specs/source-date-epoch/); without it the image is from 1970.
func sourceDate(epoch string) (time.Time, error) {
	if epoch == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q: give seconds since 1970", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
