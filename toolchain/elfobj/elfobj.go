// Package elfobj reads ELF files without copying them.
//
// Open looks at the header alone; sections, segments, symbols and relocations
// are decoded from the caller's bytes when they are asked for, so that a reader
// touches only the pages that it needs. Nothing is allocated per section or per
// symbol. Every offset and size comes from the file and is checked against its
// length before use; a broken one is a *FormatError that names the place.
//
// Layouts are those of the System V gABI, chapters 4 and 5.
package elfobj

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// Magic is how every ELF file begins.
const Magic = elf.ELFMAG

// SHTCrel is the section type of compact relocations (SHT_CREL), which
// debug/elf does not name yet. Source: LLVM, llvm/BinaryFormat/ELF.h.
const SHTCrel = elf.SectionType(0x40000014)

// A FormatError says where a file breaks the rules of its format.
type FormatError struct {
	Offset uint64 // in bytes from the start of the object
	Msg    string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s (at offset %#x)", e.Msg, e.Offset)
}

// File is an ELF file in memory.
type File struct {
	Data    []byte
	Class   elf.Class
	Type    elf.Type
	Machine elf.Machine
	OSABI   elf.OSABI
	Entry   uint64
	// NumSections and NumSegments are how many headers the file has, with
	// the extended numbering of section 0 taken into account.
	NumSections, NumSegments int

	order     byteOrder
	is64      bool
	shoff     uint64
	phoff     uint64
	shentsize uint64
	phentsize uint64
	shstrtab  []byte
}

// Sizes of the structures in the file, by class.
const (
	ehdrSize32, ehdrSize64 = 52, 64
	shdrSize32, shdrSize64 = 40, 64
	phdrSize32, phdrSize64 = 32, 56
	symSize32, symSize64   = 16, 24
)

// Open reads the header of an ELF file. The File refers to data and is valid as
// long as data is.
func Open(data []byte) (*File, error) {
	if len(data) < elf.EI_NIDENT {
		return nil, &FormatError{uint64(len(data)), "the file ends inside the ELF identification"}
	}
	if string(data[:4]) != Magic {
		return nil, &FormatError{0, "no ELF magic number"}
	}
	f := &File{
		Data:  data,
		Class: elf.Class(data[elf.EI_CLASS]),
		OSABI: elf.OSABI(data[elf.EI_OSABI]),
	}
	switch elf.Data(data[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		f.order = littleEndian
	case elf.ELFDATA2MSB:
		f.order = bigEndian
	default:
		return nil, &FormatError{elf.EI_DATA, fmt.Sprintf("unknown byte order %d", data[elf.EI_DATA])}
	}
	size := ehdrSize32
	switch f.Class {
	case elf.ELFCLASS32:
	case elf.ELFCLASS64:
		f.is64 = true
		size = ehdrSize64
	default:
		return nil, &FormatError{elf.EI_CLASS, fmt.Sprintf("unknown class %d", data[elf.EI_CLASS])}
	}
	if len(data) < size {
		return nil, &FormatError{uint64(len(data)), "the file ends inside the ELF header"}
	}
	f.Type = elf.Type(f.u16(16))
	f.Machine = elf.Machine(f.u16(18))
	var shnum, phnum, shstrndx uint64
	if f.is64 {
		f.Entry = f.u64(24)
		f.phoff, f.shoff = f.u64(32), f.u64(40)
		f.phentsize, phnum = uint64(f.u16(54)), uint64(f.u16(56))
		f.shentsize, shnum, shstrndx = uint64(f.u16(58)), uint64(f.u16(60)), uint64(f.u16(62))
	} else {
		f.Entry = uint64(f.u32(24))
		f.phoff, f.shoff = uint64(f.u32(28)), uint64(f.u32(32))
		f.phentsize, phnum = uint64(f.u16(42)), uint64(f.u16(44))
		f.shentsize, shnum, shstrndx = uint64(f.u16(46)), uint64(f.u16(48)), uint64(f.u16(50))
	}
	if err := f.openSections(shnum, shstrndx, &phnum); err != nil {
		return nil, err
	}
	return f, f.openSegments(phnum)
}

// openSections checks the section header table and finds the names. A count
// of 0 with a table means that section 0 holds it (gABI, "Extended section
// numbering"), and likewise for the name table and the segments.
func (f *File) openSections(shnum, shstrndx uint64, phnum *uint64) error {
	if f.shoff == 0 {
		if shnum != 0 {
			return &FormatError{f.shoff, fmt.Sprintf("%d sections, but no section header table", shnum)}
		}
		return nil
	}
	want := uint64(shdrSize32)
	if f.is64 {
		want = shdrSize64
	}
	if f.shentsize != want {
		return &FormatError{f.shoff, fmt.Sprintf("section headers of %d bytes, want %d", f.shentsize, want)}
	}
	if !f.fits(f.shoff, want) {
		return &FormatError{f.shoff, "the section header table lies outside the file"}
	}
	f.NumSections = 1 // section 0 can be read from here on
	zero := f.Section(0)
	if shnum == 0 {
		shnum = zero.Size
	}
	if shstrndx == uint64(elf.SHN_XINDEX) {
		shstrndx = uint64(zero.Link)
	}
	if *phnum == 0xffff { // PN_XNUM
		*phnum = uint64(zero.Info)
	}
	f.NumSections = 0
	if shnum > uint64(len(f.Data))/want || !f.fits(f.shoff, shnum*want) {
		return &FormatError{f.shoff, fmt.Sprintf("the table of %d section headers lies outside the file", shnum)}
	}
	f.NumSections = int(shnum)
	if shnum == 0 || shstrndx == uint64(elf.SHN_UNDEF) {
		return nil
	}
	if shstrndx >= shnum {
		return &FormatError{f.shoff, fmt.Sprintf("section names are in section %d of %d", shstrndx, shnum)}
	}
	names, err := f.Section(int(shstrndx)).Bytes()
	if err != nil {
		return err
	}
	f.shstrtab = names
	return nil
}

func (f *File) openSegments(phnum uint64) error {
	if phnum == 0 || f.phoff == 0 {
		return nil
	}
	want := uint64(phdrSize32)
	if f.is64 {
		want = phdrSize64
	}
	if f.phentsize != want {
		return &FormatError{f.phoff, fmt.Sprintf("program headers of %d bytes, want %d", f.phentsize, want)}
	}
	if phnum > uint64(len(f.Data))/want || !f.fits(f.phoff, phnum*want) {
		return &FormatError{f.phoff, fmt.Sprintf("the table of %d program headers lies outside the file", phnum)}
	}
	f.NumSegments = int(phnum)
	return nil
}

// Order is the file's byte order.
func (f *File) Order() binary.ByteOrder {
	if f.order == bigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// Linked reports whether the file is the output of a final link, where
// addresses are virtual addresses rather than offsets in sections.
func (f *File) Linked() bool { return f.Type == elf.ET_EXEC || f.Type == elf.ET_DYN }

func (f *File) u16(off uint64) uint16 { return f.order.Uint16(f.Data[off:]) }
func (f *File) u32(off uint64) uint32 { return f.order.Uint32(f.Data[off:]) }
func (f *File) u64(off uint64) uint64 { return f.order.Uint64(f.Data[off:]) }

// fits reports whether size bytes at off lie inside the file.
func (f *File) fits(off, size uint64) bool {
	n := uint64(len(f.Data))
	return off <= n && size <= n-off
}

// cstring returns the bytes of tab from off up to the next NUL, and false when
// there is none.
func cstring(tab []byte, off uint32) ([]byte, bool) {
	if uint64(off) >= uint64(len(tab)) {
		return nil, false
	}
	tab = tab[off:]
	n := bytes.IndexByte(tab, 0)
	if n < 0 {
		return nil, false
	}
	return tab[:n:n], true
}
