package jsonreport

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

var tool = Tool{Name: "nosplit", Version: "1.2.3"}

func sample() *finding.Report {
	return &finding.Report{
		Files: 3,
		Bytes: 4096,
		Objects: []finding.Object{{
			Path: "lib/libzip.a", Member: "inflate.o", Index: 2,
			Format: "elf-relocatable", Machine: "x86-64", Verdict: finding.Violation,
			Findings: []finding.Finding{{
				ID: finding.NS001, Level: finding.Error, Message: "1 function with a split-stack guard",
				Evidence: []finding.Evidence{{Kind: finding.EvidenceGuard, Detail: "cmp %fs:0x70,%rsp; jb", Section: ".text", Offset: 64}},
				Functions: []finding.Function{{
					Name: "_Z3zipPKc", Demangled: "zip(char const*)", File: "zip.cc", Line: 12, Offset: 64, FrameBytes: 1200,
				}},
			}},
		}, {
			Path: "lib/ok.o", Format: "elf-relocatable", Machine: "x86-64", Verdict: finding.Clean,
			Go: &finding.GoBuild{Compiler: "gc", Version: "go1.27.3"},
		}, {
			Path: "lto.o", Format: "elf-relocatable", Machine: "i386", Verdict: finding.Unauditable,
			Findings: []finding.Finding{{
				ID: finding.NS003, Level: finding.Error, Message: "slim LTO object <&>",
				Suppressed: &finding.Suppression{Reason: "judged after the link", Expires: "2027-03-31", By: "nosplit.yaml:5"},
			}},
		}},
		Skipped: []finding.Skipped{
			{Path: "lib/libzip.a", Member: "readme.txt", Index: 3, Reason: "not an ELF object: text"},
			{Path: "lib/notes.txt", Reason: "not an ELF object: text", Walked: true},
		},
		Errors: []finding.InputError{{Path: "gone.o", Message: "no such file or directory: check the path"}},
	}
}

func TestGolden(t *testing.T) {
	for name, tt := range map[string]struct {
		report *finding.Report
		all    bool
	}{
		"default": {sample(), false},
		"all":     {sample(), true},
		"empty":   {&finding.Report{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := write(t, tt.report, tt.all)
			if again := write(t, tt.report, tt.all); !bytes.Equal(got, again) {
				t.Error("a second run differs")
			}
			reporttest.Golden(t, filepath.Join("testdata", name+".json"), string(got))
			if err := validate(t, got); err != nil {
				t.Errorf("the schema refuses it: %v", err)
			}
		})
	}
}

func TestSchemaRefuses(t *testing.T) {
	good := string(write(t, sample(), true))
	for name, change := range map[string][2]string{
		"another schema":            {`nosplit.audit/v1`, `nosplit.audit/v2`},
		"an unknown key":            {`"files": 3`, `"files": 3, "extra": 0`},
		"a negative count":          {`"files": 3`, `"files": -3`},
		"a missing key":             {`"machine": "i386",`, ``},
		"an unknown verdict":        {`"verdict": "clean"`, `"verdict": "fine"`},
		"null for an array":         {`"evidence": []`, `"evidence": null`},
		"a violation without error": {`"level": "error"`, `"level": "note"`},
		"a date with a time":        {`"2027-03-31"`, `"2027-03-31T00:00:00Z"`},
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

func TestHostileNames(t *testing.T) {
	r := &finding.Report{Objects: []finding.Object{{
		Path: "a\x1b[2J\u009b1m\x7f\u202e\U000e0041\xff.o", Format: "f", Machine: "m", Verdict: finding.Clean,
	}}}
	got := write(t, r, true)
	if !utf8.Valid(got) {
		t.Error("not UTF-8")
	}
	want := `"path": "a\u001b[2J\u009b1m\u007f\u202e\udb40\udc41` + "\ufffd" + `.o"`
	// The encoder may spell U+FFFD as an escape or as it is.
	if s := strings.ReplaceAll(string(got), `\ufffd`, "\ufffd"); !strings.Contains(s, want) {
		t.Errorf("want %s in\n%s", want, got)
	}
}

func TestWriteDoesNotTouchTheReport(t *testing.T) {
	r := sample()
	write(t, r, true)
	if diff := cmp.Diff(sample(), r); diff != "" {
		t.Errorf("Write changed the report (-want +got):\n%s", diff)
	}
}

func TestWriteReportsTheErrorOfTheWriter(t *testing.T) {
	full := errors.New("disk full")
	if err := Write(brokenWriter{full}, sample(), Options{Tool: tool}); !errors.Is(err, full) {
		t.Errorf("err = %v, want %v", err, full)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func write(t *testing.T, r *finding.Report, all bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, Options{Tool: tool, All: all}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func validate(t *testing.T, document []byte) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../../docs/schema/nosplit.audit.v1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}
