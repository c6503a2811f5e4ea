// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConfiguredProviders(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"ok/a.properties": "user=hugo\n", "ok/token": "t0ken", "no/a.properties": "user=anna\n", "okay/a.properties": "user=eve\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "no", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "no", "sub"), filepath.Join(dir, "ok", "out")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PENSTOCK_TEST_SEEN", "s1")
	t.Setenv("PENSTOCK_OTHER", "s2")
	providers, problems := Configured(map[string]string{
		"config.providers":                             "f, d,env,file",
		"config.providers.f.class":                     fileClass,
		"config.providers.f.param.allowed.paths":       filepath.Join(dir, "ok") + "," + filepath.Join(dir, "x"),
		"config.providers.d.class":                     dirClass,
		"config.providers.d.param.allowed.paths":       filepath.Join(dir, "ok"),
		"config.providers.env.param.allowlist.pattern": "PENSTOCK_TEST_.*",
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := New(providers)
	for text, want := range map[string]string{
		"${f:" + dir + "/ok/a.properties:user}":        "hugo",
		"${f:" + dir + "/no/a.properties:user}":        "!may not be read: the worker's allowed.paths are",
		"${f:" + dir + "/okay/a.properties:user}":      "!may not be read",
		"${f:" + dir + "/ok/../no/a.properties:user}":  "!may not be read",
		"${d:" + dir + "/ok:token}":                    "t0ken",
		"${d:" + dir + "/no:a.properties}":             "!may not be read",
		"${file:" + dir + "/no/a.properties:user}":     "anna",
		"${dir:" + dir + "/ok:token}":                  "!names no config provider of this worker, which has d, env, f, file",
		"${f:" + dir + "/ok/out/../a.properties:user}": "hugo", // and not anna's
		"${env:PENSTOCK_TEST_SEEN}":                    "s1",
		"${env:PENSTOCK_OTHER}":                        "!may not be read: the worker's allowlist.pattern does not match it",
		"${g:x:y}":                                     "!names no config provider of this worker, which has d, env, f, file",
	} {
		got, err := r.Resolve(t.Context(), map[string]string{"k": text})
		if bad, ok := strings.CutPrefix(want, "!"); ok {
			if err == nil || !strings.Contains(err.Error(), bad) {
				t.Errorf("%s: error %v, want %q", text, err, bad)
			}
		} else if err != nil || got.Props["k"] != want || !cmp.Equal(got.Secrets, []string{want}) {
			t.Errorf("%s is %q, hiding %q (%v), want %q", text, got.Props["k"], got.Secrets, err, want)
		}
	}
}

func TestConfiguredProblems(t *testing.T) {
	for name, tc := range map[string]struct {
		props map[string]string
		want  string
	}{
		"no class":        {map[string]string{"config.providers": "x"}, "config.providers.x.class: must be set: org.apache"},
		"another class":   {map[string]string{"config.providers": "x", "config.providers.x.class": "com.acme.V"}, "config.providers.x.class: com.acme.V is a Java class"},
		"not listed":      {map[string]string{"config.providers.x.class": fileClass}, "config.providers.x.class: belongs to no provider: add x to config.providers"},
		"a relative path": {map[string]string{"config.providers": "file", "config.providers.file.param.allowed.paths": "a"}, "config.providers.file.param.allowed.paths: Path a is not absolute"},
		"a bad pattern":   {map[string]string{"config.providers": "env", "config.providers.env.param.allowlist.pattern": "("}, "config.providers.env.param.allowlist.pattern: is not a regular expression"},
		"a parameter":     {map[string]string{"config.providers": "env", "config.providers.env.param.allowed.paths": "/a"}, "config.providers.env.param.allowed.paths: is not known of " + envClass},
	} {
		if _, problems := Configured(tc.props); len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, problems, tc.want)
		}
	}
}
