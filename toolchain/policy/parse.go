package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// The keys of the file. The ones marked opaque belong to other commands, which
// read and check them.
var (
	topKeys    = []string{"version", "audit", "libraries", "binaries", "tests"}
	opaqueKeys = []string{"libraries", "binaries", "tests"}
	auditKeys  = []string{"allow", "unauditable"}
	entryKeys  = []string{"id", "path", "member", "reason", "expires"}
)

// Parse reads a policy from data; file is the name that messages and
// suppressions carry, and globs count from its directory. Errors are as Load
// describes them.
func Parse(file string, data []byte) (*Policy, error) {
	p := &parser{policy: &Policy{File: file}}
	root, err := p.document(data)
	if err != nil {
		return nil, err
	}
	p.top(root)
	if len(p.errors) > 0 {
		slices.SortStableFunc(p.errors, func(a, b *Error) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		all := make([]error, len(p.errors))
		for i, e := range p.errors {
			all[i] = e
		}
		return nil, errors.Join(all...)
	}
	return p.policy, nil
}

// A parser walks the YAML nodes and collects mistakes. It never resolves an
// alias, so a small file cannot grow into a large one.
type parser struct {
	policy *Policy
	errors []*Error
}

func (p *parser) failf(n *yaml.Node, format string, args ...any) {
	p.errors = append(p.errors, &Error{
		File: p.policy.File, Line: n.Line, Column: n.Column,
		Message: fmt.Sprintf(format, args...),
	})
}

// document returns the root node of the only document in data.
func (p *parser) document(data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &Error{File: p.policy.File, Message: `the policy file is empty: write at least "version: 1"`}
		}
		return nil, p.syntaxError(err)
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, p.syntaxError(err)
	default:
		return nil, &Error{
			File: p.policy.File, Line: second.Line, Column: second.Column,
			Message: "a second YAML document begins here: a policy file holds one",
		}
	}
	if len(doc.Content) == 0 {
		return nil, &Error{File: p.policy.File, Message: `the policy file is empty: write at least "version: 1"`}
	}
	return doc.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntaxError turns a message of the YAML reader into an Error.
func (p *parser) syntaxError(err error) error {
	e := &Error{File: p.policy.File, Message: printable.Escape(strings.TrimPrefix(err.Error(), "yaml: "))}
	if m := yamlLine.FindStringSubmatch(e.Message); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Message = e.Message[len(m[0]):]
	}
	switch {
	case strings.Contains(e.Message, "expected alphabetic or numeric character"),
		strings.HasPrefix(e.Message, "unknown anchor"):
		// The usual way to get here is a glob without quotes.
		e.Message += `: a value that begins with * needs quotes, as in "*.o"`
	case strings.HasPrefix(e.Message, "found character that cannot start any token"):
		e.Message += `: indent with spaces, and quote a value that begins with @, % or a backquote`
	}
	e.Message = "not valid YAML: " + e.Message
	return e
}

func (p *parser) top(root *yaml.Node) {
	m := p.mapping(root, "the policy file", topKeys)
	if m == nil {
		return
	}
	for _, key := range opaqueKeys {
		delete(m, key)
	}
	if version, ok := m["version"]; !ok {
		p.failf(root, `"version" is missing: write "version: 1"`)
	} else if version.Kind != yaml.ScalarNode || version.ShortTag() != "!!int" || version.Value != "1" {
		p.failf(version, `"version" must be the number 1, found %s`, describe(version))
	}
	if audit, ok := m["audit"]; ok && !isNull(audit) {
		p.audit(audit)
	}
}

func (p *parser) audit(n *yaml.Node) {
	m := p.mapping(n, `"audit"`, auditKeys)
	if unauditable, ok := m["unauditable"]; ok {
		switch value := unauditable.Value; {
		case unauditable.Kind == yaml.ScalarNode && value == "error":
		case unauditable.Kind == yaml.ScalarNode && value == "warn":
			p.policy.WarnUnauditable = true
		default:
			p.failf(unauditable, `"unauditable" must be error or warn, found %s`, describe(unauditable))
		}
	}
	allow, ok := m["allow"]
	if !ok || isNull(allow) {
		return
	}
	if allow.Kind != yaml.SequenceNode {
		p.failf(allow, `"allow" must be a list of entries, found %s: begin each entry with "- id:"`, describe(allow))
		return
	}
	for _, item := range allow.Content {
		if entry, ok := p.entry(item); ok {
			p.policy.Allow = append(p.policy.Allow, entry)
		}
	}
}

// mapping returns the values of a mapping by key, without unknown keys and
// repetitions, which are mistakes; nil when n is not a mapping.
func (p *parser) mapping(n *yaml.Node, what string, known []string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		p.failf(n, "%s must be a mapping with the keys %s, found %s", what, listKeys(known), describe(n))
		return nil
	}
	values := make(map[string]*yaml.Node, len(known))
	lines := make(map[string]int, len(known))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			p.failf(key, "a key of %s must be a plain word, found %s; known keys are %s", what, describe(key), listKeys(known))
		case !slices.Contains(known, key.Value):
			p.failf(key, "unknown key %s in %s%s; known keys are %s",
				quote(key.Value), what, didYouMean(key.Value, known), listKeys(known))
		case lines[key.Value] > 0:
			p.failf(key, "key %s is given twice in %s, first on line %d: keep one", quote(key.Value), what, lines[key.Value])
		default:
			lines[key.Value] = key.Line
			values[key.Value] = value
		}
	}
	return values
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// describe names what stands at n, for "found …".
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return fmt.Sprintf("the alias *%s (aliases are not supported: write the value out)", printable.Escape(shorten(n.Value)))
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + printable.Escape(shorten(n.Value)) // a tag makes a number of any text
	case "!!bool":
		return "the truth value " + printable.Escape(shorten(n.Value))
	}
	return quote(n.Value)
}
