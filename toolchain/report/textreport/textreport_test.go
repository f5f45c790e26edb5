package textreport

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

func guardFinding(functions int) finding.Finding {
	f := finding.Finding{
		ID: finding.NS001, Level: finding.Error,
		Message: fmt.Sprintf("split-stack guards in %s", plural(functions, "function", "functions")),
	}
	for i := range functions {
		f.Functions = append(f.Functions, finding.Function{
			Name: fmt.Sprintf("_Z4work%d", i), Demangled: fmt.Sprintf("work%d(int)", i),
			File: "src/work.cc", Line: 10 * (i + 1), Offset: uint64(i) * 0x40, FrameBytes: uint64(i%3) * 1000,
		})
		f.Evidence = append(f.Evidence, finding.Evidence{
			Kind: finding.EvidenceGuard, Detail: "cmp %fs:0x70,%rsp; jb", Section: ".text", Offset: uint64(i) * 0x40,
		})
	}
	return f
}

func elf(path, member string, index int, findings ...finding.Finding) finding.Object {
	o := finding.Object{
		Path: path, Member: member, Index: index,
		Format: "elf-relocatable", Machine: "x86-64", Verdict: finding.Clean, Findings: findings,
	}
	for _, f := range findings {
		if f.Level == finding.Error {
			r, _ := finding.Lookup(f.ID)
			o.Verdict = r.Verdict
		}
	}
	return o
}

func allowedBy(f finding.Finding) finding.Finding {
	f.Suppressed = &finding.Suppression{Reason: "vendor fix promised, ticket 1234", Expires: "2027-03-31", By: "nosplit.yaml:5"}
	return f
}

func truncated() finding.Finding {
	return finding.Finding{
		ID: finding.NS007, Level: finding.Error, Message: "the section header table lies beyond the end of the file",
		Evidence: []finding.Evidence{{Kind: finding.EvidenceFormat, Detail: "e_shoff 4096, size 500", Offset: 40}},
	}
}

func noteOnly() finding.Finding {
	return finding.Finding{
		ID: finding.NS004, Level: finding.Warning, Message: "compiled with -fsplit-stack, no split code in it",
		Evidence: []finding.Evidence{{Kind: finding.EvidenceNote, Detail: ".note.GNU-split-stack", Section: ".note.GNU-split-stack"}},
	}
}

func runtimeNote() finding.Finding {
	return finding.Finding{ID: finding.NS005, Level: finding.Note, Message: "the split-stack runtime is linked in"}
}

func inBaseline(f finding.Finding) finding.Finding {
	f.Suppressed = &finding.Suppression{Reason: "known: in the baseline", By: "known.json"}
	return f
}

func goProgram(path string, b finding.GoBuild, fs ...finding.Finding) finding.Object {
	o := elf(path, "", 0, fs...)
	o.Go = &b
	return o
}

func manyMembers(n int) finding.Report {
	r := finding.Report{Files: 1, Bytes: 123_456_789}
	for i := range n {
		r.Objects = append(r.Objects, elf("/usr/lib/libgo.a", fmt.Sprintf("member%d.o", i), i, guardFinding(1+i%4)))
	}
	r.Objects = append(r.Objects, elf("/usr/lib/libgo.a", "data.o", n, noteOnly()), elf("/usr/lib/libgo.a", "ok.o", n+1))
	return r
}

func manyFiles(n int) finding.Report {
	r := finding.Report{Files: n, Bytes: 1_999_999}
	for i := range n {
		r.Objects = append(r.Objects, elf(fmt.Sprintf("obj/file%03d.o", i), "", 0, guardFinding(1)))
	}
	return r
}

