package htmlreport

import (
	"fmt"
	"unicode/utf8"

	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// limits bound what is listed. They belong to one Write.
type limits struct {
	all  bool
	left int // what is left of MaxBytes
}

func newLimits(all bool) *limits {
	return &limits{all: all, left: MaxBytes}
}

// rows returns how many of n rows to list when most is the limit.
func (l *limits) rows(n, most int) int {
	if l.all {
		return n
	}
	return min(n, most)
}

// How much markup goes with the texts, in bytes, rounded up.
const (
	lineMarkup     = 60 // one piece of evidence, one skipped file
	functionMarkup = 120
	findingMarkup  = 800 // the table's head with it
	objectMarkup   = 800
)

// take reports whether the texts still fit with their markup, and takes their
// size off when they do.
func (l *limits) take(markup int, texts ...string) bool {
	if l.all {
		return true
	}
	size := markup
	for _, s := range texts {
		size += htmlSize(s)
	}
	if size > l.left {
		return false
	}
	l.left -= size
	return true
}

// htmlSize returns the size of s in HTML, in bytes: html/template writes these
// characters as references of up to five bytes.
func htmlSize(s string) int {
	size := len(s)
	for i := range len(s) {
		switch s[i] {
		case '"', '&', '\'', '+', '<', '>':
			size += len("&#39;") - 1
		}
	}
	return size
}

// text makes a name or message fit to be shown.
func (l *limits) text(s string) string {
	// An escape is at least as long as what it stands for, so that the rest
	// need not be escaped to be cut off.
	if !l.all && len(s) > 4*maxNameRunes {
		return l.clip(printable.Escape(cutRunes(s, maxNameRunes)), utf8.RuneCountInString(s)-maxNameRunes)
	}
	return l.clip(printable.Escape(s), 0)
}

// clip shortens an escaped text of which missing characters are cut off
// already.
func (l *limits) clip(s string, missing int) string {
	if !l.all && utf8.RuneCountInString(s) > maxNameRunes {
		missing += utf8.RuneCountInString(s) - maxNameRunes
		s = cutRunes(s, maxNameRunes)
	}
	if missing == 0 {
		return s
	}
	return fmt.Sprintf("%s… (and %s)", s, plural(missing, "more character", "more characters"))
}

// cutRunes returns the first n characters of s.
func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
