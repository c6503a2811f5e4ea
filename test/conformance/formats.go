// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	"penstock.dev/test/apache"
)

// formats is a process of python/formats.py: what writes and reads records without
// any code of ours.
type formats struct {
	mu  sync.Mutex
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startFormats installs and starts it, beside the registry of that URL.
func startFormats(ctx context.Context, o options, registry, log string) (*formats, error) {
	home := filepath.Join(o.root, "test/conformance/python")
	packages, err := apache.InstallPython(ctx, filepath.Join(home, "requirements.txt"), o.cache, "conformance")
	if err != nil {
		return nil, err
	}
	f, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("python3", filepath.Join(home, "formats.py"), registry)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+packages, "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = f
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	err = cmd.Start()
	if err = errors.Join(err, f.Close()); err != nil { // the process has the log, too
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	return &formats{cmd: cmd, in: in, out: bufio.NewReader(out)}, nil
}

// question is what the process is asked.
type question struct {
	Do         string          `json:"do"` // write or read
	As         string          `json:"as"`
	Topic      string          `json:"topic"`
	Side       string          `json:"side"`
	Schema     string          `json:"schema,omitempty"`
	References []Reference     `json:"references,omitempty"`
	Message    string          `json:"message,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Bytes      string          `json:"bytes,omitempty"` // in hexadecimal digits
}

// answer is what it says.
type answer struct {
	Bytes string          `json:"bytes"`
	Data  json.RawMessage `json:"data"`
	Error string          `json:"error"`
}

// ask asks one question; the process answers them in turn.
func (f *formats) ask(q question) (answer, error) {
	line, err := json.Marshal(q)
	if err != nil {
		return answer{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.in.Write(append(line, '\n')); err != nil {
		return answer{}, fmt.Errorf("asking formats.py: %w", err)
	}
	text, err := f.out.ReadBytes('\n')
	if err != nil {
		return answer{}, fmt.Errorf("reading what formats.py answers: %w", err)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("reading what formats.py answers, %s: %w", text, err)
	}
	if a.Error != "" {
		return a, fmt.Errorf("formats.py cannot %s %s: %s", q.Do, q.As, a.Error)
	}
	return a, nil
}

// stop ends the process: it does when there are no more questions.
func (f *formats) stop() error { return errors.Join(f.in.Close(), f.cmd.Wait()) }
