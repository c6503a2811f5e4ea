// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/connect"
)

// maxReason bounds what is repeated of an answer; a proxy answers with a page.
const maxReason = 1000

// transient reports whether a request that failed so may succeed later. What is no
// answer of the registry may: it was down, slow, or something stood between.
func transient(err error) bool {
	var answer *sr.ResponseError
	if !errors.As(err, &answer) {
		return true
	}
	switch answer.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	default:
		return answer.StatusCode >= 500
	}
}

// explain returns the error of a request, with what it was for, what the registry
// says and what to do, and without secrets.
func (c *Client) explain(act string, err error) error {
	if err == nil {
		return nil
	}
	retry := transient(err)
	if answer, ok := errors.AsType[*sr.ResponseError](err); ok {
		err = fmt.Errorf("%s: the schema registry at %s answers %d: %s%s",
			act, c.hosts, answer.StatusCode, reason(answer), advice(answer))
	} else {
		err = fmt.Errorf("%s: the schema registry at %s does not answer: %w", act, c.hosts, err)
	}
	err = c.redactor.Error(err)
	if retry {
		return connect.Retriable(err)
	}
	return err
}

func reason(answer *sr.ResponseError) string {
	text := strings.TrimSpace(answer.Error())
	if len(text) > maxReason {
		cut := maxReason
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	if answer.ErrorCode != 0 && answer.ErrorCode != answer.StatusCode {
		text = fmt.Sprintf("%s (code %d)", text, answer.ErrorCode)
	}
	return text
}

// advice says which keys to look at.
func advice(answer *sr.ResponseError) string {
	switch answer.StatusCode {
	case http.StatusUnauthorized:
		return "; check basic.auth.credentials.source and basic.auth.user.info, or bearer.auth.token"
	case http.StatusForbidden:
		return "; the user of basic.auth.user.info, or of bearer.auth.token, may not do this"
	default:
		return ""
	}
}

// missing reports whether the registry says that it does not have what was asked
// for, and not only that a path is unknown.
func missing(err error) bool {
	var answer *sr.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound && answer.ErrorCode/100 == http.StatusNotFound
}
