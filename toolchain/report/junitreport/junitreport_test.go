package junitreport

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/joshdk/go-junit"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

func TestGolden(t *testing.T) {
	for name, report := range reporttest.Cases {
		for _, all := range []bool{false, true} {
			golden := name
			if all {
				golden += "_all"
			}
			t.Run(golden, func(t *testing.T) {
				got := document(t, report, all)
				if again := document(t, report, all); !bytes.Equal(got, again) {
					t.Error("a second run differs")
				}
				reporttest.Golden(t, filepath.Join("testdata", golden+".xml"), string(got))
			})
		}
	}
}

func TestCountsAgree(t *testing.T) {
	for name, report := range reporttest.Cases {
		for _, all := range []bool{false, true} {
			if err := agrees(document(t, report, all), report); err != nil {
				t.Errorf("%s (all=%t): %v", name, all, err)
			}
		}
	}
}

// agrees compares what a reader by other hands counts with the attributes of
// the document and with the summary of the report.
func agrees(document []byte, r *finding.Report) error {
	suites, err := junit.Ingest(document)
	if err != nil {
		return err
	}
	var attributes struct {
		counts
		Suites []struct {
			Name string `xml:"name,attr"`
			counts
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(document, &attributes); err != nil {
		return err
	}
	if len(suites) != len(attributes.Suites) {
		return fmt.Errorf("%d suites, %d in another reading", len(suites), len(attributes.Suites))
	}
	var errs []error
	var sum counts
	for i, s := range suites {
		got := counts{Tests: s.Totals.Tests, Failures: s.Totals.Failed, Errors: s.Totals.Error, Skipped: s.Totals.Skipped}
		if want := attributes.Suites[i].counts; got != want || s.Name != attributes.Suites[i].Name {
			errs = append(errs, fmt.Errorf("suite %q has %+v, its attributes say %+v", s.Name, got, want))
		}
		if len(s.Tests) == 0 {
			errs = append(errs, fmt.Errorf("suite %q is empty", s.Name))
		}
		names := map[string]bool{}
		for _, test := range s.Tests {
			if test.Name == "" || names[test.Name] {
				errs = append(errs, fmt.Errorf("suite %q has the test case %q twice", s.Name, test.Name))
			}
			names[test.Name] = true
		}
		sum.Tests += got.Tests
		sum.Failures += got.Failures
		sum.Errors += got.Errors
		sum.Skipped += got.Skipped
	}
	if sum != attributes.counts {
		errs = append(errs, fmt.Errorf("the suites have %+v, the attributes say %+v", sum, attributes.counts))
	}
	s := r.Summarize()
	if sum.Failures+sum.Errors+sum.Skipped != s.Violations+s.Unauditable+len(r.Errors) || sum.Skipped != s.Allowed {
		errs = append(errs, fmt.Errorf("%+v is not the summary %+v with %d paths not audited", sum, s, len(r.Errors)))
	}
	return errors.Join(errs...)
}

func TestCountsDisagree(t *testing.T) {
	good := string(document(t, reporttest.Cases["mixed"], false))
	for name, change := range map[string][2]string{
		"a failure less":     {`failures="3"`, `failures="2"`},
		"a case more":        {`</testcase>`, `</testcase><testcase classname="x" name="x"></testcase>`},
		"a failure is gone":  {`<failure `, `<properties `},
		"a case twice":       {`name="b.o #3"`, `name="b.o #0"`},
		"an allowed failure": {`<skipped `, `<failure `},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, change[0], change[1], 1)
			bad = strings.Replace(bad, "</"+strings.Trim(change[0], "< ")+">", "</"+strings.Trim(change[1], "< ")+">", 1)
			if bad == good {
				t.Fatalf("%q is not in the document", change[0])
			}
			if agrees([]byte(bad), reporttest.Cases["mixed"]) == nil {
				t.Error("the counts agree")
			}
		})
	}
}

