package gobinary

import (
	"debug/elf"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// Section names that the Go compilers and linkers use. Sources: Go,
// cmd/link/internal/ld/data.go and elf.go; GCC, gcc/go/go-backend.cc.
const (
	sectionBuildInfo = ".go.buildinfo"
	sectionPclntab   = ".gopclntab"
	// Until Go 1.25, position-independent code has the table with the
	// relocated data.
	sectionPclntabPIE = ".data.rel.ro.gopclntab"
	sectionBuildID    = ".note.go.buildid"
	// Not loaded, yet it outlives strip.
	sectionExport = ".go_export"
)

// signs is what the headers of a file tell. Sections are counted from 0, which
// is no section here.
type signs struct {
	gc, gccgo bool
	// named is true when at least one section has a name.
	named bool
	// dynamicLibgo is true when the file needs libgo.so.
	dynamicLibgo       bool
	buildInfo, pclntab int
}

func findSigns(f *elfobj.File) signs {
	var s signs
	for i := 1; i < f.NumSections; i++ {
		s.look(f.Section(i))
	}
	if !s.gc && f.Linked() {
		s.gc = hasBuildIDNote(f)
	}
	// Looked at last: it costs a page or two of every ordinary library.
	if !s.gc && f.Linked() {
		s.dynamicLibgo = needsLibgo(f)
		s.gccgo = s.gccgo || s.dynamicLibgo
	}
	return s
}

// look takes note of a section. Almost no name begins as these do.
func (s *signs) look(sec elfobj.Section) {
	switch {
	case sec.NamePrefix(".go"):
		switch string(sec.Name()) {
		case sectionBuildInfo:
			// A sign only with the right content.
			s.buildInfo = first(s.buildInfo, sec.Index)
		case sectionPclntab:
			s.gc, s.pclntab = true, first(s.pclntab, sec.Index)
		case sectionExport:
			s.gccgo = true
		}
	case sec.NamePrefix(sectionPclntabPIE + "\x00"):
		s.gc, s.pclntab = true, first(s.pclntab, sec.Index)
	case sec.NamePrefix(sectionBuildID + "\x00"):
		s.gc = true
	}
	if !s.named {
		s.named = len(sec.Name()) > 0
	}
}

func first(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

// maxNotes bounds the bytes of notes that are looked at in one file.
const maxNotes = 64 << 10

// hasBuildIDNote looks for the note of the Go build ID (owner "Go", type 4) in
// the segments: strip may take section headers away, and notes stay.
func hasBuildIDNote(f *elfobj.File) bool {
	left := uint64(maxNotes)
	for i := range f.NumSegments {
		p := f.Segment(i)
		if p.Type != elf.PT_NOTE {
			continue
		}
		b := clip(f, p)
		b = b[:min(uint64(len(b)), left)]
		left -= uint64(len(b))
		if findGoNote(f, b) {
			return true
		}
	}
	return false
}

// findGoNote walks notes, whose parts are padded to four bytes (gABI, "Note
// Section"). The 8-byte notes of .note.gnu.property are alone in a segment.
func findGoNote(f *elfobj.File, b []byte) bool {
	const header, buildIDType = 12, 4
	order := f.Order()
	for len(b) >= header {
		name, desc := uint64(order.Uint32(b)), uint64(order.Uint32(b[4:]))
		typ := order.Uint32(b[8:])
		b = b[header:]
		if typ == buildIDType && name == 4 && len(b) >= 4 && string(b[:4]) == "Go\x00\x00" {
			return true
		}
		size := (name+3)&^3 + (desc+3)&^3
		if size > uint64(len(b)) {
			return false
		}
		b = b[size:]
	}
	return false
}

// libgoPrefix begins the name of gccgo's runtime library; a version follows.
const libgoPrefix = "libgo.so."

// needsLibgo reports whether the file has gccgo's library as DT_NEEDED.
func needsLibgo(f *elfobj.File) bool {
	d, ok := openDynamic(f)
	if !ok {
		return false
	}
	for i := range d.len {
		tag, value := d.entry(i)
		if tag != elf.DT_NEEDED || value >= uint64(len(d.strings)) {
			continue
		}
		if name := d.strings[value:]; len(name) > len(libgoPrefix) && string(name[:len(libgoPrefix)]) == libgoPrefix {
			return true
		}
	}
	return false
}
