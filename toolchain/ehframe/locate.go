package ehframe

import (
	"debug/elf"
	"encoding/binary"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// frames is an .eh_frame in memory.
type frames struct {
	data    []byte
	offset  uint64 // in the file
	address uint64 // virtual
	order   binary.ByteOrder
	word    uint64 // size of an address in bytes
}

// locate finds .eh_frame: by its name, or through the header that the unwinder
// finds it by.
func locate(f *elfobj.File) (frames, error) {
	e := frames{order: f.Order(), word: 4}
	if f.Class == elf.ELFCLASS64 {
		e.word = 8
	}
	for i := 1; i < f.NumSections; i++ {
		// Nothing else has this name and is loaded.
		if h := f.Header(i); h.Flags&elf.SHF_ALLOC == 0 || h.Type == elf.SHT_NOBITS {
			continue
		}
		s := f.Section(i)
		if !s.NamePrefix(".eh_frame\x00") {
			continue
		}
		b, err := s.Bytes()
		e.data, e.offset, e.address = b, s.Offset, s.Addr
		return e, err
	}
	for i := range f.NumSegments {
		if p := f.Segment(i); p.Type == elf.PT_GNU_EH_FRAME {
			return e.throughHeader(f, p)
		}
	}
	return e, nil
}

// throughHeader follows .eh_frame_hdr: version, the encodings of a pointer, of a
// count and of a table, and then these three (Linux Standard Base Core 5.0,
// section 10.6.2). Where .eh_frame ends it does not say: at a terminator, or
// with its segment.
func (e frames) throughHeader(f *elfobj.File, p elfobj.Segment) (frames, error) {
	header, err := p.Bytes()
	if err != nil {
		return e, err
	}
	if len(header) < 5 || header[0] != 1 {
		return e, &elfobj.FormatError{Offset: p.Offset, Msg: ".eh_frame_hdr of an unknown version"}
	}
	e.data, e.offset, e.address = header, p.Offset, p.Vaddr
	r := pointers{frames: e, at: 4, end: uint64(len(header))}
	at, ok := r.next(header[1])
	if !ok {
		return e, &elfobj.FormatError{Offset: p.Offset, Msg: ".eh_frame_hdr has a broken pointer"}
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
		e.data, e.offset, e.address = b[skip:], load.Offset+skip, at
		return e, nil
	}
	return e, &elfobj.FormatError{Offset: p.Offset, Msg: ".eh_frame_hdr points to no segment"}
}

// executable returns the ranges of addresses that hold code.
func executable(f *elfobj.File) []Range {
	var code []Range
	for i := range f.NumSegments {
		if p := f.Segment(i); p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 && len(code) < maxSegments {
			code = append(code, Range{p.Vaddr, p.Memsz})
		}
	}
	return code
}

// maxSegments bounds the segments that an address is looked for in; programs
// have one or two with code.
const maxSegments = 16
