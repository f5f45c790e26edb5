package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-nosplit/rules_nosplit/toolchain/baseline"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// loadBaseline reads the file of --baseline; nil without the flag.
func (p *program) loadBaseline(cmd *cobra.Command, flags auditFlags) (*baseline.Baseline, error) {
	if flags.write != "" {
		if err := checkPlace("--write-baseline", flags.write); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"baseline", "write-baseline"} {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return nil, usagef("--%s names no file: give the path of a JSON file, as in --%s nosplit-baseline.json", name, name)
		}
	}
	if flags.baseline == "" {
		return nil, nil
	}
	b, err := baseline.Load(flags.baseline)
	if err != nil {
		p.complain(cmd, err.Error())
		return nil, &exitError{code: ExitUsage}
	}
	return b, nil
}

// applyBaseline marks what the baseline knows, and says what has grown since.
func (p *program) applyBaseline(cmd *cobra.Command, b *baseline.Baseline, report *finding.Report, paths []string) ([]notice, error) {
	result, err := b.Apply(report, paths)
	if err != nil {
		return nil, err
	}
	for i := range result.Grown {
		g := &result.Grown[i]
		o := &report.Objects[g.Object]
		p.complain(cmd, fmt.Sprintf("%s: %s: %s", objectName(o), o.Findings[g.Finding].ID, g.String()))
	}
	var notices []notice
	for _, n := range result.Notices {
		notices = append(notices, notice{n.File, n.Line, n.Message})
	}
	return notices, nil
}

// writeBaseline records what is found now and marks it as known, so that the
// exit code says what the next audit will say. It reports whether that worked.
func (p *program) writeBaseline(cmd *cobra.Command, file string, report *finding.Report, paths []string) bool {
	b, err := baseline.New(file, report)
	if err == nil {
		err = writeFile(file, func(w io.Writer) error { return b.Write(w) })
	}
	var result *baseline.Result
	if err == nil {
		result, err = b.Apply(report, paths)
	}
	if err != nil {
		p.complain(cmd, fmt.Sprintf("the baseline could not be written to %s: %v: name a file in a directory that you may write to", printable.Escape(file), withoutPath(err)))
		return false
	}
	findings := "findings"
	if result.Known == 1 {
		findings = "finding"
	}
	p.complain(cmd, fmt.Sprintf("%s: wrote %d %s; with --baseline only new ones fail", printable.Escape(file), result.Known, findings))
	return true
}

// objectName names an object in a message.
func objectName(o *finding.Object) string {
	name := printable.Escape(o.Path)
	if o.Member != "" {
		name += "(" + printable.Escape(o.Member) + ")"
	}
	return name
}
