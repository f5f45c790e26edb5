package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/audit"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// harness is a program with a made-up audit.
type harness struct {
	program
	stdout, stderr bytes.Buffer
	gotPaths       []string
	gotOptions     audit.Options
}

func newHarness(t *testing.T, report *finding.Report) *harness {
	t.Helper()
	h := &harness{}
	h.program = program{
		stdin: strings.NewReader(""), stdout: &h.stdout, stderr: &h.stderr,
		getenv:  func(string) string { return "" },
		now:     func() time.Time { return time.Date(2027, 1, 15, 0, 0, 0, 0, time.UTC) },
		version: "1.2.3",
		audit: func(_ context.Context, paths []string, options audit.Options) *finding.Report {
			h.gotPaths, h.gotOptions = paths, options
			return report
		},
	}
	return h
}

func (h *harness) want(t *testing.T, code int, args ...string) {
	t.Helper()
	if got := h.run(t.Context(), args); got != code {
		t.Errorf("%q: exit code %d, want %d\n%s", args, got, code, h.stderr.String())
	}
}

func TestAuditHandsItsFlagsToTheEngine(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte("c\nd\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	x, y := t.TempDir(), t.TempDir()
	h := newHarness(t, &finding.Report{})
	h.want(t, ExitOK, "audit", "-j", "3", "--thin-root", x, "a", "--thin-root="+y, "--files-from", list, "--", "-b")
	if diff := cmp.Diff([]string{"a", "-b", "c", "d"}, h.gotPaths); diff != "" {
		t.Errorf("paths differ (-want +got):\n%s", diff)
	}
	// The text names ten functions; the others are not looked up.
	want := audit.Options{Jobs: 3, ThinRoots: []string{x, y}, Describe: audit.Describe{Functions: 10, Objects: 5}}
	if diff := cmp.Diff(want, h.gotOptions); diff != "" {
		t.Errorf("options differ (-want +got):\n%s", diff)
	}
	for _, all := range [][]string{{"--all"}, {"--format", "json"}, {"--format", "text", "--format", "json=" + filepath.Join(t.TempDir(), "out")}} {
		h.want(t, ExitOK, append([]string{"audit", "a"}, all...)...)
		if h.gotOptions.Describe != (audit.Describe{}) {
			t.Errorf("%q: not every function is looked up: %+v", all, h.gotOptions.Describe)
		}
	}
}

func TestInterruptedAuditReportsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	h := newHarness(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	h.audit = func(context.Context, []string, audit.Options) *finding.Report {
		cancel()
		return &finding.Report{Objects: []finding.Object{failing(finding.Violation, finding.NS001)}}
	}
	code := h.run(ctx, []string{"audit", "x", "--format", "text", "--format", "json=" + file})
	if code != ExitInterrupted {
		t.Errorf("exit code %d, want %d", code, ExitInterrupted)
	}
	if h.stdout.Len() > 0 {
		t.Errorf("stdout: %s", h.stdout.String())
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the JSON report was written (%v)", err)
	}
	want := "nosplit audit: interrupted: the audit is incomplete, nothing is reported\n"
	if got := h.stderr.String(); got != want {
		t.Errorf("stderr %q, want %q", got, want)
	}
}

func TestErrorLinesAreSafeForTerminals(t *testing.T) {
	h := newHarness(t, &finding.Report{Errors: []finding.InputError{{Path: "a\x1b[2J", Message: "bad\nname"}}})
	h.want(t, ExitUsage, "audit", "x")
	want := "nosplit audit: a\\x1b[2J: bad\\nname\n" +
		"nosplit audit: 0 objects in 0 files (0 B): 0 clean, 0 violations, 0 unauditable, 0 skipped, 1 path not audited\n"
	if diff := cmp.Diff(want, h.stderr.String()); diff != "" {
		t.Errorf("stderr differs (-want +got):\n%s", diff)
	}
	for _, args := range [][]string{
		{"\x1b[2J"}, {"audit", "--\x1b[2J", "x"}, {"audit", "--format", "\x1b[2J", "x"}, {"audit", "--policy", "\x1b[2J", "x"},
		{"audit", "--files-from", "\x1b[2J"}, {"explain", "\x1b[2J"}, {"audit", "--format", "json=\x1b[2J/x", "x"},
	} {
		h := newHarness(t, &finding.Report{})
		h.want(t, ExitUsage, args...)
		if got := h.stderr.String(); strings.Contains(got, "\x1b") || strings.Count(got, "\n") != 1 {
			t.Errorf("%q: stderr is not one safe line: %q", args, got)
		}
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWriteErrorIsExitUsage(t *testing.T) {
	h := newHarness(t, &finding.Report{Objects: []finding.Object{failing(finding.Unauditable, finding.NS007)}})
	h.program.stdout = failingWriter{errors.New("no space left on device")}
	h.want(t, ExitUsage, "audit", "x")
	if !strings.HasPrefix(h.stderr.String(), "nosplit audit: the text report could not be written to standard output: no space left on device\n") {
		t.Errorf("stderr: %s", h.stderr.String())
	}
	// A violation weighs more.
	h = newHarness(t, &finding.Report{Objects: []finding.Object{failing(finding.Violation, finding.NS001)}})
	h.program.stdout = failingWriter{errors.New("no space left on device")}
	h.want(t, ExitViolation, "audit", "x")
}

func TestClosedPipeIsNoError(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	file := filepath.Join(t.TempDir(), "out.json")
	h := newHarness(t, &finding.Report{Objects: []finding.Object{{Path: "x.o", Verdict: finding.Clean}}})
	h.program.stdout = w
	h.want(t, ExitOK, "audit", "x", "--format", "text", "--format", "json="+file)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	for _, args := range [][]string{{"version"}, {"explain"}} {
		h.want(t, ExitOK, args...)
	}
}

func TestEverySubcommandPrintsHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"audit"}, {"explain"}, {"version"}, {"completion"}} {
		h := newHarness(t, &finding.Report{})
		h.want(t, ExitOK, append(args, "-h")...)
		if h.stdout.Len() == 0 || h.stderr.Len() > 0 {
			t.Errorf("%q: stdout %d bytes, stderr %q", args, h.stdout.Len(), h.stderr.String())
		}
		if len(args) > 0 && args[0] == "completion" {
			continue // written by the library
		}
		lines := strings.Split(strings.TrimSuffix(h.stdout.String(), "\n"), "\n")
		if len(lines) > 24 {
			t.Errorf("%q: %d lines of help do not fit a screen", args, len(lines))
		}
		for _, line := range lines {
			if len(line) > 80 {
				t.Errorf("%q: a line of %d columns: %s", args, len(line), line)
			}
		}
	}
}

func TestCompletionKnowsTheIDs(t *testing.T) {
	h := newHarness(t, &finding.Report{})
	h.want(t, ExitOK, "__complete", "explain", "NS00")
	if !strings.HasPrefix(h.stdout.String(), "NS001\nNS002\n") {
		t.Errorf("stdout: %s", h.stdout.String())
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	content := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	check := func(name, want string) {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s = %q, %v, want %q", name, got, err, want)
		}
	}
	file := filepath.Join(dir, "out")
	for _, s := range []string{"first", "second"} {
		if err := writeFile(file, content(s)); err != nil {
			t.Fatal(err)
		}
		check("out", s)
	}
	// A failure keeps the old content.
	full := errors.New("disk full")
	if err := writeFile(file, func(w io.Writer) error { io.WriteString(w, "half"); return full }); !errors.Is(err, full) {
		t.Errorf("err = %v, want %v", err, full)
	}
	check("out", "second")
	// A symbolic link stays one.
	link := filepath.Join(dir, "link")
	if err := os.Symlink("out", link); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(link, content("third")); err != nil {
		t.Fatal(err)
	}
	check("out", "third")
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
	// A device is written into.
	if err := writeFile(os.DevNull, content("x")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s was replaced", os.DevNull)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
