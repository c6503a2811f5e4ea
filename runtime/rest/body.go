// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"penstock.dev/runtime/javajson"
)

// maxBody bounds a request's body: as much as a record may have in a topic of
// Kafka's defaults.
const maxBody = 1 << 20

// byteOrderMark may stand before JSON: some editors and shells write it.
const byteOrderMark = "\xef\xbb\xbf"

// readBody returns the first JSON value of the body.
func readBody(r *http.Request) (json.RawMessage, error) {
	body := bufio.NewReader(r.Body)
	if begin, _ := body.Peek(len(byteOrderMark)); string(begin) == byteOrderMark { // an error comes again
		_, _ = body.Discard(len(begin))
	}
	var raw json.RawMessage
	err := json.NewDecoder(body).Decode(&raw)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, newError(http.StatusRequestEntityTooLarge, "the request has more than %d bytes", []any{tooLarge.Limit})
	}
	if errors.Is(err, io.EOF) {
		return nil, BadRequest("the request has no body; send a JSON object")
	}
	if err != nil {
		return nil, malformed(err)
	}
	if !utf8.Valid(raw) { // the decoder would put other characters in their place
		return nil, malformed(errors.New("it is not UTF-8"))
	}
	return raw, nil
}

// malformed is the error for a body that is not what is expected. Kafka Connect
// answers 500 with the words of its JSON library.
func malformed(err error) *Error {
	return BadRequest("the body cannot be read: %s", err.Error())
}

// object reads a JSON object without its members. Unlike struct fields, the names
// are matched as they are written.
func object(raw json.RawMessage) (map[string]json.RawMessage, error) {
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return nil, malformed(errors.New("it is null, and must be an object"))
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, malformed(err)
	}
	return m, nil
}

// flatConfig reads a config: a JSON object whose values are texts, numbers,
// booleans (which count as their text) or null.
func flatConfig(raw json.RawMessage) (map[string]*string, error) {
	m, err := object(raw)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*string, len(m))
	for k, v := range m {
		if out[k], err = text(k, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// text reads a value that counts as text; nil is null.
func text(name string, raw json.RawMessage) (*string, error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, []byte("null")):
		return nil, nil
	case raw[0] == '{', raw[0] == '[':
		return nil, malformed(fmt.Errorf("the value of %s must be a text", name))
	case raw[0] != '"':
		s := string(raw)
		return &s, nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, malformed(fmt.Errorf("the value of %s: %w", name, err))
	}
	return &s, nil
}

// createRequest is the body of POST /connectors.
type createRequest struct {
	name   string
	config map[string]*string
	state  TargetState
}

// initialStates are the values of initial_state (KIP-980), in upper case.
var initialStates = map[string]TargetState{"RUNNING": Started, "PAUSED": Paused, "STOPPED": Stopped}

func readCreate(r *http.Request) (createRequest, error) {
	var c createRequest
	raw, err := readBody(r)
	if err != nil {
		return c, err
	}
	m, err := object(raw)
	if err != nil {
		return c, err
	}
	for name, value := range m {
		switch name {
		case "name":
			err = c.readName(value)
		case "config":
			c.config, err = flatConfig(value)
		case "initial_state":
			err = c.readState(value)
		default:
			err = malformed(fmt.Errorf("%s is not known; a new connector has name, config and initial_state", name))
		}
		if err != nil {
			return c, err
		}
	}
	if c.config == nil {
		return c, malformed(errors.New("config must be set"))
	}
	return c, nil
}

func (c *createRequest) readName(raw json.RawMessage) error {
	s, err := text("name", raw)
	if s != nil {
		c.name = strings.TrimFunc(*s, func(r rune) bool { return r <= ' ' })
	}
	return err
}

func (c *createRequest) readState(raw json.RawMessage) error {
	s, err := text("initial_state", raw)
	if err != nil || s == nil {
		return err
	}
	var ok bool
	if c.state, ok = initialStates[strings.ToUpper(*s)]; !ok {
		return malformed(fmt.Errorf("initial_state %q is not RUNNING, PAUSED or STOPPED", *s))
	}
	return nil
}

// readOffsets reads the body of PATCH /connectors/{connector}/offsets.
func readOffsets(r *http.Request) ([]Offset, error) {
	raw, err := readBody(r)
	if err != nil {
		return nil, err
	}
	v, err := javajson.Decode(raw)
	if err != nil {
		return nil, malformed(err)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, malformed(errors.New("it must be an object"))
	}
	for name := range m {
		if name != "offsets" {
			return nil, malformed(fmt.Errorf("%s is not known; the body has offsets", name))
		}
	}
	list, ok := m["offsets"].([]any)
	if !ok && m["offsets"] != nil {
		return nil, malformed(errors.New("offsets must be a list"))
	}
	if len(list) == 0 {
		return nil, BadRequest("Partitions / offsets need to be provided for an alter offsets request")
	}
	return offsetList(list)
}

func offsetList(list []any) ([]Offset, error) {
	out := make([]Offset, len(list))
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil, malformed(fmt.Errorf("offsets[%d] must be an object", i))
		}
		for name, value := range m {
			o, ok := value.(map[string]any)
			switch {
			case !ok && value != nil:
				return nil, malformed(fmt.Errorf("offsets[%d].%s must be an object or null", i, name))
			case name == "partition":
				out[i].Partition = o
			case name == "offset":
				out[i].Offset = o
			default:
				return nil, malformed(fmt.Errorf("offsets[%d].%s is not known; an entry has partition and offset", i, name))
			}
		}
	}
	return out, nil
}
