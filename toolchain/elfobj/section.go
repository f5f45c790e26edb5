package elfobj

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// Section is one section header. It is a value: copying it copies no content.
type Section struct {
	Index     int
	Type      elf.SectionType
	Flags     elf.SectionFlag
	Addr      uint64
	Offset    uint64
	Size      uint64
	Link      uint32
	Info      uint32
	Addralign uint64
	Entsize   uint64

	file    *File
	nameOff uint32
}

// Section decodes header i, which must be less than NumSections.
func (f *File) Section(i int) Section {
	if uint(i) >= uint(f.NumSections) {
		panic(fmt.Sprintf("elfobj: section %d of %d", i, f.NumSections))
	}
	off := f.shoff + uint64(i)*f.shentsize
	s := Section{Index: i, file: f}
	if f.is64 {
		b := f.Data[off:][:shdrSize64] // one check of the bounds
		o := f.order
		s.nameOff, s.Type, s.Flags = o.Uint32(b), elf.SectionType(o.Uint32(b[4:])), elf.SectionFlag(o.Uint64(b[8:]))
		s.Addr, s.Offset, s.Size = o.Uint64(b[16:]), o.Uint64(b[24:]), o.Uint64(b[32:])
		s.Link, s.Info = o.Uint32(b[40:]), o.Uint32(b[44:])
		s.Addralign, s.Entsize = o.Uint64(b[48:]), o.Uint64(b[56:])
		return s
	}
	b := f.Data[off:][:shdrSize32]
	o := f.order
	s.nameOff, s.Type, s.Flags = o.Uint32(b), elf.SectionType(o.Uint32(b[4:])), elf.SectionFlag(o.Uint32(b[8:]))
	s.Addr, s.Offset, s.Size = uint64(o.Uint32(b[12:])), uint64(o.Uint32(b[16:])), uint64(o.Uint32(b[20:]))
	s.Link, s.Info = o.Uint32(b[24:]), o.Uint32(b[28:])
	s.Addralign, s.Entsize = uint64(o.Uint32(b[32:])), uint64(o.Uint32(b[36:]))
	return s
}

// Header is the part of a section header that decides whether a reader wants
// the section at all.
type Header struct {
	NameOff uint32 // in the section name table
	Type    elf.SectionType
	Flags   elf.SectionFlag
	Offset  uint64
	Size    uint64
	Link    uint32
	Info    uint32
}

// Header decodes a part of header i, which must be less than NumSections. It
// takes half the time of Section: objects have thousands of sections that nobody
// wants.
func (f *File) Header(i int) Header {
	if uint(i) >= uint(f.NumSections) {
		panic(fmt.Sprintf("elfobj: section %d of %d", i, f.NumSections))
	}
	off := f.shoff + uint64(i)*f.shentsize
	o := f.order
	if f.is64 && o == littleEndian {
		b, le := f.Data[off:][:shdrSize64], binary.LittleEndian
		return Header{le.Uint32(b), elf.SectionType(le.Uint32(b[4:])), elf.SectionFlag(le.Uint64(b[8:])), le.Uint64(b[24:]), le.Uint64(b[32:]), le.Uint32(b[40:]), le.Uint32(b[44:])}
	}
	if f.is64 {
		b := f.Data[off:][:shdrSize64]
		return Header{o.Uint32(b), elf.SectionType(o.Uint32(b[4:])), elf.SectionFlag(o.Uint64(b[8:])), o.Uint64(b[24:]), o.Uint64(b[32:]), o.Uint32(b[40:]), o.Uint32(b[44:])}
	}
	b := f.Data[off:][:shdrSize32]
	return Header{o.Uint32(b), elf.SectionType(o.Uint32(b[4:])), elf.SectionFlag(o.Uint32(b[8:])), uint64(o.Uint32(b[16:])), uint64(o.Uint32(b[20:])), o.Uint32(b[24:]), o.Uint32(b[28:])}
}

// Outside reports whether the section's content lies outside the file: Check
// says more.
func (f *File) Outside(h Header) bool {
	return !f.fits(h.Offset, h.Size) && h.Type != elf.SHT_NOBITS && h.Type != elf.SHT_NULL
}

// NameStart reads the first eight bytes of the section's name as a little-endian
// number, or 0 when fewer are left in the table: see SymbolTable.NameStart.
func (f *File) NameStart(h Header) uint64 {
	if uint64(h.NameOff)+8 > uint64(len(f.shstrtab)) {
		return 0
	}
	return binary.LittleEndian.Uint64(f.shstrtab[h.NameOff:])
}

