package junitreport

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// What is shown without Options.All.
const (
	maxFunctions = 20
	maxEvidence  = 1
)

// maxMessage bounds an attribute, in characters; the text below it has all.
const maxMessage = 300

// caseNames returns the names of the test cases: the member or the last element
// of the path, and the index behind it when several members share a name.
func caseNames(objects []finding.Object) []string {
	count := make(map[string]int, len(objects))
	for i := range objects {
		count[objects[i].Member]++
	}
	names := make([]string, len(objects))
	for i := range objects {
		o := &objects[i]
		name := o.Member
		if name == "" {
			name = path.Base(o.Path)
		}
		names[i] = plain(name)
		if count[o.Member] > 1 {
			names[i] += fmt.Sprintf(" #%d", o.Index)
		}
	}
	return names
}

func (p printer) testCase(class, name string, o *finding.Object) testCase {
	c := testCase{Class: class, Name: name}
	findings := p.shown(o)
	text := p.text(o, findings)
	kind := outcomeOf(o)
	if kind == passed {
		if len(findings) > 0 {
			c.SystemOut = &output{text}
		}
		return c
	}
	top := findings[0]
	if kind == skipped {
		// What decides is an error that was allowed; a warning that was
		// not may stand before it.
		if i := slices.IndexFunc(findings, func(f *finding.Finding) bool { return f.Level == finding.Error }); i > 0 {
			top = findings[i]
		}
		c.Skipped = &problem{Message: shorten(allowance(top))}
		c.SystemOut = &output{text}
		return c
	}
	what := &problem{Message: shorten(summary(top)), Type: string(top.ID), Text: text}
	if kind == failed {
		c.Failure = what
	} else {
		c.Error = what
	}
	return c
}

// shown returns the findings to print, the gravest first. An object that is not
// clean has one: a finding at level error, or a stand-in when a report is at
// odds with itself.
func (p printer) shown(o *finding.Object) []*finding.Finding {
	var list []*finding.Finding
	for i := range o.Findings {
		if p.opt.All || o.Findings[i].Level != finding.Note {
			list = append(list, &o.Findings[i])
		}
	}
	slices.SortStableFunc(list, func(a, b *finding.Finding) int { return cmp.Compare(rank(a), rank(b)) })
	if len(list) == 0 && o.Verdict != finding.Clean {
		list = []*finding.Finding{{Level: finding.Error, Message: string(o.Verdict)}}
	}
	return list
}

func rank(f *finding.Finding) int {
	level := slices.Index([]finding.Level{finding.Error, finding.Warning, finding.Note}, f.Level)
	if f.Suppressed != nil {
		level += 10
	}
	return level
}

// summary tells a finding in one line.
func summary(f *finding.Finding) string {
	text := plain(f.Message)
	if n := len(f.Functions); n > 0 {
		text += ": " + functionName(&f.Functions[0])
		if n > 1 {
			text += fmt.Sprintf(" and %d more", n-1)
		}
	}
	return text
}

func allowance(f *finding.Finding) string {
	s := f.Suppressed
	if s == nil {
		return ""
	}
	if s.Expires == "" { // a baseline knows no date
		return fmt.Sprintf("%s (%s)", plain(s.Reason), plain(s.By))
	}
	return fmt.Sprintf("allowed until %s: %s (%s)", plain(s.Expires), plain(s.Reason), plain(s.By))
}

// text tells all there is to say of an object, each finding with its functions,
// its evidence and its fix.
func (p printer) text(o *finding.Object, findings []*finding.Finding) string {
	var b strings.Builder
	kind := ", " + plain(o.Machine) + " " + plain(o.Format)
	if o.Machine == "unknown" && o.Format == "unknown" {
		kind = ""
	}
	fmt.Fprintf(&b, "%s%s\n", plain(string(o.Verdict)), kind)
	for _, f := range findings {
		fmt.Fprintf(&b, "%s %s: %s\n", plain(string(f.ID)), plain(string(f.Level)), plain(f.Message))
		if f.Suppressed != nil {
			fmt.Fprintf(&b, "  %s\n", allowance(f))
		}
		p.functions(&b, f.Functions)
		p.evidence(&b, f.Evidence)
		if rule, ok := finding.Lookup(f.ID); ok && f.Level != finding.Note && f.Suppressed == nil {
			fmt.Fprintf(&b, "  fix: %s\n", rule.Fix)
		}
	}
	return b.String()
}

func (p printer) functions(b *strings.Builder, functions []finding.Function) {
	for i := range functions {
		if i == maxFunctions && !p.opt.All {
			fmt.Fprintf(b, "  … and %d more functions (--all lists them)\n", len(functions)-i)
			return
		}
		f := &functions[i]
		fmt.Fprintf(b, "  function %s at %#x", functionName(f), f.Offset)
		if f.File != "" {
			fmt.Fprintf(b, ", %s", plain(f.File))
			if f.Line > 0 {
				fmt.Fprintf(b, ":%d", f.Line)
			}
		}
		if f.FrameBytes > 0 {
			fmt.Fprintf(b, ", frame of %d bytes", f.FrameBytes)
		}
		b.WriteByte('\n')
	}
}

func (p printer) evidence(b *strings.Builder, evidence []finding.Evidence) {
	for i := range evidence {
		if i == maxEvidence && !p.opt.All {
			fmt.Fprintf(b, "  … and %d more pieces of evidence (--all lists them)\n", len(evidence)-i)
			return
		}
		e := &evidence[i]
		place := fmt.Sprintf("%#x", e.Offset)
		if e.Section != "" {
			place = plain(e.Section) + "+" + place
		}
		fmt.Fprintf(b, "  evidence: %s at %s: %s\n", plain(string(e.Kind)), place, plain(e.Detail))
	}
}

func functionName(f *finding.Function) string {
	switch {
	case f.Demangled != "":
		return plain(f.Demangled)
	case f.Name != "":
		return plain(f.Name)
	}
	return "(no symbol)"
}

// plain makes text from files safe to show, and fit for XML: what it leaves is
// printable, and XML 1.0 takes every printable character (section 2.2).
func plain(s string) string { return printable.Escape(s) }

// shorten cuts a text at maxMessage.
func shorten(s string) string {
	n := 0
	for i := range s {
		if n == maxMessage {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
