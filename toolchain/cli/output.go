package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/githubreport"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/htmlreport"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/jsonreport"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/junitreport"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/sarifreport"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/textreport"
)

// rendering is what the printers need to know.
type rendering struct {
	all, color bool
	version    string
	// base is the working directory, an absolute path: reports that a server
	// shows name files relative to it.
	base string
}

// formats are the values of --format, in the order of the help text.
var formats = []struct {
	name  string
	print func(io.Writer, *finding.Report, rendering) error
}{
	{"text", func(w io.Writer, r *finding.Report, how rendering) error {
		return textreport.Write(w, r, textreport.Options{All: how.all, Color: how.color})
	}},
	{"json", func(w io.Writer, r *finding.Report, how rendering) error {
		return jsonreport.Write(w, r, jsonreport.Options{All: how.all, Tool: jsonreport.Tool{Name: "nosplit", Version: how.version}})
	}},
	{"sarif", func(w io.Writer, r *finding.Report, how rendering) error {
		return sarifreport.Write(w, r, sarifreport.Options{All: how.all, Base: how.base, OmitSuppressed: !how.all, Tool: sarifreport.Tool{Name: "nosplit", Version: how.version}})
	}},
	{"junit", func(w io.Writer, r *finding.Report, how rendering) error {
		return junitreport.Write(w, r, junitreport.Options{All: how.all})
	}},
	{"github", func(w io.Writer, r *finding.Report, how rendering) error {
		return githubreport.Write(w, r, githubreport.Options{All: how.all, Base: how.base})
	}},
	{"html", func(w io.Writer, r *finding.Report, how rendering) error {
		return htmlreport.Write(w, r, htmlreport.Options{All: how.all, Tool: htmlreport.Tool{Name: "nosplit", Version: how.version}})
	}},
}

func formatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// An output is one --format: a printer and where it prints to.
type output struct {
	format string
	// file is empty for standard output.
	file  string
	print func(io.Writer, *finding.Report, rendering) error
}

// parseOutputs reads the values of --format; without any, the text goes to
// standard output. It finds the mistakes that would otherwise show only after
// a long audit, such as a directory that does not exist.
func parseOutputs(values []string) ([]output, error) {
	if len(values) == 0 {
		values = []string{"text"}
	}
	var outputs []output
	onOutput := ""
	for _, value := range values {
		out, err := parseOutput(value)
		if err != nil {
			return nil, err
		}
		if out.file == "" {
			if onOutput != "" {
				return nil, usagef("--format %s and --format %s both go to standard output: write one of them to a file, as in --format %s=FILE", onOutput, value, out.format)
			}
			onOutput = value
		}
		outputs = append(outputs, out)
	}
	return outputs, nil
}

func parseOutput(value string) (output, error) {
	name, file, hasFile := strings.Cut(value, "=")
	out := output{format: name, file: file}
	for _, f := range formats {
		if f.name == name {
			out.print = f.print
		}
	}
	switch {
	case out.print == nil:
		return out, usagef("--format %q is not known: it is one of %s, each with or without =FILE", name, formatNames())
	case !hasFile:
		return out, nil
	case file == "":
		return out, usagef("--format %s names no file: write %sFILE, or %s for standard output", value, value, name)
	}
	return out, checkPlace("--format "+name, file)
}

// write prints the report. A reader that closed the pipe of standard output
// has seen what it wanted; that is no error.
func (o *output) write(stdout io.Writer, r *finding.Report, how rendering) error {
	if o.file == "" {
		if err := ignoreBrokenPipe(o.print(stdout, r, how)); err != nil {
			return fmt.Errorf("the %s report could not be written to standard output: %w", o.format, err)
		}
		return nil
	}
	how.color = false
	err := writeFile(o.file, func(w io.Writer) error { return o.print(w, r, how) })
	if err != nil {
		return fmt.Errorf("the %s report could not be written to %s: %w", o.format, printable.Escape(o.file), withoutPath(err))
	}
	return nil
}

// writeFile replaces a file as a whole: whoever reads it sees the old content
// or the new one, and a failure leaves the old one.
func writeFile(name string, print func(io.Writer) error) (err error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		// A device or a pipe, such as /dev/stdout: to be written into and
		// not to be replaced.
		return writeInto(name, print)
	}
	// The file that a symbolic link points to is replaced, not the link.
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	f, err := createBeside(name)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := print(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func writeInto(name string, print func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := print(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// createBeside makes a temporary file in the directory of name. os.CreateTemp
// would make it readable by its owner only, whatever the umask says.
func createBeside(name string) (*os.File, error) {
	for range 100 {
		temp := filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%08x.tmp", filepath.Base(name), rand.Uint32()))
		f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, errors.New("no free name for a temporary file: remove the .tmp files beside it")
}

// withoutPath drops the path from an error whose message names it already.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

func ignoreBrokenPipe(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}
