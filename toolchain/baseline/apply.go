package baseline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// A Result is what Apply has to say beside the findings that it marked.
type Result struct {
	// Known counts the findings that Apply marked.
	Known int
	// Grown are the findings that an entry is about and that have functions
	// which the entry does not list, in the order of the report. They are
	// not marked.
	Grown []Growth
	// Notices are about entries that are out of date, in the order of the
	// file.
	Notices []Notice
}

// Growth is a finding that has more functions than its entry lists.
type Growth struct {
	// Object and Finding are the indices in Report.Objects and in the
	// Findings of that object.
	Object, Finding int
	// Functions are the new ones, as the finding has them and in its order.
	// Of more functions of one name than the entry lists, the last ones count
	// as new.
	Functions []finding.Function
	// Unnamed is how many more functions without a symbol there are. Which
	// of them are new cannot be known.
	Unnamed int
	// Listed is how many functions of the finding the entry lists.
	Listed int
}

// maxShown bounds how many functions a message names.
const maxShown = 10

// String says what is new, as in "2 functions are new since the baseline, which
// lists 5 others: inflate, zip(char const*)". It is safe to print.
func (g *Growth) String() string {
	n := len(g.Functions) + g.Unnamed
	s := fmt.Sprintf("%s new since the baseline", plural(n, "function is", "functions are"))
	switch {
	case g.Listed == 1:
		s += ", which lists 1 other"
	case g.Listed > 1:
		s += fmt.Sprintf(", which lists %d others", g.Listed)
	}
	var names []string
	for i := range g.Functions {
		names = append(names, cmp.Or(g.Functions[i].Demangled, g.Functions[i].Name))
	}
	return s + listed(names, g.Unnamed)
}

