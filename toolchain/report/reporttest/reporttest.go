// Package reporttest has reports for the tests of printers: the kinds of report
// that there are, and one whose names try to break out of what they are printed
// in.
package reporttest

import (
	"fmt"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// Object is an object with findings; the gravest decides its verdict.
func Object(path, member string, index int, findings ...finding.Finding) finding.Object {
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

// Guards is NS001 for a number of functions with names and sources.
func Guards(functions int) finding.Finding {
	message := fmt.Sprintf("%d functions check for a split stack on entry", functions)
	if functions == 1 {
		message = "1 function checks for a split stack on entry"
	}
	f := finding.Finding{
		ID: finding.NS001, Level: finding.Error, Message: message,
		Evidence: []finding.Evidence{{Kind: finding.EvidenceGuard, Detail: "cmp %fs:0x70,%rsp; jb", Section: ".text"}},
	}
	for i := range functions {
		f.Functions = append(f.Functions, finding.Function{
			Name: fmt.Sprintf("_Z4work%di", i), Demangled: fmt.Sprintf("work%d(int)", i),
			File: "src/work.cc", Line: 10 * (i + 1), Offset: uint64(i) * 0x40,
		})
	}
	return f
}

// Truncated is NS007.
func Truncated() finding.Finding {
	return finding.Finding{ID: finding.NS007, Level: finding.Error, Message: "the section header table lies beyond the end of the file"}
}

// NoteOnly is NS004.
func NoteOnly() finding.Finding {
	return finding.Finding{ID: finding.NS004, Level: finding.Warning, Message: "was compiled with -fsplit-stack, though no function in it checks for a split stack"}
}

// RuntimeNote is NS005.
func RuntimeNote() finding.Finding {
	return finding.Finding{ID: finding.NS005, Level: finding.Note, Message: "holds libgcc's split-stack runtime, and no function that needs it"}
}

// Allowed is a finding that a policy allows.
func Allowed(f finding.Finding) finding.Finding {
	f.Suppressed = &finding.Suppression{Reason: "vendor fix promised, ticket 1234", Expires: "2027-03-31", By: "nosplit.yaml:5"}
	return f
}

// Hostile names try to end a string, to start a line or a link, and to drive a
// terminal.
const Hostile = "a\x00\x1b]0;t\x07\r\n::set-output name=x::y\u202e\u009b\U000e0041\xff\xfe]]>\"'<&>\\ [c](http://e.example) {0} ##[set-env name=x]y #\u034f#[debug]"

// Cases are the reports by name.
var Cases = map[string]*finding.Report{
	"empty": {},
	"clean": {
		Files: 2, Bytes: 1_200_000,
		Objects: []finding.Object{Object("a.o", "", 0), Object("libgcc.a", "morestack.o", 0, RuntimeNote()), Object("libgcc.a", "c.o", 1)},
		Skipped: []finding.Skipped{{Path: "libgcc.a", Member: "readme.txt", Index: 2, Reason: "not an ELF object: text"}},
	},
	"mixed": {
		Files: 5, Bytes: 5_512_345_678,
		Objects: []finding.Object{
			Object("build/cut.o", "", 0, Truncated()),
			Object("build/data.o", "", 0, NoteOnly()),
			Object("build/legacy.o", "", 0, Allowed(Guards(2)), NoteOnly()),
			Object("third_party/libco.a", "b.o", 0, Guards(1)),
			Object("third_party/libco.a", "b.o", 1),
			Object("third_party/libco.a", "switch.o", 2, Guards(5)),
			Object("third_party/libco.a", "b.o", 3, Guards(1)),
		},
		Errors: []finding.InputError{{Path: "gone.o", Message: "no such file or directory: check the path"}},
	},
	"places": {
		Files: 6,
		Objects: []finding.Object{
			Object("../other/x.o", "", 0, Truncated()),
			Object("./a//b/../c 100%#?é.o", "", 0, Truncated()),
			Object("/elsewhere/libz.a", "m.o", 0, finding.Finding{
				ID: finding.NS001, Level: finding.Error, Message: "5 functions check for a split stack on entry",
				Functions: []finding.Function{
					{Name: "f", Demangled: "f", File: "/w/repo/src/f.c", Line: 3},
					{Name: "g", Demangled: "g", File: "/usr/src/g.c", Line: 4},
					{Name: "h", Demangled: "h", File: "../h.c", Line: 5},
					{Name: "i", Demangled: "i", File: `C:\src\i.c`, Line: 6},
					{Name: "j", Demangled: "j", File: "no-line.c"},
				},
			}),
			Object("/w/repo/in.o", "", 0, Truncated()),
			Object("/w/repository/near.o", "", 0, Truncated()),
			Object("a:b.o", "", 0, Truncated()),
		},
		Errors: []finding.InputError{{Path: "/w/repo", Message: "the directory holds no ELF object"}},
	},
	"go": {
		Files: 1,
		Objects: []finding.Object{{
			Path: "bin/app", Format: "elf-executable", Machine: "x86-64", Verdict: finding.Violation,
			Findings: []finding.Finding{
				{
					ID: finding.NS001, Level: finding.Error, Message: "2 functions check for a split stack on entry",
					Functions: []finding.Function{{Offset: 0x401000}, {Offset: 0x401040}},
				},
				{ID: finding.NS008, Level: finding.Error, Message: "needs liba.so, which is a violation"},
				{ID: finding.NS008, Level: finding.Error, Message: "needs libb.so, which is a violation"},
				RuntimeNote(),
			},
			Go: &finding.GoBuild{Compiler: "gc", Version: "go1.27.3", Path: "example.org/app", LinkMode: "external", Cgo: "yes",
				Settings: []finding.GoSetting{{Key: "CGO_CFLAGS", Value: "-O2"}}},
		}},
	},
	"hostile": {
		Files: 2,
		Objects: []finding.Object{
			{
				Path: Hostile, Member: Hostile, Format: Hostile, Machine: Hostile, Verdict: finding.Violation,
				Findings: []finding.Finding{{
					ID: finding.NS001, Level: finding.Error, Message: Hostile, Suppressed: &finding.Suppression{Reason: Hostile, Expires: Hostile, By: Hostile},
					Functions: []finding.Function{
						{Name: Hostile, Demangled: "operator[](int)", File: Hostile, Line: 3},
						{Name: Hostile, Demangled: "operator[](int)", File: Hostile, Line: 3},
						{Name: strings.Repeat("very_", 100) + "long", File: strings.Repeat("d/", 5000) + "f.c", Line: 1},
						{File: "f.c", Line: 1 << 40},
						{},
					},
				}},
				Go: &finding.GoBuild{Compiler: Hostile, Version: Hostile, Path: Hostile, LinkMode: Hostile, Cgo: Hostile},
			},
			Object(strings.Repeat("long/", 200)+"x.o", strings.Repeat("m", 1000), 7, finding.Finding{
				ID: "NS999", Level: finding.Warning, Message: strings.Repeat("é", 1000),
			}),
		},
		Errors: []finding.InputError{{Path: Hostile, Message: Hostile}},
	},
}

// FuzzReport has the names at every place that a name can have.
func FuzzReport(path, member, function, source string, line int) *finding.Report {
	f := finding.Finding{
		ID: finding.NS001, Level: finding.Error, Message: function,
		Functions: []finding.Function{
			{Name: function, Demangled: function, File: source, Line: line},
			{Name: member, Demangled: function, File: path, Line: 1},
			{Name: function, Demangled: function, File: source, Line: line},
		},
	}
	suppressed := f
	suppressed.Suppressed = &finding.Suppression{Reason: function, Expires: member, By: path}
	o := Object(path, member, 0, f, f, suppressed, RuntimeNote())
	o.Format, o.Machine = source, member
	o.Go = &finding.GoBuild{Compiler: function, Version: member, Path: path, LinkMode: source, Cgo: function}
	return &finding.Report{
		Files:   1,
		Objects: []finding.Object{o, o},
		Errors:  []finding.InputError{{Path: path, Message: function}},
		Skipped: []finding.Skipped{{Path: path, Member: member, Reason: function}},
	}
}
