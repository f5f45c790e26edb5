package htmlreport

import (
	"strconv"
	"strings"
)

// number writes n with a comma between groups of three digits.
func number(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return number(n) + " " + one
	}
	return number(n) + " " + many
}

// word is a word of a text and the blank behind it. A browser breaks lines at
// hyphens, and half a compiler flag is none.
type word struct {
	Text string
	Flag bool
}

func words(text string) []word {
	var out []word
	for w := range strings.SplitAfterSeq(text, " ") {
		out = append(out, word{w, strings.HasPrefix(w, "-")})
	}
	return out
}

// join lists the words, with "and" before the last one.
func join(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
