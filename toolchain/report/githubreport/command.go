package githubreport

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// How the runner reads what a step prints, from src/Runner.Common of
// github.com/actions/runner, ActionCommand.cs: a line that begins with "::",
// blanks aside, is a command up to the next "::". Failing that, "##[" anywhere
// in a line begins a command up to the next "]". Both searches pass over
// characters that have no weight in Unicode's collation.

// data escapes the text of a command.
var data = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// value escapes a property of a command.
var value = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")

// command returns the workflow command, without a line break.
func (a *annotation) command() string {
	line := ""
	if a.line > 0 {
		line = fmt.Sprintf(",line=%d", a.line)
	}
	return disarm(fmt.Sprintf("::%s file=%s%s,title=%s::%s",
		a.level, value.Replace(a.file), line, value.Replace(a.title), data.Replace(strings.Join(a.text, "\n"))))
}

// plainLine returns the annotation as a line that is no command.
func (a *annotation) plainLine() string {
	return disarm(a.level + ": " + a.title + ": " + a.text[0])
}

// disarm puts a backslash into "##[". Package printable never leaves one before
// a bracket, so that the original can be told.
func disarm(line string) string {
	if !strings.Contains(line, "#") {
		return line
	}
	var b strings.Builder
	marks := 0
	for _, r := range line {
		switch {
		case r == '#':
			marks++
		case r == '[' && marks >= 2:
			b.WriteByte('\\')
			marks = 0
		case r < utf8.RuneSelf:
			marks = 0
		}
		b.WriteRune(r)
	}
	return b.String()
}
