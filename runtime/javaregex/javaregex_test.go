// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javaregex

import (
	"regexp"
	"strings"
	"testing"
)

// What Java does with many more expressions is in the golden file of
// runtime/transforms.

func TestTranslate(t *testing.T) {
	for java, want := range map[string]string{
		`a`:               `a`,
		`\h`:              `[` + horizontalSpace + `]`,
		`[\hx]`:           `[` + horizontalSpace + `x]`,
		`\H`:              `[^` + horizontalSpace + `]`,
		`\v+`:             `[` + verticalSpace + `]+`,
		`\Qa.b`:           `a\.b`,
		`[\Qa-z\E]`:       `[a\-z]`,
		`\é`:              `é`,
		`\e\a\07\0377`:    `\x1B\a\x{7}\x{FF}`,
		`\0400`:           `\x{20}0`,
		`\x{1F600}\x41`:   `\x{1F600}\x{41}`,
		`\p{Punct}`:       "[!-/:-@\\[-`{-~]",
		`\P{Space}`:       `[^` + space + `]`,
		`[^\p{Alpha}\]x]`: `[^a-zA-Z\]x]`,
		`\p{IsGreek}\PL`:  `\p{Greek}\PL`,
		`(?<n>a)(?i)b`:    `(?<n>a)(?i)b`,
		`a{2,}?b{3}`:      `a{2,}?b{3}`,
	} {
		got, err := translate(java)
		if err != nil || got != want {
			t.Errorf("%s becomes %s, want %s, error %v", java, got, want, err)
		}
		if _, err := Compile(java); err != nil {
			t.Errorf("%s: %v", java, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for java, want := range map[string]string{
		`a*+`:        "the possessive quantifier *+",
		`a{2}+`:      "the possessive quantifier }+",
		`(?=a)`:      "look-ahead, (?=…)",
		`(?<!a)`:     "negative look-behind, (?<!…)",
		`(a)\1`:      `the back-reference \1`,
		`[a&&b]`:     "the intersection of character classes, &&",
		`[a[b]]`:     "a character class within another, [a[b]]",
		`(?x)a`:      "the flag (?x)",
		`a\`:         "ends with a backslash",
		`[a\`:        "ends with a backslash",
		`[a`:         "a character class that does not end",
		`(?ia`:       "a group that does not end",
		`{`:          "begins no repetition",
		`\y`:         `the unknown escape \y`,
		`\x{}`:       "without hexadecimal digits",
		`\x4`:        "without hexadecimal digits",
		`\u00g0`:     "without four hexadecimal digits",
		`\09`:        "without octal digits",
		`\c`:         "without a control character",
		`\p{L`:       "does not end",
		`\p=x`:       `a \p without a property`,
		`[\pDigit}`:  "a character class that does not end",
		`\p{In_x}`:   `the property \p{In_x}`,
		`\p{Nope}`:   "is not a regular expression that can be used here: invalid character class range",
		`a{1001}`:    "is not a regular expression that can be used here: invalid repeat count",
		"a\xff":      "is not valid UTF-8",
		`[\P{Alpha}`: `\P{Alpha} within a character class`,
	} {
		if _, err := Compile(java); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", java, err, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`(.*)`, `a{1,2}+[^\p{Alpha}&&x]\Qab\E`, `\x{1F}\u0041\0101\cA`, `(?<n>a)(?i:b)\1`, `[]]\h\R`} {
		f.Add(seed, `$1\$${n}`, "topic")
	}
	f.Fuzz(func(t *testing.T, java, replacement, topic string) {
		p, err := Compile(java)
		if err != nil {
			return
		}
		text, err := translate(java)
		if err != nil {
			t.Fatalf("%q is compiled but not translated: %v", java, err)
		}
		if got, want := p.Matches(topic), regexp.MustCompile(`\A(?:`+text+`)\z`).MatchString(topic); got != want {
			t.Errorf("%q matches %q: %t, want %t", java, topic, got, want)
		}
		r, err := p.Replacement(replacement)
		if err != nil {
			return
		}
		if got := r.First(topic); !p.find.MatchString(topic) && got != topic {
			t.Errorf("%q of %q without a match is %q", java, topic, got)
		}
	})
}
