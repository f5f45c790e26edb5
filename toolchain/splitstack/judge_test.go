package splitstack_test

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
	"github.com/rules-nosplit/rules_nosplit/toolchain/splitstack"
)

// threeFunctions has a leaf, a function with a small frame and one with a
// large frame, and calls of code that is elsewhere.
const threeFunctions = `
void sink(void *);
int leaf(int a) { return a + 1; }
int small(int a) { char b[100]; sink(b); return b[a]; }
int large(int a) { char b[5000]; sink(b); return b[a]; }
`

// judge reads and judges one file.
func judge(t *testing.T, path string) []finding.Finding {
	t.Helper()
	f, err := elfobj.Open(objtest.Read(t, path))
	if err != nil {
		t.Fatal(err)
	}
	fds, err := splitstack.Judge(f, splitstack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return fds
}

func ids(fds []finding.Finding) string {
	var s []string
	for _, f := range fds {
		s = append(s, string(f.ID))
	}
	return strings.Join(s, " ")
}

func names(fds []finding.Finding, id finding.ID) string {
	var s []string
	for _, f := range fds {
		if f.ID == id {
			for _, fn := range f.Functions {
				s = append(s, fn.Name)
			}
		}
	}
	slices.Sort(s)
	return strings.Join(s, " ")
}

// TestCompiled judges what compilers make of one source. Clang guards only
// functions with a frame; gcc guards them all.
func TestCompiled(t *testing.T) {
	const all, framed = "large leaf small", "large small"
	tests := []struct {
		compiler, flags string
		ids, functions  string
	}{
		{"gcc", "-O2", "", ""},
		{"gcc", "-O2 -fno-split-stack", "", ""},
		{"gcc", "-O2 -fsplit-stack -fno-split-stack", "", ""},
		{"gcc", "-O2 -fno-split-stack -fsplit-stack", "NS001", all},
		{"gcc", "-O0 -fsplit-stack", "NS001", all},
		{"gcc", "-O1 -fsplit-stack", "NS001", all},
		{"gcc", "-O2 -fsplit-stack", "NS001", all},
		{"gcc", "-O3 -fsplit-stack", "NS001", all},
		{"gcc", "-Os -fsplit-stack", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fPIC", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fno-pic", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -ffunction-sections", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fcf-protection=full", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fcf-protection=none", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -pg -mfentry", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fno-pic -pg -mfentry", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -pg -mfentry -mnop-mcount -fno-pic", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fpatchable-function-entry=8", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fpatchable-function-entry=40,3", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fstack-protector-all", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fstack-clash-protection", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -fsanitize=address", "NS001", "_sub_I_00099_0 " + all},
		{"gcc", "-O2 -fsplit-stack -mcmodel=medium", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -mcmodel=large", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -mcmodel=large -fno-pic", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -Wa,-mbranches-within-32B-boundaries", "NS001", all},
		{"gcc", "-O2 -m32 -fsplit-stack -Wa,-mbranches-within-32B-boundaries", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -mfunction-return=thunk -fcf-protection=none", "NS001", all},
		{"gcc", "-O2 -m32", "", ""},
		{"gcc", "-O2 -m32 -fsplit-stack", "NS001", all},
		{"gcc", "-O0 -m32 -fsplit-stack -fno-pic", "NS001", all},
		{"gcc", "-O2 -m32 -fsplit-stack -mregparm=2", "NS001", all},
		{"gcc", "-O2 -m32 -fsplit-stack -fcf-protection=full -fpatchable-function-entry=4", "NS001", all},
		{"gcc", "-O2 -mx32", "", ""},
		{"gcc", "-O2 -mx32 -fsplit-stack", "NS001", all},
		{"gcc", "-O2 -fsplit-stack -g -gz=zlib", "NS001", all},
		{"gcc", "-O2 -flto -fsplit-stack", "NS003", ""},
		{"gcc", "-O2 -flto", "NS003", ""},
		{"gcc", "-O2 -flto -ffat-lto-objects -fsplit-stack", "NS001", all},
		{"gcc", "-O2 -flto -ffat-lto-objects", "", ""},

		{"clang", "-O2", "", ""},
		{"clang", "-O0 -fsplit-stack", "NS001", all},
		{"clang", "-O0 -m32 -fsplit-stack", "NS001", all},
		{"clang", "-O1 -fsplit-stack", "NS001", framed},
		{"clang", "-Os -fsplit-stack", "NS001", framed},
		{"clang", "-O2 -fsplit-stack", "NS001", framed},
		{"clang", "-O2 -fsplit-stack -fPIC", "NS001", framed},
		{"clang", "-O2 -fsplit-stack -fcf-protection=full", "NS001", framed},
		{"clang", "-O2 -fsplit-stack -mcmodel=large -fno-pic", "NS001", framed},
		{"clang", "-O2 -fsplit-stack -mcmodel=large -fPIC", "NS001", framed},
		{"clang", "-O2 -fsplit-stack -mbranches-within-32B-boundaries", "NS001", framed},
		{"clang", "-O2 -m32 -fsplit-stack -mbranches-within-32B-boundaries", "NS001", framed},
		{"clang", "-O2 -fsplit-stack -mseses", "NS001", framed},
		{"clang", "-O2 -m32 -fsplit-stack -mseses", "NS001", framed},
		{"clang", "-O0 -fsplit-stack -mlvi-hardening", "NS001", all},
		{"clang", "-O2 -m32 -fsplit-stack", "NS001", framed},
		{"clang", "-O2 -mx32 -fsplit-stack", "NS001", framed},
		{"clang", "-O2 -fsplit-stack -fno-split-stack", "", ""},
		{"clang", "--target=aarch64-linux-gnu -O2", "", ""},
		{"clang", "--target=aarch64-linux-gnu -O2 -fsplit-stack", "NS004", ""},
		{"clang", "--target=arm-linux-gnueabi -O2 -fsplit-stack", "NS001", framed},
	}
	for _, tt := range tests {
		t.Run(tt.compiler+" "+tt.flags, func(t *testing.T) {
			t.Parallel()
			fds := judge(t, objtest.Compile(t, t.TempDir(), tt.compiler, "three.c", threeFunctions, strings.Fields(tt.flags)...))
			if got := ids(fds); got != tt.ids {
				t.Errorf("findings %q, want %q\n%+v", got, tt.ids, fds)
			}
			if got := names(fds, finding.NS001); got != tt.functions {
				t.Errorf("split functions %q, want %q", got, tt.functions)
			}
		})
	}
}

// TestSources judges sources whose verdict does not follow from the flags alone.
func TestSources(t *testing.T) {
	const split = "-O2 -fsplit-stack"
	tests := []struct {
		name, file, flags, source string
		ids, functions            string
	}{
		{"data only", "d.c", split, "int table[] = {1, 2, 3};", "NS004", ""},
		{"every function has the attribute", "a.c", split,
			"__attribute__((no_split_stack)) int f(int a) { return a; }", "NS004", ""},
		{"one function has the attribute", "o.c", split,
			"__attribute__((no_split_stack)) int f(int a) { return a; } int g(int a) { return a; }", "NS001", "g"},
		{"assembler source", "s.S", split, ".globl f\nf: ret\n", "", ""},
		{"alloca and VLA", "v.c", split,
			"void sink(void *); void f(int n) { char a[n]; sink(a); sink(__builtin_alloca(n)); }", "NS001", "f"},
		{"variadic, nested and struct-returning", "n.c", split, `
			void sink(void *); int call(int (*)(int));
			struct big { long a[20]; };
			struct big by_value(struct big b, int k) { char c[600]; sink(c); b.a[0] = c[k]; return b; }
			int variadic(int n, ...) { __builtin_va_list ap; __builtin_va_start(ap, n); char c[600]; sink(c); int r = __builtin_va_arg(ap, int); return r + c[n]; }
			int outer(int n) { int inner(int x) { char c[600]; sink(c); return n + x + c[0]; } return call(inner) + inner(n); }
		`, "NS001", "by_value inner.0 outer variadic"},
		{"frame beyond 2 GiB", "h.c", split + " -mcmodel=medium",
			"void sink(void *); int f(int a) { char b[3000000000ul]; sink(b); return b[a]; }", "NS001", "f"},
		{"fastcall and thiscall", "r.c", split + " -m32", `
			void sink(void *);
			__attribute__((fastcall)) int fast(int a, int b) { char c[5000]; sink(c); return c[a] + b; }
			__attribute__((thiscall)) int thisc(int a, int b) { char c[5000]; sink(c); return c[a] + b; }
		`, "NS001", "fast thisc"},
		{"cold code in another section", "c.c", split, `
			void sink(void *); void die(void) __attribute__((cold, noreturn));
			int f(int a) { char c[600]; sink(c); if (__builtin_expect(c[a] == 0, 0)) { sink(c + 1); die(); } return c[a]; }
		`, "NS001", "f"},

		{"code in a data section", "sec.c", split,
			"void sink(void *); __attribute__((section(\".data\"))) int f(int a) { char b[600]; sink(b); return b[a]; }", "NS001", "f"},

		{"context API", "x.c", "-O2",
			"void __splitstack_getcontext(void **); void f(void **c) { __splitstack_getcontext(c); }", "NS006", ""},
		{"context API, split", "y.c", split,
			"void __splitstack_getcontext(void **); void f(void **c) { __splitstack_getcontext(c); }", "NS001 NS006", "f"},
		{"weak address", "w.c", "-O2",
			"extern void __morestack(void) __attribute__((weak)); void *f(void) { return (void *)__morestack; }", "", ""},
		{"address in data", "p.c", "-O2", "extern void __morestack(void); void *p = (void *)__morestack;", "", ""},
		{"a function of that name", "q.c", "-O2",
			"__attribute__((noinline)) static int __morestack(int a) { return a * 2; } int f(int a) { return __morestack(a); }", "", ""},
		{"a global function of that name", "g.c", "-O2",
			"int __morestack(int a) { return a * 2; }", "", ""},
		{"the name in a string", "t.c", "-O2", `const char *s = "__morestack .note.GNU-split-stack";`, "", ""},
		{"Go's own names", "go.c", "-O2",
			`void morestack(void) __asm__("runtime.morestack"); void f(void) { morestack(); }`, "", ""},

		{"call without a guard", "b.S", "", ".globl f\nf: call __morestack\nret\n", "NS009", ""},
		{"jump without a guard", "j.S", "", ".globl f\nf: jmp __morestack\n", "NS009", ""},
		{"call without a guard in an object with the note", "bn.S", "",
			".globl f\n.type f,@function\nf: call __morestack\nret\n.section .note.GNU-split-stack,\"\",@progbits\n", "NS001", "f"},
		{"guard by hand", "hand.S", "",
			".globl f\n.type f,@function\nf: cmp %fs:0x70,%rsp\njae 1f\nmov $24,%r10d\nmov $0,%r11d\ncall __morestack\nret\n1: ret\n", "NS001", "f"},
		{"guard of an unknown shape that leads to the runtime", "new.S", "",
			".globl f\n.type f,@function\nf: push %rbx\ncmp %fs:0x70,%rsp\nsetb %al\ntest %al,%al\njne 1f\npop %rbx\nret\n1: call __morestack\nret\n.size f,.-f\n", "NS001", "f"},
		{"guard without a jump", "nojump.S", "",
			".globl f\n.type f,@function\nf: cmp %fs:0x70,%rsp\nsete %al\nret\n", "NS009", ""},
		{"guard in the middle of a function", "middle.S", "",
			".globl f\n.type f,@function\nf: push %rbx\ncmp %fs:0x70,%rsp\njb 1f\npop %rbx\nret\n1: ud2\n.size f,.-f\n", "NS009", ""},
		{"reading another thread variable", "tls.S", "", ".globl f\nf: mov %fs:0x28,%rax\ncmp %fs:0x28,%rsp\njb f\nret\n", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fds := judge(t, objtest.Compile(t, t.TempDir(), "gcc", tt.file, tt.source, strings.Fields(tt.flags)...))
			if got := ids(fds); got != tt.ids {
				t.Errorf("findings %q, want %q\n%+v", got, tt.ids, fds)
			}
			if got := names(fds, finding.NS001); got != tt.functions {
				t.Errorf("split functions %q, want %q", got, tt.functions)
			}
		})
	}
}

// TestDoctored takes away from a split object what symbol scanners look at.
func TestDoctored(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, dir string)
		n    int // split functions
	}{
		{"notes removed", func(t *testing.T, dir string) {
			objtest.Run(t, dir, "objcopy", "-R", ".note.GNU-split-stack", "-R", ".note.GNU-no-split-stack", "three.o")
		}, 3},
		{"section flags changed", func(t *testing.T, dir string) {
			objtest.Run(t, dir, "objcopy", "--set-section-flags", ".text=alloc,readonly,data", "three.o")
		}, 3},
		{"symbol renamed", func(t *testing.T, dir string) {
			objtest.Run(t, dir, "objcopy", "--redefine-sym", "__morestack=harmless", "three.o")
		}, 3},
		{"stripped", func(t *testing.T, dir string) {
			objtest.Run(t, dir, "strip", "-s", "-o", "s.o", "three.o")
			mustRename(t, dir, "s.o", "three.o")
		}, 3},
		{"linked with the runtime and its symbols made local", func(t *testing.T, dir string) {
			libgcc := strings.TrimSpace(objtest.Run(t, dir, "gcc", "-print-libgcc-file-name"))
			objtest.Run(t, dir, "gcc", "-nostdlib", "-r", "-o", "r.o", "three.o", libgcc)
			objtest.Run(t, dir, "objcopy", "--keep-global-symbol=small", "r.o", "three.o")
		}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := objtest.Compile(t, dir, "gcc", "three.c", threeFunctions, "-O2", "-fsplit-stack")
			tt.do(t, dir)
			fds := judge(t, path)
			if got := ids(fds); got != "NS001" {
				t.Fatalf("findings %q, want NS001", got)
			}
			if n := len(fds[0].Functions); n != tt.n {
				t.Errorf("%d split functions, want %d: %+v", n, tt.n, fds[0].Functions)
			}
		})
	}
}

