package bitcode_test

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/bitcode"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

const (
	someC = `
int g(int);
__attribute__((no_split_stack)) int cleared(int x) { return g(x) + 1; }
int f(int x) { return g(x) + 2; }
static __attribute__((noinline)) int local(int x) { return g(x) + 3; }
int (*h(void))(int) { return local; }
`
	someCC = `
int g(int);
template <typename T> struct S { __attribute__((noinline)) T m(T x) { return g(x); } };
inline __attribute__((noinline)) int shared(int x) { return g(x) + 1; }
namespace n { int f(int x) { return S<int>().m(x) + shared(x); } }
`
	declarationsC = "int g(int); int h(int);\nint (*p[])(int) = {g, h};\n"
	dataC         = "int x[100] = {1}; const char *s = \"split-stack\";\n"
	aliasesC      = `
int target(int x) { return x; }
int alias(int) __attribute__((alias("target")));
static int one(int x) { return x; }
int (*resolve(void))(int) { return one; }
int chosen(int) __attribute__((ifunc("resolve")));
`
	elsewhereC = `
int g(int);
extern inline __attribute__((gnu_inline)) int copy(int x) { return g(x); }
int user(int x) { return copy(x); }
`
	unprintableC = "int f(int) __asm__(\"\\xff\\x01 \\\"q\\\"\\n\"); int f(int x) { return x; }\n"
)

