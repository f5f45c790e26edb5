// Package debian_test judges objects that Debian ships: gccgo's as positives,
// and everything that looks like split-stack code to a symbol scanner as
// negatives. The oracles are binutils' nm and readelf, and dpkg, never the audit itself.
package debian_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/audit"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

func auditPaths(t *testing.T, paths ...string) *finding.Report {
	t.Helper()
	r := audit.Run(context.Background(), paths, audit.Options{})
	if len(r.Errors) > 0 {
		t.Fatalf("errors: %+v", r.Errors)
	}
	return r
}

// has reports whether the object has a finding with the ID.
func has(o finding.Object, id finding.ID) bool {
	return slices.ContainsFunc(o.Findings, func(f finding.Finding) bool { return f.ID == id })
}

// members names the archive members that have a finding with the ID, with
// their positions: names repeat.
func members(r *finding.Report, id finding.ID) []string {
	var m []string
	for _, o := range r.Objects {
		if has(o, id) {
			m = append(m, fmt.Sprintf("%d %s", o.Index, o.Member))
		}
	}
	return m
}

// fileOf returns the path of a file that a compiler finds by itself.
func fileOf(t *testing.T, compiler, name string) string {
	t.Helper()
	path := strings.TrimSpace(objtest.Run(t, ".", compiler, "-print-file-name="+name))
	if !filepath.IsAbs(path) {
		t.Fatalf("%s knows no %s", compiler, name)
	}
	return path
}

// TestGccgoLibrary compares the verdicts with nm's list of members that refer
// to __morestack; there is nothing doctored in Debian's archive, so that nm is
// right about it.
func TestGccgoLibrary(t *testing.T) {
	path := fileOf(t, "gccgo-12", "libgo.a")
	r := auditPaths(t, path)
	var want []string
	index, name := -1, ""
	member := regexp.MustCompile(`^([^ :]+):$`)
	for line := range strings.Lines(objtest.Run(t, ".", "nm", path)) {
		line = strings.TrimSpace(line)
		if m := member.FindStringSubmatch(line); m != nil {
			index++
			name = m[1]
		} else if line == "U __morestack" {
			want = append(want, fmt.Sprintf("%d %s", index, name))
		}
	}
	if len(want) < 200 {
		t.Fatalf("nm finds %d members that refer to __morestack in %s: is it gccgo's?", len(want), path)
	}
	if d := cmp.Diff(want, members(r, finding.NS001)); d != "" {
		t.Errorf("violations (-nm +audit):\n%s", d)
	}
	// Compiled with the flag, and nothing in them that could be split.
	if n := len(members(r, finding.NS004)); n < 10 {
		t.Errorf("%d members with NS004, want those with data or assembler code", n)
	}
	// Debian ships the archive with debug information: functions have lines.
	functions, lines := 0, 0
	for _, o := range r.Objects {
		for _, f := range o.Findings {
			for _, fn := range f.Functions {
				functions++
				if fn.Line > 0 && fn.Name != "" {
					lines++
				}
			}
		}
	}
	if functions < 10000 || lines < functions*95/100 {
		t.Errorf("%d of %d split functions have a name and a line", lines, functions)
	}
	t.Logf("%s: %d objects, %d violations, %d functions", path, len(r.Objects), len(want), functions)
}

// TestGccgoPrograms judges programs without a symbol table.
func TestGccgoPrograms(t *testing.T) {
	objtest.Tool(t, "gccgo-12")
	var paths []string
	for _, name := range []string{"go-12", "gofmt-12"} {
		matches, err := filepath.Glob("/usr/bin/*-linux-gnu-" + name)
		if err != nil || len(matches) == 0 {
			objtest.Missing(t, name, "apt-get install -y gccgo-12")
		}
		paths = append(paths, matches[0])
	}
	for _, path := range paths {
		if out := objtest.Run(t, ".", "nm", path); out != "" {
			t.Fatalf("%s has symbols; it was to show that none are needed", path)
		}
		r := auditPaths(t, path)
		if len(r.Objects) != 1 || r.Objects[0].Verdict != finding.Violation || len(r.Objects[0].Findings[0].Functions) < 50 {
			t.Errorf("%s: %+v", path, r.Objects)
		}
	}
}

