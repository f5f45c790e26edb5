package elfobj_test

import (
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// relocations decodes all relocations of an object, by the name of the section
// that they change.
func relocations(t *testing.T, path string) map[string][]elfobj.Relocation {
	t.Helper()
	f, err := elfobj.Open(objtest.Read(t, path))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]elfobj.Relocation{}
	for i := 1; i < f.NumSections; i++ {
		s := f.Section(i)
		if !s.IsRelocation() {
			continue
		}
		r, err := f.Relocations(s)
		if err != nil {
			t.Fatal(err)
		}
		name := string(f.Section(int(s.Info)).Name())
		for r.Next() {
			all[name] = append(all[name], r.Relocation)
		}
		if err := r.Err(); err != nil {
			t.Fatal(err)
		}
		if r.Len != len(all[name]) {
			t.Errorf("%s: %d entries of %d", name, len(all[name]), r.Len)
		}
	}
	return all
}

// compactFlag is understood by clang from version 19 on.
const compactFlag = "-Wa,--crel,--allow-experimental-crel"

// TestCompact: the compact tables hold what the ordinary ones of the same
// source do.
func TestCompact(t *testing.T) {
	const source = `
		extern int far[]; void g(void *); int h(int);
		void *table[] = {g, h, &far[100], &far[-3], 0, g};
		static int local(int a) { return h(a) + far[a]; }
		int f(int a) { int b[100]; g(b); g(&far[7]); return local(a) + h(b[a]) + far[20000]; }
	`
	for _, flags := range [][]string{
		{"-O1", "-g"}, {"-O1", "-g", "-ffunction-sections", "-fdata-sections"}, {"-O1", "-g", "-m32"}, {"-O0", "-g", "-fPIC"},
		{"-O1", "-g", "--target=powerpc64-linux-gnu"}, {"-O1", "--target=arm-linux-gnueabi"}, {"-O1", "--target=aarch64-linux-gnu"},
	} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			t.Parallel()
			clang := objtest.Compiler(t, compactFlag, "clang", "clang-19")
			plain := relocations(t, objtest.Compile(t, t.TempDir(), clang, "a.c", source, append(flags, "-fdebug-compilation-dir=.")...))
			compact := relocations(t, objtest.Compile(t, t.TempDir(), clang, "a.c", source, append(flags, "-fdebug-compilation-dir=.", compactFlag)...))
			if len(plain) == 0 || len(plain[".data"])+len(plain[".data.table"])+len(plain[".data.rel"])+len(plain[".data.rel.table"]) == 0 {
				t.Fatalf("no relocations to compare: %+v", plain)
			}
			var options cmp.Options
			if strings.Contains(strings.Join(flags, " "), "-m32") || strings.Contains(strings.Join(flags, " "), "target=arm") {
				// The ordinary tables of these machines have no addends.
				options = append(options, cmpopts.IgnoreFields(elfobj.Relocation{}, "Addend"))
			}
			if diff := cmp.Diff(plain, compact, options); diff != "" {
				t.Errorf("compact relocations differ (-plain +compact):\n%s", diff)
			}
		})
	}
}

