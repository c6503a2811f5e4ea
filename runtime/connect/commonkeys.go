// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import "penstock.dev/runtime/configdef"

// lifeKeys are keys of every connector about how it is run.
type lifeKeys struct {
	// Whether a connector that makes more tasks than it may is refused. None can.
	TasksMaxEnforce bool `config:"tasks.max.enforce" default:"true" importance:"low"`
	// What happens when a value from a config provider changes: restart or none. The
	// providers do not tell of changes, as Kafka's own do not, so nothing does.
	ConfigReload string `config:"config.action.reload" default:"restart" enum:"restart,none" importance:"low"`
	// The version that the connector must have: one, or a range such as [4.1,5.0).
	// key.converter.plugin.version, value.… and header.converter.plugin.version,
	// transforms.ALIAS.plugin.version and predicates.ALIAS.plugin.version are alike.
	Version string `config:"connector.plugin.version" optional:"true" importance:"medium"`
}

// lifeProblems looks at those keys.
func lifeProblems(p Plugin, props map[string]string) (problems, warnings []configdef.Problem) {
	c, problems := configdef.Plan[lifeKeys](props)
	problems = append(problems, versionProblems(p, props)...)
	warn := func(key, message string) {
		warnings = append(warnings, configdef.Problem{Key: key, Message: message})
	}
	if props["tasks.max.enforce"] != "" && len(problems) == 0 && !c.TasksMaxEnforce {
		warn("tasks.max.enforce", "has no effect: no connector makes more tasks than it may")
	}
	if props["config.action.reload"] != "" && c.ConfigReload == "restart" {
		warn("config.action.reload", "has no effect: config providers do not tell when a value has changed; restart the connector")
	}
	return problems, warnings
}