func mustRename(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		t.Fatal(err)
	}
}

// TestLinked judges executables and libraries, as linked and stripped. Gold
// and lld rewrite the guards of functions that call code that is not split.
func TestLinked(t *testing.T) {
	const mainSource = `
		void sink(void *p) { __asm__ volatile("" :: "r"(p) : "memory"); }
		int small(int), large(int), leaf(int);
		int main(void) { return small(0) + large(0) + leaf(0); }
	`
	type row struct{ linker, flags string }
	var rows []row
	for _, linker := range []string{"bfd", "gold", "lld"} {
		for _, flags := range []string{"", "-no-pie", "-static", "-shared -fPIC"} {
			rows = append(rows, row{linker, flags})
		}
	}
	rows = append(rows, row{"bfd", "-static-pie"})
	// lld refuses split code for i386.
	for _, linker := range []string{"bfd", "gold"} {
		rows = append(rows, row{linker, "-m32"}, row{linker, "-m32 -no-pie"}, row{linker, "-m32 -shared -fPIC"})
	}
	for _, tt := range rows {
		t.Run(tt.linker+" "+tt.flags, func(t *testing.T) {
			t.Parallel()
			for _, split := range []bool{false, true} {
				dir := t.TempDir()
				flags := strings.Fields(tt.flags)
				var compile []string
				if split {
					compile = append(compile, "-fsplit-stack")
				}
				compile = append(compile, "-O2", "-fPIC")
				if strings.Contains(tt.flags, "-m32") {
					compile = append(compile, "-m32")
				}
				objtest.Compile(t, dir, "gcc", "three.c", threeFunctions, compile...)
				objtest.Compile(t, dir, "gcc", "main.c", mainSource, append(compile, "-fno-split-stack")...)
				objtest.Tool(t, "ld."+tt.linker)
				objtest.Run(t, dir, "gcc", append(flags, "-fuse-ld="+tt.linker, "three.o", "main.o", "-o", "out")...)
				checkLinked(t, filepath.Join(dir, "out"), split, true)
				objtest.Run(t, dir, "strip", "out")
				checkLinked(t, filepath.Join(dir, "out"), split, false)
				dropSectionHeaders(t, filepath.Join(dir, "out"))
				checkLinked(t, filepath.Join(dir, "out"), split, false)
			}
		})
	}
}

