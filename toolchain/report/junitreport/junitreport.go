// Package junitreport prints a report as JUnit XML, which CI systems show as
// test results.
//
//  1. A file is a test suite. An object that is not clean, or has a warning, is
//     a test case; the clean rest of a file is one passing test case, so that
//     no report of an audit that read something is empty.
//  2. A violation is a failure, an unauditable object an error, and an object
//     whose errors the policy allows is skipped. The counts are those of
//     finding.Summary, plus an error for each path that could not be audited.
//
// XML 1.0 has no way to write control characters. Names that come from files
// pass package printable, so that none is lost and none is left.
package junitreport

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// Options say what to print.
type Options struct {
	// All makes each clean object a test case of its own, and shows notes,
	// every function and every piece of evidence.
	All bool
}

// Write prints the report to w as one XML document with a newline at its end.
// The same report gives the same bytes. The errors are those of w.
func Write(w io.Writer, r *finding.Report, opt Options) error {
	p := printer{opt: opt}
	total := p.counts(r)
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s<testsuites name=\"nosplit audit\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"",
		xml.Header, total.Tests, total.Failures, total.Errors, total.Skipped)
	if total.Tests == 0 {
		b.WriteString("></testsuites>\n")
		return b.Flush()
	}
	b.WriteString(">\n")
	notELF := map[string]int{}
	for i := range r.Skipped {
		notELF[r.Skipped[i].Path]++
	}
	for objects := range files(r.Objects) {
		if err := writeSuite(b, p.suite(objects, notELF[objects[0].Path])); err != nil {
			return err
		}
	}
	for i := range r.Errors {
		if err := writeSuite(b, unaudited(&r.Errors[i])); err != nil {
			return err
		}
	}
	b.WriteString("</testsuites>\n")
	return b.Flush()
}

func writeSuite(w *bufio.Writer, s testSuite) error {
	text, err := xml.MarshalIndent(s, "  ", "  ")
	if err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	w.Write(text)
	w.WriteByte('\n')
	return nil
}

// files yields the objects of one file after the other.
func files(objects []finding.Object) func(yield func([]finding.Object) bool) {
	return func(yield func([]finding.Object) bool) {
		for start := 0; start < len(objects); {
			end := start + 1
			for end < len(objects) && objects[end].Path == objects[start].Path {
				end++
			}
			if !yield(objects[start:end]) {
				return
			}
			start = end
		}
	}
}

type counts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

func (c *counts) add(o outcome) {
	c.Tests++
	switch o {
	case failed:
		c.Failures++
	case broken:
		c.Errors++
	case skipped:
		c.Skipped++
	}
}

type testSuite struct {
	XMLName xml.Name `xml:"testsuite"`
	Name    string   `xml:"name,attr"`
	counts
	Properties *properties `xml:"properties"`
	Cases      []testCase
}

type properties struct {
	List []property `xml:"property"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testCase struct {
	XMLName   xml.Name `xml:"testcase"`
	Class     string   `xml:"classname,attr"`
	Name      string   `xml:"name,attr"`
	Failure   *problem `xml:"failure"`
	Error     *problem `xml:"error"`
	Skipped   *problem `xml:"skipped"`
	SystemOut *output  `xml:"system-out"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

type output struct {
	Text string `xml:",cdata"`
}

// An outcome is what a test case tells of an object.
type outcome int

const (
	passed  outcome = iota
	failed          // a violation
	broken          // unauditable
	skipped         // one of these, and allowed
)

func outcomeOf(o *finding.Object) outcome {
	switch {
	case o.Verdict == finding.Clean:
		return passed
	case !o.Failing():
		return skipped
	case o.Verdict == finding.Violation:
		return failed
	}
	return broken
}

type printer struct{ opt Options }

// counts adds up the document without making its text.
func (p printer) counts(r *finding.Report) counts {
	var c counts
	for objects := range files(r.Objects) {
		sum, clean := p.countFile(objects)
		if clean > 0 {
			sum.add(passed)
		}
		c.Tests += sum.Tests
		c.Failures += sum.Failures
		c.Errors += sum.Errors
		c.Skipped += sum.Skipped
	}
	for range r.Errors {
		c.add(broken)
	}
	return c
}

// countFile counts the objects that are test cases of their own, and those that
// share one.
func (p printer) countFile(objects []finding.Object) (c counts, clean int) {
	for i := range objects {
		if p.hasCase(&objects[i]) {
			c.add(outcomeOf(&objects[i]))
		} else {
			clean++
		}
	}
	return c, clean
}

// hasCase reports whether the object is a test case of its own.
func (p printer) hasCase(o *finding.Object) bool {
	if p.opt.All || o.Verdict != finding.Clean {
		return true
	}
	for i := range o.Findings {
		if o.Findings[i].Level != finding.Note {
			return true
		}
	}
	return false
}

// suite is the test suite of one file.
func (p printer) suite(objects []finding.Object, notELF int) testSuite {
	path := plain(objects[0].Path)
	c, clean := p.countFile(objects)
	s := testSuite{Name: path, counts: c, Properties: fileProperties(objects, notELF)}
	names := caseNames(objects)
	for i := range objects {
		if p.hasCase(&objects[i]) {
			s.Cases = append(s.Cases, p.testCase(path, names[i], &objects[i]))
		}
	}
	switch {
	case clean == 1 && objects[0].Member == "" && len(objects) == 1:
		s.counts.add(passed)
		s.Cases = append(s.Cases, testCase{Class: path, Name: names[0]})
	case clean > 0:
		s.counts.add(passed)
		s.Cases = append(s.Cases, testCase{Class: path, Name: cleanName, SystemOut: &output{strconv.Itoa(clean) + " clean\n"}})
	}
	return s
}

// cleanName is the same however many objects are clean: CI systems follow a
// test case by its name.
const cleanName = "(clean objects)"

// unaudited is the test suite of a path that could not be audited.
func unaudited(e *finding.InputError) testSuite {
	path, text := plain(e.Path), plain(e.Message)
	s := testSuite{
		Name:  path,
		Cases: []testCase{{Class: path, Name: "(audit)", Error: &problem{Message: shorten(text), Type: "path", Text: text}}},
	}
	s.counts.add(broken)
	return s
}

// fileProperties tells what else is known of a file: how many members hold no
// ELF object, and how a Go program was built.
func fileProperties(objects []finding.Object, notELF int) *properties {
	var list []property
	add := func(name, value string) {
		if value != "" {
			list = append(list, property{Name: name, Value: plain(value)})
		}
	}
	if notELF > 0 {
		add("nosplit.skipped", strconv.Itoa(notELF))
	}
	if g := objects[0].Go; g != nil && len(objects) == 1 {
		add("go.compiler", g.Compiler)
		add("go.version", g.Version)
		add("go.path", g.Path)
		add("go.linkmode", g.LinkMode)
		add("go.cgo", g.Cgo)
		for _, setting := range g.Settings {
			add("go.setting."+plain(setting.Key), setting.Value)
		}
	}
	if list == nil {
		return nil
	}
	return &properties{List: list}
}
