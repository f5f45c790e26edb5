package htmlreport

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// objects is the list of objects.
type objects struct {
	Rows []row
	// Listed says how many are listed of how many.
	Listed string
	// Rest says what is not listed and why; empty when everything is.
	Rest string
	// Filters are the statuses that occur in Rows.
	Filters []filter
	has     map[*finding.Object]bool
}

type filter struct {
	Status status
	Count  string
}

// A row is one object.
type row struct {
	Status    status
	Verdict   string
	Dir, Base string // of the path; Dir ends in a slash or is empty
	Member    string
	Machine   string
	Format    string
	IDs       []id
	Brief     string // what the folded row tells
	Findings  []found
	Rest      string // counts findings that are not listed
	Go        *goBuild
}

// An id is a finding's ID with the class of its level, or that it is allowed.
type id struct{ ID, Class string }

// A found is one finding of an object.
type found struct {
	ID, Level, Title, Message string
	Class                     string // of the level
	Known                     bool   // the page explains the ID
	Suppressed                *suppression
	Functions                 []function
	FunctionsWord             string
	MoreFunctions             string
	Evidence                  []string
	MoreEvidence              string
}

type suppression struct{ Reason, Expires, By string }

// A function is one line of a table of functions. Mangled is empty when it is
// the name that is shown.
type function struct{ Name, Mangled, Source, Offset, Frame string }

type goBuild struct {
	Facts    []fact
	Settings []fact
	Rest     string
}

type fact struct{ Key, Value string }

// objects lists the objects with the gravest first, since what fails a release
// must stand before what does not and before what the limits cut off.
func (l *limits) objects(all []finding.Object) objects {
	shown, hidden := l.choose(all)
	list := objects{has: make(map[*finding.Object]bool, len(shown))}
	byStatus := map[status]int{}
	duplicates := memberCounts(shown)
	for _, o := range shown[:l.rows(len(shown), MaxObjects)] {
		r, ok := l.row(o, duplicates[memberKey{o.Path, o.Member}] > 1)
		if !ok {
			break
		}
		list.Rows = append(list.Rows, r)
		list.has[o] = true
		byStatus[r.Status]++
	}
	for _, s := range statuses {
		if n := byStatus[s]; n > 0 {
			list.Filters = append(list.Filters, filter{s, number(n)})
		}
	}
	list.Listed = fmt.Sprintf("%s of %s listed", number(len(list.Rows)), plural(len(all), "object", "objects"))
	list.Rest = objectsRest(shown[len(list.Rows):], hidden)
	return list
}

func (l *limits) choose(all []finding.Object) (shown []*finding.Object, hidden int) {
	for i := range all {
		o := &all[i]
		if l.all || o.Verdict != finding.Clean || hasWarning(o) {
			shown = append(shown, o)
		}
	}
	slices.SortStableFunc(shown, func(a, b *finding.Object) int {
		return cmp.Compare(slices.Index(statuses, statusOf(a)), slices.Index(statuses, statusOf(b)))
	})
	return shown, len(all) - len(shown)
}

func objectsRest(unlisted []*finding.Object, hidden int) string {
	var parts []string
	if len(unlisted) > 0 {
		var c counts
		for _, o := range unlisted {
			c.add(o)
		}
		parts = append(parts, fmt.Sprintf("%s not listed, as this page would grow too large: %s. nosplit audit --format json has all of them.",
			plural(len(unlisted), "more object is", "more objects are"), join(c.words())))
	}
	if hidden > 0 {
		parts = append(parts, fmt.Sprintf("%s counted and not listed; --all lists them.",
			plural(hidden, "clean object is", "clean objects are")))
	}
	return strings.Join(parts, " ")
}

type memberKey struct{ path, member string }

func memberCounts(in []*finding.Object) map[memberKey]int {
	out := make(map[memberKey]int, len(in))
	for _, o := range in {
		out[memberKey{o.Path, o.Member}]++
	}
	return out
}

// row returns false when the object does not fit into the page any more. numbered
// asks for the position, as the archive has several members of that name.
func (l *limits) row(o *finding.Object, numbered bool) (row, bool) {
	r := row{
		Status:  statusOf(o),
		Verdict: l.text(string(o.Verdict)),
		Member:  l.text(o.Member),
		Machine: l.text(o.Machine),
		Format:  l.text(o.Format),
	}
	r.Dir, r.Base = splitPath(l.text(o.Path))
	if r.Status == allowed {
		r.Verdict += ", allowed"
	}
	if numbered {
		r.Member += fmt.Sprintf(" #%d", o.Index)
	}
	findings := slices.Clone(o.Findings)
	slices.SortStableFunc(findings, graver)
	r.Brief = l.brief(findings)
	if !l.take(objectMarkup, r.Verdict, r.Dir, r.Base, r.Member, r.Machine, r.Format, r.Brief) {
		return row{}, false
	}
	r.IDs = l.ids(findings)
	for i := range findings[:l.rows(len(findings), maxFindings)] {
		f, ok := l.found(&findings[i])
		if !ok {
			break
		}
		r.Findings = append(r.Findings, f)
	}
	if n := len(findings) - len(r.Findings); n > 0 {
		r.Rest = fmt.Sprintf("%s not listed; --format json lists them.", plural(n, "more finding is", "more findings are"))
	}
	r.Go = l.goBuild(o.Go)
	return r, true
}

// splitPath splits a printable path before its last segment.
func splitPath(path string) (dir, base string) {
	i := strings.LastIndexByte(strings.TrimRight(path, "/"), '/') + 1
	return path[:i], path[i:]
}

