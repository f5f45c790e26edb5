// Package cli is the command line of nosplit: it parses flags, calls the
// engine, the policy and the printers, and turns what they say into an exit
// code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-nosplit/rules_nosplit/toolchain/audit"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
	"github.com/rules-nosplit/rules_nosplit/toolchain/version"
)

// Main runs nosplit with the arguments after the program name and returns the
// exit code. It reads the environment for colour only, and stops an audit on
// SIGINT.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	// A second interrupt ends the program at once.
	context.AfterFunc(ctx, stop)
	// Without this, a reader that closes the pipe of standard output kills
	// the program, and the exit code and the other outputs with it.
	signal.Ignore(syscall.SIGPIPE)
	p := &program{
		stdin: stdin, stdout: stdout, stderr: stderr,
		getenv: os.Getenv, now: time.Now, audit: audit.Run, version: version.String(),
	}
	return p.run(ctx, args)
}

// A program is one run of nosplit: the streams and what tests replace.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	audit          func(context.Context, []string, audit.Options) *finding.Report
	version        string
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.rootCommand()
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitOK
	}
	if e, ok := errors.AsType[*exitError](err); !ok || e.err != nil {
		for line := range strings.Lines(err.Error()) {
			p.complain(command, strings.TrimSuffix(line, "\n"))
		}
	}
	return codeOf(err)
}

// complain prints one line to standard error, after the name of the command.
func (p *program) complain(command *cobra.Command, line string) {
	fmt.Fprintf(p.stderr, "%s: %s\n", command.CommandPath(), line)
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "nosplit",
		Short: "Prove that no split-stack code is in what you link into Go",
		Long: `nosplit proves that no split-stack code is in what you link into Go.

It judges object files, archives, shared objects and programs by their code,
not by the flags that somebody remembers having used.`,
		Example: `  nosplit audit build/          # judge everything below a directory
  nosplit explain NS001         # what a finding means and how to fix it`,
		Args:          cobra.ArbitraryArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef(`no command given: run "nosplit --help" for the list`)
			}
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				return usagef("unknown command %q: did you mean %q?", args[0], near[0])
			}
			return usagef(`unknown command %q: run "nosplit --help" for the list`, args[0])
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef(`%s: run "%s --help" for the flags`, printable.Escape(err.Error()), cmd.CommandPath())
	})
	root.AddCommand(p.auditCommand(), p.explainCommand(), p.versionCommand())
	return root
}
