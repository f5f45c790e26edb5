package policy

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"gopkg.in/yaml.v3"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

const dateFormat = "2006-01-02"

// Bounds of a glob. Alternatives multiply, and each is tried.
const (
	maxGlobLength       = 4096 // bytes
	maxGlobAlternatives = 256
)

// entry reads one allow entry; false when it has a mistake.
func (p *parser) entry(n *yaml.Node) (Entry, bool) {
	before := len(p.errors)
	e := Entry{Line: n.Line}
	m := p.mapping(n, "an allow entry", entryKeys)
	if m == nil {
		return e, false
	}
	if value, ok := p.required(n, m, "id", "name the finding, as in NS001"); ok {
		e.ID = finding.ID(value)
		if _, known := finding.Lookup(e.ID); !known {
			ids := knownIDs()
			p.failf(m["id"], `"id" must be one of %s, found %s%s`, strings.Join(ids, ", "), quote(value), didYouMean(strings.ToUpper(value), ids))
		}
	}
	if value, ok := p.required(n, m, "path", `write a glob relative to this file, as in "third_party/**/*.a"`); ok {
		e.Path = p.glob(m["path"], "path", value)
	}
	if member, ok := m["member"]; ok {
		if value, ok := p.text(member, "member"); ok {
			e.Member = p.glob(member, "member", value)
		}
	}
	if value, ok := p.required(n, m, "reason", "say why this is allowed and where that is tracked"); ok {
		e.Reason = value
	}
	if value, ok := p.required(n, m, "expires", "give the last day on which it holds, as in 2027-03-31"); ok {
		expires, err := time.Parse(dateFormat, value)
		if err != nil {
			p.failf(m["expires"], `"expires" must be a date written YYYY-MM-DD, found %s`, quote(value))
		}
		e.Expires = expires
	}
	return e, len(p.errors) == before
}

func (p *parser) required(entry *yaml.Node, m map[string]*yaml.Node, key, advice string) (string, bool) {
	n, ok := m[key]
	if !ok {
		p.failf(entry, "the allow entry has no %q: %s", key, advice)
		return "", false
	}
	return p.text(n, key)
}

// text returns a string that is not blank.
func (p *parser) text(n *yaml.Node, key string) (string, bool) {
	isDate := key == "expires" && n.ShortTag() == "!!timestamp"
	switch {
	case n.Kind != yaml.ScalarNode:
		p.failf(n, "%q must be a string, found %s", key, describe(n))
	case !isDate && n.ShortTag() != "!!str" && !isNull(n):
		p.failf(n, "%q must be a string, found %s: put it in quotes", key, describe(n))
	case isNull(n), strings.TrimSpace(n.Value) == "":
		p.failf(n, "%q is empty: write a value or remove the key", key)
	default:
		return n.Value, true
	}
	return "", false
}

// glob checks a pattern that would otherwise match nothing in silence, and
// returns it in the form that match wants.
func (p *parser) glob(n *yaml.Node, key, pattern string) string {
	if len(pattern) > maxGlobLength {
		p.failf(n, "%q is longer than %d bytes", key, maxGlobLength)
		return ""
	}
	if !doublestar.ValidatePattern(pattern) {
		p.failf(n, `%q is not a valid glob: %s: close every [ and {, and write \[ for the character itself`, key, quote(pattern))
		return ""
	}
	if alternatives(pattern) > maxGlobAlternatives {
		p.failf(n, "%q has more than %d combinations of alternatives: write several entries", key, maxGlobAlternatives)
		return ""
	}
	if key != "path" {
		return pattern
	}
	for strings.HasPrefix(pattern, "./") {
		pattern = strings.TrimLeft(pattern[2:], "/")
	}
	if pattern == "" || strings.HasSuffix(pattern, "/") {
		p.failf(n, "%q names a directory: write %s for everything below it", key, quote(pattern+"**"))
		return ""
	}
	parents, rest := splitParents(pattern)
	if parents > 0 && strings.HasPrefix(rest, "/") || rest == "." || rest == ".." || rest != path.Clean(rest) {
		p.failf(n, `%q holds an empty segment, "." or ".." after its beginning: write it without, found %s`, key, quote(pattern))
		return ""
	}
	return pattern
}

// splitParents takes the leading "../" segments from a path or pattern and
// counts them.
func splitParents(s string) (parents int, rest string) {
	for strings.HasPrefix(s, "../") {
		parents++
		s = s[3:]
	}
	return parents, s
}

// alternatives bounds the number of patterns that the braces stand for from
// above; it stops counting once there are too many.
func alternatives(pattern string) int {
	total := 1
	var open []int
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '{':
			open = append(open, 1)
		case ',':
			if len(open) > 0 {
				open[len(open)-1]++
			}
		case '}':
			if len(open) > 0 {
				total *= open[len(open)-1]
				open = open[:len(open)-1]
			}
		}
		if total > maxGlobAlternatives {
			return total
		}
	}
	return total
}

func knownIDs() []string {
	var ids []string
	for _, r := range finding.Rules() {
		ids = append(ids, string(r.ID))
	}
	slices.Sort(ids)
	return ids
}
