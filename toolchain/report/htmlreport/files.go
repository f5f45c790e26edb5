package htmlreport

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// barFiles is how many files have their bars shown at once. The bars of the
// others unfold.
const barFiles = 12

// A segment is one part of a bar, in percent of its width.
type segment struct {
	Status   status
	X, Width string
}

// minSegment is the least width of a segment, in thousandths of the bar: one
// violation among ten thousand objects must be seen.
const minSegment = 12

// segments draws counts as a bar.
func segments(c *counts) []segment {
	total := c.total()
	if total == 0 {
		return nil
	}
	var width [4]int
	sum, widest := 0, 0
	for i, s := range statuses {
		n := c.of(s)
		if n == 0 {
			continue
		}
		width[i] = max(minSegment, int(int64(n)*1000/int64(total)))
		sum += width[i]
		if width[i] > width[widest] {
			widest = i
		}
	}
	width[widest] += 1000 - sum
	var out []segment
	x := 0
	for i, s := range statuses {
		if width[i] > 0 {
			out = append(out, segment{s, percent(x), percent(width[i])})
		}
		x += width[i]
	}
	return out
}

// percent writes thousandths as a percentage.
func percent(thousandths int) string {
	return strconv.FormatFloat(float64(thousandths)/10, 'f', -1, 64) + "%"
}

// files are the bars.
type files struct {
	First, More []file
	// MoreWords counts what is not shown at once.
	MoreWords string
	// Rest counts the files that have no bar; empty without any.
	Rest string
}

type file struct {
	Path  string
	Words string
	Bar   []segment
}

// fileCounts counts the objects of one file.
type fileCounts struct {
	path string
	counts
}

func (l *limits) files(objects []finding.Object) files {
	var shown, quiet []fileCounts
	for _, f := range countFiles(objects) {
		if l.all || f.total() > f.clean || f.warned > 0 {
			shown = append(shown, f)
		} else {
			quiet = append(quiet, f)
		}
	}
	slices.SortStableFunc(shown, func(a, b fileCounts) int {
		return cmp.Or(
			cmp.Compare(b.violations, a.violations),
			cmp.Compare(b.unauditable, a.unauditable),
			cmp.Compare(b.allowed, a.allowed),
			cmp.Compare(b.warned, a.warned),
		)
	})
	var list []file
	for _, f := range shown[:l.rows(len(shown), maxFiles)] {
		path := l.text(f.path)
		if !l.take(objectMarkup, path, path) {
			break
		}
		list = append(list, file{path, fileWords(&f.counts), segments(&f.counts)})
	}
	out := files{First: list, Rest: restWords(shown[len(list):], quiet)}
	if len(list) > barFiles {
		out.First, out.More = list[:barFiles], list[barFiles:]
		out.MoreWords = plural(len(out.More), "more file", "more files")
	}
	return out
}

// countFiles counts the objects of each file, in the order of the report, in
// which the objects of a file follow each other.
func countFiles(objects []finding.Object) []fileCounts {
	var out []fileCounts
	for i := range objects {
		o := &objects[i]
		if len(out) == 0 || out[len(out)-1].path != o.Path {
			out = append(out, fileCounts{path: o.Path})
		}
		out[len(out)-1].add(o)
	}
	return out
}

func fileWords(c *counts) string {
	words := strings.Join(c.words(), ", ")
	if c.warned > 0 {
		words += " (" + number(c.warned) + " with a warning)"
	}
	return words
}

func restWords(unlisted, quiet []fileCounts) string {
	var parts []string
	if n := len(unlisted); n > 0 {
		var sum counts
		for _, f := range unlisted {
			sum.violations += f.violations
			sum.unauditable += f.unauditable
			sum.allowed += f.allowed
			sum.clean += f.clean
		}
		parts = append(parts, plural(n, "more file is", "more files are")+" not drawn here, with "+join(sum.words())+
			"; --all or --format json has them.")
	}
	if n := len(quiet); n > 0 {
		objects := 0
		for _, f := range quiet {
			objects += f.clean
		}
		verb := " hold "
		if n == 1 {
			verb = " holds "
		}
		parts = append(parts, plural(n, "file", "files")+verb+"clean objects only, "+number(objects)+" of them; --all draws these, too.")
	}
	return strings.Join(parts, " ")
}
