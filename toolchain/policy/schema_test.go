package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

const schemaFile = "../../docs/schema/nosplit.policy.v1.schema.json"

// compileSchema compiles the schema, or the part of it that a JSON pointer
// leads to. Dates are checked, as editors do.
func compileSchema(pointer string) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	return c.Compile(schemaFile + "#" + pointer)
}

var wholeSchema = sync.OnceValues(func() (*jsonschema.Schema, error) { return compileSchema("") })

// errNotYAML marks what an editor reports before it asks the schema.
var errNotYAML = errors.New("not YAML")

// validate says what an editor with the schema says about a policy.
func validate(data []byte) error {
	schema, err := wholeSchema()
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for first := true; ; first = false {
		var doc yaml.Node
		switch err := decoder.Decode(&doc); {
		case errors.Is(err, io.EOF) && !first:
			return nil
		case errors.Is(err, io.EOF): // an empty file is null
			return schema.Validate(nil)
		case err != nil:
			return fmt.Errorf("%w: %w", errNotYAML, err)
		}
		value, err := jsonValue(&doc, 0)
		if err != nil {
			return err
		}
		if err := schema.Validate(value); err != nil {
			return err
		}
	}
}

// jsonValue is what YAML 1.2 makes of a node: dates are strings, aliases stand
// for what they name.
func jsonValue(n *yaml.Node, depth int) (any, error) {
	if depth > 50 {
		return nil, errors.New("too deep")
	}
	depth++
	switch n.Kind {
	case yaml.DocumentNode:
		return jsonValue(n.Content[0], depth)
	case yaml.AliasNode:
		return jsonValue(n.Alias, depth)
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			v, err := jsonValue(item, depth)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Kind != yaml.ScalarNode {
				return nil, errors.New("a key that is no word")
			}
			v, err := jsonValue(n.Content[i+1], depth)
			if err != nil {
				return nil, err
			}
			m[n.Content[i].Value] = v
		}
		return m, nil
	}
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		return n.Value == "true" || n.Value == "True" || n.Value == "TRUE", nil
	case "!!int", "!!float":
		var v any
		if err := n.Decode(&v); err != nil {
			return nil, err
		}
		return v, nil
	}
	return n.Value, nil
}

// A schemaCase is a policy that the parser and the schema both accept or both
// refuse. Where only the parser refuses it, beyond says why the schema cannot.
type schemaCase struct {
	name, data string
	accept     bool
	beyond     string
}

const (
	beyondYAML  = "it is a matter of YAML, which an editor reports without a schema"
	beyondValue = "a schema sees values, and not how they are written"
	beyondGlob  = "the syntax of globs nests, and a regular expression cannot follow"
	beyondBytes = "a schema counts characters, the parser bytes"
)

