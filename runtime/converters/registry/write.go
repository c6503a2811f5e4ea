// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"
)

// Registered is the schema with which records are written.
type Registered struct {
	// ID stands before the data.
	ID int
	// Schema is the one that the id stands for, with all that it refers to.
	Schema Resolved
	// Other says that it is not the record's own, because use.schema.id or
	// use.latest.version asks for another one.
	Other bool
	// Strict is the key that asks the converter to refuse a schema that cannot read
	// what the record's own writes, "" if none does.
	Strict string
}

// Writer returns with which schema and id records of a schema are written to a
// subject. It registers the schema or looks it up, as the config says. The error
// names the subject.
func (c *Client) Writer(subject string, s sr.Schema) (Registered, error) {
	s.Type = c.kind
	key := writeKey(subject, s)
	return remember(c, c.written, key, "w"+key, func() (Registered, error) {
		r, err := c.writer(subject, s)
		if err == nil && (r.ID < 0 || r.ID > math.MaxInt32) {
			err = fmt.Errorf("the schema registry at %s gives the schema of subject %s the id %d, which does not fit before a record", c.hosts, subject, r.ID)
		}
		return r, err
	})
}

// writeKey tells schemas and subjects apart.
func writeKey(subject string, s sr.Schema) string {
	var b strings.Builder
	b.WriteString(subject)
	b.WriteByte(0)
	b.WriteString(s.Schema)
	for _, r := range s.References {
		fmt.Fprintf(&b, "\x00%s\x00%s\x00%d", r.Name, r.Subject, r.Version)
	}
	return b.String()
}

func (c *Client) writer(subject string, s sr.Schema) (Registered, error) {
	own := Registered{Schema: Resolved{Schema: s}}
	switch {
	case c.config.AutoRegister:
		id, err := call(c, c.act("registering the", subject), func(ctx context.Context) (int, error) {
			return c.api.RegisterSchema(c.params(ctx), subject, s, -1, -1)
		})
		own.ID = id
		return own, err
	case c.config.UseID >= 0:
		other, err := c.Schema(c.config.UseID)
		if err != nil {
			return Registered{}, fmt.Errorf("use.schema.id for subject %s: %w", subject, err)
		}
		return Registered{ID: c.config.UseID, Schema: other, Other: true, Strict: strict(c.config.IDStrict, "id.compatibility.strict")}, nil
	case c.config.UseLatest:
		latest, err := c.Latest(subject)
		latest.Strict = strict(c.config.LatestStrict, "latest.compatibility.strict")
		return latest, err
	default:
		found, err := call(c, c.act("looking up the", subject), func(ctx context.Context) (sr.SubjectSchema, error) {
			return c.api.LookupSchema(c.params(ctx), subject, s)
		})
		if err != nil {
			err = fmt.Errorf("%w (auto.register.schemas is false)", err)
		}
		own.ID = found.ID
		return own, err
	}
}

func strict(on bool, key string) string {
	if on {
		return key
	}
	return ""
}

// act says what is done with the schema of a subject, for errors.
func (c *Client) act(verb, subject string) string {
	return fmt.Sprintf("%s %s schema of the record %s under subject %s", verb, c.kind, c.side, subject)
}

func (c *Client) params(ctx context.Context) context.Context {
	if c.config.Normalize {
		return sr.WithParams(ctx, sr.Normalize)
	}
	return ctx
}

// ReadsLatest reports whether records are read as the latest schema of their
// subject.
func (c *Client) ReadsLatest() bool { return c.config.UseLatest }

// latestVersion is that of the newest schema of a subject.
const latestVersion = -1

// Latest returns the newest schema of a subject.
func (c *Client) Latest(subject string) (Registered, error) {
	key := "\x00latest\x00" + subject
	return remember(c, c.written, key, key, func() (Registered, error) {
		found, err := call(c, c.act("reading the latest", subject), func(ctx context.Context) (sr.SubjectSchema, error) {
			return c.api.SchemaByVersion(ctx, subject, latestVersion)
		})
		if err != nil {
			return Registered{}, err
		}
		resolved, err := c.resolve(found.Schema)
		return Registered{ID: found.ID, Schema: resolved, Other: true}, err
	})
}
