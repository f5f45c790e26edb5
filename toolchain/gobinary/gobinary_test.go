package gobinary_test

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/gobinary"
)

var (
	rw = elf.PF_R | elf.PF_W
	// The settings in modinfo.
	settings = []finding.GoSetting{{Key: "-compiler", Value: "gc"}, {Key: "a\nb", Value: "c\nd="}, {Key: "EMPTY"}}
)

// pointers makes build information in the form before Go 1.18. Version and
// module information follow it, and it lies at partAddr.
func pointers(order binary.ByteOrder, size int, version, modinfo string) []byte {
	b := append([]byte("\xff Go buildinf:"), byte(size), 0)
	if order == binary.BigEndian {
		b[15] = 1
	}
	b = append(b, make([]byte, 16)...)
	word := func(at int, v uint64) {
		if size == 4 {
			order.PutUint32(b[at:], uint32(v))
		} else {
			order.PutUint64(b[at:], v)
		}
	}
	for i, s := range []string{version, modinfo} {
		header := len(b)
		word(16+i*size, partAddr+uint64(header))
		b = append(b, make([]byte, 2*size)...)
		word(header, partAddr+uint64(len(b)))
		word(header+size, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

func TestBlob(t *testing.T) {
	full := &finding.GoBuild{Compiler: "gc", Version: "go1.26.8", Path: "example.org/app", LinkMode: "external", Settings: settings}
	bare := &finding.GoBuild{Compiler: "gc", LinkMode: "external", Settings: []finding.GoSetting{}}
	versionOnly := &finding.GoBuild{Compiler: "gc", Version: "go1.26.8", LinkMode: "external", Settings: []finding.GoSetting{}}
	good := blob("go1.26.8", framed(modinfo))
	other := part{name: ".gopclntab", data: []byte("no table")}

	tests := []struct {
		name string
		data []byte
		want *finding.GoBuild
		err  string
	}{
		{"section", image(elf.ET_EXEC, buildInfoPart(good)), full, ""},
		{"behind something else", image(elf.ET_EXEC, buildInfoPart(append(make([]byte, 64), good...))), full, ""},
		{"not aligned", image(elf.ET_EXEC, buildInfoPart(append(make([]byte, 8), good...))), nil, ""},
		{"after one that is not aligned", image(elf.ET_EXEC, buildInfoPart(append([]byte("12\xff Go buildinf:"), good...))), full, ""},
		{"after a broken one", image(elf.ET_EXEC, buildInfoPart(append([]byte("\xff Go buildinf:\x08\x020123456789abcdef\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), good...))), full, ""},
		{"pointers of 8 bytes", image(elf.ET_EXEC, buildInfoPart(pointers(binary.LittleEndian, 8, "go1.26.8", framed(modinfo)))), full, ""},
		{"pointers of 4 bytes", image(elf.ET_EXEC, buildInfoPart(pointers(binary.BigEndian, 4, "go1.26.8", framed(modinfo)))), full, ""},
		{"pointers to nowhere", image(elf.ET_EXEC, buildInfoPart(pointers(binary.LittleEndian, 8, "", "")[:32])), bare, ""},
		{"no section, a note", image(elf.ET_EXEC,
			part{load: elf.PT_NOTE, data: []byte("\x04\x00\x00\x00\x03\x00\x00\x00\x01\x00\x00\x00GNU\x00abc\x00\x04\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x00Go\x00\x00id")},
			part{load: elf.PT_LOAD, flags: elf.PF_R, data: good}), full, ""},
		{"no section, no note", image(elf.ET_EXEC, part{load: elf.PT_LOAD, flags: rw, data: good}), full, ""},
		{"no section, no note, read-only", image(elf.ET_EXEC, part{load: elf.PT_LOAD, flags: elf.PF_R, data: good}), nil, ""},
		{"no section, beyond the search", image(elf.ET_EXEC, part{load: elf.PT_LOAD, flags: rw, data: append(make([]byte, 4<<20), good...)}), nil, ""},
		{"another section's data", image(elf.ET_EXEC, part{name: ".data", load: elf.PT_LOAD, flags: rw, data: good}), nil, ""},
		{"a file of Go, and the section lacks", image(elf.ET_EXEC, other, part{name: ".data", load: elf.PT_LOAD, flags: rw, data: good}), full, ""},
		{"no build information", image(elf.ET_EXEC, cHeader, other), bare, ""},
		{"an empty section", image(elf.ET_EXEC, buildInfoPart(nil)), nil, ""},
		{"no markers", image(elf.ET_EXEC, buildInfoPart(blob("go1.26.8", strings.Repeat("path\tx\n", 9)+"0123"))), versionOnly, ""},

		{"ends in the header", image(elf.ET_EXEC, buildInfoPart(good[:31])), bare, "ends inside its header"},
		{"no length", image(elf.ET_EXEC, buildInfoPart(good[:32])), bare, "without a length"},
		{"a length of 70 bits", image(elf.ET_EXEC, buildInfoPart(append(good[:32:32], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"...))), bare, "without a length"},
		{"cut version", image(elf.ET_EXEC, buildInfoPart(good[:36])), bare, "beyond its end"},
		{"cut modules", image(elf.ET_EXEC, buildInfoPart(good[:len(good)-1])), bare, "beyond its end"},
		{"pointers of 3 bytes", image(elf.ET_EXEC, buildInfoPart(append([]byte("\xff Go buildinf:\x03\x00"), make([]byte, 16)...))), bare, "neither 4 nor 8"},
		{"outside the file", moveSection(image(elf.ET_EXEC, buildInfoPart(good))), bare, "outside the file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := elfobj.Open(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := gobinary.Read(f)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var broken *elfobj.FormatError
			switch {
			case tt.err == "" && err != nil:
				t.Error(err)
			case tt.err != "" && (!errors.As(err, &broken) || !strings.Contains(broken.Msg, tt.err)):
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

// moveSection lets section 1 begin beyond the end of the file.
func moveSection(data []byte) []byte {
	shoff := binary.LittleEndian.Uint64(data[40:])
	binary.LittleEndian.PutUint64(data[shoff+64+24:], uint64(len(data))+1)
	return data
}

func TestLinkMode(t *testing.T) {
	table := part{name: ".gopclntab", data: []byte("no table")}
	unwind := part{load: elf.PT_GNU_EH_FRAME}
	tests := []struct {
		name  string
		typ   elf.Type
		parts []part
		want  string
	}{
		{"of the Go linker", elf.ET_EXEC, []part{goHeader, table}, "internal"},
		{"of a C linker", elf.ET_EXEC, []part{cHeader, table}, "external"},
		{"of a C linker, with unwind tables", elf.ET_EXEC, []part{cHeader, unwind, table}, "external"},
		{"a library", elf.ET_DYN, []part{unwind, table}, "external"},
		{"to be linked", elf.ET_REL, []part{table}, "external"},
		{"contradictory", elf.ET_EXEC, []part{goHeader, unwind, table}, ""},
		{"no program headers", elf.ET_EXEC, []part{table}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := read(t, image(tt.typ, tt.parts...)); got == nil || got.LinkMode != tt.want {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
		})
	}
}

// pclntab makes a table of functions with names as they stand in the file.
func pclntab(magic uint32, names string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, magic)
	b = append(b, 0, 0, 1, 8)
	words := []uint64{1, 1, 0, 72, 72 + uint64(len(names)), 0, 0, 0}
	if magic == 0xfffffffa {
		words = []uint64{1, 1, 72, 72 + uint64(len(names)), 0, 0, 0, 0}
	}
	for _, w := range words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return append(append(b, names...), "crosscall2\x00runtime.goexit\x00"...)
}

func TestCgo(t *testing.T) {
	const goexit, cross = "runtime.goexit\x00", "crosscall2\x00"
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"yes", pclntab(0xfffffff1, goexit+cross), "yes"},
		{"first name", pclntab(0xfffffff1, cross+goexit), "yes"},
		{"no: the name is not in the table of names", pclntab(0xfffffff1, goexit), "no"},
		{"Go 1.18", pclntab(0xfffffff0, goexit), "no"},
		{"Go 1.16", pclntab(0xfffffffa, goexit), "no"},
		{"a name within another", pclntab(0xfffffff1, goexit+"main."+cross+"crosscall2.func1\x00"), "no"},
		{"no names that are known", pclntab(0xfffffff1, "a\x00b\x00"), ""},
		{"an unknown header: all of it", pclntab(0xfffffff7, goexit), "yes"},
		{"offsets beyond the end: all of it", pclntab(0xfffffff1, strings.Repeat(goexit, 9))[:90], "no"},
		{"empty", nil, ""},
		{"short", []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := image(elf.ET_EXEC, goHeader, part{name: ".gopclntab", data: tt.data})
			if got := read(t, data); got == nil || got.Cgo != tt.want {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
		})
	}
}

// What a file says of itself is bounded.
func TestBounds(t *testing.T) {
	long := strings.Repeat("x", 100<<10)
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, "build\tk%d=v\n", i)
	}
	more := finding.GoSetting{Key: "(truncated)", Value: "the file records more settings"}
	tests := []struct {
		name, modinfo string
		settings      int
	}{
		{"many settings", many.String(), 512},
		{"a long setting", "build\ta=" + long + "\nbuild\tb=c\n", 2},
		{"a long quoted setting", "build\ta=\"" + long + "\"\nbuild\tb=c\n", 2},
		{"a long quoted key", "build\t\"" + long + "\"=a\nbuild\tb=c\n", 2},
		{"many long settings", strings.Repeat("build\ta="+long+"\n", 9), 3},
		{"a long path", "path\t" + long + "\n", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := read(t, image(elf.ET_EXEC, buildInfoPart(blob(long, framed(tt.modinfo)))))
			if b == nil {
				t.Fatal("no sign of Go")
			}
			n, size := len(b.Settings), 0
			for _, s := range b.Settings {
				size += len(s.Key) + len(s.Value)
			}
			if n > tt.settings {
				n--
				if b.Settings[n] != more {
					t.Errorf("the last setting is %v", b.Settings[n])
				}
			}
			if n != tt.settings {
				t.Errorf("%d settings, want %d", n, tt.settings)
			}
			if size > 64<<10+100 || len(b.Path) > 4<<10+100 || len(b.Version) > 1<<10+100 {
				t.Errorf("%d bytes of settings, %d of path, %d of version", size, len(b.Path), len(b.Version))
			}
			if !strings.HasSuffix(b.Version, "... (truncated, 102400 bytes in all)") {
				t.Errorf("the version ends in %q", b.Version[len(b.Version)-40:])
			}
		})
	}
}

// Lines that cmd/go does not write are shown, not judged.
func TestOddSettings(t *testing.T) {
	got := read(t, image(elf.ET_EXEC, buildInfoPart(blob("v", framed(
		"build\tno equals sign\nbuild\t\"open=x\nbuild\ta=\"open\nbuild\t\nbuild\t`q`=`r`\n")))))
	want := []finding.GoSetting{
		{Key: "no equals sign"}, {Key: "\"open", Value: "x"}, {Key: "a", Value: "\"open"}, {}, {Key: "q", Value: "r"},
	}
	if diff := cmp.Diff(want, got.Settings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Thousands of segments that show the same bytes cost no more than the bytes.
func TestOverlappingSegments(t *testing.T) {
	parts := []part{{load: elf.PT_NOTE, data: []byte("\x04\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00Go\x00\x00")}}
	for range 20_000 {
		parts = append(parts, part{load: elf.PT_LOAD, flags: rw})
	}
	data := image(elf.ET_EXEC, parts...)
	for i := range 20_000 {
		segment := data[64+56*(i+1):]
		binary.LittleEndian.PutUint64(segment[8:], 0)
		binary.LittleEndian.PutUint64(segment[32:], uint64(len(data)))
	}
	allocs := testing.AllocsPerRun(1, func() {
		if b := read(t, data); b == nil || b.Version != "" {
			t.Errorf("got %+v", b)
		}
	})
	if allocs > 50 {
		t.Errorf("%v allocations", allocs)
	}
}

// Ordinary files cost no allocation.
func TestAllocations(t *testing.T) {
	f, err := elfobj.Open(image(elf.ET_DYN, part{name: ".text"}, part{name: ".data"}, part{name: ".got"}))
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if b, err := gobinary.Read(f); b != nil || err != nil {
			t.Errorf("%+v, %v", b, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
