package cli

import (
	"errors"
	"fmt"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/policy"
)

// The exit codes of every command. Scripts depend on them.
const (
	// ExitOK: nothing at level error is left standing.
	ExitOK = 0
	// ExitViolation: at least one violation that the policy does not allow.
	ExitViolation = 1
	// ExitUsage: a mistake in the command line, the policy file or the
	// configuration; a named path that is missing; an output that could not
	// be written.
	ExitUsage = 2
	// ExitUnauditable: no violation, but something could not be judged.
	ExitUnauditable = 3
	// ExitInterrupted: stopped by the user (128 + SIGINT). Nothing was
	// reported.
	ExitInterrupted = 130
)

// An exitError ends a command with a code. Its lines have been printed already
// when err is nil.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usagef is a mistake in the command line: one line that says what to do.
func usagef(format string, args ...any) error {
	return &exitError{code: ExitUsage, err: fmt.Errorf(format, args...)}
}

// codeOf returns the exit code that goes with an error of a command.
func codeOf(err error) int {
	if err == nil {
		return ExitOK
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return ExitUsage
}

// judge returns the exit code of an audit. pol is nil without a policy file;
// misused says that --strict found unused or expired policy entries.
func judge(report *finding.Report, pol *policy.Policy, misused bool) int {
	violation, unauditable := false, false
	for i := range report.Objects {
		switch failure(&report.Objects[i]) {
		case finding.Violation:
			violation = true
		case finding.Unauditable:
			unauditable = true
		}
	}
	switch {
	case violation:
		return ExitViolation
	case len(report.Errors) > 0 || misused:
		return ExitUsage
	case unauditable && (pol == nil || !pol.WarnUnauditable):
		return ExitUnauditable
	}
	return ExitOK
}

// failure returns what the object fails as: Violation, Unauditable, or empty
// when no finding at level error is left standing. A violation whose split code
// is allowed and that holds something unreadable beside it fails as
// unauditable.
func failure(o *finding.Object) finding.Verdict {
	if o.Verdict == finding.Clean || !o.Failing() {
		return ""
	}
	if o.Verdict == finding.Unauditable {
		return finding.Unauditable
	}
	for i := range o.Findings {
		f := &o.Findings[i]
		if f.Level != finding.Error || f.Suppressed != nil {
			continue
		}
		if rule, ok := finding.Lookup(f.ID); !ok || rule.Verdict != finding.Unauditable {
			return finding.Violation
		}
	}
	return finding.Unauditable
}
