// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import "testing"

func TestVersionRanges(t *testing.T) {
	for _, tc := range []struct {
		text, version string
		want          bool
	}{
		{"1.0", "1.0.0", true}, {"1.0", "1.0.1", false}, {"[1.0]", "1", true}, {"[1.0,2.0)", "1.9.9", true}, {"[1.0,2.0)", "2.0", false},
		{"(1.0,)", "1.0", false}, {"(1.0,)", "1.0.1", true}, {"(,1.0],[1.2,)", "1.1", false}, {"(,1.0], [1.2,)", "4.3.1", true}, {"[4.3.1-rc1,)", "4.3.1", true},
		{"[4.3.1,)", "4.3.1-SNAPSHOT", false}, {"[4.3.1-alpha,4.3.1-beta]", "4.3.1-rc", false}, {"(,4.10)", "4.9", true}, {"[1.0-sp,)", "1.0", false}, {"[1.0,)", "1.0-jre", true},
	} {
		r, err := parseVersions(tc.text)
		if err != nil || r.has(tc.version) != tc.want {
			t.Errorf("%s has %s: %v (%v), want %v", tc.text, tc.version, !tc.want, err, tc.want)
		}
	}
	for _, text := range []string{"[1.0", "1.0]", "[2,1]", "(1.0)", "[]", "1.0,2.0", "[1,2,3]", "x[1]"} {
		if _, err := parseVersions(text); err == nil {
			t.Errorf("%s is taken for a range", text)
		}
	}
	for _, text := range []string{"", "latest", " "} {
		if r, err := parseVersions(text); r != nil || err != nil {
			t.Errorf("%q is %v, %v: want any", text, r, err)
		}
	}
}

func TestPluginVersions(t *testing.T) {
	type props = map[string]string
	for name, tc := range map[string]struct {
		props              props
		problems, warnings []string
	}{
		"as Kafka's":    {props: props{"connector.plugin.version": "[4.1,5)", "key.converter": "json", "key.converter.plugin.version": "4.3.1", "value.converter": "json", "value.converter.plugin.version": "latest"}},
		"from a secret": {props: props{"connector.plugin.version": "${env:V}"}},
		"another": {props: props{"connector.plugin.version": "[5,)", "value.converter": "json", "value.converter.plugin.version": "3.9"}, problems: []string{
			"connector.plugin.version: [5,) is not there: this build has ", "value.converter.plugin.version: 3.9 is not there: this build has 4.3.1"}},
		"no range":         {props: props{"connector.plugin.version": "[5"}, problems: []string{`connector.plugin.version: "[5" is not a version or a range of versions`}},
		"reload":           {props: props{"config.action.reload": "none"}},
		"reload on change": {props: props{"config.action.reload": "restart"}, warnings: []string{"config.action.reload: has no effect"}},
		"bad reload":       {props: props{"config.action.reload": "never"}, problems: []string{"config.action.reload: "}},
		"enforced":         {props: props{"tasks.max.enforce": "true"}},
		"not enforced":     {props: props{"tasks.max.enforce": "false"}, warnings: []string{"tasks.max.enforce: has no effect"}},
		"enforced maybe":   {props: props{"tasks.max.enforce": "maybe"}, problems: []string{"tasks.max.enforce: "}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.props["file"] = "/x"
			v := fakeRegistry().Validate("file-source", tc.props, nil)
			begins(t, "problems", tc.problems, v.Problems)
			begins(t, "warnings", tc.warnings, v.Warnings)
		})
	}
}

// A version may be any text that a user writes.
func FuzzParseVersions(f *testing.F) {
	for _, text := range []string{"1.0", "[1.0,2.0)", "(,1],[2,)", "[", "[]", "a-1.b", "[1,\xff]"} {
		f.Add(text, "4.3.1")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		r, err := parseVersions(text)
		if err != nil {
			return
		}
		r.has(version)
		if compareVersions(version, version) != 0 || compareVersions(text, version) != -compareVersions(version, text) {
			t.Errorf("%q and %q have no order", text, version)
		}
	})
}