// listed returns ": a, b, 3 more, 1 without a name" for a list of functions.
func listed(names []string, unnamed int) string {
	var parts []string
	for _, name := range names[:min(len(names), maxShown)] {
		parts = append(parts, printable.Escape(name))
	}
	if more := len(names) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	if unnamed > 0 {
		parts = append(parts, fmt.Sprintf("%d without a name", unnamed))
	}
	return ": " + strings.Join(parts, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Apply sets Suppressed on every finding that the baseline lists and that
// nothing suppresses yet: apply the policy first, so that its reasons and dates
// stand. By is the name of the baseline file, Expires is empty.
//
// A finding at level error or warning is known when an entry has its ID, path,
// member and occurrence and lists all of its functions. Messages, evidence and
// offsets are not compared: a truncated file that stays truncated is known.
//
// audited are the paths that the audit was asked for. An entry is out of date
// only if its file is one of them, lies below one of them, or is in the report;
// what could not be read gives no notice.
//
// Paths are compared as absolute paths with the symbolic links of directories
// resolved, so it makes no difference how the audit and the baseline file were
// named. An error means that the working directory cannot be found out, or that
// no relative path leads from the baseline to an object.
func (b *Baseline) Apply(r *finding.Report, audited []string) (*Result, error) {
	places, err := newPlaces(b.File)
	if err != nil {
		return nil, err
	}
	a := &application{
		file: b.File, report: r, result: &Result{}, places: places,
		index: newIndex(b.sorted(), places),
	}
	numbers := occurrences(r)
	var at place
	for i := range r.Objects {
		o := &r.Objects[i]
		// Objects come sorted by path.
		if i == 0 || o.Path != r.Objects[i-1].Path {
			if at, err = places.of(o.Path); err != nil {
				return nil, err
			}
			a.index.markFile(at.real, (*listing).cover)
		}
		a.object(i, key{real: at.real, member: o.Member, occurrence: numbers[i]})
	}
	a.cover(audited)
	for _, dir := range outermost(a.unread) {
		a.index.markFile(dir, (*listing).excuse)
		a.index.markBelow(dir, (*listing).excuse)
	}
	a.result.Notices = a.index.notices(b.File)
	return a.result, nil
}

// application is one Apply.
type application struct {
	file   string
	report *finding.Report
	result *Result
	places *places
	index  *index
	// unread are the real paths of files and directories that could not be
	// read as a whole.
	unread []string
}

// cover marks the entries that the audit was asked about.
func (a *application) cover(audited []string) {
	var dirs []string
	for _, path := range audited {
		if at, err := a.places.of(path); err == nil {
			a.index.markFile(at.real, (*listing).cover)
		}
		if dir, ok := a.places.ofDirectory(path); ok {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range outermost(dirs) {
		a.index.markBelow(dir, (*listing).cover)
	}
}

// object applies the baseline to one object.
func (a *application) object(i int, k key) {
	o := &a.report.Objects[i]
	if o.Verdict == finding.Unauditable {
		if o.Member == "" {
			a.unread = append(a.unread, k.real)
		}
		a.index.markObject(k, (*listing).excuse)
	}
	// Findings of one ID share an entry.
	var done []finding.ID
	for j := range o.Findings {
		f := &o.Findings[j]
		if !known(f) || slices.Contains(done, f.ID) {
			continue
		}
		done = append(done, f.ID)
		k.id = f.ID
		if entries := a.index.find(k); len(entries) > 0 {
			a.group(i, f.ID, entries)
		}
	}
}

// located is a function of a finding, by its indices.
type located struct {
	name              string
	finding, function int
}

// group applies entries to the findings of one ID in one object, save to those
// that the policy allows. There is more than one entry only when the baseline
// names the file in two ways.
func (a *application) group(object int, id finding.ID, entries []*listing) {
	findings := a.report.Objects[object].Findings
	listed, unnamed := entries[0].Functions, entries[0].Unnamed
	for _, e := range entries[1:] {
		listed, unnamed = most(listed, e.Functions), max(unnamed, e.Unnamed)
	}
	var names []located
	var grown []Growth
	foundUnnamed := 0
	var allowed *finding.Suppression
	for j := range findings {
		f := &findings[j]
		if f.ID != id || !known(f) {
			continue
		}
		if f.Suppressed != nil && !byBaseline(f.Suppressed) {
			allowed = f.Suppressed
			continue
		}
		g := Growth{Object: object, Finding: j, Listed: len(f.Functions)}
		for k := range f.Functions {
			if name := f.Functions[k].Name; name != "" {
				names = append(names, located{name, j, k})
				continue
			}
			if foundUnnamed++; foundUnnamed > unnamed {
				g.Unnamed++
			}
		}
		grown = append(grown, g)
	}
	if len(grown) == 0 {
		for _, e := range entries {
			e.used, e.allowed = true, allowed
		}
		return
	}
	slices.SortStableFunc(names, func(a, b located) int { return cmp.Compare(a.name, b.name) })
	fresh := newNames(listed, names)
	for i := range grown {
		g := &grown[i]
		f := &findings[g.Finding]
		for len(fresh) > 0 && fresh[0].finding == g.Finding {
			g.Functions = append(g.Functions, f.Functions[fresh[0].function])
			fresh = fresh[1:]
		}
		g.Listed -= len(g.Functions) + g.Unnamed
		a.mark(f, g)
	}
	for _, e := range entries {
		e.compare(names, foundUnnamed)
	}
}

// mark decides about one finding. One that was known before may have grown
// only when the baseline is another one now; it stays as it is.
func (a *application) mark(f *finding.Finding, g *Growth) {
	switch {
	case f.Suppressed != nil:
	case len(g.Functions)+g.Unnamed > 0:
		a.result.Grown = append(a.result.Grown, *g)
	default:
		f.Suppressed = &finding.Suppression{Reason: Reason, By: a.file}
		a.result.Known++
	}
}

// newNames returns what is found more often than it is listed, in the order of
// the findings. Both lists are sorted by name.
func newNames(listed []string, found []located) []located {
	var fresh []located
	for _, fn := range found {
		for len(listed) > 0 && listed[0] < fn.name {
			listed = listed[1:]
		}
		if len(listed) > 0 && listed[0] == fn.name {
			listed = listed[1:]
			continue
		}
		fresh = append(fresh, fn)
	}
	slices.SortFunc(fresh, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.finding, b.finding), cmp.Compare(a.function, b.function))
	})
	return fresh
}