func schemaCases() []schemaCase {
	const audit = "version: 1\naudit: "
	accept := func(name, data string) schemaCase { return schemaCase{name, data, true, ""} }
	refuse := func(name, data string) schemaCase { return schemaCase{name, data, false, ""} }
	beyond := func(name, data, why string) schemaCase { return schemaCase{name, data, false, why} }
	cases := []schemaCase{
		accept("every key", validPolicy),
		accept("one entry", entryWith()),
		accept("version alone", "version: 1\n"),
		accept("no audit", audit+"\n"),
		accept("no entries", audit+"{allow: }\n"),
		accept("empty list", audit+"{allow: [], unauditable: error}\n"),
		accept("warn", audit+"{unauditable: warn}\n"),
		accept("keys of other commands", "version: 1\nlibraries: {a: [b]}\nbinaries: 7\ntests: ~\n"),
		accept("no member", entryWith("member:")),
		accept("quoted date", entryWith(`expires: "2027-03-31"`)),
		accept("leap day", entryWith("expires: 2028-02-29")),
		accept("year 1", entryWith("expires: 0001-01-01")),
		accept("words that look like YAML 1.1", entryWith("reason: yes")),
		accept("long glob", entryWith(`path: "`+strings.Repeat("a", 4096)+`"`)),
		accept("reason of several lines", entryWith("reason: |\n        one\n        two")),
		accept("reason in another script", entryWith("reason: \"\u7d04\u675f\"")),

		refuse("empty", ""),
		refuse("comments only", "# nothing\n"),
		refuse("a list", "- a\n"),
		refuse("a word", "version\n"),
		refuse("no version", "audit: {}\n"),
		refuse("version 2", "version: 2\n"),
		refuse("version null", "version:\n"),
		refuse("version is a string", "version: '1'\n"),
		refuse("version is a list", "version: [1]\n"),
		refuse("unknown top key", "version: 1\naudits: {}\n"),
		refuse("key is a number", "version: 1\n1: 1\n"),
		refuse("key is a list", "version: 1\n? [a]\n: b\n"),
		refuse("key in another case", "Version: 1\n"),
		refuse("unknown audit key", audit+"{alow: []}\n"),
		refuse("unknown entry key", entryWith("member: x\n      expired: 1")),
		refuse("audit is a list", audit+"[]\n"),
		refuse("audit is a word", audit+"yes\n"),
		refuse("allow is a mapping", audit+"{allow: {id: NS001}}\n"),
		refuse("entry is a word", audit+"{allow: [NS001]}\n"),
		refuse("entry is null", audit+"{allow: [~]}\n"),
		refuse("empty entry", audit+"{allow: [{}]}\n"),
		refuse("bad unauditable", audit+"{unauditable: ignore}\n"),
		refuse("unauditable false", audit+"{unauditable: false}\n"),
		refuse("unauditable empty", audit+"{unauditable: }\n"),
		refuse("unauditable list", audit+"{unauditable: [warn]}\n"),
		refuse("second document is wrong", "version: 1\n---\nversion: 2\n"),
		refuse("merge key", "version: 1\nlibraries: &l {x: y}\naudit:\n  <<: *l\n"),
		refuse("unknown id", entryWith("id: NS099")),
		refuse("lower-case id", entryWith("id: ns003")),
		refuse("id with a space", entryWith(`id: "NS001 "`)),
		refuse("id is a list", entryWith("id: [NS001]")),
		refuse("endless glob", entryWith(`path: "`+strings.Repeat("a", 4097)+`"`)),
		refuse("endless member", entryWith(`member: "`+strings.Repeat("a", 4097)+`"`)),
		refuse("number as reason", entryWith("reason: 1234")),
		refuse("truth value as reason", entryWith("reason: true")),
		refuse("list as reason", entryWith("reason: [a]")),
		refuse("number as member", entryWith("member: 1.5")),
		refuse("no such day", entryWith("expires: 2027-02-30")),
		refuse("no leap day", entryWith("expires: 2027-02-29")),
		refuse("day 0", entryWith("expires: 2027-01-00")),
		refuse("month 13", entryWith("expires: 2027-13-01")),
		refuse("short date", entryWith("expires: 2027-1-1")),
		refuse("time of day", entryWith("expires: 2027-02-20T10:00:00Z")),
		refuse("date with a space", entryWith(`expires: " 2027-02-20"`)),
		refuse("date with a line break", entryWith(`expires: "2027-02-20\n"`)),
		refuse("never", entryWith("expires: never")),
		refuse("year only", entryWith("expires: 2027")),

		beyond("second document", "version: 1\n---\nversion: 1\n", beyondYAML),
		beyond("duplicate key", "version: 1\nversion: 1\n", beyondYAML),
		beyond("duplicate entry key", entryWith("member: x\n      id: NS002"), beyondYAML),
		beyond("hexadecimal version", "version: 0x1\n", beyondValue),
		beyond("version with a sign", "version: +1\n", beyondValue),
		beyond("version with a fraction", "version: 1.0\n", beyondValue),
		beyond("alias", "version: 1\nlibraries: &l []\naudit:\n  allow: *l\n", beyondValue),
		beyond("a tag of its own", entryWith("reason: !secret because"), beyondValue),
		beyond("open bracket", entryWith(`path: "a/[b"`), beyondGlob),
		beyond("open brace in member", entryWith(`member: "{a,b"`), beyondGlob),
		beyond("backslash at the end", entryWith(`member: 'a\'`), beyondGlob),
		beyond("glob explosion", entryWith(`path: "`+strings.Repeat("{a,b}", 9)+`"`), beyondGlob),
		beyond("many bytes", entryWith(`path: "`+strings.Repeat("\u00e9", 2049)+`"`), beyondBytes),
	}
	for _, path := range []string{
		"a", "*.a", "**", "a/**/b.o", "/a", "/usr/lib/*.a", "./a", "././a", ".//a", "../a", "../../a/b", "./../a",
		".a", "..a", "...", "a..", "a.", ".a/.b/..c", "a b", "{a,b}/c", "[a-z]", `\[`, "{../a,b}",
	} {
		cases = append(cases, accept("path "+path, entryWith("path: '"+path+"'")))
	}
	for _, path := range []string{
		"", " ", ".", "..", "./", "../", "../..", "/", "//", "//a", "/.", "/..", "a/", "a//b", "a/./b", "a/../b", "a/.", "a/..",
		".././a", "..//a", "/a/", "/a//b", "/../a", "**/", "a/../", "./.", ".//",
	} {
		cases = append(cases, refuse("path "+path, entryWith("path: '"+path+"'")))
	}
	for _, key := range entryKeys {
		cases = append(cases,
			refuse("null "+key, entryWith(key+": ~")),
			refuse("empty "+key, entryWith(key+`: ""`)),
			refuse("blank "+key, entryWith(key+`: " \t\n"`)),
			refuse("Unicode blank "+key, entryWith(key+`: "\u00a0\u2003\u0085\v\f\r\u3000"`)),
			refuse("mapping as "+key, entryWith(key+": {a: b}")))
		if key != "member" {
			cases = append(cases, refuse("no "+key, entryWith(key+":")))
		}
	}
	return cases
}

