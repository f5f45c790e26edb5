package textreport

import (
	"strings"
	"unicode/utf8"
)

// maxColumn bounds the width that a column asks of the other rows, in
// characters. A longer cell is printed whole and shifts its own row only.
const maxColumn = 48

// textWidth is where paragraphs are wrapped, in characters.
const textWidth = 80

// A table aligns cells in columns. Columns that are empty in every row are left
// out.
type table struct {
	header []string // nil for a table without
	rows   [][]string
}

func (t *table) add(cells ...string) {
	t.rows = append(t.rows, cells)
}

// lines returns the table without trailing blanks, the header first.
func (t *table) lines() []string {
	if len(t.rows) == 0 {
		return nil
	}
	used := make([]bool, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			used[i] = used[i] || cell != ""
		}
	}
	rows := t.rows
	if t.header != nil {
		rows = append([][]string{t.header}, rows...)
	}
	widths := make([]int, len(used))
	for _, row := range rows {
		for i, cell := range row {
			if n := utf8.RuneCountInString(cell); n <= maxColumn {
				widths[i] = max(widths[i], n)
			}
		}
	}
	out := make([]string, 0, len(rows))
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			if !used[i] {
				continue
			}
			if cell == "" {
				cell = "-"
			}
			b.WriteString(cell)
			if pad := widths[i] - utf8.RuneCountInString(cell); pad > 0 {
				b.WriteString(strings.Repeat(" ", pad))
			}
			b.WriteString("  ")
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}

// Wrap breaks a paragraph into lines of at most 80 characters, each beginning
// with indent; the first line begins with first instead. A word that is longer
// than a line gets a line of its own. The result ends in a newline.
func Wrap(first, indent, paragraph string) string {
	var b strings.Builder
	line := first
	empty := true
	for word := range strings.FieldsSeq(paragraph) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > textWidth {
			b.WriteString(line + "\n")
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	return b.String()
}

// A style colours text for a terminal, or leaves it alone.
type style struct{ on bool }

func (s style) sgr(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string    { return s.sgr("1", text) }
func (s style) dim(text string) string     { return s.sgr("2", text) }
func (s style) red(text string) string     { return s.sgr("1;31", text) }
func (s style) green(text string) string   { return s.sgr("32", text) }
func (s style) yellow(text string) string  { return s.sgr("33", text) }
func (s style) magenta(text string) string { return s.sgr("1;35", text) }
