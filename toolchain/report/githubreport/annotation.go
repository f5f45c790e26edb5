package githubreport

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// What bounds the text of one annotation.
const (
	maxRemarks = 5 // findings of one file
	maxNamed   = 3 // functions of one finding
	// In characters.
	maxName    = 200
	maxMessage = 400
	maxPath    = 1000
)

// An annotation is one workflow command, or one line when there are too many.
// Its texts are printable.
type annotation struct {
	weight int
	level  string
	file   string
	line   int // 0 when file is no source file
	title  string
	text   []string // lines; the first stands alone
}

// remark is a finding to talk about, with the object that it is of.
type remark struct {
	object  *finding.Object
	finding *finding.Finding
	name    string // of the object within the file, empty for a plain file
	weight  int
}

// annotate makes the annotation of one file, and reports false when there is
// nothing to say that the policy does not allow.
func annotate(objects []finding.Object, opt Options) (annotation, bool) {
	remarks, allowed := remarksOn(objects, opt)
	if len(remarks) == 0 {
		return annotation{}, false
	}
	name := display(objects[0].Path, opt.Base)
	top := &remarks[0]
	a := annotation{
		weight: top.weight,
		level:  levelOf(top.weight),
		title:  title(top.finding.ID),
		file:   name,
	}
	if file, line := source(remarks, opt.Base); file != "" {
		a.file, a.line = file, line
	}
	if len(objects) == 1 && top.name == "" {
		a.text = append(a.text, name+": "+describe(top.finding))
		a.text = append(a.text, lines(remarks[1:])...)
	} else {
		a.text = append(a.text, name+": "+tally(objects, allowed))
		a.text = append(a.text, lines(remarks)...)
	}
	if rule, ok := finding.Lookup(top.finding.ID); ok && top.finding.Level != finding.Note {
		a.text = append(a.text, "Fix: "+rule.Fix+" (nosplit explain "+string(rule.ID)+")")
	}
	return a, true
}

// remarksOn returns the findings that nobody allowed, the gravest first, and
// the number of objects whose errors were allowed.
func remarksOn(objects []finding.Object, opt Options) (remarks []remark, allowed int) {
	names := memberNames(objects)
	for i := range objects {
		o := &objects[i]
		if o.Verdict != finding.Clean && !o.Failing() {
			allowed++
		}
		for j := range o.Findings {
			f := &o.Findings[j]
			if f.Suppressed != nil || f.Level == finding.Note && !opt.All {
				continue
			}
			remarks = append(remarks, remark{object: o, finding: f, name: names[i], weight: weigh(o, f)})
		}
	}
	slices.SortStableFunc(remarks, func(a, b remark) int { return cmp.Compare(a.weight, b.weight) })
	return remarks, allowed
}

func weigh(o *finding.Object, f *finding.Finding) int {
	switch {
	case f.Level == finding.Warning:
		return warning
	case f.Level == finding.Note:
		return notice
	case o.Verdict == finding.Violation:
		return violation
	}
	return unauditable
}

// unaudited is the annotation of a path that could not be audited.
func unaudited(e *finding.InputError, opt Options) annotation {
	name := display(e.Path, opt.Base)
	return annotation{
		weight: notAudited,
		level:  levelOf(notAudited),
		file:   name,
		title:  "not audited",
		text:   []string{name + ": " + shorten(plain(e.Message), maxMessage)},
	}
}

// lines has one line for each remark, as many as maxRemarks.
func lines(remarks []remark) []string {
	var list []string
	for i, r := range remarks {
		if i == maxRemarks {
			list = append(list, "… and "+plural(len(remarks)-i, "more finding", "more findings"))
			break
		}
		text := describe(r.finding)
		if r.name != "" {
			text = r.name + ": " + text
		}
		list = append(list, text)
	}
	return list
}

// tally counts the objects of an archive: "12 objects, 3 violations, 1
// unauditable".
func tally(objects []finding.Object, allowed int) string {
	violations, unauditable := 0, 0
	for i := range objects {
		switch objects[i].Verdict {
		case finding.Violation:
			violations++
		case finding.Unauditable:
			unauditable++
		}
	}
	text := plural(len(objects), "object", "objects") + ", " + plural(violations, "violation", "violations") +
		fmt.Sprintf(", %d unauditable", unauditable)
	if allowed > 0 {
		text += fmt.Sprintf(" (%d allowed)", allowed)
	}
	return text
}

// describe tells a finding in one line.
func describe(f *finding.Finding) string {
	text := plain(string(f.ID)) + " " + shorten(plain(f.Message), maxMessage)
	for i := range f.Functions {
		if i == maxNamed {
			text += fmt.Sprintf(" and %d more", len(f.Functions)-i)
			break
		}
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		text += separator + functionName(&f.Functions[i])
	}
	return text
}

func title(id finding.ID) string {
	if r, ok := finding.Lookup(id); ok {
		return string(id) + " " + r.Title
	}
	return plain(string(id))
}

// memberNames returns the members' names, empty for a plain file, with the
// index when several members share one.
func memberNames(objects []finding.Object) []string {
	count := make(map[string]int, len(objects))
	for i := range objects {
		count[objects[i].Member]++
	}
	names := make([]string, len(objects))
	for i := range objects {
		o := &objects[i]
		names[i] = shorten(plain(o.Member), maxName)
		if count[o.Member] > 1 {
			names[i] += fmt.Sprintf(" #%d", o.Index)
		}
	}
	return names
}

func functionName(f *finding.Function) string {
	switch {
	case f.Demangled != "":
		return shorten(plain(f.Demangled), maxName)
	case f.Name != "":
		return shorten(plain(f.Name), maxName)
	}
	return fmt.Sprintf("(no symbol, %#x)", f.Offset)
}

// maxLine is the largest line number that a 32-bit integer holds.
const maxLine = 1<<31 - 1

// source returns the first place in the source that can be one of the
// repository: an annotation there is seen beside the code. Only findings as
// grave as the first are looked at.
func source(remarks []remark, base string) (file string, line int) {
	for _, r := range remarks {
		if r.weight != remarks[0].weight {
			break
		}
		for i := range r.finding.Functions {
			f := &r.finding.Functions[i]
			if f.File == "" || f.Line < 1 || f.Line > maxLine || len(f.File) > maxPath {
				continue
			}
			// A relative name counts from where the compiler ran, which need
			// not be the repository's root.
			if !path.IsAbs(f.File) {
				continue
			}
			if name := relative(f.File, base); !path.IsAbs(name) {
				return plain(name), f.Line
			}
		}
	}
	return "", 0
}

// relative returns the path below base, or else the path without needless
// elements.
func relative(name, base string) string {
	name = path.Clean(name)
	if base == "" || !path.IsAbs(name) {
		return name
	}
	base = path.Clean(base)
	if name == base {
		return "."
	}
	if below, ok := strings.CutPrefix(name, strings.TrimSuffix(base, "/")+"/"); ok {
		return below
	}
	return name
}

// display names a file.
func display(name, base string) string {
	return shorten(plain(relative(name, base)), maxPath)
}

// plain makes text from files safe to show.
func plain(s string) string { return printable.Escape(s) }

// shorten cuts a text at the given number of characters.
func shorten(s string, limit int) string {
	n := 0
	for i := range s {
		if n == limit {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
