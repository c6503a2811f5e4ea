// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"penstock.dev/runtime/configdef"
)

// KafkaVersion is the version of Apache Kafka whose plugins are stood for here:
// what its connectors, converters, transforms and predicates call their own.
const KafkaVersion = "4.3.1"

// The keys that ask for a version of a plugin (KIP-891). Those of transforms and
// predicates stand with their other keys.
const (
	connectorVersionKey = "connector.plugin.version"
	converterVersionKey = ".converter.plugin.version"
)

// Versions returns the versions of the connector that a config may ask for: its own,
// and after it that of Kafka's connector that it stands for, if it does.
func (p Plugin) Versions() []string {
	if slices.ContainsFunc(p.Aliases, func(a string) bool { return strings.HasPrefix(a, "org.apache.kafka.") }) {
		return []string{p.Version, KafkaVersion}
	}
	return []string{p.Version}
}

// versionProblems looks at the versions that a connector asks for. There is one of
// each plugin, so that a version is right or refused.
func versionProblems(p Plugin, props map[string]string) []configdef.Problem {
	var out []configdef.Problem
	if problem := checkVersion(connectorVersionKey, props, p.Versions()); problem != nil {
		out = append(out, *problem)
	}
	for _, side := range EverySide() {
		if problem := checkVersion(side+converterVersionKey, props, []string{KafkaVersion}); problem != nil {
			out = append(out, *problem)
		}
	}
	return out
}

// checkVersion says what is wrong with a key that asks for a version; nil is
// nothing. A value that contains "${" is not checked.
func checkVersion(key string, props map[string]string, have []string) *configdef.Problem {
	text, ok := props[key]
	if !ok || strings.Contains(text, "${") {
		return nil
	}
	wanted, err := parseVersions(text)
	if err != nil {
		return &configdef.Problem{Key: key, Message: err.Error()}
	}
	if wanted == nil || slices.ContainsFunc(have, wanted.has) {
		return nil
	}
	return &configdef.Problem{Key: key, Message: fmt.Sprintf("%s is not there: this build has %s; ask for that, or remove the key", strings.TrimSpace(text), strings.Join(have, ", which stands for "))}
}

// versionRanges are what a version may be: in one of them.
type versionRanges []versionRange

// versionRange is from low to high; "" is no bound.
type versionRange struct {
	low, high       string
	withLow, withHi bool
}

func (r versionRanges) has(version string) bool {
	return slices.ContainsFunc(r, func(v versionRange) bool {
		low, high := compareVersions(version, v.low), compareVersions(version, v.high)
		return (v.low == "" || low > 0 || low == 0 && v.withLow) && (v.high == "" || high < 0 || high == 0 && v.withHi)
	})
}

// parseVersions reads ranges of versions as Maven writes them: `[1.0,2.0)`, `[1.0]`,
// `(,1.0],[1.2,)`. As in Kafka Connect a version alone is that version, and latest or
// nothing is any, for which nil stands.
func parseVersions(text string) (versionRanges, error) {
	text = strings.TrimSpace(text)
	if text == "" || text == "latest" {
		return nil, nil
	}
	if !strings.ContainsAny(text, "[](),") {
		return versionRanges{{low: text, high: text, withLow: true, withHi: true}}, nil
	}
	var out versionRanges
	for rest := text; rest != ""; {
		r, after, ok := cutRange(rest)
		if !ok {
			return nil, fmt.Errorf("%q is not a version or a range of versions, such as [1.0,2.0)", text)
		}
		out = append(out, r)
		rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(after), ","))
	}
	return out, nil
}

// cutRange reads the range that text begins with.
func cutRange(text string) (r versionRange, after string, ok bool) {
	end := strings.IndexAny(text, "])")
	if end < 0 || text[0] != '[' && text[0] != '(' {
		return r, "", false
	}
	low, high, pair := strings.Cut(text[1:end], ",")
	r = versionRange{low: strings.TrimSpace(low), high: strings.TrimSpace(high), withLow: text[0] == '[', withHi: text[end] == ']'}
	if !pair {
		r.high = r.low
	}
	switch {
	case strings.ContainsAny(r.low+r.high, "[(,"):
	case !pair:
		ok = r.low != "" && r.withLow && r.withHi
	default:
		ok = r.low == "" || r.high == "" || compareVersions(r.low, r.high) <= 0
	}
	return r, text[end+1:], ok
}

// qualifiers are the words in versions that Maven knows, in order; "" is a release.
var qualifiers = []string{"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"}

// compareVersions compares versions as Maven does, as far as numbers and those
// words go; other words come after a release, in the order of the alphabet.
func compareVersions(a, b string) int {
	as, bs := versionParts(a), versionParts(b)
	for i := range max(len(as), len(bs)) {
		if c := comparePart(partAt(as, i), partAt(bs, i)); c != 0 {
			return c
		}
	}
	return 0
}

// versionParts splits a version at dots, at hyphens, and between digits and letters.
func versionParts(v string) []string {
	var b strings.Builder
	digits := false
	for i, r := range strings.ToLower(v) {
		if is := r >= '0' && r <= '9'; i > 0 && is != digits {
			b.WriteByte('.')
			digits = is
		} else if i == 0 {
			digits = is
		}
		b.WriteRune(r)
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return r == '.' || r == '-' })
}

func partAt(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

func comparePart(a, b string) int {
	x, xerr := strconv.ParseUint(cmp.Or(a, "0"), 10, 64)
	y, yerr := strconv.ParseUint(cmp.Or(b, "0"), 10, 64)
	switch {
	case xerr == nil && yerr == nil:
		return cmp.Compare(x, y)
	case xerr == nil && a != "": // a number is more than a word
		return 1
	case yerr == nil && b != "":
		return -1
	}
	return cmp.Or(cmp.Compare(qualifierRank(a), qualifierRank(b)), strings.Compare(a, b))
}

func qualifierRank(word string) int {
	if i := slices.Index(qualifiers, word); i >= 0 {
		return i
	}
	return len(qualifiers)
}
