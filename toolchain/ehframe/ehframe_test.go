package ehframe_test

import (
	"debug/elf"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/ehframe"
	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

const source = `
	void sink(void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }
	__attribute__((noinline)) int small(int a) { char b[100]; sink(b); return b[a]; }
	__attribute__((noinline)) int large(int a) { char b[5000]; sink(b); return b[a] + small(a); }
	__attribute__((noinline)) int vla(int a) { char b[a + 1]; sink(b); return b[a / 2]; }
	__attribute__((noinline, cold)) void unlikely(int a) { small(a); }
	int main(int argc, char **argv) { if (argc > 9) unlikely(argc); return large(argc) + vla(argc); }
`

// open reads an ELF file.
func open(t testing.TB, data []byte) *elfobj.File {
	t.Helper()
	f, err := elfobj.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// symbols are the functions of the symbol table that have a size.
func symbols(t *testing.T, f *elfobj.File) map[string]ehframe.Range {
	t.Helper()
	found := map[string]ehframe.Range{}
	for i := 1; i < f.NumSections; i++ {
		s := f.Section(i)
		if s.Type != elf.SHT_SYMTAB {
			continue
		}
		table, err := f.Symbols(s)
		if err != nil {
			t.Fatal(err)
		}
		for k := 1; k < table.Len; k++ {
			sym := table.Symbol(k)
			if sym.Type() == elf.STT_FUNC && sym.Size > 0 && !sym.Undefined() {
				found[string(table.Name(sym))] = ehframe.Range{Start: sym.Value, Size: sym.Size}
			}
		}
	}
	return found
}

// withoutSectionHeaders takes the section header table from a file.
func withoutSectionHeaders(data []byte) []byte {
	data = append([]byte{}, data...)
	if elf.Class(data[elf.EI_CLASS]) == elf.ELFCLASS64 {
		clear(data[40:48])
		clear(data[58:64])
	} else {
		clear(data[32:36])
		clear(data[46:52])
	}
	return data
}

// TestFunctions compares the ranges with the symbols of the same program, and
// with what is left when it is stripped.
func TestFunctions(t *testing.T) {
	for _, command := range []string{
		"gcc -O2", "gcc -O0", "gcc -O2 -no-pie", "gcc -O2 -static", "gcc -O2 -static-pie", "gcc -O2 -shared -fPIC", "gcc -O2 -m32", "gcc -O2 -m32 -no-pie",
		"gcc -O2 -fsplit-stack", "gcc -O2 -fsplit-stack -fuse-ld=gold", "gcc -O2 -fsplit-stack -fuse-ld=lld",
		"clang -O2", "clang -O0 -m32", "clang -O2 -fuse-ld=lld -static",
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			objtest.Write(t, dir, "a.c", source)
			words := strings.Fields(command)
			objtest.Run(t, dir, words[0], append(words[1:], "a.c", "-o", "a")...)
			f := open(t, objtest.Read(t, filepath.Join(dir, "a")))
			table, err := ehframe.Functions(f)
			if err != nil {
				t.Fatal(err)
			}
			want := symbols(t, f)
			for _, name := range []string{"sink", "small", "large", "vla", "unlikely", "main"} {
				r := want[name]
				if r.Size == 0 {
					t.Fatalf("no symbol %s", name)
				}
				for _, at := range []uint64{r.Start, r.Start + r.Size - 1} {
					if got, ok := table.Find(at); !ok || got != r {
						t.Errorf("%s: %#x is in %+v, want %+v", name, at, got, r)
					}
				}
			}
			for i := 1; i < len(table); i++ {
				if table[i].Start <= table[i-1].Start {
					t.Fatalf("%+v behind %+v", table[i], table[i-1])
				}
			}
			// Before the first range, and far behind the last.
			if r, ok := table.Find(table[0].Start - 1); ok {
				t.Errorf("an address before all ranges is in %+v", r)
			}
			if r, ok := table.Find(1 << 62); ok {
				t.Errorf("an address behind all ranges is in %+v", r)
			}

			objtest.Run(t, dir, "strip", "a")
			for _, data := range [][]byte{objtest.Read(t, filepath.Join(dir, "a")), withoutSectionHeaders(objtest.Read(t, filepath.Join(dir, "a")))} {
				again, err := ehframe.Functions(open(t, data))
				if diff := cmp.Diff(table, again); diff != "" || err != nil {
					if strings.Contains(command, "-static") && len(again) == 0 && err == nil {
						continue // ld writes no .eh_frame_hdr into static programs of C
					}
					t.Errorf("stripped: error %v (-before +after):\n%s", err, diff)
				}
			}
		})
	}
}

