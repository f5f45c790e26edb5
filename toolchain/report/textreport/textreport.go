// Package textreport prints a report for people.
//
//  1. Objects that say something are grouped by file, then by archive member,
//     the gravest files first.
//  2. A few objects are shown in full; of many, each gets one line, so that an
//     archive with hundreds of findings still fits a screen or two.
//  3. Each kind of finding gets its fix once, at the end.
//  4. The last line says how many objects were read: silence is no success.
//
// Every name that comes from a file passes package printable.
package textreport

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// What is shown in full without Options.All.
const (
	// MaxFunctions is how many functions of one finding.
	MaxFunctions = 10
	// MaxDetailedMembers is how many members of one archive; with more, each
	// is one line.
	MaxDetailedMembers = 5
)

// What else is shown without Options.All. The rest is counted in one line.
const (
	maxMemberLines = 50 // of one archive
	// maxDetails bounds the whole report: it counts the objects shown in
	// full, and an archive with one line for each member as
	// MaxDetailedMembers. Later files are one line each.
	maxDetails   = 25
	maxFileLines = 100
)

// Options say what to print.
type Options struct {
	// All shows every object, function, piece of evidence, note and skipped
	// file. Without it, clean objects are shown when they have a warning.
	All bool
	// Color uses the SGR sequences of a terminal.
	Color bool
}

// Write prints the report to w. The same report gives the same bytes. The
// errors are those of w.
func Write(w io.Writer, r *finding.Report, opt Options) error {
	b := bufio.NewWriter(w)
	p := &printer{w: b, opt: opt, style: style{on: opt.Color}, shownIDs: map[finding.ID]bool{}}
	for _, objects := range p.files(r.Objects) {
		p.file(objects)
	}
	p.closeFileLines()
	p.goFiles(r.Objects)
	if opt.All {
		p.skipped(r.Skipped)
	}
	p.fixes()
	p.conclusion(r)
	return b.Flush()
}

// A printer holds the state of one Write. Errors of w stay in the bufio.Writer
// until its Flush.
type printer struct {
	w         *bufio.Writer
	opt       Options
	style     style
	details   int // what maxDetails bounds
	fileLines int // what maxFileLines bounds, shown or not
	// shownIDs are the findings to explain at the end: those that nobody
	// allowed, at level error or warning.
	shownIDs map[finding.ID]bool
}

func (p *printer) printf(format string, args ...any) {
	fmt.Fprintf(p.w, format, args...)
}

// files groups the objects by file. Without Options.All, files that say nothing
// are left out, and the gravest come first: what fails a release must not hide
// behind what does not.
func (p *printer) files(objects []finding.Object) [][]finding.Object {
	var files [][]finding.Object
	for start := 0; start < len(objects); {
		end := start + 1
		for end < len(objects) && objects[end].Path == objects[start].Path {
			end++
		}
		if slices.ContainsFunc(objects[start:end], p.shows) {
			files = append(files, objects[start:end])
		}
		start = end
	}
	if p.opt.All {
		return files
	}
	slices.SortStableFunc(files, func(a, b []finding.Object) int {
		return cmp.Compare(gravest(a), gravest(b))
	})
	return files
}

func gravest(objects []finding.Object) int {
	lowest := weight(&objects[0])
	for i := range objects {
		lowest = min(lowest, weight(&objects[i]))
	}
	return lowest
}

// weight orders objects by what a reader has to know first.
func weight(o *finding.Object) int {
	switch {
	case o.Failing() && o.Verdict == finding.Violation:
		return 0
	case o.Failing():
		return 1
	case o.Verdict != finding.Clean:
		return 2
	}
	return 3
}