// TestRuntimeArchive: libgcc.a holds the runtime, and no violation.
func TestRuntimeArchive(t *testing.T) {
	r := auditPaths(t, fileOf(t, "gcc", "libgcc.a"))
	var got []string
	for _, o := range r.Objects {
		if o.Verdict != finding.Clean {
			t.Errorf("%s: %+v", o.Member, o)
		}
		if has(o, finding.NS005) {
			got = append(got, o.Member)
		}
	}
	if d := cmp.Diff([]string{"generic-morestack.o", "morestack.o"}, got); d != "" {
		t.Errorf("NS005 (-want +got):\n%s", d)
	}
}

// TestNegatives judges what symbol scanners take for split-stack code, or could.
func TestNegatives(t *testing.T) {
	llvm := strings.TrimSpace(objtest.Run(t, ".", "llvm-config", "--libdir"))
	goroot := strings.TrimSpace(objtest.Run(t, ".", "go", "env", "GOROOT"))
	tests := []struct {
		path string
		// fools is true where "nm | grep morestack" has hits: the control
		// that the file is the trap it is meant to be.
		fools   bool
		objects int // at least
	}{
		{fileOf(t, "gcc", "libc.a"), false, 1000},
		{fileOf(t, "gcc", "libstdc++.a"), false, 100},
		{filepath.Join(llvm, "libLLVMRuntimeDyld.a"), true, 5},
		{filepath.Join(goroot, "bin", "go"), true, 1},
		{filepath.Join(goroot, "bin", "gofmt"), true, 1},
	}
	for _, tt := range tests {
		t.Run(filepath.Base(tt.path), func(t *testing.T) {
			if _, err := os.Stat(tt.path); err != nil {
				objtest.Missing(t, tt.path, "apt-get install -y libc6-dev libstdc++-12-dev llvm-dev")
			}
			if got := strings.Contains(objtest.Run(t, ".", "nm", tt.path), "morestack"); got != tt.fools {
				t.Errorf("nm finds morestack: %v, want %v", got, tt.fools)
			}
			r := auditPaths(t, tt.path)
			if len(r.Objects) < tt.objects {
				t.Errorf("%d objects, want at least %d", len(r.Objects), tt.objects)
			}
			for _, o := range r.Objects {
				if o.Verdict != finding.Clean || len(o.Findings) > 0 {
					t.Errorf("%s(%s): %s %+v", o.Path, o.Member, o.Verdict, o.Findings)
				}
			}
		})
	}
}

// TestWholeSystem audits everything below /usr/lib and /usr/bin: violations are
// in files of gccgo's packages and nowhere else, and all the archives there
// could be decided.
func TestWholeSystem(t *testing.T) {
	objtest.Tool(t, "gccgo-12")
	r := auditPaths(t, "/usr/lib", "/usr/bin")
	files := map[string]bool{}
	for _, o := range r.Objects {
		if o.Verdict == finding.Violation {
			files[o.Path] = true
		}
		if o.Verdict == finding.Unauditable && filepath.Ext(o.Path) == ".a" {
			t.Errorf("%s(%s): %+v", o.Path, o.Member, o.Findings)
		}
	}
	if len(files) < 9 {
		t.Errorf("violations in %d files, want libgo.a, libgo.so and the programs of gccgo", len(files))
	}
	for path := range files {
		out, err := exec.Command("dpkg", "-S", path).Output()
		if err != nil || !regexp.MustCompile(`^(gccgo|libgo)`).Match(out) {
			t.Errorf("%s is a violation, and not gccgo's (dpkg -S: %s)", path, out)
		}
	}
	s := r.Summarize()
	t.Logf("%d objects in %d files, %d MB: %d violations, in %d files", s.Objects, s.Files, s.Bytes>>20, s.Violations, len(files))
}
