package textreport

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// findings prints an object's findings in full.
func (p *printer) findings(indent string, o *finding.Object) {
	for i := range o.Findings {
		f := &o.Findings[i]
		if f.Level == finding.Note && !p.opt.All {
			continue
		}
		if s := f.Suppressed; s != nil {
			p.printf("%s%s %s\n", indent, f.ID, p.style.dim(allowed(s)))
			if !p.opt.All {
				continue
			}
		} else {
			p.printf("%s%s %s: %s\n", indent, f.ID, p.level(f.Level), printable.Escape(f.Message))
		}
		p.functions(indent+"    ", f)
		p.evidence(indent+"    ", f)
	}
}

func allowed(s *finding.Suppression) string {
	if s.Expires == "" { // a baseline knows no date
		return fmt.Sprintf("%s (%s)", printable.Escape(s.Reason), printable.Escape(s.By))
	}
	return fmt.Sprintf("allowed until %s: %s (%s)",
		printable.Escape(s.Expires), printable.Escape(s.Reason), printable.Escape(s.By))
}

func (p *printer) level(l finding.Level) string {
	switch l {
	case finding.Error:
		return p.style.red(string(l))
	case finding.Warning:
		return p.style.yellow(string(l))
	}
	return string(l)
}

func (p *printer) functions(indent string, in *finding.Finding) {
	functions := in.Functions
	if len(functions) == 0 {
		return
	}
	shown := functions
	if !p.opt.All && len(shown) > MaxFunctions {
		shown = shown[:MaxFunctions]
	}
	t := table{header: []string{"function", "source", "offset", "frame bytes"}}
	for i := range shown {
		f := &shown[i]
		frame := ""
		if f.FrameBytes > 0 {
			frame = fmt.Sprint(f.FrameBytes)
		}
		offset := fmt.Sprintf("%#x", f.Offset)
		if in.ID == finding.NS002 {
			offset = "" // intermediate code has no addresses
		}
		t.add(functionName(f), sourcePlace(f), offset, frame)
	}
	for i, line := range t.lines() {
		if i == 0 {
			line = p.style.dim(line)
		}
		p.printf("%s%s\n", indent, line)
	}
	if more := len(functions) - len(shown); more > 0 {
		p.printf("%s… and %d more (--all lists them)\n", indent, more)
	}
}

func functionName(f *finding.Function) string {
	switch {
	case f.Demangled != "":
		return printable.Escape(f.Demangled)
	case f.Name != "":
		return printable.Escape(f.Name)
	}
	return "(no symbol)"
}

func sourcePlace(f *finding.Function) string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0:
		return printable.Escape(f.File)
	}
	return fmt.Sprintf("%s:%d", printable.Escape(f.File), f.Line)
}

// evidence prints what the finding rests on: the first observation, or all.
func (p *printer) evidence(indent string, f *finding.Finding) {
	shown := f.Evidence
	if !p.opt.All && len(shown) > 1 {
		shown = shown[:1]
	}
	for i := range shown {
		more := ""
		if n := len(f.Evidence) - len(shown); n > 0 {
			more = fmt.Sprintf(" (and %d more)", n)
		}
		p.printf("%s%s\n", indent, p.style.dim("evidence: "+evidenceText(&shown[i])+more))
	}
}

func evidenceText(e *finding.Evidence) string {
	place := fmt.Sprintf("%#x", e.Offset)
	if e.Section != "" {
		place = printable.Escape(e.Section) + "+" + place
	}
	text := fmt.Sprintf("%s at %s", printable.Escape(string(e.Kind)), place)
	if e.Detail != "" {
		text += ": " + printable.Escape(e.Detail)
	}
	return text
}

// memberLines prints one line for each member, the failing ones first.
func (p *printer) memberLines(shown []*finding.Object, names map[*finding.Object]string) {
	slices.SortStableFunc(shown, func(a, b *finding.Object) int { return weight(a) - weight(b) })
	var t table
	for i, o := range shown {
		if i == maxMemberLines {
			break
		}
		t.add(names[o], p.oneLine(o))
	}
	for _, line := range t.lines() {
		p.printf("  %s\n", line)
	}
	if more := len(shown) - maxMemberLines; more > 0 {
		p.printf("  … and %s (--all lists them)\n", plural(more, "more member", "more members"))
	}
}

// oneLine tells an object in a few words: its verdict and its gravest finding.
func (p *printer) oneLine(o *finding.Object) string {
	words := p.verdict(o)
	var top *finding.Finding
	more := 0
	for i := range o.Findings {
		f := &o.Findings[i]
		switch {
		case f.Level == finding.Note && !p.opt.All:
		case top == nil:
			top = f
		default:
			more++
			if graver(f, top) {
				top = f
			}
		}
	}
	if top == nil {
		return words
	}
	words += ", " + string(top.ID) + " "
	if top.Suppressed != nil {
		words += allowed(top.Suppressed)
	} else {
		words += printable.Escape(top.Message)
		if n := len(top.Functions); n > 0 {
			words += ": " + functionName(&top.Functions[0])
			if n > 1 {
				words += ", …"
			}
		}
	}
	if more > 0 {
		words += fmt.Sprintf(" (and %s)", plural(more, "more finding", "more findings"))
	}
	return words
}

// graver reports whether a matters more than b in a short text.
func graver(a, b *finding.Finding) bool {
	rank := func(f *finding.Finding) int {
		level := slices.Index([]finding.Level{finding.Error, finding.Warning, finding.Note}, f.Level)
		if f.Suppressed != nil {
			level += 10
		}
		return level
	}
	return rank(a) < rank(b)
}

// tally counts the objects of an archive: "12 objects, 3 violations with 40
// functions, 1 unauditable".
func tally(objects []finding.Object) string {
	var violations, unauditable, allowed, functions int
	for i := range objects {
		o := &objects[i]
		switch o.Verdict {
		case finding.Violation:
			violations++
		case finding.Unauditable:
			unauditable++
		}
		if o.Verdict != finding.Clean && !o.Failing() {
			allowed++
		}
		for j := range o.Findings {
			if f := &o.Findings[j]; f.Level == finding.Error {
				functions += len(f.Functions)
			}
		}
	}
	parts := []string{plural(len(objects), "object", "objects")}
	if violations > 0 {
		part := plural(violations, "violation", "violations")
		if functions > 0 {
			part += fmt.Sprintf(" with %s", plural(functions, "function", "functions"))
		}
		parts = append(parts, part)
	}
	if unauditable > 0 {
		parts = append(parts, fmt.Sprintf("%d unauditable", unauditable))
	}
	if violations+unauditable == 0 {
		parts = append(parts, "all clean")
	}
	if allowed > 0 {
		parts = append(parts, fmt.Sprintf("%d allowed", allowed))
	}
	return strings.Join(parts, ", ")
}
