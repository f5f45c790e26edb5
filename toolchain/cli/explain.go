package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/textreport"
)

func (p *program) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [ID]",
		Short: "Say what a finding means, why it matters and how to fix it",
		Long: `Say what a finding means, why it matters and how to fix it, with an example.
Without an ID, list all findings.`,
		Example: `  nosplit explain NS001`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("takes one ID, found %d arguments: explain one at a time", len(args))
			}
			return nil
		},
		ValidArgs: ruleIDs(),
		RunE: func(_ *cobra.Command, args []string) error {
			text := ruleList()
			if len(args) == 1 {
				rule, ok := finding.Lookup(finding.ID(strings.ToUpper(args[0])))
				if !ok {
					return usagef("unknown finding %q: the findings are %s", args[0], strings.Join(ruleIDs(), ", "))
				}
				text = explanation(rule)
			}
			_, err := fmt.Fprint(p.stdout, text)
			return ignoreBrokenPipe(err)
		},
	}
}

func ruleIDs() []string {
	var ids []string
	for _, rule := range finding.Rules() {
		ids = append(ids, string(rule.ID))
	}
	return ids
}

func ruleList() string {
	var b strings.Builder
	for _, rule := range finding.Rules() {
		fmt.Fprintf(&b, "%s  %-7s  %s\n", rule.ID, rule.Level, rule.Title)
	}
	return b.String()
}

func explanation(rule finding.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", rule.ID, rule.Title)
	decides := "it informs and does not decide the verdict"
	if rule.Verdict != "" {
		decides = "the object is " + verdictWords(rule.Verdict)
	}
	fmt.Fprintf(&b, "Level %s: %s.\n", rule.Level, decides)
	for _, part := range []struct{ title, text string }{
		{"What it means", rule.Meaning}, {"Why it matters", rule.Why}, {"How to fix it", rule.Fix},
	} {
		fmt.Fprintf(&b, "\n%s\n%s", part.title, textreport.Wrap("  ", "  ", part.text))
	}
	b.WriteString("\nExample\n")
	for line := range strings.Lines(rule.Example) {
		b.WriteString("  " + strings.TrimSuffix(line, "\n") + "\n")
	}
	return b.String()
}

func verdictWords(v finding.Verdict) string {
	if v == finding.Violation {
		return "a violation"
	}
	return string(v)
}