// TestPadded links code whose guards are strewn with padding, and takes away
// what else could tell.
func TestPadded(t *testing.T) {
	for _, tt := range []struct{ compiler, flags string }{
		{"gcc", "-Wa,-mbranches-within-32B-boundaries"},
		{"gcc", "-m32 -Wa,-mbranches-within-32B-boundaries"},
		{"gcc", "-m32 -Wa,-mlfence-after-load=yes"},
		{"clang", "-mbranches-within-32B-boundaries"},
		{"clang", "-mseses"},
		{"clang", "-m32 -mseses"},
	} {
		t.Run(tt.compiler+" "+tt.flags, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			objtest.Compile(t, dir, tt.compiler, "three.c", threeFunctions, append(strings.Fields(tt.flags), "-O2", "-fsplit-stack")...)
			link := []string{"-O2"}
			if strings.Contains(tt.flags, "-m32") {
				link = append(link, "-m32")
			}
			objtest.Write(t, dir, "main.c", "void sink(void *p) { *(char *)p = 0; } int small(int), large(int), leaf(int); int main(void) { return small(0) + large(0) + leaf(0); }")
			objtest.Run(t, dir, "gcc", append(link, "-s", "main.c", "three.o", "-o", "out")...)
			fds := judge(t, filepath.Join(dir, "out"))
			want := 2 // clang does not guard leaves
			if tt.compiler == "gcc" {
				want = 3
			}
			if ids(fds) != "NS001" || len(fds[0].Functions) != want {
				t.Errorf("findings %+v, want NS001 for %d functions", fds, want)
			}
		})
	}
}

