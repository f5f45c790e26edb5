// Package corpus_test judges every kind of object that the audit claims to
// know: each row has the command that makes it, the verdict and the findings.
//
//	go test -v ./tests/corpus
//
// prints the table. The commands run in a directory with the sources of
// testdata; a compiler that is missing is a failure, and says which package
// brings it.
package corpus_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/audit"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// row is one object, or archive, or linked file.
type row struct {
	name string
	// tools are the programs that the command needs.
	tools string
	// command is run by sh; it makes the file called out.
	command string
	// verdict is that of the file, or of the gravest of its members; "skipped"
	// for one that holds no object.
	verdict string
	// findings are the IDs in all members together, sorted, each once.
	findings string
	// functions are those of the findings at level error, sorted; "#3" stands
	// for three without names, "*" does not look at them.
	functions string
}

const (
	all    = "large leaf small"
	framed = "large small"
)

// rows is grouped as the kinds of evidence are.
func rows() []row {
	var rows []row
	add := func(r ...row) { rows = append(rows, r...) }

	// What compilers emit, by machine.
	for _, o := range []string{"-O0", "-O2", "-Os"} {
		add(
			row{"gcc x86-64 " + o, "gcc", "gcc " + o + " -fsplit-stack -c t.c -o out", "violation", "NS001", all},
			row{"gcc i386 " + o, "gcc", "gcc -m32 " + o + " -fsplit-stack -c t.c -o out", "violation", "NS001", all},
			row{"gcc x32 " + o, "gcc", "gcc -mx32 " + o + " -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		)
		want := framed
		if o == "-O0" {
			want = all // leaves have a frame then
		}
		for _, m := range []string{"s390x-linux-gnu-gcc", "s390x-linux-gnu-gcc -m31"} {
			add(row{m + " " + o, "s390x-linux-gnu-gcc", m + " " + o + " -fsplit-stack -c t.c -o out", "violation", "NS001", want})
		}
		for _, m := range []string{"powerpc64le-linux-gnu-gcc", "powerpc64-linux-gnu-gcc"} {
			add(row{m + " " + o, m, m + " " + o + " -fsplit-stack -c t.c -o out", "violation", "NS001", want})
		}
		for _, clang := range clangs {
			for _, m := range []string{"x86_64-linux-gnu", "i386-linux-gnu", "x86_64-linux-gnux32", "x86_64-linux-musl", "x86_64-unknown-freebsd14", "arm-linux-gnueabihf", "armv7-linux-androideabi", "armv4t-linux-gnueabi"} {
				want := want
				if strings.Contains(m, "freebsd") {
					want = all // frame pointers are kept there
				}
				add(row{clang + " " + m + " " + o, clang, clang + " --target=" + m + " " + o + " -fsplit-stack -c t.c -o out", "violation", "NS001", want})
			}
			add(row{clang + " Thumb " + o, clang, clang + " --target=armv7-linux-gnueabihf -mthumb " + o + " -fsplit-stack -c t.c -o out", "violation", "NS001", want})
			add(row{clang + " Thumb-1 " + o, clang, clang + " --target=armv4t-linux-gnueabi -mthumb " + o + " -fsplit-stack -c t.c -o out", "violation", "NS001", want})
			for _, m := range []string{"aarch64", "riscv64", "s390x", "powerpc64le", "powerpc64", "mips64el"} {
				add(row{clang + " " + m + " ignores the flag " + o, clang, clang + " --target=" + m + "-linux-gnu " + o + " -fsplit-stack -c t.c -o out", "clean", "NS004", ""})
			}
		}
	}
	add(
		row{"clang-19 loongarch64 ignores the flag", "clang-19", "clang-19 --target=loongarch64-linux-gnu -O2 -fsplit-stack -c t.c -o out", "clean", "NS004", ""},
		row{"s390: a frame beyond the immediates", "s390x-linux-gnu-gcc", "s390x-linux-gnu-gcc -m31 -O2 -fsplit-stack -c frame.c -o out", "violation", "NS001", "frame"},
		row{"s390x: a frame beyond the immediates", "s390x-linux-gnu-gcc", "s390x-linux-gnu-gcc -O2 -fsplit-stack -c frame.c -o out", "violation", "NS001", "frame"},
		row{"ppc64le: a frame beyond the immediates", "powerpc64le-linux-gnu-gcc", "powerpc64le-linux-gnu-gcc -O2 -fsplit-stack -c frame.c -o out", "violation", "NS001", "frame"},
		row{"s390x: VLA", "s390x-linux-gnu-gcc", "s390x-linux-gnu-gcc -O2 -fsplit-stack -c vla.c -o out", "violation", "NS001", "vla"},
		row{"ppc64: VLA", "powerpc64-linux-gnu-gcc", "powerpc64-linux-gnu-gcc -O2 -fsplit-stack -c vla.c -o out", "violation", "NS001", "vla"},
		row{"gcc: VLA", "gcc", "gcc -O2 -fsplit-stack -c vla.c -o out", "violation", "NS001", "vla"},
		row{"gcc: a frame beyond 2 GiB", "gcc", "gcc -O2 -mcmodel=medium -fsplit-stack -c huge.c -o out", "violation", "NS001", "huge"},
		row{"gcc -mcmodel=large", "gcc", "gcc -O2 -mcmodel=large -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"gcc -mcmodel=medium", "gcc", "gcc -O2 -mcmodel=medium -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"gcc i386: fastcall, thiscall", "gcc", "gcc -m32 -O2 -fsplit-stack -c variants.c -o out", "violation", "NS001", "fast plain thisc"},
		row{"gcc i386: regparm(2)", "gcc", "gcc -m32 -mregparm=2 -O2 -fsplit-stack -c variants.c -o out", "violation", "NS001", "fast plain thisc"},
		row{"clang i386: fastcall, thiscall", "clang", "clang -m32 -O2 -fsplit-stack -c variants.c -o out", "violation", "NS001", "fast plain thisc"},
		row{"gcc -fPIC", "gcc", "gcc -O2 -fPIC -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"gcc -fcf-protection", "gcc", "gcc -O2 -fcf-protection=full -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"gcc -pg -mfentry", "gcc", "gcc -O2 -pg -mfentry -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"gcc -fpatchable-function-entry", "gcc", "gcc -O2 -fpatchable-function-entry=8 -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"gcc -fstack-clash-protection", "gcc", "gcc -O2 -fstack-clash-protection -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"gcc -fsanitize=address", "gcc", "gcc -O2 -fsanitize=address -fsplit-stack -c t.c -o out", "violation", "NS001", "*"},
	)
	for _, clang := range clangs {
		add(
			row{clang + " -mcmodel=large", clang, clang + " -O2 -mcmodel=large -fsplit-stack -c t.c -o out", "violation", "NS001", framed},
			row{clang + " -mcmodel=large -fPIC", clang, clang + " -O2 -mcmodel=large -fPIC -fsplit-stack -c t.c -o out", "violation", "NS001", framed},
		)
	}

	// Which flag and which attribute win.
	for _, cc := range append([]string{"gcc"}, clangs...) {
		want := all
		if cc != "gcc" {
			want = framed
		}
		add(
			row{cc + ": no flag", cc, cc + " -O2 -c t.c -o out", "clean", "", ""},
			row{cc + ": on, off", cc, cc + " -O2 -fsplit-stack -fno-split-stack -c t.c -o out", "clean", "", ""},
			row{cc + ": off, on", cc, cc + " -O2 -fno-split-stack -fsplit-stack -c t.c -o out", "violation", "NS001", want},
			row{cc + ": no_split_stack for one", cc, cc + " -O2 -fsplit-stack -c mixed.c -o out", "violation", "NS001", "small"},
			row{cc + ": assembler source", cc, cc + " -fsplit-stack -c bare.S -o out", "clean", "NS009", ""},
		)
	}
	add(
		row{"gcc: no_split_stack for all", "gcc", "gcc -O2 -fsplit-stack -c nosplit.c -o out", "clean", "NS004", ""},
		row{"gcc: data only", "gcc", "gcc -fsplit-stack -c data.c -o out", "clean", "NS004", ""},
		row{"clang: no_split_stack for all", "clang", "clang -O2 -fsplit-stack -c nosplit.c -o out", "clean", "", ""},
		row{"clang: data only", "clang", "clang -fsplit-stack -c data.c -o out", "clean", "", ""},
		row{"clang: frameless leaf only", "clang", "clang -O2 -fsplit-stack -c leaf.c -o out", "clean", "NS004", ""},
	)

	// Link-time optimization.
	add(
		row{"gcc slim LTO", "gcc", "gcc -O2 -flto -fsplit-stack -c t.c -o out", "unauditable", "NS003", ""},
		row{"gcc slim LTO without the flag", "gcc", "gcc -O2 -flto -c t.c -o out", "unauditable", "NS003", ""},
		row{"gcc fat LTO", "gcc", "gcc -O2 -flto -ffat-lto-objects -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"gcc fat LTO without the flag", "gcc", "gcc -O2 -flto -ffat-lto-objects -c t.c -o out", "clean", "", ""},
		row{"gcc LTO, the flag when compiling only", "gcc", "gcc -O2 -flto -fsplit-stack -c t.c && gcc -O2 -flto -c main.c && gcc -O2 -flto t.o main.o -o out", "clean", "", ""},
		row{"gcc LTO, the flag when linking only", "gcc", "gcc -O2 -flto -fno-inline -c t.c && gcc -O2 -flto -c main.c && gcc -O2 -flto -fsplit-stack t.o main.o -o out", "violation", "NS001", "*"},
	)
	for _, clang := range clangs {
		add(
			row{clang + " LTO", clang, clang + " -O2 -flto -fsplit-stack -c t.c -o out", "violation", "NS002", all},
			row{clang + " thin LTO", clang, clang + " -O2 -flto=thin -fsplit-stack -c t.c -o out", "violation", "NS002", all},
			row{clang + " LTO without the flag", clang, clang + " -O2 -flto -c t.c -o out", "clean", "", ""},
			row{clang + " LTO: declarations do not count", clang, clang + " -O2 -flto -fsplit-stack -c declared.c -o out", "clean", "", ""},
			row{clang + " LTO: no_split_stack for one", clang, clang + " -O2 -flto -fsplit-stack -c mixed.c -o out", "violation", "NS002", "small"},
			row{clang + " LTO in an archive", clang + " ar", clang + " -O2 -flto -fsplit-stack -c t.c && ar rcS out t.o", "violation", "NS002", all},
			row{clang + " LTO for ARM", clang, clang + " --target=arm-linux-gnueabihf -O2 -flto -fsplit-stack -c t.c -o out", "violation", "NS002", all},
			row{clang + " LTO for a machine that ignores the flag", clang, clang + " --target=aarch64-linux-gnu -O2 -flto -fsplit-stack -c t.c -o out", "clean", "NS004", ""},
		)
	}
	add(
		row{"clang-19 fat LTO", "clang-19", "clang-19 -O2 -flto -ffat-lto-objects -fsplit-stack -c t.c -o out", "violation", "NS001 NS002", all},
		row{"clang-19 fat LTO without the flag", "clang-19", "clang-19 -O2 -flto -ffat-lto-objects -c t.c -o out", "clean", "", ""},
	)

	// Linked, by linker; stripped; without section headers.
	const split = "gcc -O2 -fPIC -fsplit-stack -c t.c && gcc -O2 -fPIC -c main.c && "
	for _, linker := range []string{"bfd", "gold", "lld"} {
		for _, how := range []string{"", "-no-pie", "-static", "-shared"} {
			link := split + "gcc -fuse-ld=" + linker + " " + how + " t.o main.o -o out"
			stripped := "#3"
			if how == "-shared" {
				stripped = all // what a library exports keeps its name
			}
			add(
				row{"linked by " + linker + " " + how, "gcc ld." + linker, link, "violation", "NS001", all},
				row{"linked by " + linker + " " + how + ", stripped", "gcc strip ld." + linker, link + " && strip out", "violation", "NS001", stripped},
			)
		}
	}
	add(
		row{"linked for i386 by gold", "gcc ld.gold", "gcc -m32 -O2 -fsplit-stack -c t.c && gcc -m32 -O2 -c main.c && gcc -m32 -fuse-ld=gold t.o main.o -o out", "violation", "NS001", all},
		row{"linked for i386, stripped", "gcc strip", "gcc -m32 -O2 -fsplit-stack -c t.c && gcc -m32 -O2 -c main.c && gcc -m32 t.o main.o -o out && strip out", "violation", "NS001", "#3"},
		row{"ld -r with the runtime, its symbols local", "gcc objcopy", "gcc -O2 -fsplit-stack -c t.c && gcc -nostdlib -r -o out t.o $(gcc -print-libgcc-file-name) && objcopy --keep-global-symbol=small out", "violation", "NS001", all},
		row{"runtime without split code", "gcc", "gcc -O2 usesapi.c -o out", "clean", "NS005", ""},
		row{"runtime without split code, stripped", "gcc", "gcc -O2 -s usesapi.c -o out", "clean", "NS005", ""},
		row{"linked without the flag", "gcc", "gcc -O2 t.c main.c -o out", "clean", "", ""},
	)
	for _, cc := range []string{"s390x-linux-gnu-gcc", "powerpc64le-linux-gnu-gcc", "powerpc64-linux-gnu-gcc"} {
		// A library of its own: the guards alone, without the runtime.
		link := cc + " -O2 -fPIC -fsplit-stack -c t.c && " + cc + " -O2 -fPIC -c start.c && " + cc + " -nostdlib -shared t.o start.o -o out"
		program := cc + " -O2 -fsplit-stack -c t.c && " + cc + " -O2 -c start.c && " + cc + " -nostdlib -nostartfiles -static t.o start.o -o out"
		add(
			row{"linked by " + cc, cc, link, "violation", "NS001", framed},
			row{"linked by " + cc + ", stripped", cc, link + " && " + strings.TrimSuffix(cc, "gcc") + "strip out", "violation", "NS001", framed},
			row{"static program by " + cc, cc, program, "violation", "NS001", framed},
			row{"static program by " + cc + ", stripped", cc, program + " && " + strings.TrimSuffix(cc, "gcc") + "strip out", "violation", "NS001", "#2"},
			row{"linked by " + cc + " without the flag", cc, strings.ReplaceAll(link, " -fsplit-stack", ""), "clean", "", ""},
		)
	}

	// What hides, and what only looks alike.
	const object = "gcc -O2 -fsplit-stack -c t.c -o out && "
	add(
		row{"notes removed", "gcc objcopy", object + "objcopy -R .note.GNU-split-stack -R .note.GNU-no-split-stack out", "violation", "NS001", all},
		row{"symbol renamed", "gcc objcopy", object + "objcopy --redefine-sym __morestack=harmless out", "violation", "NS001", all},
		row{"symbol renamed and notes removed", "gcc objcopy", object + "objcopy --redefine-sym __morestack=harmless -R .note.GNU-split-stack out", "violation", "NS001", all},
		row{"stripped object", "gcc strip", object + "strip -s out", "violation", "NS001", "#3"},
		row{"compact relocations", "clang-19", "clang-19 -O2 -fsplit-stack -Wa,--crel,--allow-experimental-crel -c t.c -o out", "violation", "NS001", framed},
		row{"compact relocations, call without a guard", "clang-19", "clang-19 -Wa,--crel,--allow-experimental-crel -c bare.S -o out", "clean", "NS009", ""},
		row{"call without a guard", "gcc", "gcc -c bare.S -o out", "clean", "NS009", ""},
		row{"context API", "gcc", "gcc -O2 -c context.c -o out", "clean", "NS006", ""},
		row{"weak, data and text references", "gcc", "gcc -O2 -c lookalike.c -o out", "clean", "", ""},
		row{"a function of that name", "gcc", "gcc -O2 -c static.c -o out", "clean", "", ""},
		row{"Go program", "go", "cp main.go.txt main.go && cp go.mod.txt go.mod && GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 go build -o out .", "clean", "", ""},
		row{"libgcc.a", "gcc", "cp $(gcc -print-libgcc-file-name) out", "clean", "NS005", ""},
		row{"libgcc.a for s390x", "s390x-linux-gnu-gcc", "cp $(s390x-linux-gnu-gcc -print-libgcc-file-name) out", "clean", "NS005", ""},
		row{"libgcc.a for ppc64le", "powerpc64le-linux-gnu-gcc", "cp $(powerpc64le-linux-gnu-gcc -print-libgcc-file-name) out", "clean", "NS005", ""},
		row{"libgcc.a for aarch64", "aarch64-linux-gnu-gcc", "cp $(aarch64-linux-gnu-gcc -print-libgcc-file-name) out", "clean", "", ""},
	)

	// Containers.
	const members = "gcc -O2 -fsplit-stack -c t.c && gcc -O2 -c main.c && "
	add(
		row{"archive", "gcc ar", members + "ar rcs out t.o main.o", "violation", "NS001", all},
		row{"thin archive", "gcc ar", members + "ar rcsT out t.o main.o", "violation", "NS001", all},
		row{"thin archive of an archive", "gcc ar", members + "ar rcs in.a t.o main.o && ar rcsT out in.a", "violation", "NS001", all},
		row{"thin archive with a missing member", "gcc ar", members + "ar rcsT out main.o t.o && rm main.o", "violation", "NS001 NS007", all},
		row{"archive in an archive", "gcc ar", members + "ar rcs in.a t.o main.o && ar rcs out in.a", "violation", "NS001", all},
		row{"BSD archive", "gcc llvm-ar", members + "llvm-ar --format=bsd rcs out t.o main.o", "violation", "NS001", all},
		row{"Darwin archive", "gcc llvm-ar", members + "llvm-ar --format=darwin rcs out t.o main.o", "violation", "NS001", all},
		row{"archive with a 64-bit index", "gcc llvm-ar", members + "SYM64_THRESHOLD=1 llvm-ar rcs out t.o main.o", "violation", "NS001", all},
		row{"two members of one name", "gcc ar", members + "mkdir d && mv t.o d/main.o && ar qcs out main.o d/main.o", "violation", "NS001", all},
		row{"machines mixed", "gcc ar s390x-linux-gnu-gcc", "gcc -O2 -c t.c && s390x-linux-gnu-gcc -O2 -fsplit-stack -c t.c -o z.o && gcc -m32 -O2 -c t.c -o i.o && ar rcs out t.o z.o i.o", "violation", "NS001", framed},
		row{"text in an archive", "gcc ar", members + "ar rcs out main.o t.c", "clean", "", ""},
		row{"empty archive", "ar", "ar rcs out", "skipped", "", ""},
		row{"truncated archive", "gcc ar", members + "ar rcs full t.o main.o && head -c $(($(stat -c %s full)-20)) full >out", "violation", "NS001 NS007", all},
		row{"truncated object", "gcc", "gcc -O2 -fsplit-stack -c t.c && head -c 700 t.o >out", "unauditable", "NS007", ""},
		row{"many sections", "gcc", manySections, "violation", "NS001", "*"},
		row{"compressed debug information", "gcc", "gcc -O2 -g -gz=zlib -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"zstd debug information", "clang-19", "clang-19 -O2 -g -gz=zstd -fsplit-stack -c t.c -o out", "violation", "NS001", framed},
		row{"split debug information, the object", "gcc", "gcc -O2 -g -gsplit-dwarf -fsplit-stack -c t.c -o out", "violation", "NS001", all},
		row{"split debug information, the .dwo", "gcc", "gcc -O2 -g -gsplit-dwarf -fsplit-stack -c t.c && mv t.dwo out", "skipped", "", ""},
		row{"Mach-O", "clang", "clang --target=x86_64-apple-macosx -O2 -fsplit-stack -c t.c -o out", "skipped", "", ""},
		row{"COFF", "clang", "clang --target=x86_64-w64-mingw32 -O2 -c t.c -o out", "skipped", "", ""},
		row{"WebAssembly", "clang", "clang --target=wasm32 -O2 -c t.c -o out", "skipped", "", ""},
	)
	return rows
}

// clangs are the versions of Debian 12: the default, and the newest.
var clangs = []string{"clang", "clang-19"}

// manySections is an object with more sections than sixteen bits count, whose
// last function is split.
const manySections = `(i=0; while [ $i -lt 66000 ]; do echo ".section .text.s$i,\"ax\",@progbits; .byte 0xc3"; i=$((i+1)); done) >many.s &&
	gcc -c many.s && gcc -O2 -ffunction-sections -fsplit-stack -c t.c && ld -r --unique many.o t.o -o out`

func TestCorpus(t *testing.T) {
	var lines []string
	t.Run("rows", func(t *testing.T) {
		for _, r := range rows() {
			lines = append(lines, fmt.Sprintf("%-11s  %-11s  %-46s  %s", r.verdict, r.findings, r.name, strings.Join(strings.Fields(r.command), " ")))
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				r.check(t)
			})
		}
	})
	t.Logf("%d rows\n%s", len(lines), strings.Join(lines, "\n"))
}

func (r row) check(t *testing.T) {
	for _, tool := range strings.Fields(r.tools) {
		objtest.Tool(t, tool)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-e", "-c", r.command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", r.command, err, out)
	}
	report := audit.Run(context.Background(), []string{filepath.Join(dir, "out")}, audit.Options{Jobs: 1})
	verdict, ids, functions := digest(report)
	if verdict != r.verdict || ids != r.findings || r.functions != "*" && functions != r.functions {
		t.Errorf("%s\nverdict %s, findings %q, functions %q; want %s, %q, %q\n%+v\n%+v", r.command,
			verdict, ids, functions, r.verdict, r.findings, r.functions, report.Objects, report.Skipped)
	}
}

// digest is what a row compares.
func digest(report *finding.Report) (verdict, ids, functions string) {
	verdict = "skipped"
	var all, names []string
	weight := map[finding.Verdict]int{finding.Clean: 1, finding.Unauditable: 2, finding.Violation: 3}
	gravest := 0
	for _, o := range report.Objects {
		if w := weight[o.Verdict]; w > gravest {
			gravest, verdict = w, string(o.Verdict)
		}
		for _, f := range o.Findings {
			all = append(all, string(f.ID))
			if f.Level != finding.Error {
				continue
			}
			for _, fn := range f.Functions {
				names = append(names, fn.Name)
			}
		}
	}
	unnamed := len(names)
	for _, name := range names {
		if name != "" {
			unnamed = 0
		}
	}
	sorted := func(s []string) string {
		slices.Sort(s)
		return strings.Join(slices.Compact(s), " ")
	}
	if unnamed > 0 {
		return verdict, sorted(all), fmt.Sprintf("#%d", unnamed)
	}
	return verdict, sorted(all), sorted(names)
}