// clangCases are read, and compared with what llvm-dis says, by TestClang.
var clangCases = []struct {
	name, file, source string
	flags              []string
	want               []string
	cleared, elsewhere int // definitions beside those
}{
	{"O2", "a.c", someC, []string{"-O2", "-flto", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"O0", "a.c", someC, []string{"-O0", "-flto", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"thin", "a.c", someC, []string{"-O2", "-flto=thin", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"debug information", "a.c", someC, []string{"-O2", "-g", "-flto=thin", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"no LTO", "a.c", someC, []string{"-O2", "-emit-llvm", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"last flag wins", "a.c", someC, []string{"-O2", "-flto", "-fno-split-stack", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"flag cleared", "a.c", someC, []string{"-O2", "-flto", "-fsplit-stack", "-fno-split-stack"}, nil, 4, 0},
	{"no flag", "a.c", someC, []string{"-O2", "-flto"}, nil, 4, 0},
	{"flag in text", "a.c", someC, []string{"-O2", "-flto", "-g", "-grecord-command-line", "-DX=-fsplit-stack"}, nil, 4, 0},
	{"lookalike", "a.c", someC, []string{"-O2", "-flto=thin", "-fsplit-lto-unit"}, nil, 4, 0},
	{"C++", "a.cc", someCC, []string{"-O2", "-flto", "-fsplit-stack"}, []string{"_Z6sharedi", "_ZN1SIiE1mEi", "_ZN1n1fEi"}, 0, 0},
	{"declarations", "a.c", declarationsC, []string{"-O2", "-flto", "-fsplit-stack"}, nil, 0, 0},
	{"declarations called", "a.c", "int g(int);\n__attribute__((no_split_stack)) int f(int x) { return g(x) + g(1); }\n", []string{"-O0", "-flto", "-fsplit-stack"}, nil, 1, 0},
	{"data", "a.c", dataC, []string{"-O2", "-flto", "-fsplit-stack"}, nil, 0, 0},
	{"aliases", "a.c", aliasesC, []string{"-O2", "-flto", "-fsplit-stack"}, []string{"one", "resolve", "target"}, 0, 0},
	{"available elsewhere", "a.c", elsewhereC, []string{"-O1", "-flto", "-Xclang", "-disable-llvm-passes", "-fsplit-stack"}, []string{"user"}, 0, 1},
	{"bytes in names", "a.c", unprintableC, []string{"-O2", "-flto", "-fsplit-stack"}, []string{"\xff\x01 \"q\"\n"}, 0, 0},
	{"i386", "a.c", someC, []string{"--target=i386-linux-gnu", "-O2", "-flto", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"arm64 of Linux", "a.c", someC, []string{"--target=aarch64-linux-gnu", "-O2", "-flto", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"big-endian", "a.c", someC, []string{"--target=s390x-linux-gnu", "-O2", "-flto", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"macOS", "a.c", someC, []string{"--target=x86_64-apple-darwin", "-O2", "-flto", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
	{"macOS with a wrapper", "a.c", someC, []string{"--target=arm64-apple-ios", "-O2", "-flto", "-fsplit-stack"}, []string{"f", "h", "local"}, 1, 0},
}

func TestClang(t *testing.T) {
	for _, test := range clangCases {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := objtest.Compile(t, dir, "clang", test.file, test.source, test.flags...)
			modules := read(t, objtest.Read(t, path))
			if len(modules) != 1 {
				t.Fatalf("%d modules", len(modules))
			}
			m := modules[0]
			oracle := disassemble(t, path)
			if diff := cmp.Diff(oracle, definitions{m.Defined, m.SplitElsewhere, m.Split}); diff != "" {
				t.Errorf("llvm-dis (-) and Read (+):\n%s", diff)
			}
			slices.Sort(m.Split)
			want := definitions{len(test.want) + test.cleared + test.elsewhere, test.elsewhere, test.want}
			if diff := cmp.Diff(want, definitions{m.Defined, m.SplitElsewhere, m.Split}); diff != "" {
				t.Errorf("want (-) and got (+):\n%s", diff)
			}
			if m.SourceFile != test.file || !strings.HasPrefix(m.Identification, "LLVM") || !strings.Contains(m.Triple, "-") {
				t.Errorf("source %q, producer %q, triple %q", m.SourceFile, m.Identification, m.Triple)
			}
		})
	}
}

// definitions are what TestClang compares.
type definitions struct {
	Defined, Elsewhere int
	Split              []string
}

var (
	groupLine  = regexp.MustCompile(`(?m)^attributes #(\d+) = \{.*[ {]"split-stack"[ =}]`)
	defineLine = regexp.MustCompile(`(?m)^define (.*?)@("[^"]*"|[-\w.$]+)\((.*)$`)
	groupOf    = regexp.MustCompile(` #(\d+)\b`)
)

// disassemble asks llvm-dis.
func disassemble(t testing.TB, path string) definitions {
	t.Helper()
	text := objtest.Run(t, filepath.Dir(path), tool(t, "llvm-dis"), filepath.Base(path), "-o", "-")
	split := map[string]bool{}
	for _, g := range groupLine.FindAllStringSubmatch(text, -1) {
		split[g[1]] = true
	}
	var d definitions
	for _, line := range defineLine.FindAllStringSubmatch(text, -1) {
		d.Defined++
		group := groupOf.FindStringSubmatch(line[3])
		switch {
		case group == nil || !split[group[1]]:
		case strings.Contains(line[1], "available_externally"):
			d.Elsewhere++
		default:
			d.Split = append(d.Split, unquote(line[2]))
		}
	}
	return d
}

// tool returns an LLVM program that reads what clang writes: the one of
// clang's own version, or else the one in PATH.
func tool(t testing.TB, name string) string {
	t.Helper()
	clang, err := filepath.EvalSymlinks(objtest.Tool(t, "clang"))
	if err == nil {
		if path, err := exec.LookPath(filepath.Join(filepath.Dir(clang), name)); err == nil {
			return path
		}
	}
	if _, err := exec.LookPath(name); err != nil {
		objtest.Missing(t, name, "apt-get install -y llvm")
	}
	return name
}

var escape = regexp.MustCompile(`\\[0-9A-F]{2}`)

// unquote is the name that llvm-dis printed.
func unquote(name string) string {
	name = strings.Trim(name, `"`)
	name = escape.ReplaceAllStringFunc(name, func(s string) string {
		const digits = "0123456789ABCDEF"
		return string([]byte{byte(strings.IndexByte(digits, s[1])<<4 | strings.IndexByte(digits, s[2]))})
	})
	return strings.TrimPrefix(name, "\x01") // "do not mangle", of __asm__
}

// names are the functions of all modules.
func names(modules []bitcode.Module) []string {
	var all []string
	for _, m := range modules {
		all = append(all, m.Split...)
	}
	slices.Sort(all)
	return all
}

func TestModulesOfOneObject(t *testing.T) {
	dir := t.TempDir()
	// Type metadata of classes makes clang write a second module, for the
	// regular part of the LTO.
	path := objtest.Compile(t, dir, "clang", "a.cc",
		"struct A { virtual int v(int); virtual int w(); };\nint A::v(int x) { return x + w(); }\nint A::w() { return 1; }\nint f(A *a) { return a->v(1); }\n",
		"-O2", "-flto=thin", "-fsplit-lto-unit", "-fvisibility=hidden", "-fwhole-program-vtables", "-fsplit-stack")
	modules := read(t, objtest.Read(t, path))
	if len(modules) != 2 {
		t.Fatalf("%d modules, want 2", len(modules))
	}
	if diff := cmp.Diff([]string{"_Z1fP1A", "_ZN1A1vEi", "_ZN1A1wEv"}, names(modules)); diff != "" {
		t.Errorf("split functions (-want +got):\n%s", diff)
	}
}

func TestConcatenatedModules(t *testing.T) {
	dir := t.TempDir()
	split := objtest.Compile(t, dir, "clang", "split.c", "int f(int x) { return x; }\n", "-O2", "-flto", "-fsplit-stack")
	plain := objtest.Compile(t, dir, "clang", "plain.c", "int g(int x) { return x; }\n", "-O2", "-flto")
	for _, flags := range [][]string{{"-b"}, nil} {
		for _, inputs := range [][]string{{split, plain}, {plain, split}, {split, plain, split}} {
			out := filepath.Join(dir, "cat.bc")
			objtest.Run(t, dir, tool(t, "llvm-cat"), append(append(slices.Clone(flags), inputs...), "-o", out)...)
			modules := read(t, objtest.Read(t, out))
			if len(modules) != len(inputs) {
				t.Fatalf("%q %q: %d modules", flags, inputs, len(modules))
			}
			for i, m := range modules {
				var want []string
				if inputs[i] == split {
					want = []string{"f"}
				}
				if diff := cmp.Diff(want, m.Split); diff != "" {
					t.Errorf("%q %q: module %d (-want +got):\n%s", flags, inputs, i, diff)
				}
			}
		}
	}
}

func TestWrapperOfClang(t *testing.T) {
	path := objtest.Compile(t, t.TempDir(), "clang", "a.c", someC, "--target=arm64-apple-ios", "-O2", "-flto", "-fsplit-stack")
	if data := objtest.Read(t, path); string(data[:4]) != "\xde\xc0\x17\x0b" {
		t.Errorf("begins with %x: nothing is tested", data[:4])
	}
}

// section returns a section of an ELF file.
func section(t testing.TB, path, name string) []byte {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := f.Section(name)
	if s == nil {
		t.Fatalf("no section %s", name)
	}
	data, err := s.Data()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEmbedded(t *testing.T) {
	dir := t.TempDir()
	a := objtest.Compile(t, dir, "clang", "a.c", "int f(int x) { return x; }\n", "-O2", "-fembed-bitcode", "-fsplit-stack")
	b := objtest.Compile(t, dir, "clang", "b.c", "int g(int x) { return x; }\n", "-O2", "-fembed-bitcode", "-fsplit-stack")
	if diff := cmp.Diff([]string{"f"}, names(read(t, section(t, a, ".llvmbc")))); diff != "" {
		t.Errorf("one object (-want +got):\n%s", diff)
	}
	objtest.Run(t, dir, "ld", "-r", a, b, a, "-z", "muldefs", "-o", "both.o")
	modules := read(t, section(t, filepath.Join(dir, "both.o"), ".llvmbc"))
	if diff := cmp.Diff([]string{"f", "f", "g"}, names(modules)); diff != "" {
		t.Errorf("linked objects (-want +got):\n%s", diff)
	}
	marker := objtest.Compile(t, dir, "clang", "c.c", "int f(int x) { return x; }\n", "-fembed-bitcode=marker", "-fsplit-stack")
	if _, err := bitcode.Read(section(t, marker, ".llvmbc")); err != bitcode.ErrNoModule {
		t.Errorf("marker: %v", err)
	}
}