// TestDataInSegment: a segment that is executed may hold read-only data, too.
func TestDataInSegment(t *testing.T) {
	dir := t.TempDir()
	objtest.Write(t, dir, "main.c", `
		#include <stdio.h>
		const unsigned char code[] = {0x64, 0x48, 0x3b, 0x24, 0x25, 0x70, 0, 0, 0, 0x72, 0x10, 0x90, 0x90, 0xc3};
		int main(void) { return printf("%p", (void *)code) < 0; }
	`)
	objtest.Run(t, dir, "gcc", "-Wl,-z,noseparate-code", "main.c", "-o", "main")
	if fds := judge(t, filepath.Join(dir, "main")); ids(fds) != "NS009" {
		t.Errorf("findings %+v, want NS009", fds)
	}
}

// TestRewritten makes sure that TestLinked judges what it is meant to: guards
// that gold and lld replaced by stc, which a search for the limit misses.
func TestRewritten(t *testing.T) {
	for _, tt := range []struct{ linker, flags string }{{"gold", ""}, {"lld", ""}, {"gold", "-m32"}} {
		t.Run(tt.linker+tt.flags, func(t *testing.T) {
			dir := t.TempDir()
			flags := strings.Fields(tt.flags)
			objtest.Tool(t, "ld."+tt.linker)
			// One function calls code that is not split, the other does not.
			objtest.Compile(t, dir, "gcc", "s.c", "int g(int); int leaf(int a) { return a; } int f(int a) { return g(a) + leaf(a); }", append(flags, "-O1", "-fno-inline", "-fsplit-stack")...)
			objtest.Compile(t, dir, "gcc", "m.c", "int f(int); int g(int a) { return a; } int main(void) { return f(0); }", append(flags, "-O1")...)
			objtest.Run(t, dir, "gcc", append(flags, "-fuse-ld="+tt.linker, "s.o", "m.o", "-o", "out")...)
			fds := judge(t, filepath.Join(dir, "out"))
			if got := names(fds, finding.NS001); got != "f leaf" {
				t.Fatalf("split functions %q", got)
			}
			var shapes []string
			for _, e := range fds[0].Evidence {
				shapes = append(shapes, e.Detail)
			}
			if !slices.ContainsFunc(shapes, func(s string) bool { return strings.HasPrefix(s, "stc") }) {
				t.Errorf("no rewritten guard among %q", shapes)
			}
		})
	}
}

