// Package githubreport prints a report as workflow commands of GitHub Actions,
// which become annotations of the run and of the files in a pull request.
//
//  1. A file with something to say gets one annotation, whatever its number of
//     members: GitHub shows ten errors, ten warnings and ten notices of a step
//     and drops the others without a word.
//  2. The gravest files come first. What does not get an annotation is a line
//     in a group that can be unfolded.
//  3. The last line says how many objects were read.
//
// The runner looks for commands in everything that a step prints, so that a
// file name could be one. Names pass package printable, no line begins with a
// name, and the older form of commands, which may stand anywhere in a line, is
// broken up.
package githubreport

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// Options say what to print.
type Options struct {
	// Base is the absolute path of the repository's root. Files below it are
	// named relative to it, as annotations want it. Empty means unknown.
	Base string
	// All prints notes as notices, those of clean objects included.
	All bool
}

// maxAnnotations is how many of each level GitHub shows for a step, from the
// page on problem matchers of github.com/actions/toolkit.
const maxAnnotations = 10

// Write prints the report to w. The same report and the same Options give the
// same bytes. The errors are those of w.
func Write(w io.Writer, r *finding.Report, opt Options) error {
	b := bufio.NewWriter(w)
	var rest []annotation
	printed := map[string]int{}
	for _, a := range annotations(r, opt) {
		if printed[a.level] == maxAnnotations {
			rest = append(rest, a)
			continue
		}
		printed[a.level]++
		b.WriteString(a.command() + "\n")
	}
	if len(rest) > 0 {
		fmt.Fprintf(b, "::group::nosplit: %d more, beyond the number of annotations that GitHub shows\n", len(rest))
		for i := range rest {
			b.WriteString(rest[i].plainLine() + "\n")
		}
		b.WriteString("::endgroup::\n")
	}
	b.WriteString(conclusion(r) + "\n")
	return b.Flush()
}

// annotations returns one annotation for each file that has something to say
// and for each path that could not be audited, the gravest first.
func annotations(r *finding.Report, opt Options) []annotation {
	var list []annotation
	for start := 0; start < len(r.Objects); {
		end := start + 1
		for end < len(r.Objects) && r.Objects[end].Path == r.Objects[start].Path {
			end++
		}
		if a, ok := annotate(r.Objects[start:end], opt); ok {
			list = append(list, a)
		}
		start = end
	}
	for i := range r.Errors {
		list = append(list, unaudited(&r.Errors[i], opt))
	}
	slices.SortStableFunc(list, func(a, b annotation) int { return cmp.Compare(a.weight, b.weight) })
	return list
}

// The weights of annotations, by what a reader has to know first.
const (
	violation = iota
	unauditable
	notAudited
	warning
	notice
)

// levelOf names the command for a weight.
func levelOf(weight int) string {
	switch weight {
	case warning:
		return "warning"
	case notice:
		return "notice"
	}
	return "error"
}

// conclusion says what was read: silence is no success.
func conclusion(r *finding.Report) string {
	s := r.Summarize()
	allowed, missing := "", ""
	if s.Allowed > 0 {
		allowed = fmt.Sprintf(" (%d allowed)", s.Allowed)
	}
	if n := len(r.Errors); n > 0 {
		missing = ", " + plural(n, "path", "paths") + " not audited"
	}
	return fmt.Sprintf("nosplit: %s in %s: %d clean, %s, %d unauditable%s, %d skipped%s",
		plural(s.Objects, "object", "objects"), plural(s.Files, "file", "files"),
		s.Clean, plural(s.Violations, "violation", "violations"), s.Unauditable, allowed, s.Skipped, missing)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
