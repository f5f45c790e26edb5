package cli

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of nosplit, of Go and of the rule table",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(p.stdout, "nosplit %s\ngo %s\nrule table %d\n",
				p.version, strings.TrimPrefix(runtime.Version(), "go"), finding.RuleTableVersion)
			return ignoreBrokenPipe(err)
		},
	}
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("takes no argument, found %q: leave it out", args[0])
	}
	return nil
}
