package htmlreport

import (
	"fmt"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// skipped are the files and members without an ELF object.
type skipped struct {
	Total string
	Rows  []skippedRow
	// Rest counts those that are not listed; empty without any.
	Rest string
}

type skippedRow struct{ Name, Reason string }

func (l *limits) skipped(in []finding.Skipped) skipped {
	out := skipped{Total: number(len(in))}
	walked, named := 0, 0
	full := false
	for i := range in {
		s := &in[i]
		if s.Walked && !l.all {
			walked++
			continue
		}
		full = full || len(out.Rows) == l.rows(len(in), maxSkipped)
		if full {
			named++
			continue
		}
		row := skippedRow{Name: l.text(s.Path), Reason: l.text(s.Reason)}
		if s.Member != "" {
			row.Name += "(" + l.text(s.Member) + ")"
		}
		if full = !l.take(lineMarkup, row.Name, row.Reason); full {
			named++
			continue
		}
		out.Rows = append(out.Rows, row)
	}
	switch {
	case named > 0 && walked > 0:
		out.Rest = fmt.Sprintf("%s more are not listed, and %s that were found in a directory; --all lists them.", number(named), number(walked))
	case named > 0:
		out.Rest = fmt.Sprintf("%s more are not listed; --all or --format json lists them.", number(named))
	case walked > 0:
		out.Rest = fmt.Sprintf("%s found in a directory: --all lists what was not named.", plural(walked, "file was", "files were"))
	}
	return out
}

// inputErrors are the named paths that could not be audited.
type inputErrors struct {
	Title string
	Rows  []inputErrorRow
	Rest  string
}

type inputErrorRow struct{ Path, Message string }

func (l *limits) errors(in []finding.InputError) inputErrors {
	out := inputErrors{Title: plural(len(in), "named path", "named paths") + " could not be audited"}
	for _, e := range in[:l.rows(len(in), maxErrors)] {
		row := inputErrorRow{l.text(e.Path), l.text(e.Message)}
		if !l.take(lineMarkup, row.Path, row.Message) {
			break
		}
		out.Rows = append(out.Rows, row)
	}
	if n := len(in) - len(out.Rows); n > 0 {
		out.Rest = fmt.Sprintf("%s more are not listed; --all or --format json lists them.", number(n))
	}
	return out
}
