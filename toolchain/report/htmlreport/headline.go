package htmlreport

import (
	"fmt"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/textreport"
)

// A headline is the verdict on the whole audit.
type headline struct {
	// Status chooses colour and symbol; unauditable stands for an audit that
	// is incomplete or judged nothing as well.
	Status status
	// Short is for the title of the window.
	Short string
	// Sentence is the verdict.
	Sentence string
	// Next says what that means for the reader.
	Next string
}

// newHeadline follows the exit code of the audit: a violation goes before what
// could not be decided, and that before what the policy allows.
func newHeadline(r *finding.Report, c *counts) headline {
	among := fmt.Sprintf("%s in %s", plural(c.total(), "object", "objects"), plural(r.Files, "file", "files"))
	missing := plural(len(r.Errors), "named path", "named paths") + " could not be audited"
	also := ""
	if c.allowed > 0 {
		also = fmt.Sprintf(" (and %s allowed)", number(c.allowed))
	}
	incomplete := ""
	if len(r.Errors) > 0 {
		incomplete = " The audit is incomplete, too: " + missing + "."
	}
	switch failing := plural(c.violations, "violation", "violations"); {
	case c.violations > 0:
		if c.unauditable > 0 {
			failing += ", " + number(c.unauditable) + " unauditable"
		}
		return headline{violation, failing,
			fmt.Sprintf("%s%s among %s: this release must not ship.", failing, also, among),
			"Split-stack code was found. In a Go program it can crash the process or write past the end of its stack segment, and no compiler or linker warns of it." + incomplete}
	case c.unauditable > 0:
		failing = number(c.unauditable) + " unauditable"
		return headline{unauditable, failing,
			fmt.Sprintf("%s%s among %s: this release is not proved free of split-stack code.", failing, also, among),
			"What was judged holds no violation that the policy does not allow. Nothing is known of the rest, and unknown does not count as clean." + incomplete}
	case c.total() == 0:
		return headline{unauditable, "nothing judged",
			"Nothing was judged: no ELF object was read.",
			"This page proves nothing about a release. Look at what was named on the command line." + incomplete}
	case len(r.Errors) > 0:
		return headline{unauditable, "incomplete",
			fmt.Sprintf("Incomplete: %s. No failing object among %s.", missing, among),
			"What was not read may hold split-stack code. Correct the paths and run the audit again."}
	case c.allowed > 0:
		return headline{allowed, number(c.allowed) + " allowed",
			fmt.Sprintf("Nothing but what is allowed: %s among %s.", allowedWords(c), among),
			"The release holds code that an audit without this policy would refuse. Reasons and last days are listed with the objects."}
	}
	return headline{clean, "clean",
		fmt.Sprintf("Clean: no split-stack code in %s.", among),
		"Every object was read completely."}
}

func allowedWords(c *counts) string {
	var words []string
	if n := c.allowedViolations; n > 0 {
		words = append(words, plural(n, "violation", "violations"))
	}
	if n := c.allowed - c.allowedViolations; n > 0 {
		words = append(words, number(n)+" unauditable")
	}
	return join(words)
}

// Legend lists what the colours and patterns of the bars stand for.
func (headline) Legend() []status { return statuses }

// A tile is one count at the head of the page.
type tile struct {
	// Status is the class of a count that the bars show, else empty.
	Status status
	Name   string
	Value  string
	Note   string
}

func newTiles(r *finding.Report, c *counts) []tile {
	violations := tile{violation, "Violations", number(c.violations), "hold split-stack code"}
	undecided := tile{unauditable, "Unauditable", number(c.unauditable), "could not be decided"}
	if n := c.allowedViolations; n > 0 {
		violations.Note = fmt.Sprintf("and %s allowed", number(n))
	}
	if n := c.allowed - c.allowedViolations; n > 0 {
		undecided.Note = fmt.Sprintf("and %s allowed", number(n))
	}
	permitted := tile{allowed, "Allowed", number(c.allowed), "by policy or baseline"}
	fine := tile{clean, "Clean", number(c.clean), "read completely"}
	if c.warned > 0 {
		fine.Note = number(c.warned) + " with a warning"
	}
	return []tile{
		violations, undecided, permitted, fine,
		{"", "Objects", number(c.total()), "in " + plural(r.Files, "file", "files")},
		{"", "Skipped", number(len(r.Skipped)), "hold no ELF object"},
		{"", "Read", textreport.Bytes(r.Bytes), "of file content"},
	}
}