func checkLinked(t *testing.T, path string, split, named bool) {
	t.Helper()
	fds := judge(t, path)
	if !split {
		if len(fds) != 0 {
			t.Errorf("findings %q in a program without split code: %+v", ids(fds), fds)
		}
		return
	}
	if got := ids(fds); got != "NS001" {
		t.Fatalf("findings %q, want NS001: %+v", got, fds)
	}
	if n := len(fds[0].Functions); n != 3 {
		t.Errorf("%d split functions, want 3: %+v", n, fds[0])
	}
	if got := names(fds, finding.NS001); named && got != "large leaf small" {
		t.Errorf("split functions %q", got)
	}
}

// dropSectionHeaders makes a file that only has program headers.
func dropSectionHeaders(t *testing.T, path string) {
	t.Helper()
	b := objtest.Read(t, path)
	shoff, shentsize := b[40:48], b[58:64] // with e_shnum and e_shstrndx behind it
	if elf.Class(b[elf.EI_CLASS]) == elf.ELFCLASS32 {
		shoff, shentsize = b[32:36], b[46:52]
	}
	clear(shoff)
	clear(shentsize)
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestRuntime judges libgcc's runtime: a note, and no violation, neither alone
// nor linked into a program without split code.
func TestRuntime(t *testing.T) {
	dir := t.TempDir()
	libgcc := strings.TrimSpace(objtest.Run(t, dir, "gcc", "-print-libgcc-file-name"))
	objtest.Run(t, dir, "ar", "x", libgcc, "morestack.o", "generic-morestack.o")
	for _, name := range []string{"morestack.o", "generic-morestack.o"} {
		if got := ids(judge(t, filepath.Join(dir, name))); got != "NS005" {
			t.Errorf("%s: findings %q, want NS005", name, got)
		}
	}
	objtest.Compile(t, dir, "gcc", "main.c",
		"void __splitstack_block_signals(int *, int *); int main(void) { __splitstack_block_signals(0, 0); return 0; }", "-O2")
	objtest.Run(t, dir, "gcc", "main.o", "-o", "main")
	if got := ids(judge(t, filepath.Join(dir, "main"))); got != "NS005" {
		t.Errorf("linked: findings %q, want NS005", got)
	}
	objtest.Run(t, dir, "strip", "main")
	if got := ids(judge(t, filepath.Join(dir, "main"))); got != "NS005" {
		t.Errorf("stripped: findings %q, want NS005", got)
	}
}

// TestGoBinary judges this test itself: the gc toolchain's own morestack is
// another thing.
func TestGoBinary(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if fds := judge(t, path); len(fds) != 0 {
		t.Errorf("findings in a Go program: %+v", fds)
	}
}

// TestLines checks names, frames and source lines of a C++ file, in the forms
// that debug information takes.
func TestLines(t *testing.T) {
	const source = `void sink(void *);
namespace zip {
struct inflater {
  int run(int a);
};
int inflater::run(int a) {
  char window[5000];
  sink(window);
  return window[a];
}
}
int second(int a) {
  char b[300];
  sink(b);
  return b[a];
}
`
	for _, flags := range []string{
		"-g", "-gdwarf-4", "-gdwarf-5", "-g -gz=zlib", "-g -gz=zlib-gnu",
		"-g -ffunction-sections", "-g -m32", "-g -m32 -ffunction-sections", "-g -O0", "-g1",
	} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(flags, "zlib-gnu") && !assemblerKnows(t, "--compress-debug-sections=zlib-gnu") {
				t.Skip("this binutils no longer writes .zdebug sections")
			}
			path := objtest.Compile(t, t.TempDir(), "g++", "zip.cc", source,
				append([]string{"-O2", "-fsplit-stack"}, strings.Fields(flags)...)...)
			fds := judge(t, path)
			if len(fds) != 1 || len(fds[0].Functions) != 2 {
				t.Fatalf("findings %+v", fds)
			}
			got := map[string]string{}
			for _, fn := range fds[0].Functions {
				got[fn.Demangled] = fmt.Sprintf("%s:%d", filepath.Base(fn.File), fn.Line)
				if fn.FrameBytes < 300 || fn.FrameBytes > 6000 {
					t.Errorf("%s: frame of %d bytes", fn.Demangled, fn.FrameBytes)
				}
			}
			want := map[string]string{"zip::inflater::run(int)": "zip.cc:6", "second(int)": "zip.cc:12"}
			for name, line := range want {
				if got[name] != line {
					t.Errorf("%s is at %q, want %q", name, got[name], line)
				}
			}
		})
	}
}

