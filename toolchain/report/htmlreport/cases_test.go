package htmlreport_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/htmlreport"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

func guards(functions int) finding.Finding {
	f := finding.Finding{
		ID: finding.NS001, Level: finding.Error, Message: fmt.Sprintf("%d functions check for a split stack on entry", functions),
		Evidence: []finding.Evidence{
			{Kind: finding.EvidenceGuard, Detail: "cmp %fs:0x70,%rsp; jb", Section: ".text", Offset: 64},
			{Kind: finding.EvidenceNote, Detail: ".note.GNU-split-stack", Section: ".note.GNU-split-stack"},
		},
	}
	for i := range functions {
		f.Functions = append(f.Functions, finding.Function{
			Name: fmt.Sprintf("_Z4work%di", i), Demangled: fmt.Sprintf("work%d(int)", i),
			File: "src/work.cc", Line: 10 * (i + 1), Offset: uint64(i) * 0x40, FrameBytes: uint64(i) * 8,
		})
	}
	return f
}

func truncated() finding.Finding {
	return finding.Finding{ID: finding.NS007, Level: finding.Error, Message: "the section header table lies beyond the end of the file",
		Evidence: []finding.Evidence{{Kind: finding.EvidenceFormat, Detail: "e_shoff", Offset: 40}}}
}

func noteOnly() finding.Finding {
	return finding.Finding{ID: finding.NS004, Level: finding.Warning, Message: "was compiled with -fsplit-stack, though no function in it checks for a split stack"}
}

func runtimeNote() finding.Finding {
	return finding.Finding{ID: finding.NS005, Level: finding.Note, Message: "holds libgcc's split-stack runtime, and no function that needs it"}
}

func allowed(f finding.Finding) finding.Finding {
	f.Suppressed = &finding.Suppression{Reason: "vendor fix promised, ticket 1234", Expires: "2027-03-31", By: "nosplit.yaml:5"}
	return f
}

// hostileNames try to end an element, an attribute or the script, to be a
// script themselves, and to change the order of what is read.
const hostileNames = "</script></style></title><script>alert(1)</script><img src=x onerror=alert(2)>\"'` onclick=alert(3) --><!-- ]]> &lt;&#x3c; {{.Policy}} " +
	"\x00\x1b[2J\r\n\t\u202egpj.o\u2066\u200b\u0085\U000e0041\xff\xfe\ufeff"

const javascriptURL = "javascript:alert(4)//"

func hostileReport(name string) *finding.Report {
	f := finding.Finding{
		ID: finding.NS001, Level: finding.Error, Message: name,
		Evidence: []finding.Evidence{{Kind: finding.EvidenceKind(name), Detail: name, Section: name, Offset: 1}},
		Functions: []finding.Function{
			{Name: name, Demangled: name + "()", File: name, Line: 3},
			{Name: name, File: name},
			{},
		},
	}
	suppressed := f
	suppressed.Suppressed = &finding.Suppression{Reason: name, Expires: name, By: name}
	unknown := finding.Finding{ID: finding.ID(name), Level: finding.Level(name), Message: name}
	return &finding.Report{
		Files: 1,
		Objects: []finding.Object{
			{
				Path: name, Member: name, Format: name, Machine: name, Verdict: finding.Violation,
				Findings: []finding.Finding{f, suppressed, unknown},
				Go: &finding.GoBuild{Compiler: name, Version: name, Path: name, LinkMode: name, Cgo: name,
					Settings: []finding.GoSetting{{Key: name, Value: name}}},
			},
			{Path: name, Member: name, Index: 1, Format: name, Machine: name, Verdict: finding.Verdict(name), Findings: []finding.Finding{unknown, f}},
		},
		Skipped: []finding.Skipped{{Path: name, Member: name, Reason: name}, {Path: name, Reason: name}},
		Errors:  []finding.InputError{{Path: name, Message: name}},
	}
}

func mixed() *finding.Report {
	r := &finding.Report{
		Files: 6, Bytes: 5_512_345_678,
		Objects: []finding.Object{
			{
				Path: "bin/app", Format: "elf-executable", Machine: "x86-64", Verdict: finding.Violation,
				Findings: []finding.Finding{
					runtimeNote(),
					{ID: finding.NS008, Level: finding.Error, Message: "needs libzip.so, which is a violation",
						Evidence: []finding.Evidence{{Kind: finding.EvidenceNeeded, Detail: "libzip.so", Section: ".dynamic", Offset: 0x3d0}}},
				},
				Go: &finding.GoBuild{Compiler: "gc", Version: "go1.27.3", Path: "example.org/app", LinkMode: "external",
					Settings: []finding.GoSetting{{Key: "CGO_CFLAGS", Value: "-O2"}}},
			},
			reporttest.Object("build/cut.o", "", 0, truncated()),
			reporttest.Object("build/data.o", "", 0, noteOnly()),
			reporttest.Object("build/legacy.o", "", 0, allowed(guards(2)), noteOnly()),
			reporttest.Object("build/plain.o", "", 0),
			reporttest.Object("third_party/libco.a", "b.o", 0, guards(1)),
			reporttest.Object("third_party/libco.a", "clean.o", 1),
			reporttest.Object("third_party/libco.a", "switch.o", 2, guards(5)),
			reporttest.Object("third_party/libco.a", "b.o", 3, guards(1)),
		},
		Skipped: []finding.Skipped{
			{Path: "third_party/libco.a", Member: "readme.txt", Index: 4, Reason: "not an ELF object: text"},
			{Path: "build/notes.txt", Reason: "not an ELF object: text", Walked: true},
		},
		Errors: []finding.InputError{{Path: "gone.o", Message: "no such file or directory: check the path"}},
	}
	return r
}

func cleanOnly() *finding.Report {
	return &finding.Report{
		Files: 2, Bytes: 1_200_000,
		Objects: []finding.Object{reporttest.Object("a.o", "", 0), reporttest.Object("libgcc.a", "morestack.o", 0, runtimeNote()), reporttest.Object("libgcc.a", "c.o", 1)},
	}
}

var cases = map[string]struct {
	report *finding.Report
	all    bool
}{
	"empty":   {&finding.Report{}, false},
	"clean":   {cleanOnly(), false},
	"mixed":   {mixed(), false},
	"all":     {mixed(), true},
	"hostile": {hostileReport(hostileNames), false},
	"script":  {hostileReport(javascriptURL), true},
}

// large has so many functions in archives of so many members.
func large(members, functions int) *finding.Report {
	r := &finding.Report{Files: members/100 + 1, Bytes: 1 << 30}
	for i := range members {
		r.Objects = append(r.Objects, reporttest.Object(fmt.Sprintf("lib/lib%03d.a", i/100), fmt.Sprintf("member%04d.o", i), i%100, guards(functions)))
	}
	return r
}

func write(t testing.TB, r *finding.Report, all bool) string {
	t.Helper()
	var b bytes.Buffer
	opt := htmlreport.Options{Tool: htmlreport.Tool{Name: "nosplit", Version: "1.2.3"}, All: all}
	if err := htmlreport.Write(&b, r, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// between returns what stands between two strings of the page and the page
// without it.
func between(t testing.TB, page, before, after string) (inner, rest string) {
	t.Helper()
	head, tail, ok := strings.Cut(page, before)
	inner, tail, ok2 := strings.Cut(tail, after)
	if !ok || !ok2 {
		t.Fatalf("no %s…%s in the page", before, after)
	}
	return inner, head + before + after + tail
}
