// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"penstock.dev/runtime/worker"
)

// assignment is what the file holds. It is for the same binary in the same pod
// only, so it has no version.
type assignment struct {
	PodUID string                     `json:"podUID"`
	Tasks  map[string]worker.TaskSpec `json:"tasks"`
}

// load returns what the file holds, nil if there is none or if it is another
// pod's.
func load(file, podUID string) (map[string]worker.TaskSpec, error) {
	var a assignment
	if err := readJSON(file, &a); err != nil || a.PodUID != podUID {
		return nil, err
	}
	return a.Tasks, nil
}

func save(file, podUID string, specs map[string]worker.TaskSpec) error {
	return writeJSON(file, assignment{PodUID: podUID, Tasks: specs})
}

func readJSON(file string, v any) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}

// writeJSON replaces the file at once, readable by this user only.
func writeJSON(file string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", file, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", tmp.Name(), err), os.Remove(tmp.Name()))
	}
	if err := os.Rename(tmp.Name(), file); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}