var cases = map[string]finding.Report{
	"empty": {},
	"clean": {
		Files: 2, Bytes: 1_200_000,
		Objects: []finding.Object{elf("a.o", "", 0), elf("libx.a", "b.o", 0, runtimeNote()), elf("libx.a", "c.o", 1)},
		Skipped: []finding.Skipped{{Path: "libx.a", Member: "readme.txt", Index: 2, Reason: "not an ELF object: text"}, {Path: "notes.txt", Reason: "not an ELF object: text", Walked: true}},
	},
	"mixed": {
		Files: 5, Bytes: 5_512_345_678,
		Objects: []finding.Object{
			elf("build/cut.o", "", 0, truncated()),
			elf("build/data.o", "", 0, noteOnly()),
			elf("build/legacy.o", "", 0, allowedBy(guardFinding(2)), noteOnly()),
			elf("build/ok.o", "", 0),
			elf("third_party/libco.a", "b.o", 0, guardFinding(1)),
			elf("third_party/libco.a", "b.o", 1),
			elf("third_party/libco.a", "switch.o", 2, guardFinding(12)),
			elf("third_party/libco.a", "b.o", 3, noteOnly()),
		},
		Errors: []finding.InputError{{Path: "gone.o", Message: "no such file"}},
	},
	"allowed": {
		Files: 1, Bytes: 999,
		Objects: []finding.Object{elf("build/legacy.o", "", 0, allowedBy(guardFinding(2)))},
	},
	"known": {
		Files: 1, Bytes: 999,
		Objects: []finding.Object{elf("build/legacy.o", "", 0, inBaseline(guardFinding(2)))},
	},
	"go": {
		Files: 4, Bytes: 12_345_678,
		Objects: []finding.Object{
			goProgram("app", finding.GoBuild{Compiler: "gc", Version: "go1.27.3", LinkMode: "external", Cgo: "yes",
				Settings: []finding.GoSetting{{Key: "CGO_ENABLED", Value: "1"}, {Key: "CGO_CFLAGS", Value: "-O2 -fsplit-stack"}}}, guardFinding(1)),
			goProgram("old", finding.GoBuild{Compiler: "gc"}),
			goProgram("pure", finding.GoBuild{Compiler: "gc", Version: "go1.26.8\x1b[0m", LinkMode: "internal", Cgo: "no"}),
			goProgram("usr/bin/gofmt-12", finding.GoBuild{Compiler: "gccgo", Version: "12.2.0", LinkMode: "external", Cgo: "no"}),
		},
	},
	"many_members": manyMembers(247),
	"many_files":   manyFiles(102),
	"hostile": {
		Files: 2,
		Objects: []finding.Object{
			{
				Path: "evil\x1b]0;owned\x07.o", Format: "elf\n", Machine: "x\r", Verdict: finding.Violation,
				Findings: []finding.Finding{{
					ID: finding.NS001, Level: finding.Error, Message: "m\x1b[31m",
					Functions: []finding.Function{
						{Name: "f\x1b[2J", Demangled: "f\x1b[2J", File: "a\u202eb.c", Line: 3},
						{Name: strings.Repeat("very_", 20) + "long"},
						{},
					},
					Evidence: []finding.Evidence{{Kind: "k\x00", Detail: "d\u009b", Section: "s\xff", Offset: 1}},
				}},
			},
			{
				Path: "lib.a", Member: "x\ny.o", Format: "f", Machine: "m", Verdict: finding.Violation,
				Findings: []finding.Finding{{
					ID: finding.NS001, Level: finding.Error, Message: "m",
					Suppressed: &finding.Suppression{Reason: "because\n\x1b[0m", Expires: "2027-01-01", By: "n\x1b.yaml:1"},
				}},
			},
		},
		Skipped: []finding.Skipped{{Path: "p\x1b", Member: "m\x1b", Reason: "r\x1b"}},
	},
}

func TestGolden(t *testing.T) {
	for name, report := range cases {
		for suffix, opt := range map[string]Options{"": {}, "_all": {All: true}, "_color": {Color: true}} {
			if suffix == "_color" && name != "mixed" && name != "clean" || suffix == "_all" && strings.HasPrefix(name, "many") {
				continue
			}
			t.Run(name+suffix, func(t *testing.T) {
				got := write(t, &report, opt)
				if again := write(t, &report, opt); got != again {
					t.Error("a second run differs")
				}
				reporttest.Golden(t, filepath.Join("testdata", name+suffix+".txt"), got)
			})
		}
	}
}

func TestNothingDrivesTheTerminal(t *testing.T) {
	for name, report := range cases {
		for _, opt := range []Options{{}, {All: true}} {
			got := write(t, &report, opt)
			for _, r := range got {
				if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\ufffd') {
					t.Errorf("%s (all=%t): %U in the output", name, opt.All, r)
				}
			}
		}
	}
}

func TestAllLeavesNothingOut(t *testing.T) {
	r := manyMembers(247)
	got := write(t, &r, Options{All: true})
	if strings.Contains(got, "…") {
		t.Error("--all shortens the report")
	}
	for _, o := range r.Objects {
		if !strings.Contains(got, "("+o.Member+"): ") {
			t.Errorf("%s is missing", o.Member)
		}
	}
}

func TestSummary(t *testing.T) {
	one := finding.Report{Files: 1, Bytes: 1, Objects: []finding.Object{elf("a.o", "", 0, guardFinding(1))}}
	mixed := cases["mixed"]
	for name, tt := range map[string]struct {
		report *finding.Report
		want   string
	}{
		"empty":    {&finding.Report{}, "0 objects in 0 files (0 B): 0 clean, 0 violations, 0 unauditable, 0 skipped"},
		"singular": {&one, "1 object in 1 file (1 B): 0 clean, 1 violation, 0 unauditable, 0 skipped"},
		"mixed":    {&mixed, "8 objects in 5 files (5.5 GB): 4 clean, 3 violations, 1 unauditable (1 allowed), 0 skipped, 1 path not audited"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Summary(tt.report); got != tt.want {
				t.Errorf("Summary:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 9949: "9.9 kB", 9951: "10 kB", 999_499: "999 kB", 999_500: "1.0 MB",
		5_512_345_678: "5.5 GB", 1<<63 - 1: "9.2 EB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	got := Wrap("fix: ", "     ", strings.Repeat("word ", 18)+strings.Repeat("x", 90)+" end")
	want := "fix: " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n     word word word\n     " +
		strings.Repeat("x", 90) + "\n     end\n"
	if got != want {
		t.Errorf("Wrap:\n got %q\nwant %q", got, want)
	}
}

func TestWriteReportsTheErrorOfTheWriter(t *testing.T) {
	full := errors.New("disk full")
	r := manyMembers(10)
	if err := Write(brokenWriter{full}, &r, Options{}); !errors.Is(err, full) {
		t.Errorf("err = %v, want %v", err, full)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func write(t *testing.T, r *finding.Report, opt Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