// wellFormed reads the document as any XML reader would, and without package
// xml asks for characters that XML 1.0 does not have (section 2.2).
func wellFormed(document []byte) error {
	if !utf8.Valid(document) {
		return errors.New("not UTF-8")
	}
	for i, r := range string(document) {
		if r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfffe || r == 0xffff || r == '\u202e' {
			return fmt.Errorf("%U at byte %d", r, i)
		}
	}
	d := xml.NewDecoder(bytes.NewReader(document))
	depth := 0
	for {
		token, err := d.Token()
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		if err == io.EOF && depth == 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func TestWellFormed(t *testing.T) {
	for name, report := range reporttest.Cases {
		if err := wellFormed(document(t, report, true)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"<a>", "<a></b>", "<a>\x01</a>", "<a>\xff</a>", "<a>\ufffe</a>", "<a b='<'></a>", "<a>]]></a"} {
		if wellFormed([]byte(bad)) == nil {
			t.Errorf("%q is called well-formed", bad)
		}
	}
}

// What goes in has to come out: nothing may be lost to escaping or to "]]>".
func TestTextsComeBack(t *testing.T) {
	suites, err := junit.Ingest(document(t, reporttest.Cases["hostile"], true))
	if err != nil {
		t.Fatal(err)
	}
	escaped := plain(reporttest.Hostile)
	if suites[0].Name != escaped || suites[0].Tests[0].Name != escaped || suites[0].Tests[0].Classname != escaped {
		t.Errorf("names %q, %q, %q, want %q", suites[0].Name, suites[0].Tests[0].Name, suites[0].Tests[0].Classname, escaped)
	}
	if got := suites[0].Tests[0].SystemOut; strings.Count(got, escaped) < 6 || !strings.Contains(got, "]]>") {
		t.Errorf("the text lacks %q:\n%s", escaped, got)
	}
}

func TestOutcomes(t *testing.T) {
	suites, err := junit.Ingest(document(t, reporttest.Cases["mixed"], false))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range suites {
		for _, test := range s.Tests {
			got[s.Name+" "+test.Name] = string(test.Status)
		}
	}
	want := map[string]string{
		"build/cut.o cut.o":                   "error",
		"build/data.o data.o":                 "passed",
		"build/legacy.o legacy.o":             "skipped",
		"third_party/libco.a b.o #0":          "failed",
		"third_party/libco.a switch.o":        "failed",
		"third_party/libco.a b.o #3":          "failed",
		"third_party/libco.a (clean objects)": "passed",
		"gone.o (audit)":                      "error",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryFileHasATestCase(t *testing.T) {
	suites, err := junit.Ingest(document(t, reporttest.Cases["clean"], false))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range suites {
		if s.Totals.Tests != 1 || s.Totals.Passed != 1 {
			t.Errorf("%s: %+v, want one that passed", s.Name, s.Totals)
		}
	}
	if len(suites) != 2 {
		t.Errorf("%d suites, want 2", len(suites))
	}
}

func TestLongLists(t *testing.T) {
	f := reporttest.Guards(50)
	for range 9 {
		f.Evidence = append(f.Evidence, f.Evidence[0])
	}
	r := &finding.Report{Objects: []finding.Object{reporttest.Object("a.o", "", 0, f)}}
	short, long := string(document(t, r, false)), string(document(t, r, true))
	for _, want := range []string{"… and 30 more functions", "… and 9 more pieces of evidence"} {
		if !strings.Contains(short, want) || strings.Contains(long, want) {
			t.Errorf("%q: want it without --all alone", want)
		}
	}
	if n := strings.Count(long, "function work"); n != 50 {
		t.Errorf("%d functions with --all, want 50", n)
	}
}

func TestWriteReportsTheErrorOfTheWriter(t *testing.T) {
	full := errors.New("disk full")
	for _, name := range []string{"empty", "mixed"} {
		if err := Write(brokenWriter{full}, reporttest.Cases[name], Options{}); !errors.Is(err, full) {
			t.Errorf("%s: err = %v, want %v", name, err, full)
		}
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func FuzzWrite(f *testing.F) {
	f.Add("lib/x.a", "m.o", "f(int)", "src/f.c", 3)
	f.Add(reporttest.Hostile, reporttest.Hostile, reporttest.Hostile, reporttest.Hostile, 1<<40)
	f.Add("", "", "", "", -1)
	f.Add("]]>", "]]", ">", "\ufffe\ufffd", 0)
	f.Fuzz(func(t *testing.T, path, member, function, source string, line int) {
		r := reporttest.FuzzReport(path, member, function, source, line)
		// Two members cannot have one index.
		r.Objects[1].Index = 1
		for _, all := range []bool{false, true} {
			out := document(t, r, all)
			if err := wellFormed(out); err != nil {
				t.Fatal(err)
			}
			if err := agrees(out, r); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func document(t testing.TB, r *finding.Report, all bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, Options{All: all}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
