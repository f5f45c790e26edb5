package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// FuzzParse holds Parse to its promises on any input: no crash, no policy
// beside an error, mistakes in the order of the file, printable messages. A
// policy that is accepted can be applied, and the schema accepts it too: an
// editor must not underline what is right.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "version: 1\n", validPolicy, entryWith(), entryWith(`path: "../a/**"`), entryWith(`path: "/[a-z]*/{b,c}"`),
		"a: &a [*a]\n", "version: 1\n---\n", "\xff\xfe", "{", "? ", "!!int x: 1", "audit: {allow: [[[[", "%YAML 1.2\n---\n",
		"version: 1\naudit: {allow: [{id: NS001, path: '**', member: '[^a]', reason: \"\\e\", expires: 0001-01-01}]}\n",
	} {
		f.Add([]byte(seed))
	}
	for _, c := range schemaCases() {
		f.Add([]byte(c.data))
	}
	if _, err := wholeSchema(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("n.yaml", data)
		if err != nil {
			if p != nil {
				t.Fatal("a policy and an error")
			}
			checkMistakes(t, err)
			return
		}
		for _, e := range p.Allow {
			if e.ID == "" || e.Path == "" || e.Reason == "" || e.Expires.IsZero() && e.Expires.Year() != 1 || e.Line < 1 {
				t.Fatalf("incomplete entry %+v", e)
			}
		}
		report := &finding.Report{Objects: []finding.Object{object("lib/x.a", "b.o", "NS001", "NS003"), object("/y.o", "", "NS001")}}
		if _, err := p.Apply(report, someDay); err != nil {
			t.Fatal(err)
		}
		if err := validate(data); err != nil && !beyondJSON(err) {
			t.Fatalf("the schema refuses it: %v", err)
		}
	})
}

// beyondJSON reports whether a policy that the parser accepts has something in
// it that the schema need not accept.
func beyondJSON(err error) bool {
	// In keys of other commands anything may stand, and it may not be JSON.
	_, ok := errors.AsType[*jsonschema.ValidationError](err)
	return !ok
}

func checkMistakes(t *testing.T, err error) {
	t.Helper()
	last := 0
	for _, mistake := range Mistakes(err) {
		e, ok := mistake.(*Error)
		if !ok {
			t.Fatalf("%T is not an *Error: %v", mistake, mistake)
		}
		if e.Line < last {
			t.Fatalf("line %d after line %d", e.Line, last)
		}
		last = e.Line
		if strings.ContainsAny(e.Message, "\x1b\n\r\x00") {
			t.Fatalf("message holds a control character: %q", e.Message)
		}
	}
}
