package gobinary_test

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/gobinary"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

func FuzzRead(f *testing.F) {
	path, err := os.Executable()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shrink(f, objtest.Read(f, path)))
	f.Add(withoutSections(shrink(f, objtest.Read(f, path))))
	f.Add(objtest.Read(f, gccgo(f, f.TempDir(), "-s")))
	f.Add(image(elf.ET_EXEC, goHeader, buildInfoPart(blob("go1.26.8", framed(modinfo))),
		part{name: ".gopclntab", data: pclntab(0xfffffff1, "runtime.goexit\x00")}))
	f.Add(image(elf.ET_EXEC, cHeader, buildInfoPart(pointers(binary.LittleEndian, 8, "go1.17", framed(modinfo)))))
	f.Add(image(elf.ET_DYN, part{name: ".go_export", data: []byte("v3;")},
		part{name: ".comment", data: []byte("GCC: (Debian) 12.2.0\x00")},
		part{load: elf.PT_LOAD, flags: elf.PF_R, data: []byte(framed(modinfo))}))
	f.Add(core())
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := elfobj.Open(data)
		if err != nil {
			return
		}
		b, err := gobinary.Read(file)
		var broken *elfobj.FormatError
		if err != nil && (b == nil || !errors.As(err, &broken)) {
			t.Fatalf("error %v with %+v", err, b)
		}
		again, _ := gobinary.Read(file)
		if diff := cmp.Diff(b, again); diff != "" {
			t.Fatalf("two readings differ:\n%s", diff)
		}
		if b == nil {
			return
		}
		if !slices.Contains([]string{"gc", "gccgo"}, b.Compiler) ||
			!slices.Contains([]string{"", "internal", "external"}, b.LinkMode) ||
			!slices.Contains([]string{"", "yes", "no"}, b.Cgo) || b.Settings == nil {
			t.Fatalf("got %+v", b)
		}
		size := len(b.Version) + len(b.Path)
		for _, s := range b.Settings {
			size += len(s.Key) + len(s.Value)
		}
		if size > 72<<10 || len(b.Settings) > 513 {
			t.Fatalf("%d settings, %d bytes", len(b.Settings), size)
		}
	})
}

// FuzzBlob compares what the build information says with debug/buildinfo.
func FuzzBlob(f *testing.F) {
	f.Add(blob("go1.26.8", framed(modinfo)))
	f.Add(pointers(binary.LittleEndian, 8, "go1.17", framed(modinfo)))
	f.Add(pointers(binary.BigEndian, 4, "go1.17", framed(modinfo)))
	f.Add(blob("devel +abc", ""))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 {
			return // nothing is cut
		}
		file := image(elf.ET_EXEC, goHeader, buildInfoPart(data))
		info, err := buildinfo.Read(bytes.NewReader(file))
		if err != nil {
			return
		}
		// The version alone is cut at 1 KiB, and settings have a number.
		if len(info.GoVersion) > 1<<10 || len(info.Settings) > 512 {
			return
		}
		want := fromOracle(info)
		want.LinkMode = "internal"
		got := read(t, file)
		if got == nil {
			t.Fatalf("no sign of Go, want %+v", want)
		}
		got.Cgo = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-debug/buildinfo +got):\n%s", diff)
		}
	})
}

// shrink makes a small file of a Go program: the program headers stay, the
// content of the segments goes but for the build information and the head of
// the table of functions.
func shrink(t testing.TB, data []byte) []byte {
	t.Helper()
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	parts := []part{}
	for _, p := range file.Progs {
		if p.Type != elf.PT_LOAD && p.Type != elf.PT_DYNAMIC {
			parts = append(parts, part{load: p.Type, flags: p.Flags, align: p.Align, data: data[p.Off:][:min(p.Filesz, 256)]})
		}
	}
	for _, s := range file.Sections {
		switch s.Name {
		case ".go.buildinfo", ".gopclntab", ".note.go.buildid":
			parts = append(parts, part{
				name: s.Name, typ: s.Type, load: elf.PT_LOAD, flags: rw, data: data[s.Offset:][:min(s.Size, 4<<10)],
			})
		}
	}
	small := image(elf.ET_EXEC, parts...)
	if b := read(t, small); b == nil || b.Version == "" {
		t.Fatalf("the small file tells %+v", b)
	}
	return small
}
