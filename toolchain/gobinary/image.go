package gobinary

import (
	"debug/elf"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// clip is the part of a segment that lies in the file.
func clip(f *elfobj.File, p elfobj.Segment) []byte {
	n := uint64(len(f.Data))
	if p.Offset >= n {
		return nil
	}
	return f.Data[p.Offset : p.Offset+min(p.Filesz, n-p.Offset)]
}

// at is what the file has loaded from an address to the end of its segment;
// nil when nothing is there.
func at(f *elfobj.File, addr uint64) []byte {
	for i := range f.NumSegments {
		p := f.Segment(i)
		if p.Type == elf.PT_LOAD && addr >= p.Vaddr && addr-p.Vaddr < p.Filesz {
			if b := clip(f, p); addr-p.Vaddr < uint64(len(b)) {
				return b[addr-p.Vaddr:]
			}
			return nil
		}
	}
	return nil
}

// A kind is a sort of loaded segment.
type kind int

const (
	writable kind = iota
	readOnly
	executable
)

func kindOf(p elfobj.Segment) kind {
	switch {
	case p.Flags&elf.PF_X != 0:
		return executable
	case p.Flags&elf.PF_W != 0:
		return writable
	}
	return readOnly
}

// loaded yields the loaded segments with their content, one kind after the
// other, until budget bytes were given out: segments may overlap, and a
// hostile file has thousands that all show the same bytes.
func loaded(f *elfobj.File, budget int, kinds ...kind) func(yield func(vaddr uint64, b []byte) bool) {
	return func(yield func(vaddr uint64, b []byte) bool) {
		for _, k := range kinds {
			for i := range f.NumSegments {
				p := f.Segment(i)
				if p.Type != elf.PT_LOAD || kindOf(p) != k {
					continue
				}
				b := clip(f, p)
				b = b[:min(len(b), budget)]
				budget -= len(b)
				if len(b) > 0 && !yield(p.Vaddr, b) {
					return
				}
			}
		}
	}
}

// dynamic is the content of the segment PT_DYNAMIC.
type dynamic struct {
	len     int
	strings []byte // DT_STRTAB

	f       *elfobj.File
	entries []byte
}

// maxDynamic bounds the entries of a dynamic segment that are looked at.
const maxDynamic = 4096

func openDynamic(f *elfobj.File) (dynamic, bool) {
	for i := range f.NumSegments {
		p := f.Segment(i)
		if p.Type != elf.PT_DYNAMIC {
			continue
		}
		d := dynamic{f: f, entries: clip(f, p)}
		d.len = min(len(d.entries)/d.entsize(), maxDynamic)
		d.openStrings()
		return d, len(d.strings) > 0
	}
	return dynamic{}, false
}

func (d *dynamic) entsize() int {
	if d.f.Class == elf.ELFCLASS64 {
		return 16
	}
	return 8
}

func (d *dynamic) entry(i int) (elf.DynTag, uint64) {
	order := d.f.Order()
	b := d.entries[i*d.entsize():]
	if d.f.Class == elf.ELFCLASS64 {
		return elf.DynTag(order.Uint64(b)), order.Uint64(b[8:])
	}
	return elf.DynTag(order.Uint32(b)), uint64(order.Uint32(b[4:]))
}

// openStrings finds the string table, and the end of the entries at DT_NULL.
func (d *dynamic) openStrings() {
	var addr, size uint64
	for i := range d.len {
		tag, value := d.entry(i)
		if tag == elf.DT_NULL {
			d.len = i
			break
		}
		switch tag {
		case elf.DT_STRTAB:
			addr = value
		case elf.DT_STRSZ:
			size = value
		}
	}
	d.strings = at(d.f, addr)
	d.strings = d.strings[:min(uint64(len(d.strings)), size)]
}