// TestOtherMachines: other encodings and pointer sizes. tests/corpus has the
// machines whose linkers are not everywhere.
func TestOtherMachines(t *testing.T) {
	for _, target := range []string{"powerpc64le-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu", "x86_64-linux-gnux32"} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			objtest.Write(t, dir, "a.c", strings.Replace(source, "int main(", "int start(", 1))
			objtest.Tool(t, "ld.lld")
			objtest.Run(t, dir, "clang", "--target="+target, "-O1", "-fPIC", "-fasynchronous-unwind-tables", "-c", "a.c", "-o", "a.o")
			objtest.Run(t, dir, "ld.lld", "-shared", "--eh-frame-hdr", "a.o", "-o", "a")
			f := open(t, objtest.Read(t, filepath.Join(dir, "a")))
			table, err := ehframe.Functions(f)
			if err != nil {
				t.Fatal(err)
			}
			want := symbols(t, f)
			for _, name := range []string{"small", "large", "vla", "start"} {
				if got, ok := table.Find(want[name].Start); !ok || got != want[name] {
					t.Errorf("%s: in %+v, want %+v", name, got, want[name])
				}
			}
		})
	}
}

// TestNone: files without the section have no ranges, and no error.
func TestNone(t *testing.T) {
	dir := t.TempDir()
	objtest.Write(t, dir, "a.c", "void _start(void) { for (;;) {} }")
	objtest.Run(t, dir, "gcc", "-nostdlib", "-static", "-fno-asynchronous-unwind-tables", "a.c", "-o", "a")
	table, err := ehframe.Functions(open(t, objtest.Read(t, filepath.Join(dir, "a"))))
	if err != nil || len(table) != 0 {
		t.Errorf("ranges %+v, error %v", table, err)
	}
}

// TestBroken damages .eh_frame: an error or less, and never a range outside of
// the code.
func TestBroken(t *testing.T) {
	dir := t.TempDir()
	objtest.Write(t, dir, "a.c", source)
	objtest.Run(t, dir, "gcc", "-O2", "a.c", "-o", "a")
	whole := objtest.Read(t, filepath.Join(dir, "a"))
	var frames elfobj.Section
	f := open(t, whole)
	for i := 1; i < f.NumSections; i++ {
		if s := f.Section(i); string(s.Name()) == ".eh_frame" {
			frames = s
		}
	}
	tests := []struct {
		name  string
		patch func(b []byte)
		want  string
	}{
		{"a length beyond the section", func(b []byte) { binary.LittleEndian.PutUint32(b, 1<<30) }, "reaches beyond the end"},
		{"a long length beyond the section", func(b []byte) {
			binary.LittleEndian.PutUint32(b, 0xffffffff)
			binary.LittleEndian.PutUint64(b[4:], 1<<62)
		}, "reaches beyond the end"},
		{"an unknown version", func(b []byte) { b[8] = 9 }, ""},
		{"an unknown augmentation", func(b []byte) { b[10] = 'X' }, ""},
		{"zeros", func(b []byte) { clear(b) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := append([]byte{}, whole...)
			tt.patch(data[frames.Offset : frames.Offset+frames.Size])
			table, err := ehframe.Functions(open(t, data))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			before, _ := ehframe.Functions(f)
			if len(table) >= len(before) {
				t.Errorf("%d ranges in the damaged file, %d in the whole one", len(table), len(before))
			}
		})
	}
}

// FuzzFunctions reads arbitrary files: what is found lies in code, in order.
func FuzzFunctions(f *testing.F) {
	dir := f.TempDir()
	objtest.Write(f, dir, "a.c", source)
	for _, flags := range []string{"-O1", "-O1 -m32", "-O1 -no-pie", "-O1 -fsplit-stack"} {
		objtest.Run(f, dir, "gcc", append(strings.Fields(flags), "a.c", "-s", "-o", "a")...)
		data := objtest.Read(f, filepath.Join(dir, "a"))
		f.Add(data)
		f.Add(withoutSectionHeaders(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := elfobj.Open(data)
		if err != nil {
			return
		}
		objtest.Bounded(t, len(data), func() {
			table, _ := ehframe.Functions(file)
			for i, r := range table {
				if r.Size == 0 || i > 0 && r.Start <= table[i-1].Start {
					t.Fatalf("range %+v", r)
				}
				if got, ok := table.Find(r.Start); !ok || got != r {
					t.Fatalf("%+v is not found", r)
				}
			}
		})
	})
}

func BenchmarkFunctions(b *testing.B) {
	dir := b.TempDir()
	objtest.Write(b, dir, "a.c", source)
	objtest.Run(b, dir, "gcc", "-O2", "-static", "a.c", "-o", "a")
	f := open(b, objtest.Read(b, filepath.Join(dir, "a")))
	for b.Loop() {
		if _, err := ehframe.Functions(f); err != nil {
			b.Fatal(err)
		}
	}
}
