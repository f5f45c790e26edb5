package policy

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxQuoted bounds how much of the file a message repeats, in bytes.
const maxQuoted = 80

// quote returns s in double quotes, shortened, with nothing in it that a
// terminal would obey.
func quote(s string) string {
	return strconv.Quote(shorten(s))
}

func shorten(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	cut := maxQuoted
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

func listKeys(keys []string) string {
	return strings.Join(keys, ", ")
}

// didYouMean returns ` (did you mean "allow"?)` when word is close to one of the
// known words, or nothing.
func didYouMean(word string, known []string) string {
	best, bestDistance := "", 3
	for _, k := range known {
		// A distance near the length of the word would suggest anything.
		if d := distance(word, k); d < bestDistance && d < len(k)-1 {
			best, bestDistance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + strconv.Quote(best) + "?)"
}

// distance is the number of bytes to insert, delete or replace to make b from
// a. Words of very different length are not compared: their distance is large.
func distance(a, b string) int {
	if len(a) > 2*len(b)+2 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
