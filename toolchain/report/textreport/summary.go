package textreport

import (
	"fmt"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// fixes says once for each shown finding what to do about it.
func (p *printer) fixes() {
	if len(p.shownIDs) == 0 {
		return
	}
	for _, rule := range finding.Rules() {
		if !p.shownIDs[rule.ID] {
			continue
		}
		first := fmt.Sprintf("fix: %s ", rule.ID)
		text := Wrap(first, strings.Repeat(" ", len(first)), rule.Fix+" (nosplit explain "+string(rule.ID)+")")
		if p.opt.Color {
			text = strings.Replace(text, first, p.style.bold(first), 1)
		}
		p.printf("%s", text)
	}
	p.printf("\n")
}

// conclusion is the last line: what was read, and what that means.
func (p *printer) conclusion(r *finding.Report) {
	s := r.Summarize()
	read := fmt.Sprintf("%s in %s", plural(s.Objects, "object", "objects"), plural(s.Files, "file", "files"))
	incomplete := ""
	if n := len(r.Errors); n > 0 {
		incomplete = fmt.Sprintf(" %s could not be audited.", plural(n, "named path", "named paths"))
	}
	failing := s.Violations + s.Unauditable - s.Allowed
	switch {
	case s.Objects == 0:
		p.printf("Nothing was judged: no ELF object was read.%s\n", incomplete)
	case s.Violations+s.Unauditable == 0:
		p.printf("%s: read %s.%s\n", p.style.green("No split-stack code found"), read, incomplete)
	case failing == 0:
		p.printf("Nothing but what is allowed: %s, %s, among %s.%s\n",
			plural(s.Violations, "violation", "violations"), fmt.Sprintf("%d unauditable", s.Unauditable), read, incomplete)
	default:
		p.printf("%s, %d unauditable%s, among %s.%s\n",
			plural(s.Violations, "violation", "violations"), s.Unauditable, allowedNote(s), read, incomplete)
	}
}

func allowedNote(s finding.Summary) string {
	if s.Allowed == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d allowed)", s.Allowed)
}

// Summary returns the counts in one line, as in "54067 objects in 4065 files
// (5.5 GB): 54059 clean, 8 violations, 0 unauditable, 12 skipped".
func Summary(r *finding.Report) string {
	s := r.Summarize()
	line := fmt.Sprintf("%s in %s (%s): %d clean, %s, %d unauditable%s, %d skipped",
		plural(s.Objects, "object", "objects"), plural(s.Files, "file", "files"), Bytes(s.Bytes),
		s.Clean, plural(s.Violations, "violation", "violations"), s.Unauditable, allowedNote(s), s.Skipped)
	if n := len(r.Errors); n > 0 {
		line += fmt.Sprintf(", %s not audited", plural(n, "path", "paths"))
	}
	return line
}

// Bytes returns a size in decimal units with two or more digits, as in "5.5 GB".
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1000, 0
	for value >= 999.5 && unit < len("kMGTPE")-1 {
		value /= 1000
		unit++
	}
	if value < 9.95 {
		return fmt.Sprintf("%.1f %cB", value, "kMGTPE"[unit])
	}
	return fmt.Sprintf("%.0f %cB", value, "kMGTPE"[unit])
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %s", n, many)
}
