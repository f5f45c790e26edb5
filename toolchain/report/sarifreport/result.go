package sarifreport

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// An entry is one finding on its way to become a result.
type entry struct {
	object  *finding.Object
	finding *finding.Finding
	// rule is the index in the rule table, -1 when it is not there.
	rule  int
	print print
	// shared is true when another member of the archive has the same name.
	shared bool
}

// collect selects the findings to print, the gravest first, and counts those
// that Options.OmitSuppressed leaves out.
func collect(r *finding.Report, opt Options, p *places) (entries []entry, suppressed int) {
	rules := ruleIndex()
	seen := map[print]int{}
	for start := 0; start < len(r.Objects); {
		end := start + 1
		for end < len(r.Objects) && r.Objects[end].Path == r.Objects[start].Path {
			end++
		}
		total, before := map[string]int{}, map[string]int{}
		for i := start; i < end; i++ {
			total[r.Objects[i].Member]++
		}
		file := p.stable(r.Objects[start].Path)
		for i := start; i < end; i++ {
			o := &r.Objects[i]
			ordinal := before[o.Member]
			before[o.Member]++
			for j := range o.Findings {
				f := &o.Findings[j]
				mark := fingerprint(file, o, ordinal, f)
				if n := seen[mark]; n > 0 {
					seen[mark]++
					mark = mark.repeated(n)
				} else {
					seen[mark] = 1
				}
				if f.Level == finding.Note && o.Verdict == finding.Clean && !opt.All {
					continue
				}
				if f.Suppressed != nil && opt.OmitSuppressed {
					suppressed++
					continue
				}
				e := entry{object: o, finding: f, rule: -1, print: mark, shared: total[o.Member] > 1}
				if n, ok := rules[f.ID]; ok {
					e.rule = n
				}
				entries = append(entries, e)
			}
		}
		start = end
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.weight(), b.weight()) })
	return entries, suppressed
}

// weight orders results by what has to stay when not all fit.
func (e *entry) weight() int {
	w := 2
	switch e.finding.Level {
	case finding.Error:
		w = 0
	case finding.Warning:
		w = 1
	}
	if e.finding.Suppressed != nil {
		w += 3
	}
	return w
}

// result makes the SARIF object, with at most the given number of functions.
func (e *entry) result(p *places, functions int) result {
	o, f := e.object, e.finding
	name := e.name(p)
	listed := f.Functions[:min(len(f.Functions), functions)]
	r := result{
		RuleID:  string(f.ID),
		Level:   f.Level,
		Message: message{Text: e.message(name)},
		Locations: []location{{
			Physical: &physicalLocation{
				Artifact: p.artifact(o.Path),
				// Nothing in a binary file has a line; code scanning
				// wants one, and all four numbers.
				Region: &region{StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 1},
			},
			Logical: e.logical(name, listed),
		}},
		RelatedLocations: sources(p, listed),
		Fingerprints:     e.print.fingerprints(),
		Properties: resultProperties{
			Verdict:   o.Verdict,
			Format:    plain(shorten(o.Format, maxName)),
			Machine:   plain(shorten(o.Machine, maxName)),
			Functions: len(f.Functions),
			Go:        goBuild(o.Go),
		},
	}
	if e.rule >= 0 {
		r.RuleIndex = &e.rule
	}
	if o.Member != "" {
		r.Properties.Member = plain(shorten(o.Member, maxName))
		r.Properties.MemberIndex = &o.Index
	}
	if s := f.Suppressed; s != nil {
		r.Suppressions = []suppression{{
			Kind: "external", Status: "accepted",
			Justification: plain(shorten(justification(s), maxMessage)),
		}}
	}
	return r
}

// name is the file, or "libx.a(b.o)", or "libx.a(b.o #2)" with the index when
// several members are called b.o. It is not printable yet.
func (e *entry) name(p *places) string {
	name := p.display(e.object.Path)
	if e.object.Member == "" {
		return name
	}
	index := ""
	if e.shared {
		index = fmt.Sprintf(" #%d", e.object.Index)
	}
	return name + "(" + shorten(e.object.Member, maxName) + index + ")"
}