// file prints the objects of one file: one for a plain file, else the members.
func (p *printer) file(objects []finding.Object) {
	for i := range objects {
		p.noteIDs(&objects[i])
	}
	plain := len(objects) == 1 && objects[0].Member == ""
	path := p.style.bold(printable.Escape(objects[0].Path))
	switch {
	case !p.opt.All && p.details >= maxDetails:
		if p.fileLines++; p.fileLines > maxFileLines {
			return
		}
		words := tally(objects)
		if plain {
			words = p.oneLine(&objects[0])
		}
		p.printf("%s: %s\n", path, words)
	case plain:
		p.heading("", path, &objects[0])
		p.findings("  ", &objects[0])
		p.printf("\n")
	default:
		p.printf("%s: %s\n", path, tally(objects))
		p.members(objects)
		p.printf("\n")
	}
}

// members prints the members of an archive that have something to say.
func (p *printer) members(objects []finding.Object) {
	var shown []*finding.Object
	for i := range objects {
		if p.shows(objects[i]) {
			shown = append(shown, &objects[i])
		}
	}
	names := memberNames(objects)
	if !p.opt.All && len(shown) > MaxDetailedMembers {
		p.details += MaxDetailedMembers
		p.memberLines(shown, names)
		return
	}
	for _, o := range shown {
		p.heading("  ", names[o], o)
		p.findings("    ", o)
	}
}

// closeFileLines ends the list of files that got one line each.
func (p *printer) closeFileLines() {
	if p.fileLines == 0 {
		return
	}
	if more := p.fileLines - maxFileLines; more > 0 {
		p.printf("… and %s (--all lists them)\n", plural(more, "more file", "more files"))
	}
	p.printf("\n")
}

// shows reports whether the object has something to say.
func (p *printer) shows(o finding.Object) bool {
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

func (p *printer) noteIDs(o *finding.Object) {
	for i := range o.Findings {
		if f := &o.Findings[i]; f.Suppressed == nil && f.Level != finding.Note {
			p.shownIDs[f.ID] = true
		}
	}
}

// memberNames returns "libx.a(b.o)", or "libx.a(b.o #2)" with the index when
// several members are called b.o.
func memberNames(objects []finding.Object) map[*finding.Object]string {
	count := make(map[string]int, len(objects))
	for i := range objects {
		count[objects[i].Member]++
	}
	names := make(map[*finding.Object]string, len(objects))
	for i := range objects {
		o := &objects[i]
		index := ""
		if count[o.Member] > 1 {
			index = fmt.Sprintf(" #%d", o.Index)
		}
		names[o] = fmt.Sprintf("%s(%s%s)", baseName(o.Path), printable.Escape(o.Member), index)
	}
	return names
}

// baseName returns the last segment of a path, printable. Package filepath
// would clean the path too, which is not wanted of a name to show.
func baseName(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' && i+1 < len(path) {
			return printable.Escape(path[i+1:])
		}
	}
	return printable.Escape(path)
}

// heading is the line above the findings of an object; name is printable.
func (p *printer) heading(indent, name string, o *finding.Object) {
	p.details++
	kind := ", " + printable.Escape(o.Machine) + " " + printable.Escape(o.Format)
	if o.Machine == "unknown" && o.Format == "unknown" {
		kind = ""
	}
	p.printf("%s%s: %s%s\n", indent, name, p.verdict(o), kind)
}

// verdict names what the object is, and that the policy allows it if it does.
func (p *printer) verdict(o *finding.Object) string {
	switch {
	case o.Verdict == finding.Clean:
		return p.style.green(string(o.Verdict))
	case !o.Failing():
		return p.style.dim(string(o.Verdict) + ", allowed")
	case o.Verdict == finding.Unauditable:
		return p.style.magenta(string(o.Verdict))
	default:
		return p.style.red(string(o.Verdict))
	}
}

func (p *printer) skipped(skipped []finding.Skipped) {
	if len(skipped) == 0 {
		return
	}
	p.printf("%s\n", p.style.bold("Skipped, no ELF object:"))
	for _, s := range skipped {
		name := printable.Escape(s.Path)
		if s.Member != "" {
			name += "(" + printable.Escape(s.Member) + ")"
		}
		p.printf("  %s: %s\n", name, printable.Escape(s.Reason))
	}
	p.printf("\n")
}
