package htmlreport

import "github.com/rules-nosplit/rules_nosplit/toolchain/finding"

// A status is what a reader has to know of an object first: its verdict, or
// that the policy allows it. The style knows these words as classes and the
// script as values of the filter.
type status string

const (
	violation   status = "violation"
	unauditable status = "unauditable"
	allowed     status = "allowed"
	clean       status = "clean"
)

// statuses stand in the order in which they matter.
var statuses = []status{violation, unauditable, allowed, clean}

func statusOf(o *finding.Object) status {
	switch {
	case o.Verdict == finding.Clean:
		return clean
	case !o.Failing():
		return allowed
	case o.Verdict == finding.Violation:
		return violation
	}
	return unauditable
}

// counts are numbers of objects. Each object is counted in one of the first
// four.
type counts struct {
	violations, unauditable, allowed, clean int
	// allowedViolations says how many of allowed are violations.
	allowedViolations int
	// warned counts the clean objects with a warning.
	warned int
}

func (c *counts) add(o *finding.Object) {
	switch statusOf(o) {
	case violation:
		c.violations++
	case unauditable:
		c.unauditable++
	case allowed:
		c.allowed++
		if o.Verdict == finding.Violation {
			c.allowedViolations++
		}
	case clean:
		c.clean++
		if hasWarning(o) {
			c.warned++
		}
	}
}

func (c *counts) of(s status) int {
	switch s {
	case violation:
		return c.violations
	case unauditable:
		return c.unauditable
	case allowed:
		return c.allowed
	}
	return c.clean
}

func (c *counts) total() int {
	return c.violations + c.unauditable + c.allowed + c.clean
}

func countReport(r *finding.Report) *counts {
	var c counts
	for i := range r.Objects {
		c.add(&r.Objects[i])
	}
	return &c
}

// hasWarning reports whether the object has a finding that is more than a note.
func hasWarning(o *finding.Object) bool {
	for i := range o.Findings {
		if o.Findings[i].Level != finding.Note {
			return true
		}
	}
	return false
}

// words tells the counts, without those that are 0.
func (c *counts) words() []string {
	var words []string
	if c.violations > 0 {
		words = append(words, plural(c.violations, "violation", "violations"))
	}
	if c.unauditable > 0 {
		words = append(words, number(c.unauditable)+" unauditable")
	}
	if c.allowed > 0 {
		words = append(words, number(c.allowed)+" allowed")
	}
	if c.clean > 0 {
		words = append(words, number(c.clean)+" clean")
	}
	return words
}