func TestSchemaAgreesWithParser(t *testing.T) {
	for _, tt := range schemaCases() {
		t.Run(tt.name, func(t *testing.T) {
			_, parserError := Parse("n.yaml", []byte(tt.data))
			if (parserError == nil) != tt.accept {
				t.Errorf("parser: %v, want accept = %t", parserError, tt.accept)
			}
			schemaError := validate([]byte(tt.data))
			switch {
			case tt.beyond != "" && schemaError != nil:
				t.Errorf("the schema refuses it now, so it is an ordinary case: %v", schemaError)
			case tt.beyond == "" && (schemaError == nil) != tt.accept:
				t.Errorf("schema: %v, want accept = %t", schemaError, tt.accept)
			case errors.Is(schemaError, errNotYAML):
				t.Errorf("the schema was not asked: %v", schemaError)
			}
		})
	}
}

func TestSchemaKnowsTheKeys(t *testing.T) {
	doc := readSchema(t)
	for pointer, want := range map[string][]string{
		"":                  topKeys,
		"/properties/audit": auditKeys,
		"/$defs/entry":      entryKeys,
	} {
		object := at(t, doc, pointer)
		got := slices.Sorted(maps.Keys(object["properties"].(map[string]any)))
		if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); diff != "" {
			t.Errorf("keys at %q differ (-parser +schema):\n%s", pointer, diff)
		}
		if object["additionalProperties"] != false {
			t.Errorf("%q lets unknown keys pass", pointer)
		}
	}
}

func TestSchemaKnowsTheRules(t *testing.T) {
	var got []string
	for _, id := range at(t, readSchema(t), "/$defs/entry/properties/id")["enum"].([]any) {
		got = append(got, id.(string))
	}
	if diff := cmp.Diff(knownIDs(), got); diff != "" {
		t.Errorf("IDs differ (-rules +schema):\n%s", diff)
	}
}

// TestSchemaIsDocumented holds every key to a description, which editors show,
// and to examples that are right.
func TestSchemaIsDocumented(t *testing.T) {
	doc := readSchema(t)
	for _, object := range []string{"", "/properties/audit", "/$defs/entry"} {
		for name, value := range at(t, doc, object)["properties"].(map[string]any) {
			pointer := object + "/properties/" + name
			property := value.(map[string]any)
			if text, _ := property["description"].(string); len(text) < 20 {
				t.Errorf("%s has no description", pointer)
			}
			examples, _ := property["examples"].([]any)
			if len(examples) == 0 {
				t.Errorf("%s has no example", pointer)
			}
			schema, err := compileSchema(pointer)
			if err != nil {
				t.Fatal(err)
			}
			for _, example := range examples {
				if err := schema.Validate(example); err != nil {
					t.Errorf("%s: an example is wrong: %v", pointer, err)
				}
			}
		}
	}
}

// TestDocumentedPolicies holds the examples of the documentation to the parser
// and to the schema.
func TestDocumentedPolicies(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(files, "../../docs/policy.md") {
		t.Error("docs/policy.md is missing; under Bazel it must be in the test's data")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for i, block := range yamlBlocks(string(data)) {
			if !strings.Contains(block, "version: ") {
				continue // of another kind of file
			}
			found++
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(file), i), func(t *testing.T) {
				if _, err := Parse(file, []byte(block)); err != nil {
					t.Errorf("the parser refuses it: %v", err)
				}
				if err := validate([]byte(block)); err != nil {
					t.Errorf("the schema refuses it: %v", err)
				}
			})
		}
		if filepath.Base(file) == "policy.md" && found == 0 {
			t.Error("docs/policy.md shows no policy")
		}
	}
}

// yamlBlocks returns the code blocks of a Markdown text that are marked as YAML.
func yamlBlocks(text string) []string {
	var blocks []string
	for {
		_, rest, ok := strings.Cut(text, "\n```yaml\n")
		if !ok {
			return blocks
		}
		block, rest, _ := strings.Cut(rest, "\n```")
		blocks = append(blocks, block+"\n")
		text = rest
	}
}

func readSchema(t *testing.T) map[string]any {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// at follows a JSON pointer without escapes.
func at(t *testing.T, doc map[string]any, pointer string) map[string]any {
	t.Helper()
	if pointer == "" {
		return doc
	}
	for _, key := range strings.Split(pointer, "/")[1:] {
		next, ok := doc[key].(map[string]any)
		if !ok {
			t.Fatalf("nothing at %s", pointer)
		}
		doc = next
	}
	return doc
}
