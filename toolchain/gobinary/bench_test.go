package gobinary_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/gobinary"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// An ordinary library, which most files of a scan are, and a Go program.
func BenchmarkRead(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	libc := strings.TrimSpace(objtest.Run(b, b.TempDir(), "gcc", "-print-file-name=libc.so.6"))
	for name, path := range map[string]string{"library": libc, "program": self} {
		f, err := elfobj.Open(objtest.Read(b, path))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := gobinary.Read(f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
