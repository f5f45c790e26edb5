package splitstack_test

import (
	"path/filepath"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
	"github.com/rules-nosplit/rules_nosplit/toolchain/splitstack"
)

// FuzzJudge judges arbitrary bytes: machine code, symbols, relocations, bitcode
// and debug information alike. It must not panic nor take more memory than it
// may, and findings must be in order. The seeds in testdata/fuzz are objects for
// machines whose compilers need not be here.
func FuzzJudge(f *testing.F) {
	dir := f.TempDir()
	for _, c := range []struct{ compiler, flags string }{
		{"gcc", "-O2"},
		{"gcc", "-fsplit-stack"},
		{"gcc", "-m32"},
		{"gcc", "-mx32"},
		{"gcc", "-mcmodel=large"},
		{"clang", "-O0"},
		{"clang", "-mcmodel=large"},
	} {
		f.Add(objtest.Read(f, objtest.Compile(f, dir, c.compiler, "three.c", threeFunctions, "-fsplit-stack", "-g", c.flags)))
	}
	objtest.Write(f, dir, "tiny.s", ".globl _start\n_start: cmp %fs:0x70,%rsp\njb 1f\nret\n1: mov $8,%r10d\nmov $0,%r11d\ncall _start\nret\n")
	objtest.Run(f, dir, "gcc", "-nostdlib", "-static", "tiny.s", "-o", "tiny")
	f.Add(objtest.Read(f, filepath.Join(dir, "tiny")))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := elfobj.Open(data)
		if err != nil {
			return
		}
		var fds []finding.Finding
		objtest.Bounded(t, len(data), func() { fds, err = splitstack.Judge(file, splitstack.Options{}) })
		if err != nil {
			return
		}
		last := finding.ID("")
		for _, fd := range fds {
			if fd.ID < last {
				t.Fatalf("findings out of order: %s after %s", fd.ID, last)
			}
			last = fd.ID
			if fd.Message == "" {
				t.Fatalf("%s without a message", fd.ID)
			}
		}
	})
}
