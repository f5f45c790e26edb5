package elfobj_test

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

const source = `
#include <stdio.h>
int table[100];
static int local(int a) { return a + table[a]; }
int global(int a) { printf("%d\n", local(a)); return 0; }
__attribute__((weak)) int weak(void) { return 1; }
int main(void) { return global(1) + weak(); }
`

// samples compiles one file for several classes, and links it.
func samples(t *testing.T) []string {
	dir := t.TempDir()
	paths := []string{
		objtest.Compile(t, dir, "gcc", "m64.c", source, "-O1", "-g"),
		objtest.Compile(t, dir, "gcc", "m32.c", strings.Replace(source, "#include <stdio.h>", "int printf(const char *, ...);", 1), "-O1", "-m32"),
		objtest.Compile(t, dir, "gcc", "sections.c", source, "-O1", "-ffunction-sections"),
	}
	objtest.Run(t, dir, "gcc", "m64.o", "-o", "exe")
	objtest.Run(t, dir, "gcc", "-shared", "-fPIC", "m64.c", "-o", "lib.so")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return append(paths, filepath.Join(dir, "exe"), filepath.Join(dir, "lib.so"), self)
}

type section struct {
	Name       string
	Type       elf.SectionType
	Flags      elf.SectionFlag
	Addr, Size uint64
	Link, Info uint32
}

type symbol struct {
	Name        string
	Info        byte
	Section     elf.SectionIndex
	Value, Size uint64
}

// TestAgainstDebugELF compares everything the package decodes with the
// standard library.
func TestAgainstDebugELF(t *testing.T) {
	for _, path := range samples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data := objtest.Read(t, path)
			want, err := elf.NewFile(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			got, err := elfobj.Open(data)
			if err != nil {
				t.Fatal(err)
			}
			if got.Class != want.Class || got.Type != want.Type || got.Machine != want.Machine || got.Entry != want.Entry || got.Order() != want.ByteOrder {
				t.Errorf("header %+v, want %+v", got, want.FileHeader)
			}
			var wantSections, gotSections []section
			for _, s := range want.Sections {
				wantSections = append(wantSections, section{s.Name, s.Type, s.Flags, s.Addr, s.FileSize, s.Link, s.Info})
			}
			for i := range got.NumSections {
				s := got.Section(i)
				gotSections = append(gotSections, section{string(s.Name()), s.Type, s.Flags, s.Addr, s.Size, s.Link, s.Info})
				b, err := s.Bytes()
				if err != nil {
					t.Fatal(err)
				}
				if s.Type != elf.SHT_NOBITS && s.Flags&elf.SHF_COMPRESSED == 0 && i > 0 {
					if w, err := want.Sections[i].Data(); err != nil || !bytes.Equal(b, w) {
						t.Errorf("section %s: content differs (%v)", s.Name(), err)
					}
				}
			}
			if d := cmp.Diff(wantSections, gotSections); d != "" {
				t.Errorf("sections (-debug/elf +elfobj):\n%s", d)
			}
			for i, p := range want.Progs {
				g := got.Segment(i)
				if g.Type != p.Type || g.Flags != p.Flags || g.Vaddr != p.Vaddr || g.Filesz != p.Filesz || g.Offset != p.Off || g.Memsz != p.Memsz {
					t.Errorf("segment %d: %+v, want %+v", i, g, p.ProgHeader)
				}
			}
			compareSymbols(t, want, got)
		})
	}
}

func compareSymbols(t *testing.T, want *elf.File, got *elfobj.File) {
	syms, err := want.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		t.Fatal(err)
	}
	var wantSymbols, gotSymbols []symbol
	for _, s := range syms {
		wantSymbols = append(wantSymbols, symbol{s.Name, s.Info, s.Section, s.Value, s.Size})
	}
	for i := range got.NumSections {
		s := got.Section(i)
		if s.Type != elf.SHT_SYMTAB {
			continue
		}
		table, err := got.Symbols(s)
		if err != nil {
			t.Fatal(err)
		}
		for k := 1; k < table.Len; k++ {
			s := table.Symbol(k)
			gotSymbols = append(gotSymbols, symbol{string(table.Name(s)), s.Info, elf.SectionIndex(s.Section), s.Value, s.Size})
		}
	}
	if d := cmp.Diff(wantSymbols, gotSymbols); d != "" {
		t.Errorf("symbols (-debug/elf +elfobj):\n%s", d)
	}
}

