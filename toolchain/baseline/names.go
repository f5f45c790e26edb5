package baseline

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Names of files, members and symbols are arbitrary bytes, and JSON holds only
// Unicode. What JSON cannot hold, and what a person could not see in a diff, is
// written as %XX for each byte, and so is the percent sign itself.

// encode returns the form of a name in the file.
func encode(name string) string {
	if isLiteral(name) {
		return name
	}
	var b strings.Builder
	b.Grow(len(name) + 16)
	for len(name) > 0 {
		r, size := utf8.DecodeRuneInString(name)
		if literalRune(r) {
			b.WriteString(name[:size])
		} else {
			for i := range size {
				fmt.Fprintf(&b, "%%%02X", name[i])
			}
		}
		name = name[size:]
	}
	return b.String()
}

// literalRune reports whether r stands for itself in the file. U+FFFD does not:
// JSON readers put it where bytes were lost, and a name must not be able to
// look like that.
func literalRune(r rune) bool {
	return r != '%' && r != utf8.RuneError && strconv.IsPrint(r)
}

func isLiteral(name string) bool {
	for _, r := range name {
		if !literalRune(r) {
			return false
		}
	}
	return true
}

// decode returns the name that s stands for. The error says what is wrong with
// s, without naming it.
func decode(s string) (string, error) {
	if strings.ContainsRune(s, utf8.RuneError) {
		return "", fmt.Errorf("holds U+FFFD, or bytes that are not UTF-8: write each such byte as %%XX")
	}
	percent := strings.IndexByte(s, '%')
	if percent < 0 {
		return s, nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for percent >= 0 {
		b.WriteString(s[:percent])
		s = s[percent+1:]
		if len(s) < 2 || !isHex(s[0]) || !isHex(s[1]) {
			return "", fmt.Errorf("holds a %% without two hexadecimal digits behind it: write %%25 for the character itself")
		}
		b.WriteByte(hexValue(s[0])<<4 | hexValue(s[1]))
		s = s[2:]
		percent = strings.IndexByte(s, '%')
	}
	b.WriteString(s)
	return b.String(), nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&7 + 9 // A to F and a to f differ in one bit
}
