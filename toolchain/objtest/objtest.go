// Package objtest makes objects for tests with the compilers and binutils of
// the machine.
//
// A test whose tool is missing fails and names the Debian package that brings
// it, so that no check is skipped unnoticed. NOSPLIT_MISSING_TOOLS=skip in the
// environment turns that into a skipped test.
package objtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// packages says which Debian package brings a tool.
var packages = map[string]string{
	"ar":                        "binutils",
	"as":                        "binutils",
	"aarch64-linux-gnu-gcc":     "gcc-aarch64-linux-gnu",
	"powerpc64-linux-gnu-gcc":   "gcc-powerpc64-linux-gnu",
	"powerpc64le-linux-gnu-gcc": "gcc-powerpc64le-linux-gnu",
	"s390x-linux-gnu-gcc":       "gcc-s390x-linux-gnu",
	"go":                        "golang-go",
	"llvm-ar":                   "llvm",
	"llvm-dis":                  "llvm",
	"clang":                     "clang",
	"g++":                       "g++",
	"gcc":                       "gcc",
	"ld.bfd":                    "binutils",
	"ld.gold":                   "binutils",
	"ld.lld":                    "lld",
	"nm":                        "binutils",
	"objcopy":                   "binutils",
	"dpkg":                      "dpkg",
	"readelf":                   "binutils",
	"scanelf":                   "pax-utils",
	"strip":                     "binutils",
	"gccgo-12":                  "gccgo-12",
	"llvm-config":               "llvm-dev",
}

// Tool returns the path of a program, or ends the test.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		pkg := packages[name]
		if pkg == "" {
			pkg = name
		}
		Missing(t, name, "apt-get install -y "+pkg)
	}
	return path
}

// Missing ends a test that cannot run on this machine.
func Missing(t testing.TB, what, remedy string) {
	t.Helper()
	if os.Getenv("NOSPLIT_MISSING_TOOLS") == "skip" {
		t.Skipf("needs %s: %s", what, remedy)
	}
	t.Fatalf("needs %s: %s (or set NOSPLIT_MISSING_TOOLS=skip)", what, remedy)
}

// Compiler returns the first of the compilers that is there and understands the
// flag, or ends the test: what an old compiler of the machine cannot do, a newer
// one beside it may.
func Compiler(t testing.TB, flag string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if exec.Command(name, flag, "-c", "-x", "c", os.DevNull, "-o", os.DevNull).Run() == nil {
			return name
		}
	}
	Missing(t, "a compiler that understands "+flag, "apt-get install -y "+names[len(names)-1])
	return ""
}

// Run runs a program in dir and ends the test when it fails. It returns what
// the program printed on standard output.
func Run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(Tool(t, name), args...)
	cmd.Dir = dir
	// Messages that tests look at are English; nothing else of the
	// environment should matter.
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// Write writes a file into dir and returns its path.
func Write(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Compile compiles a source text to an object and returns its path. The
// compiler is gcc, g++ or clang; the file's name tells the language.
func Compile(t testing.TB, dir, compiler, file, source string, flags ...string) string {
	t.Helper()
	Write(t, dir, file, source)
	out := strings.TrimSuffix(file, filepath.Ext(file)) + ".o"
	Run(t, dir, compiler, append(append([]string{}, flags...), "-c", file, "-o", out)...)
	return filepath.Join(dir, out)
}

// Read returns a file's content.
func Read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