// message is a text that stands alone: what is wrong, where, in which
// functions.
func (e *entry) message(name string) string {
	text := name + ": " + shorten(e.finding.Message, maxMessage)
	functions := e.finding.Functions
	for i := range functions {
		if i == maxNamed {
			text += fmt.Sprintf(" and %d more", len(functions)-i)
			break
		}
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		text += separator + functionName(&functions[i])
	}
	return unlink(plain(text))
}

// unlink keeps a name such as operator[](int) from being read as a link, which
// "[text](target)" is in a SARIF message (section 3.11.6). Not all viewers know
// the backslash that would escape it.
func unlink(text string) string {
	return strings.ReplaceAll(text, "](", "] (")
}

// logical lists the member and the functions, each once, as the standard wants
// it of a list of logical locations.
func (e *entry) logical(name string, functions []finding.Function) []logicalLocation {
	var list []logicalLocation
	if e.object.Member != "" {
		list = append(list, logicalLocation{
			Name: plain(shorten(e.object.Member, maxName)), FullyQualifiedName: plain(name), Kind: "module",
		})
	}
	seen := map[logicalLocation]bool{}
	for i := range functions {
		f := &functions[i]
		l := logicalLocation{
			Name:               plain(functionName(f)),
			FullyQualifiedName: plain(name + ":" + functionName(f)),
			Kind:               "function",
		}
		if f.Name != f.Demangled && f.Demangled != "" {
			l.DecoratedName = plain(shorten(f.Name, maxName))
		}
		if !seen[l] {
			seen[l] = true
			list = append(list, l)
		}
	}
	return list
}

// functionName is what a programmer calls the function; one without a symbol
// is known by its place.
func functionName(f *finding.Function) string {
	switch {
	case f.Demangled != "":
		return shorten(f.Demangled, maxName)
	case f.Name != "":
		return shorten(f.Name, maxName)
	}
	return fmt.Sprintf("(no symbol, %#x)", f.Offset)
}

// maxLine is the largest line number that readers with 32-bit integers take.
const maxLine = 1<<31 - 1

// sources lists where the functions are in the source, as far as that is
// known. The names stand as the compiler was given them.
func sources(p *places, functions []finding.Function) []location {
	var list []location
	for i := range functions {
		f := &functions[i]
		if f.File == "" || f.Line < 1 || f.Line > maxLine || len(f.File) > maxSourceName {
			continue
		}
		if len(list) == maxSources {
			break
		}
		list = append(list, location{
			ID:       len(list) + 1,
			Physical: &physicalLocation{Artifact: p.artifact(f.File), Region: &region{StartLine: f.Line}},
			Message:  &message{Text: unlink(plain(functionName(f)))},
		})
	}
	return list
}

// maxSourceName is the length in bytes up to which a source file's name is
// believed: that of the longest path on Linux, PATH_MAX.
const maxSourceName = 4096

func goBuild(g *finding.GoBuild) *goProperties {
	if g == nil {
		return nil
	}
	text := func(s string) string { return plain(shorten(s, maxName)) }
	return &goProperties{
		Compiler: text(g.Compiler), Version: text(g.Version), Path: text(g.Path),
		LinkMode: text(g.LinkMode), Cgo: text(g.Cgo),
	}
}

// plain makes text from files safe to show.
func plain(s string) string { return printable.Escape(s) }

// shorten cuts a text at the given number of characters.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// shortenPath cuts a path at its start, and at a slash when there is one. The
// limit is in bytes.
func shortenPath(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	end := name[len(name)-limit:]
	for !utf8.RuneStart(end[0]) && len(end) > 1 {
		end = end[1:]
	}
	if i := strings.IndexByte(end, '/'); i >= 0 && i < len(end)-len(path.Base(name)) {
		end = end[i:]
	}
	return "…" + end
}

func justification(s *finding.Suppression) string {
	if s.Expires == "" { // a baseline knows no date
		return fmt.Sprintf("%s (%s)", s.Reason, s.By)
	}
	return fmt.Sprintf("%s (until %s, %s)", s.Reason, s.Expires, s.By)
}
