package ehframe

import (
	"debug/elf"
	"encoding/binary"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// locate finds .eh_frame by its name, or through the header that the unwinder
// finds it by, and .debug_frame otherwise.
func locate(f *elfobj.File) (frames, error) {
	e := frames{section: ".eh_frame", big: f.Order() == binary.BigEndian, word: 4}
	if f.Class == elf.ELFCLASS64 {
		e.word = 8
	}
	e.dataBase, e.hasDataBase = globalOffsetTable(f)
	debug := 0
	for i := 1; i < f.NumSections; i++ {
		h := f.Header(i)
		if h.Type == elf.SHT_NOBITS || h.Size == 0 {
			continue
		}
		s := f.Section(i)
		if h.Flags&elf.SHF_ALLOC != 0 {
			// Its type is SHT_PROGBITS or SHT_X86_64_UNWIND; nothing else
			// that is loaded has its name.
			if s.NamePrefix(".eh_frame\x00") {
				b, err := s.Bytes()
				e.data, e.offset, e.address = b, s.Offset, s.Addr
				return e, err
			}
		} else if debug == 0 && (s.NamePrefix(".debug_frame\x00") || s.NamePrefix(".zdebug_frame\x00")) {
			debug = i
		}
	}
	for i := range f.NumSegments {
		if p := f.Segment(i); p.Type == elf.PT_GNU_EH_FRAME {
			return e.throughHeader(f, p)
		}
	}
	if debug != 0 {
		return e.debugFrame(f, f.Section(debug))
	}
	return e, nil
}

// throughHeader follows .eh_frame_hdr: version, the encodings of a pointer, of a
// count and of a table, and then these three (Linux Standard Base Core 5.0,
// section 10.6.2). Where .eh_frame ends it does not say: at a terminator, or
// with its segment; some linkers write no terminator of their own.
func (e frames) throughHeader(f *elfobj.File, p elfobj.Segment) (frames, error) {
	header, err := p.Bytes()
	if err != nil {
		return e, err
	}
	if len(header) < 5 || header[0] != 1 {
		return e, &elfobj.FormatError{Offset: p.Offset, Msg: ".eh_frame_hdr of an unknown version"}
	}
	// Here DW_EH_PE_datarel is relative to the header.
	h := e
	h.data, h.address, h.dataBase, h.hasDataBase = header, p.Vaddr, p.Vaddr, true
	r := pointers{frames: &h, at: 4, end: uint64(len(header)), word: e.word}
	at, ok := r.next(header[1])
	if !ok {
		return e, &elfobj.FormatError{Offset: p.Offset, Msg: ".eh_frame_hdr has no pointer to .eh_frame"}
	}
	var count uint64 // 0 without one
	if header[2]&(baseMask|indirect) == 0 {
		count, _ = r.number(header[2])
	}
	for i := range f.NumSegments {
		load := f.Segment(i)
		if load.Type != elf.PT_LOAD || at < load.Vaddr || at-load.Vaddr >= load.Filesz {
			continue
		}
		b, err := load.Bytes()
		if err != nil {
			return e, err
		}
		skip := at - load.Vaddr
		e.data, e.offset, e.address, e.open = b[skip:], load.Offset+skip, at, true
		if count <= uint64(len(e.data))/smallestFDE {
			e.count = int(count)
		}
		return e, nil
	}
	return e, &elfobj.FormatError{Offset: p.Offset, Msg: ".eh_frame_hdr points to no segment"}
}

// smallestFDE is a lower bound of the size of an FDE in bytes: length, id, and
// two numbers of a byte each.
const smallestFDE = 10

// debugFrame reads .debug_frame, whose addresses are absolute.
func (e frames) debugFrame(f *elfobj.File, s elfobj.Section) (frames, error) {
	b, err := s.Bytes()
	if err != nil {
		return e, err
	}
	e.section, e.debug, e.offset = ".debug_frame", true, s.Offset
	if e.data, err = unpack(f, s, b); err == nil {
		e.unpacked = len(b) > 0 && len(e.data) > 0 && &e.data[0] != &b[0]
	}
	return e, err
}

// globalOffsetTable returns DT_PLTGOT, which libgcc takes for the base of
// DW_EH_PE_datarel.
func globalOffsetTable(f *elfobj.File) (uint64, bool) {
	for i := range f.NumSegments {
		p := f.Segment(i)
		if p.Type != elf.PT_DYNAMIC {
			continue
		}
		b, err := p.Bytes()
		if err != nil {
			return 0, false
		}
		o := f.Order()
		if f.Class == elf.ELFCLASS64 {
			for ; len(b) >= 16; b = b[16:] {
				if elf.DynTag(o.Uint64(b)) == elf.DT_PLTGOT {
					return o.Uint64(b[8:]), true
				}
			}
			return 0, false
		}
		for ; len(b) >= 8; b = b[8:] {
			if elf.DynTag(o.Uint32(b)) == elf.DT_PLTGOT {
				return uint64(o.Uint32(b[4:])), true
			}
		}
		return 0, false
	}
	return 0, false
}
