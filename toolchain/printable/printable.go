// Package printable makes text from untrusted files safe to show.
//
// File names, archive members, symbols and DWARF paths are bytes that somebody
// else chose. Printed as they are, they can move the cursor, retitle a
// terminal, start a line of their own in a log, or reverse the reading order.
package printable

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Escape returns s with every control character, line break, invalid UTF-8
// byte, bidirectional override and other unprintable rune replaced by its Go
// escape (\x1b, \n, \u202e), and every backslash doubled, so that two different
// strings never look the same. What the log of a CI system takes for a command
// of its own, "::" at the beginning and "##[" anywhere, is broken up in the same
// way. Other text is returned as it is.
func Escape(s string) string {
	command := strings.HasPrefix(s, "::") || strings.Contains(s, "##[")
	if !command && isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	if strings.HasPrefix(s, "::") {
		b.WriteString(`\x3a`)
		s = s[1:]
	}
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '#' && strings.HasPrefix(s, "##["):
			b.WriteString(`\x23`)
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x`)
			b.WriteByte(lowerHex[s[0]>>4])
			b.WriteByte(lowerHex[s[0]&0xf])
		case strconv.IsPrint(r):
			b.WriteString(s[:size])
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}

const lowerHex = "0123456789abcdef"

func isPlain(s string) bool {
	for i, r := range s {
		if r == '\\' || !strconv.IsPrint(r) {
			return false
		}
		// An encoded U+FFFD is printable, a byte that decodes to it is not.
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return false
			}
		}
	}
	return true
}