// maxName bounds a section's name in bytes: a million headers may share one of
// a megabyte.
const maxName = 512

// Name is the section's name, empty when the file gives it none, and cut after
// 512 bytes. The bytes are the file's own.
func (s Section) Name() []byte {
	tab := s.file.shstrtab
	if end := uint64(s.nameOff) + maxName; end < uint64(len(tab)) {
		if name, ok := cstring(tab[:end], s.nameOff); ok {
			return name
		}
		return tab[s.nameOff:end]
	}
	name, _ := cstring(tab, s.nameOff)
	return name
}

// NamePrefix reports whether the section's name begins with prefix, without
// looking for its end.
func (s Section) NamePrefix(prefix string) bool {
	tab := s.file.shstrtab
	off := uint64(s.nameOff)
	return off+uint64(len(prefix)) <= uint64(len(tab)) && string(tab[off:off+uint64(len(prefix))]) == prefix
}

// Executable reports whether the section holds machine code.
func (s Section) Executable() bool { return s.Flags&elf.SHF_EXECINSTR != 0 }

// Check returns an error when the section's content lies outside the file.
func (s Section) Check() error {
	if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL || s.file.fits(s.Offset, s.Size) {
		return nil
	}
	return &FormatError{s.Offset, fmt.Sprintf(
		"section %d %q of %d bytes lies outside the file of %d bytes", s.Index, s.Name(), s.Size, len(s.file.Data))}
}

// Bytes is the section's content as it lies in the file: still compressed when
// SHF_COMPRESSED is set, nil when the section occupies no space (SHT_NOBITS).
func (s Section) Bytes() ([]byte, error) {
	if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL {
		return nil, nil
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	return s.file.Data[s.Offset : s.Offset+s.Size : s.Offset+s.Size], nil
}

// table is Bytes for a section of equal entries; it says how many there are.
func (s Section) table(entsize uint64) (b []byte, n int, err error) {
	b, err = s.Bytes()
	if err != nil {
		return nil, 0, err
	}
	if s.Entsize != entsize {
		return nil, 0, &FormatError{s.Offset, fmt.Sprintf(
			"section %d %q has entries of %d bytes, want %d", s.Index, s.Name(), s.Entsize, entsize)}
	}
	if uint64(len(b))%entsize != 0 {
		return nil, 0, &FormatError{s.Offset, fmt.Sprintf(
			"section %d %q of %d bytes ends inside an entry", s.Index, s.Name(), len(b))}
	}
	return b, len(b) / int(entsize), nil
}

// Segment is one program header.
type Segment struct {
	Type   elf.ProgType
	Flags  elf.ProgFlag
	Offset uint64
	Vaddr  uint64
	Filesz uint64
	Memsz  uint64

	file *File
}

// Segment decodes program header i, which must be less than NumSegments.
func (f *File) Segment(i int) Segment {
	if i < 0 || i >= f.NumSegments {
		panic(fmt.Sprintf("elfobj: segment %d of %d", i, f.NumSegments))
	}
	off := f.phoff + uint64(i)*f.phentsize
	if f.is64 {
		return Segment{
			file: f, Type: elf.ProgType(f.u32(off)), Flags: elf.ProgFlag(f.u32(off + 4)),
			Offset: f.u64(off + 8), Vaddr: f.u64(off + 16), Filesz: f.u64(off + 32), Memsz: f.u64(off + 40),
		}
	}
	return Segment{
		file: f, Type: elf.ProgType(f.u32(off)), Flags: elf.ProgFlag(f.u32(off + 24)),
		Offset: uint64(f.u32(off + 4)), Vaddr: uint64(f.u32(off + 8)),
		Filesz: uint64(f.u32(off + 16)), Memsz: uint64(f.u32(off + 20)),
	}
}

// Bytes is the segment's content in the file.
func (p Segment) Bytes() ([]byte, error) {
	if !p.file.fits(p.Offset, p.Filesz) {
		return nil, &FormatError{p.Offset, fmt.Sprintf(
			"a segment of %d bytes lies outside the file of %d bytes", p.Filesz, len(p.file.Data))}
	}
	return p.file.Data[p.Offset : p.Offset+p.Filesz : p.Offset+p.Filesz], nil
}
