package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rules-nosplit/rules_nosplit/toolchain/audit"
	"github.com/rules-nosplit/rules_nosplit/toolchain/baseline"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/policy"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/textreport"
)

// auditFlags are the flags of nosplit audit.
type auditFlags struct {
	formats   []string
	policy    string
	baseline  string
	write     string // a baseline
	listRules bool
	strict    bool
	all       bool
	jobs      int
	thinRoots []string
	filesFrom string
}

func (p *program) auditCommand() *cobra.Command {
	var flags auditFlags
	command := &cobra.Command{
		Use:   "audit PATH...",
		Short: "Judge files, archives and directories; the release gate",
		Long: `Judge every object in files, archives and directories: clean, violation
(split-stack code) or unauditable (could not be decided).
Exit codes: 0 nothing wrong; 1 a violation; 2 a mistake in the command line, the
policy or the paths; 3 no violation, but something unauditable.`,
		Example: `  nosplit audit --policy nosplit.yaml --format json=audit.json build/ libzip.a
  find . -name '*.a' -print0 | nosplit audit --files-from -`,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runAudit(cmd, args, flags)
		},
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringArrayVar(&flags.formats, "format", nil, "`F[=FILE]`: "+formatNames())
	f.StringVar(&flags.policy, "policy", "", "allow what `FILE` (nosplit.yaml) allows")
	f.StringVar(&flags.baseline, "baseline", "", "let pass what `FILE` lists: only new findings fail")
	f.StringVar(&flags.write, "write-baseline", "", "write what is found now to `FILE`")
	f.BoolVar(&flags.strict, "strict", false, "unused and expired policy entries are errors")
	f.BoolVar(&flags.all, "all", false, "show clean objects, notes, skips, all functions")
	f.BoolVar(&flags.listRules, "list-rules", false, "list the findings and their levels, and end")
	f.IntVarP(&flags.jobs, "jobs", "j", 0, "judge `N` objects at a time; 0 is one per CPU")
	f.StringVar(&flags.filesFrom, "files-from", "", "read more paths from `FILE`; - is standard input")
	f.StringArrayVar(&flags.thinRoots, "thin-root", nil, "members of thin archives may lie below `DIR`")
	// Only a flag that does not exist can fail to be completed.
	_ = command.RegisterFlagCompletionFunc("format", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, f := range formats {
			names = append(names, f.name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	_ = command.MarkFlagDirname("thin-root")
	return command
}

// runAudit is nosplit audit. The policy is read first: a verdict without it
// would mislead. What goes wrong with one input does not stop the others.
func (p *program) runAudit(cmd *cobra.Command, args []string, flags auditFlags) error {
	if flags.listRules {
		if len(args) > 0 || len(flags.formats) > 0 {
			return usagef("--list-rules takes no paths and no --format: it lists what an audit may find")
		}
		_, err := fmt.Fprint(p.stdout, ruleList())
		return ignoreBrokenPipe(err)
	}
	outputs, err := parseOutputs(flags.formats)
	if err != nil {
		return err
	}
	if flags.jobs < 0 {
		return usagef("--jobs %d is negative: give a number of objects, or 0 for one per CPU", flags.jobs)
	}
	pol, err := p.loadPolicy(cmd, flags)
	if err != nil {
		return err
	}
	known, err := p.loadBaseline(cmd, flags)
	if err != nil {
		return err
	}
	paths, err := auditPaths(args, flags.filesFrom, p.stdin)
	if err != nil {
		return err
	}
	for _, dir := range flags.thinRoots {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return usagef("--thin-root %s is no directory: name one that holds the objects", printable.Escape(dir))
		}
	}
	if err := checkPlaces(outputs, flags, paths); err != nil {
		return err
	}
	options := audit.Options{Jobs: flags.jobs, ThinRoots: flags.thinRoots}
	if !flags.all && !slices.ContainsFunc(outputs, func(o output) bool { return o.format != "text" }) {
		// The text shows so many; every further name and source line would
		// be looked up for nothing.
		options.Describe = audit.Describe{Functions: textreport.MaxFunctions, Objects: textreport.MaxDetailedMembers}
	}
	report := p.auditWithProgress(cmd.Context(), paths, options)
	if cmd.Context().Err() != nil {
		return &exitError{code: ExitInterrupted, err: errors.New("interrupted: the audit is incomplete, nothing is reported")}
	}
	notices, err := p.suppress(cmd, report, pol, known, paths)
	if err != nil {
		return err
	}
	written := flags.write == "" || p.writeBaseline(cmd, flags.write, report, paths)
	written = p.writeOutputs(cmd, outputs, report, flags) && written
	for _, e := range report.Errors {
		p.complain(cmd, printable.Escape(e.Path)+": "+printable.Escape(e.Message))
	}
	p.tellNotices(cmd, notices, flags.strict)
	p.complain(cmd, textreport.Summary(report))
	code := judge(report, pol, flags.strict && len(notices) > 0)
	if !written && code != ExitViolation {
		code = ExitUsage
	}
	if code == ExitOK {
		return nil
	}
	return &exitError{code: code}
}

// notice is a remark about a line of the policy or the baseline.
type notice struct {
	file    string
	line    int
	message string
}

// suppress applies the policy and then the baseline, either of which may be nil.
func (p *program) suppress(cmd *cobra.Command, report *finding.Report, pol *policy.Policy, known *baseline.Baseline, paths []string) ([]notice, error) {
	var notices []notice
	if pol != nil {
		found, err := pol.Apply(report, p.now())
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			notices = append(notices, notice{n.File, n.Line, n.Message})
		}
	}
	if known == nil {
		return notices, nil
	}
	more, err := p.applyBaseline(cmd, known, report, paths)
	return append(notices, more...), err
}

func (p *program) loadPolicy(cmd *cobra.Command, flags auditFlags) (*policy.Policy, error) {
	if flags.policy == "" {
		if cmd.Flags().Changed("policy") {
			return nil, usagef("--policy names no file: give the path of a nosplit.yaml")
		}
		return nil, nil
	}
	pol, err := policy.Load(flags.policy)
	if err != nil {
		for _, mistake := range policy.Mistakes(err) {
			p.complain(cmd, mistake.Error())
		}
		return nil, &exitError{code: ExitUsage}
	}
	return pol, nil
}

func (p *program) auditWithProgress(ctx context.Context, paths []string, options audit.Options) *finding.Report {
	if isTerminal(p.stderr) && p.getenv("TERM") != "dumb" {
		line := newProgressLine(p.stderr, terminalWidth(p.stderr), p.now)
		defer line.erase()
		options.Progress = line.update
	}
	return p.audit(ctx, paths, options)
}

// writeOutputs prints all reports and says which could not be written. Files
// come first: they do not depend on the reader of a pipe.
func (p *program) writeOutputs(cmd *cobra.Command, outputs []output, report *finding.Report, flags auditFlags) bool {
	how := rendering{all: flags.all, color: wantsColor(p.getenv, isTerminal(p.stdout)), version: p.version}
	// Without a working directory the paths stay as they are.
	how.base, _ = os.Getwd()
	ok := true
	for _, toFile := range []bool{true, false} {
		for i := range outputs {
			if (outputs[i].file != "") != toFile {
				continue
			}
			if err := outputs[i].write(p.stdout, report, how); err != nil {
				p.complain(cmd, err.Error())
				ok = false
			}
		}
	}
	return ok
}

func (p *program) tellNotices(cmd *cobra.Command, notices []notice, strict bool) {
	weight := "warning"
	if strict {
		weight = "error"
	}
	for _, n := range notices {
		p.complain(cmd, fmt.Sprintf("%s:%d: %s: %s", printable.Escape(n.file), n.line, weight, n.message))
	}
}