func assemblerKnows(t *testing.T, flag string) bool {
	return strings.Contains(objtest.Run(t, ".", "as", "--help"), strings.SplitAfter(flag, "=")[1])
}

// TestTruncated cuts a split object at every hundredth of its length: the
// verdict may be that it cannot be read, never that it is clean.
func TestTruncated(t *testing.T) {
	whole := objtest.Read(t, objtest.Compile(t, t.TempDir(), "gcc", "three.c", threeFunctions, "-O2", "-fsplit-stack", "-g"))
	for i := range 100 {
		n := len(whole) * i / 100
		f, err := elfobj.Open(whole[:n])
		if err != nil {
			continue
		}
		fds, err := splitstack.Judge(f, splitstack.Options{})
		if err != nil || len(fds) == 0 || fds[0].Level != finding.Error {
			t.Errorf("%d of %d bytes: findings %+v, error %v", n, len(whole), fds, err)
		}
	}
}

// TestSeparateDebugInformation: a file that only describes code is not clean.
func TestSeparateDebugInformation(t *testing.T) {
	dir := t.TempDir()
	objtest.Write(t, dir, "main.c", "int main(void) { return 0; }")
	objtest.Run(t, dir, "gcc", "-g", "main.c", "-o", "main")
	objtest.Run(t, dir, "objcopy", "--only-keep-debug", "main", "main.debug")
	f, err := elfobj.Open(objtest.Read(t, filepath.Join(dir, "main.debug")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := splitstack.Judge(f, splitstack.Options{}); err != splitstack.ErrNoCode {
		t.Errorf("error %v, want %v", err, splitstack.ErrNoCode)
	}
}
