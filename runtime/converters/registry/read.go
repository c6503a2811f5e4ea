// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/sr"
)

// Resolved is a schema with all that it refers to.
type Resolved struct {
	sr.Schema
	// Needs are the schemas to which it refers, also through others, each behind
	// those to which it refers itself.
	Needs []Need
}

// Need is a schema to which another one refers.
type Need struct {
	// Name is by which it is referred to: a full name in Avro, a file in Protobuf, a
	// URL in JSON Schema.
	Name string
	sr.Schema
}

// maxNeeds bounds how many schemas one schema may refer to.
const maxNeeds = 1000

// Schema returns the schema of an id. The error names the id.
func (c *Client) Schema(id int) (Resolved, error) {
	return remember(c, c.schemas, id, fmt.Sprintf("r%d", id), func() (Resolved, error) {
		s, err := call(c, fmt.Sprintf("reading the schema with id %d of the record %s", id, c.side), func(ctx context.Context) (sr.Schema, error) {
			return c.api.SchemaByID(ctx, id)
		})
		if err != nil {
			return Resolved{}, err
		}
		if s.Type != c.kind {
			return Resolved{}, fmt.Errorf("the schema with id %d of the record %s is of type %s, and this converter reads %s", id, c.side, s.Type, c.kind)
		}
		r, err := c.resolve(s)
		if err != nil {
			return Resolved{}, fmt.Errorf("reading what the schema with id %d refers to: %w", id, err)
		}
		return r, nil
	})
}

// Version returns the version of a schema of an id under a subject, 0 if the
// subject does not have it.
func (c *Client) Version(subject string, id int, s sr.Schema) (int, error) {
	key := fmt.Sprintf("%d\x00%s", id, subject)
	return remember(c, c.versions, key, "v"+key, func() (int, error) {
		act := fmt.Sprintf("looking up the version of the schema with id %d under subject %s", id, subject)
		var none bool
		found, err := call(c, act, func(ctx context.Context) (sr.SubjectSchema, error) {
			found, err := c.api.LookupSchema(sr.WithParams(c.params(ctx), sr.ShowDeleted), subject, s)
			if none = missing(err); none {
				err = nil
			}
			return found, err
		})
		if none {
			return 0, nil
		}
		return found.Version, err
	})
}

// resolve reads all that a schema refers to.
func (c *Client) resolve(s sr.Schema) (Resolved, error) {
	r := Resolved{Schema: s}
	if len(s.References) == 0 {
		return r, nil
	}
	w := walk{client: c, seen: map[string]bool{}}
	if err := w.references(s.References); err != nil {
		return Resolved{}, err
	}
	r.Needs = w.needs
	return r, nil
}

// walk collects schemas, those that are referred to before those that refer.
type walk struct {
	client *Client
	seen   map[string]bool
	needs  []Need
}

func (w *walk) references(refs []sr.SchemaReference) error {
	for _, ref := range refs {
		if w.seen[ref.Name] {
			continue
		}
		w.seen[ref.Name] = true
		if len(w.seen) > maxNeeds {
			return fmt.Errorf("the schema refers to more than %d others", maxNeeds)
		}
		act := fmt.Sprintf("reading version %d of subject %s, to which a schema refers as %s", ref.Version, ref.Subject, ref.Name)
		found, err := call(w.client, act, func(ctx context.Context) (sr.SubjectSchema, error) {
			return w.client.api.SchemaByVersion(sr.WithParams(ctx, sr.ShowDeleted), ref.Subject, ref.Version)
		})
		if err != nil {
			return err
		}
		if err := w.references(found.References); err != nil {
			return err
		}
		w.needs = append(w.needs, Need{Name: ref.Name, Schema: found.Schema})
	}
	return nil
}