// TestBrokenCompact: each way to break a compact table is an error.
func TestBrokenCompact(t *testing.T) {
	whole := objtest.Read(t, objtest.Compile(t, t.TempDir(), objtest.Compiler(t, compactFlag, "clang", "clang-19"), "c.c",
		"void g(void); void f(void) { g(); g(); }", "-O0", compactFlag))
	f, err := elfobj.Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	var table elfobj.Section
	for i := 1; i < f.NumSections; i++ {
		if s := f.Section(i); s.Type == elfobj.SHTCrel {
			table = s
			break
		}
	}
	if table.Size < 4 {
		t.Fatalf("no compact table of some bytes: %+v", table)
	}
	header := binary.LittleEndian.Uint64(whole[40:]) + 64*uint64(table.Index)
	tests := []struct {
		name    string
		content string
		want    string
	}{
		{"no header", "", "ends inside a number"},
		{"header without an end", "\xff", "ends inside a number"},
		{"header of too many bits", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "more than 64 bits"},
		{"more entries than bytes", "\xf8\x7f\x00", "claims 2047 entries in 1 bytes"},
		{"entry without its symbol", "\x08\x01", "ends inside a number"},
		{"second entry missing", "\x10\x04\x81", "ends inside a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := append([]byte{}, whole...)
			// The content goes to the end of the file.
			binary.LittleEndian.PutUint64(data[header+24:], uint64(len(data)))
			binary.LittleEndian.PutUint64(data[header+32:], uint64(len(tt.content)))
			data = append(data, tt.content...)
			f, err := elfobj.Open(data)
			if err != nil {
				t.Fatal(err)
			}
			r, err := f.Relocations(f.Section(table.Index))
			if err == nil {
				for r.Next() {
				}
				err = r.Err()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestDynamic reads what a library says of others, with section headers and
// without.
func TestDynamic(t *testing.T) {
	for _, flags := range []string{"", "-m32"} {
		t.Run(flags, func(t *testing.T) {
			dir := t.TempDir()
			link := strings.Fields(flags)
			objtest.Write(t, dir, "a.c", "int a(void) { return 1; }")
			objtest.Write(t, dir, "b.c", "int a(void); int b(void) { return a(); }")
			objtest.Run(t, dir, "gcc", append(link, "-nostdlib", "-shared", "-fPIC", "a.c", "-Wl,-soname,liba.so.1", "-o", "liba.so")...)
			objtest.Run(t, dir, "gcc", append(link, "-nostdlib", "-shared", "-fPIC", "b.c", "liba.so", "-o", "libb.so")...)
			objtest.Run(t, dir, "gcc", append(link, "-c", "b.c", "-o", "b.o")...)
			want := map[string]elfobj.Dynamic{
				"liba.so": {Soname: "liba.so.1"},
				"libb.so": {Needed: []string{"liba.so.1"}},
				"b.o":     {},
			}
			for file, want := range want {
				data := objtest.Read(t, dir+"/"+file)
				for range 2 {
					f, err := elfobj.Open(data)
					if err != nil {
						t.Fatal(err)
					}
					got, err := f.Dynamic()
					if diff := cmp.Diff(want, got); diff != "" || err != nil {
						t.Errorf("%s: error %v (-want +got):\n%s", file, err, diff)
					}
					if elf.Class(data[elf.EI_CLASS]) == elf.ELFCLASS64 {
						clear(data[40:48])
						clear(data[58:64])
					} else {
						clear(data[32:36])
						clear(data[46:52])
					}
				}
			}
		})
	}
}

// FuzzRelocations decodes arbitrary bytes as each kind of relocation table, of
// both classes.
func FuzzRelocations(f *testing.F) {
	dir := f.TempDir()
	const source = "void g(void *); int h(int); void *t[] = {g, h}; int f(int a) { int b[100]; g(b); return h(b[a]); }"
	clang := objtest.Compiler(f, compactFlag, "clang", "clang-19")
	templates := map[bool][]byte{} // by whether they are of 64 bits
	for _, flags := range [][]string{{"-O1"}, {"-O1", "-m32"}, {"-O1", compactFlag}, {"-O1", "-m32", compactFlag}} {
		data := objtest.Read(f, objtest.Compile(f, dir, clang, "r.c", source, flags...))
		file, err := elfobj.Open(data)
		if err != nil {
			f.Fatal(err)
		}
		wide := file.Class == elf.ELFCLASS64
		templates[wide] = data
		for i := 1; i < file.NumSections; i++ {
			if s := file.Section(i); s.IsRelocation() {
				b, err := s.Bytes()
				if err != nil {
					f.Fatal(err)
				}
				f.Add(b, uint32(s.Type), wide)
			}
		}
	}
	f.Fuzz(func(t *testing.T, content []byte, kind uint32, wide bool) {
		data := append([]byte{}, templates[wide]...)
		file, err := elfobj.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		// The first section becomes a table of relocations.
		le := binary.LittleEndian
		if wide {
			header := data[le.Uint64(data[40:])+64:]
			le.PutUint32(header[4:], kind)
			le.PutUint64(header[24:], uint64(len(data)))
			le.PutUint64(header[32:], uint64(len(content)))
			le.PutUint64(header[56:], map[uint32]uint64{4: 24, 9: 16}[kind])
		} else {
			header := data[le.Uint32(data[32:])+40:]
			le.PutUint32(header[4:], kind)
			le.PutUint32(header[16:], uint32(len(data)))
			le.PutUint32(header[20:], uint32(len(content)))
			le.PutUint32(header[36:], map[uint32]uint32{4: 12, 9: 8}[kind])
		}
		data = append(data, content...)
		if file, err = elfobj.Open(data); err != nil {
			t.Fatal(err)
		}
		objtest.Bounded(t, len(data), func() {
			r, err := file.Relocations(file.Section(1))
			if err != nil {
				return
			}
			n := 0
			for ; r.Next(); n++ {
			}
			if n > len(content) || n > r.Len || r.Err() == nil && n != r.Len {
				t.Fatalf("%d entries of %d from %d bytes, error %v", n, r.Len, len(content), r.Err())
			}
			again, _ := file.Relocations(file.Section(1))
			for again.NextOf([]int{1, 2}) {
				if again.Symbol != 1 && again.Symbol != 2 {
					t.Fatalf("symbol %d", again.Symbol)
				}
			}
		})
	})
}
