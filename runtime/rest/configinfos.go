// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

// ConfigInfos is the answer of a validation.
type ConfigInfos struct {
	// Name is the connector's class as it was given.
	Name       string       `json:"name"`
	ErrorCount int          `json:"error_count"`
	Groups     []string     `json:"groups"`
	Configs    []ConfigInfo `json:"configs"`
}

// ConfigInfo is a key and its value. A key that is not known has no definition.
type ConfigInfo struct {
	Definition *ConfigKeyInfo  `json:"definition"`
	Value      ConfigValueInfo `json:"value"`
}

// ConfigKeyInfo describes a key.
type ConfigKeyInfo struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	Required      bool     `json:"required"`
	DefaultValue  *string  `json:"default_value"`
	Importance    string   `json:"importance"`
	Documentation string   `json:"documentation"`
	Group         *string  `json:"group"`
	OrderInGroup  int      `json:"order_in_group"`
	Width         string   `json:"width"`
	DisplayName   string   `json:"display_name"`
	Dependents    []string `json:"dependents"`
}

// ConfigValueInfo is the value of a key and what is wrong with it.
type ConfigValueInfo struct {
	Name              string   `json:"name"`
	Value             *string  `json:"value"`
	RecommendedValues []string `json:"recommended_values"`
	Errors            []string `json:"errors"`
	Visible           bool     `json:"visible"`
}

func (d definition) info() *ConfigKeyInfo {
	info := ConfigKeyInfo{
		Name: d.Name, Type: d.Type, Required: d.Required, Importance: d.Importance, Documentation: d.Doc,
		Width: d.layout.width, DisplayName: d.layout.display, Dependents: []string{}, OrderInGroup: d.layout.order,
	}
	if d.HasDefault {
		info.DefaultValue = &d.Default
	}
	if d.layout.group != "" {
		info.Group = &d.layout.group
	}
	return &info
}
