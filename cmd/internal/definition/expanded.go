// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package definition

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// expanded is a connector as GET /connectors?expand=info&expand=status has it
// (KIP-465).
type expanded struct {
	Info   json.RawMessage `json:"info"`
	Status struct {
		Connector struct {
			State string `json:"state"`
		} `json:"connector"`
	} `json:"status"`
}

// isExpanded tells such an answer: each of its values has an info.
func isExpanded(object map[string]json.RawMessage) bool {
	for _, v := range object {
		var e expanded
		if json.Unmarshal(v, &e) != nil || len(e.Info) == 0 {
			return false
		}
	}
	return len(object) > 0
}

// fromExpanded reads all connectors of the answer. One that is paused or stopped
// stays so.
func fromExpanded(object map[string]json.RawMessage, origin string) ([]Definition, error) {
	var out []Definition
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(object)) {
		d, err := fromOne(object[name], fmt.Sprintf("%s, %s", origin, name))
		out, errs = append(out, d), append(errs, err)
	}
	return out, errors.Join(errs...)
}

func fromOne(data json.RawMessage, origin string) (Definition, error) {
	var e expanded
	if err := json.Unmarshal(data, &e); err != nil {
		return Definition{}, fmt.Errorf("%s: %w", origin, err)
	}
	var info map[string]json.RawMessage
	if err := json.Unmarshal(e.Info, &info); err != nil {
		return Definition{}, fmt.Errorf("%s: info: %w", origin, err)
	}
	d, err := fromJSON(e.Info, info)
	if state := e.Status.Connector.State; state == "PAUSED" || state == "STOPPED" {
		d.State = state
	}
	return checked(d, origin, err)
}
