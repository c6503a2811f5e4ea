// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call makes a request and returns the answer.
func (s *system) call(ctx context.Context, method, path, body, contentType string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, in)
	if err != nil {
		return 0, nil, err
	}
	if body != "" {
		if contentType == "" {
			contentType = "application/json"
		}
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, data, errors.Join(err, resp.Body.Close())
}

// patient is call, repeated while a rebalance is what is in its way.
func (s *system) patient(ctx context.Context, method, path, body, contentType string) (int, []byte, error) {
	for deadline := time.Now().Add(time.Minute); ; {
		code, answer, err := s.call(ctx, method, path, body, contentType)
		if err != nil || !rebalancing(code, answer) || time.Now().After(deadline) {
			return code, answer, err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return 0, nil, err
		}
	}
}

func rebalancing(code int, answer []byte) bool {
	return (code == http.StatusConflict || code == http.StatusInternalServerError) &&
		(strings.Contains(string(answer), "rebalance") || strings.Contains(string(answer), "momentarily"))
}

// status is what GET /connectors/{c}/status says.
type status struct {
	Connector struct {
		State string `json:"state"`
		Trace string `json:"trace"`
	} `json:"connector"`
	Tasks []struct {
		ID    int    `json:"id"`
		State string `json:"state"`
		Trace string `json:"trace"`
	} `json:"tasks"`
}

func (s *system) status(ctx context.Context, connector string) (status, error) {
	var st status
	code, answer, err := s.patient(ctx, http.MethodGet, "/connectors/"+connector+"/status", "", "")
	if err != nil || code == http.StatusNotFound {
		return st, err
	}
	if code != http.StatusOK {
		return st, fmt.Errorf("the status of %s: %d %s", connector, code, answer)
	}
	return st, json.Unmarshal(answer, &st)
}

// failed reports whether the connector or one of its tasks has.
func (st status) failed() bool {
	for _, t := range st.Tasks {
		if t.State == "FAILED" {
			return true
		}
	}
	return st.Connector.State == "FAILED"
}

// running reports whether the connector and all of its tasks run, and there are some.
func (st status) running() bool {
	for _, t := range st.Tasks {
		if t.State != "RUNNING" {
			return false
		}
	}
	return st.Connector.State == "RUNNING" && len(st.Tasks) > 0
}

// resting reports whether the connector is not meant to run.
func (st status) resting() bool { return st.Connector.State == "PAUSED" }

func (st status) String() string {
	lines := []string{"connector " + st.Connector.State}
	for _, t := range st.Tasks {
		lines = append(lines, "task "+strconv.Itoa(t.ID)+" "+t.State)
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n")
}