// TestExtendedNumbering reads an object with more sections than 16 bits count.
func TestExtendedNumbering(t *testing.T) {
	var src strings.Builder
	src.WriteString(".set n,0\n.altmacro\n.macro one i\n.section .text.s\\i,\"ax\"\nf\\i: ret\n.endm\n.rept 66000\none %n\n.set n,n+1\n.endr\n")
	data := objtest.Read(t, objtest.Compile(t, t.TempDir(), "gcc", "many.s", src.String()))
	f, err := elfobj.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if f.NumSections < 66000 {
		t.Fatalf("%d sections, want more than 66000", f.NumSections)
	}
	var symtab, xindex elfobj.Section
	for i := range f.NumSections {
		switch s := f.Section(i); s.Type {
		case elf.SHT_SYMTAB:
			symtab = s
		case elf.SHT_SYMTAB_SHNDX:
			xindex = s
		}
	}
	table, err := f.Symbols(symtab)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.UseExtendedIndices(xindex); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < table.Len; i++ {
		s := table.Symbol(i)
		name := string(table.Name(s))
		if !strings.HasPrefix(name, "f") {
			continue
		}
		if got, want := string(f.Section(s.Section).Name()), ".text.s"+name[1:]; got != want {
			t.Fatalf("%s is in section %q, want %q", name, got, want)
		}
	}
}

// TestBroken: each way to break a header is an error that names the place.
func TestBroken(t *testing.T) {
	whole := objtest.Read(t, objtest.Compile(t, t.TempDir(), "gcc", "b.c", "int f(void) { return 1; }"))
	patch := func(off int, b ...byte) []byte {
		c := bytes.Clone(whole)
		copy(c[off:], b)
		return c
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "ends inside the ELF identification"},
		{"identification only", whole[:16], "ends inside the ELF header"},
		{"no magic", patch(0, 'M'), "no ELF magic"},
		{"class", patch(elf.EI_CLASS, 9), "unknown class 9"},
		{"byte order", patch(elf.EI_DATA, 9), "unknown byte order 9"},
		{"sections beyond the end", patch(40, 0xff, 0xff, 0xff, 0xff), "section header table lies outside"},
		{"sections beyond 64 bits", patch(40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "section header table lies outside"},
		{"too many sections", patch(60, 0xff, 0xfe), "section headers lies outside"},
		{"size of section headers", patch(58, 63), "section headers of 63 bytes, want 64"},
		{"name section", patch(62, 0xf0, 0), "section names are in section 240"},
		{"sections without a table", patch(40, 0, 0, 0, 0, 0, 0, 0, 0), "no section header table"},
		{"cut", whole[:len(whole)-1], "lies outside the file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := elfobj.Open(tt.data)
			var fe *elfobj.FormatError
			if !errors.As(err, &fe) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want a FormatError with %q", err, tt.want)
			}
		})
	}
}

// FuzzOpen decodes everything there is to decode; no input may make it panic
// or leave the input.
func FuzzOpen(f *testing.F) {
	self, err := os.Executable()
	if err != nil {
		f.Fatal(err)
	}
	if b, err := os.ReadFile(self); err == nil {
		f.Add(b[:4096])
	}
	dir := f.TempDir()
	for _, flags := range [][]string{{"-O1"}, {"-O1", "-m32"}, {"-O1", "-fsplit-stack", "-g"}} {
		f.Add(objtest.Read(f, objtest.Compile(f, dir, "gcc", "f.c", "int g(int); int f(int a) { return g(a) + 1; }", flags...)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := elfobj.Open(data)
		if err != nil {
			return
		}
		file.FormatName()
		file.MachineName()
		for i := range file.NumSegments {
			_, _ = file.Segment(i).Bytes()
		}
		for i := range file.NumSections {
			s := file.Section(i)
			s.Name()
			_, _ = s.Bytes()
			if table, err := file.Symbols(s); err == nil {
				for k := range table.Len {
					table.NameStart(k)
					table.Name(table.Symbol(k))
				}
				for _, defined := range []bool{false, true} {
					starts := []uint64{0x6e69616d} // a number as good as any
					if table.Len > 1 {
						starts = append(starts, table.NameStart(1))
					}
					for k := table.NextStart(1, defined, starts); k < table.Len; k = table.NextStart(k+1, defined, starts) {
						if table.Defined(k) != defined || !slices.Contains(starts, table.NameStart(k)) {
							t.Fatalf("symbol %d", k)
						}
					}
				}
			}
			if table, err := file.Relocations(s); err == nil {
				for table.Next() {
				}
			}
		}
	})
}