func graver(a, b finding.Finding) int {
	rank := func(f *finding.Finding) int {
		if f.Suppressed != nil {
			return 10 + levelRank(f.Level)
		}
		return levelRank(f.Level)
	}
	return cmp.Compare(rank(&a), rank(&b))
}

// brief tells the gravest finding.
func (l *limits) brief(sorted []finding.Finding) string {
	if len(sorted) == 0 {
		return ""
	}
	words := l.text(sorted[0].Message)
	if n := len(sorted) - 1; n > 0 {
		words += fmt.Sprintf(" (and %s)", plural(n, "more finding", "more findings"))
	}
	return words
}

// ids lists each ID once.
func (l *limits) ids(sorted []finding.Finding) []id {
	var out []id
	for i := range sorted {
		next := id{l.text(string(sorted[i].ID)), levelClass(sorted[i].Level)}
		if sorted[i].Suppressed != nil {
			next.Class = string(allowed)
		}
		known := slices.ContainsFunc(out, func(x id) bool { return x.ID == next.ID })
		if !known && len(out) < maxFindings && l.take(lineMarkup, next.ID) {
			out = append(out, next)
		}
	}
	return out
}

func (l *limits) found(f *finding.Finding) (found, bool) {
	out := found{ID: l.text(string(f.ID)), Level: l.text(string(f.Level)), Class: levelClass(f.Level), Message: l.text(f.Message)}
	if rule, ok := finding.Lookup(f.ID); ok {
		out.Known, out.Title = true, rule.Title
	}
	if s := f.Suppressed; s != nil {
		out.Suppressed = &suppression{l.text(s.Reason), l.text(s.Expires), l.text(s.By)}
		if !l.take(findingMarkup, out.Suppressed.Reason, out.Suppressed.Expires, out.Suppressed.By) {
			return found{}, false
		}
	}
	if !l.take(findingMarkup, out.ID, out.ID, out.Level, out.Message) {
		return found{}, false
	}
	out.FunctionsWord = plural(len(f.Functions), "function", "functions")
	out.Functions, out.MoreFunctions = l.functions(f.Functions)
	out.Evidence, out.MoreEvidence = l.evidence(f.Evidence)
	return out, true
}

func (l *limits) functions(in []finding.Function) (list []function, more string) {
	for i := range in[:l.rows(len(in), MaxFunctions)] {
		f := l.function(&in[i])
		if !l.take(functionMarkup, f.Name, f.Mangled, f.Source) {
			break
		}
		list = append(list, f)
	}
	if n := len(in) - len(list); n > 0 {
		more = fmt.Sprintf("and %s; --format json lists them all", plural(n, "more function", "more functions"))
	}
	return list, more
}

func (l *limits) function(f *finding.Function) function {
	out := function{Name: l.text(f.Demangled), Offset: fmt.Sprintf("%#x", f.Offset)}
	switch {
	case f.Demangled == "" && f.Name == "":
		out.Name = "(no symbol)"
	case f.Demangled == "":
		out.Name = l.text(f.Name)
	case f.Demangled != f.Name:
		out.Mangled = l.text(f.Name)
	}
	if f.File != "" {
		out.Source = l.text(f.File)
		if f.Line != 0 {
			out.Source += fmt.Sprintf(":%d", f.Line)
		}
	}
	if f.FrameBytes != 0 {
		out.Frame = fmt.Sprint(f.FrameBytes)
	}
	return out
}

func (l *limits) evidence(in []finding.Evidence) (list []string, more string) {
	for i := range in[:l.rows(len(in), maxEvidence)] {
		words := l.evidenceWords(&in[i])
		if !l.take(lineMarkup, words) {
			break
		}
		list = append(list, words)
	}
	if n := len(in) - len(list); n > 0 {
		more = fmt.Sprintf("and %s; --format json lists them all", plural(n, "more observation", "more observations"))
	}
	return list, more
}

func (l *limits) evidenceWords(e *finding.Evidence) string {
	place := fmt.Sprintf("%#x", e.Offset)
	if e.Section != "" {
		place = l.text(e.Section) + "+" + place
	}
	words := l.text(string(e.Kind)) + " at " + place
	if e.Detail != "" {
		words += ": " + l.text(e.Detail)
	}
	return words
}

func (l *limits) goBuild(b *finding.GoBuild) *goBuild {
	if b == nil {
		return nil
	}
	out := &goBuild{Facts: []fact{
		{"compiler", b.Compiler}, {"version", b.Version}, {"main package", b.Path}, {"link mode", b.LinkMode}, {"cgo", b.Cgo},
	}}
	for i := range out.Facts {
		f := &out.Facts[i]
		if f.Value = l.text(f.Value); f.Value == "" {
			f.Value = "unknown"
		}
		if !l.take(lineMarkup, f.Value) {
			return &goBuild{Rest: "not listed, as this page would grow too large; --format json has it"}
		}
	}
	for _, s := range b.Settings[:l.rows(len(b.Settings), maxSettings)] {
		f := fact{l.text(s.Key), l.text(s.Value)}
		if !l.take(lineMarkup, f.Key, f.Value) {
			break
		}
		out.Settings = append(out.Settings, f)
	}
	if n := len(b.Settings) - len(out.Settings); n > 0 {
		out.Rest = fmt.Sprintf("and %s; --format json lists them all", plural(n, "more setting", "more settings"))
	}
	return out
}
