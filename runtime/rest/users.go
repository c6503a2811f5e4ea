// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"

	"penstock.dev/runtime/secrets"
)

// Users are user names and passwords.
type Users struct {
	// digests are those of passwords, by user: of one length, so that comparing
	// them takes the same time for each.
	digests map[string][sha256.Size]byte
}

// LoadUsers reads a properties file of users: `user=password`, a line each, as
// Kafka Connect's PropertyFileLoginModule has it. A file without users is an
// error: there it lets everybody in. So is a user without a password.
func LoadUsers(file string) (*Users, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	users, err := secrets.ParseProperties(string(data))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	u := &Users{digests: map[string][sha256.Size]byte{}}
	for _, name := range slices.Sorted(maps.Keys(users)) {
		if name == "" || users[name] == "" {
			return nil, fmt.Errorf("%s has the user %q without a password; a line is user=password", file, name)
		}
		u.digests[name] = sha256.Sum256([]byte(users[name]))
	}
	if len(u.digests) == 0 {
		return nil, fmt.Errorf("%s: %w", file, errors.New("it has no user"))
	}
	return u, nil
}

// may reports whether the password is the user's. It takes the same time whether
// the user is known or not.
func (u *Users) may(name, password string) bool {
	want, known := u.digests[name]
	given := sha256.Sum256([]byte(password))
	same := subtle.ConstantTimeCompare(want[:], given[:]) == 1
	return known && same
}

// guard asks for a user's password.
func (u *Users) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, password, ok := r.BasicAuth()
		if !ok || !u.may(name, password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Kafka Connect", charset="UTF-8"`)
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte("User cannot access the resource.")) // the client has gone
			return
		}
		next.ServeHTTP(w, r)
	})
}
