package baseline_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rules-nosplit/rules_nosplit/toolchain/baseline"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

const schemaFile = "../../docs/schema/nosplit.baseline.v1.schema.json"

var wholeSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile(schemaFile)
})

func validate(data []byte) error {
	schema, err := wholeSchema()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// A schemaCase is a baseline that the reader and the schema both accept or both
// refuse. Where only the reader refuses it, beyond says why the schema cannot.
type schemaCase struct {
	name, data string
	accept     bool
	beyond     string
}

const (
	beyondValue   = "a schema sees values, and not how they are written"
	beyondBytes   = "a schema does not decode %XX"
	beyondEntries = "a schema does not compare parts of entries"
)

func schemaCases() []schemaCase {
	accept := func(name, data string) schemaCase { return schemaCase{name, data, true, ""} }
	refuse := func(name, data string) schemaCase { return schemaCase{name, data, false, ""} }
	beyond := func(name, data, why string) schemaCase { return schemaCase{name, data, false, why} }
	cases := []schemaCase{
		accept("no entries", `{"schema":"nosplit.baseline/v1","entries":[]}`),
		accept("one entry", file(plain)),
		accept("no functions", with(`["f"]`, `[]`)),
		accept("a name twice", with(`["f"]`, `["f", "f"]`)),
		accept("functions not sorted", with(`["f"]`, `["g", "f"]`)),
		accept("member", with(`""`, `"caf%e9 \u001b.o"`)),
		accept("counts", with(`"id"`, `"unnamed": 1, "occurrence": 2147483647, "id"`)),
		accept("the same with another ID", file(plain, strings.Replace(plain, "NS001", "NS009", 1))),

		refuse("not an object", `[]`),
		refuse("null", `null`),
		refuse("empty", `{}`),
		refuse("no schema", `{"entries": []}`),
		refuse("no entries key", `{"schema": "nosplit.baseline/v1"}`),
		refuse("another version", `{"schema":"nosplit.baseline/v2","entries":[]}`),
		refuse("schema is a number", `{"schema":1,"entries":[]}`),
		refuse("unknown key", `{"schema":"nosplit.baseline/v1","entries":[],"tool":"nosplit"}`),
		refuse("key in another case", `{"Schema":"nosplit.baseline/v1","entries":[]}`),
		refuse("entries is null", `{"schema":"nosplit.baseline/v1","entries":null}`),
		refuse("entry is a string", file(`"a.o"`)),
		refuse("entry is null", file(`null`)),
		refuse("unknown entry key", with(`"id"`, `"line": 5, "id"`)),
		refuse("unknown id", with("NS001", "NS999")),
		refuse("lower-case id", with("NS001", "ns001")),
		refuse("no id", with(`"id": "NS001", `, "")),
		refuse("no path", with(`"path": "a.o", `, "")),
		refuse("no member", with(`"member": "", `, "")),
		refuse("no functions key", with(`, "functions": ["f"]`, "")),
		refuse("member is null", with(`""`, `null`)),
		refuse("open percent", with(`""`, `"%2"`)),
		refuse("percent and no digits", with(`""`, `"100%"`)),
		refuse("replacement character", with(`""`, `"\ufffd"`)),
		refuse("functions is an object", with(`["f"]`, `{}`)),
		refuse("function without a name", with(`["f"]`, `[""]`)),
		refuse("function is null", with(`["f"]`, `[null]`)),
		refuse("open percent in a function", with(`["f"]`, `["%"]`)),
		refuse("unnamed is 0", with(`"id"`, `"unnamed": 0, "id"`)),
		refuse("unnamed is negative", with(`"id"`, `"unnamed": -1, "id"`)),
		refuse("unnamed is a fraction", with(`"id"`, `"unnamed": 1.5, "id"`)),
		refuse("unnamed is a string", with(`"id"`, `"unnamed": "1", "id"`)),
		refuse("occurrence is null", with(`"id"`, `"occurrence": null, "id"`)),
		refuse("occurrence is too large", with(`"id"`, `"occurrence": 2147483648, "id"`)),

		beyond("count written as a fraction", with(`"id"`, `"unnamed": 1.0, "id"`), beyondValue),
		beyond("count with an exponent", with(`"id"`, `"unnamed": 1e2, "id"`), beyondValue),
		beyond("key twice", with(`"id"`, `"id": "NS001", "id"`), beyondValue),
		beyond("absolute in disguise", with(`a.o`, `%2fa.o`), beyondBytes),
		beyond("a dot in disguise", with(`a.o`, `%2E/a.o`), beyondBytes),
		beyond("the same entry twice", file(plain, plain), beyondEntries),
		beyond("the same entry twice, with other functions", file(plain, strings.Replace(plain, `"f"`, `"g"`, 1)), beyondEntries),
	}
	for _, path := range []string{
		"a", "a/b/c.o", "../a", "../../a/b", ".", "..", "../..", "...", ".a", "..a", "a.", "a..", "a/.b", "a/..b", "a/...", "../.a",
		"../..a", "../...", " ", "a b", "%41", "%ff", "caf\u00e9", "*", `a\\b`,
	} {
		cases = append(cases, accept("path "+path, with("a.o", path)))
	}
	for _, path := range []string{
		"", "/", "/a", "//a", "a/", "a//b", "./a", "./", "../", "a/.", "a/..", "a/./b", "a/../b", "../a/..", ".././a", "../a/../b",
		"a/../..", ".a/..", "..a/..", ".../..", "./..", "../.", "a%", "%4g",
	} {
		cases = append(cases, refuse("path "+path, with("a.o", path)))
	}
	return cases
}

func TestSchemaAgreesWithReader(t *testing.T) {
	for _, tt := range schemaCases() {
		t.Run(tt.name, func(t *testing.T) {
			_, readError := baseline.Parse("b.json", []byte(tt.data))
			if (readError == nil) != tt.accept {
				t.Errorf("reader: %v, want accept = %t", readError, tt.accept)
			}
			schemaError := validate([]byte(tt.data))
			switch {
			case tt.beyond != "" && schemaError != nil:
				t.Errorf("the schema refuses it now, so it is an ordinary case: %v", schemaError)
			case tt.beyond == "" && (schemaError == nil) != tt.accept:
				t.Errorf("schema: %v, want accept = %t", schemaError, tt.accept)
			}
		})
	}
}

func TestSchemaAcceptsWhatIsWritten(t *testing.T) {
	for _, name := range []string{"testdata/sample.json", "testdata/empty.json"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaKnowsTheRules(t *testing.T) {
	var want []any
	for _, rule := range finding.Rules() {
		want = append(want, string(rule.ID))
	}
	got := at(t, readSchema(t), "/$defs/entry/properties/id")["enum"]
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("IDs differ (-rules +schema):\n%s", diff)
	}
}

// TestSchemaIsDocumented holds every key to a description and to examples that
// are right.
func TestSchemaIsDocumented(t *testing.T) {
	doc := readSchema(t)
	for object, keys := range map[string][]string{
		"":             {"entries", "schema"},
		"/$defs/entry": {"functions", "id", "member", "occurrence", "path", "unnamed"},
	} {
		if at(t, doc, object)["additionalProperties"] != false {
			t.Errorf("%q lets unknown keys pass", object)
		}
		properties := at(t, doc, object)["properties"].(map[string]any)
		if diff := cmp.Diff(keys, slices.Sorted(maps.Keys(properties))); diff != "" {
			t.Errorf("keys differ (-reader +schema):\n%s", diff)
		}
		for name, value := range properties {
			property := value.(map[string]any)
			if text, _ := property["description"].(string); len(text) < 20 {
				t.Errorf("%s has no description", name)
			}
			examples, _ := property["examples"].([]any)
			if len(examples) == 0 {
				t.Errorf("%s has no example", name)
			}
			schema, err := jsonschema.NewCompiler().Compile(schemaFile + "#" + object + "/properties/" + name)
			if err != nil {
				t.Fatal(err)
			}
			for _, example := range examples {
				if err := schema.Validate(example); err != nil {
					t.Errorf("%s: an example is wrong: %v", name, err)
				}
			}
		}
	}
}

// TestDocumentedBaseline holds the examples of the documentation to the reader
// and to the schema.
func TestDocumentedBaseline(t *testing.T) {
	text, err := os.ReadFile("../../docs/baseline.md")
	if err != nil {
		t.Fatalf("%v; under Bazel it must be in the test's data", err)
	}
	_, rest, ok := strings.Cut(string(text), "\n```json\n")
	if !ok {
		t.Fatal("docs/baseline.md shows no baseline")
	}
	example, _, _ := strings.Cut(rest, "```")
	b := parse(t, "b.json", []byte(example))
	if diff := cmp.Diff(string(write(t, b)), example); diff != "" {
		t.Errorf("it is not as Write writes it (-Write +example):\n%s", diff)
	}
	if err := validate([]byte(example)); err != nil {
		t.Error(err)
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
	for key := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if key == "" {
			continue
		}
		next, ok := doc[key].(map[string]any)
		if !ok {
			t.Fatalf("nothing at %s", pointer)
		}
		doc = next
	}
	return doc
}
