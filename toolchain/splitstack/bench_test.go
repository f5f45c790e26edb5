package splitstack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
	"github.com/rules-nosplit/rules_nosplit/toolchain/splitstack"
)

// BenchmarkJudge judges an object of 500 functions, each in a section of its
// own: clean, split, and split with every function described.
func BenchmarkJudge(b *testing.B) {
	var source strings.Builder
	source.WriteString("void sink(void *);\n")
	for i := range 500 {
		fmt.Fprintf(&source, "int f%d(int a) { char b[%d]; sink(b); return b[a]; }\n", i, 100+8*i)
	}
	none := func() int { return 0 }
	for _, bm := range []struct {
		name, flags string
		describe    func() int
	}{
		{"clean", "-O1 -ffunction-sections", nil},
		{"split", "-O1 -ffunction-sections -fsplit-stack -g", none},
		{"described", "-O1 -ffunction-sections -fsplit-stack -g", nil},
	} {
		b.Run(bm.name, func(b *testing.B) {
			data := objtest.Read(b, objtest.Compile(b, b.TempDir(), "gcc", "many.c", source.String(), strings.Fields(bm.flags)...))
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				f, err := elfobj.Open(data)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := splitstack.Judge(f, splitstack.Options{Describe: bm.describe}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
