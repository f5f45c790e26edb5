package sarifreport

import (
	"bytes"
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

var options = Options{Tool: Tool{Name: "nosplit", Version: "1.2.3"}, Base: "/w/repo"}

// ruleTable finds the rules in a document; they have tests of their own, and a
// golden file would change with every word of them.
var ruleTable = regexp.MustCompile(`(?s)("rules": )\[.*?\n {10}\]`)

func TestGolden(t *testing.T) {
	for name, report := range reporttest.Cases {
		for suffix, change := range map[string]func(*Options){
			"":         func(*Options) {},
			"_all":     func(o *Options) { o.All = true },
			"_github":  func(o *Options) { o.OmitSuppressed = true },
			"_no_base": func(o *Options) { o.Base = "" },
		} {
			if suffix == "_all" && name != "clean" || suffix == "_github" && name != "mixed" || suffix == "_no_base" && name != "places" {
				continue
			}
			t.Run(name+suffix, func(t *testing.T) {
				opt := options
				change(&opt)
				got := document(t, report, opt)
				if again := document(t, report, opt); !bytes.Equal(got, again) {
					t.Error("a second run differs")
				}
				if err := validate(t, got); err != nil {
					t.Errorf("the schema refuses it: %v", err)
				}
				got = ruleTable.ReplaceAll(got, []byte(`$1"see rules_test.go"`))
				reporttest.Golden(t, filepath.Join("testdata", name+suffix+".sarif"), string(got))
			})
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	good := string(document(t, reporttest.Cases["mixed"], options))
	for name, change := range map[string][2]string{
		"another version":         {`"version": "2.1.0"`, `"version": "2.2.0"`},
		"an unknown key":          {`"ruleId": "NS001"`, `"ruleId": "NS001", "extra": 0`},
		"an unknown level":        {`"level": "error"`, `"level": "fatal"`},
		"a URI with a bare %":     {`"uri": "build/cut.o"`, `"uri": "build/cut%.o"`},
		"line 0":                  {`"startLine": 1`, `"startLine": 0`},
		"a result without text":   {`"text": "build/cut.o: `, `"txt": "build/cut.o: `},
		"an unknown suppression":  {`"kind": "external"`, `"kind": "wish"`},
		"a relative information":  {`"informationUri": "https://`, `"informationUri": "`},
		"a rule index of minus 2": {`"ruleIndex": 0`, `"ruleIndex": -2`},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, change[0], change[1], 1)
			if bad == good {
				t.Fatalf("%q is not in the document", change[0])
			}
			if validate(t, []byte(bad)) == nil {
				t.Error("the schema accepts it")
			}
		})
	}
}

func TestNothingUnprintable(t *testing.T) {
	for _, r := range string(document(t, reporttest.Cases["hostile"], options)) {
		if r != '\n' && !strconv.IsPrint(r) || r == '\ufffd' {
			t.Errorf("%U in the document", r)
		}
	}
}

func TestWriteDoesNotTouchTheReport(t *testing.T) {
	before := reporttest.Cases["mixed"].Summarize()
	objects := append([]finding.Object{}, reporttest.Cases["mixed"].Objects...)
	document(t, reporttest.Cases["mixed"], options)
	if diff := cmp.Diff(objects, reporttest.Cases["mixed"].Objects); diff != "" || reporttest.Cases["mixed"].Summarize() != before {
		t.Errorf("Write changed the report (-want +got):\n%s", diff)
	}
}

func TestWriteReportsTheErrorOfTheWriter(t *testing.T) {
	full := errors.New("disk full")
	if err := Write(brokenWriter{full}, reporttest.Cases["mixed"], options); !errors.Is(err, full) {
		t.Errorf("err = %v, want %v", err, full)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func document(t testing.TB, r *finding.Report, opt Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, opt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var compileSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	return compiler.Compile("testdata/sarif-schema-2.1.0.json")
})

func validate(t testing.TB, document []byte) error {
	t.Helper()
	schema, err := compileSchema()
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}
