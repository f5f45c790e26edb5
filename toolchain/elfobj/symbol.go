package elfobj

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
)

// SymbolTable is a section of type SHT_SYMTAB or SHT_DYNSYM.
type SymbolTable struct {
	// Len is the number of entries, the null entry 0 among them.
	Len int
	// Strings is the string table that names come from.
	Strings []byte

	file    *File
	entries []byte
	xindex  []byte // SHT_SYMTAB_SHNDX, nil when the table has none
	entsize int
}

// Symbol is one entry of a symbol table.
type Symbol struct {
	NameOff uint32
	Info    byte
	Other   byte
	// Section is the index of the section that defines the symbol, with
	// SHN_XINDEX resolved; Special is true when it is a reserved index
	// (SHN_ABS, SHN_COMMON) instead.
	Section int
	Special bool
	Value   uint64
	Size    uint64
}

// Bind is the symbol's binding.
func (s Symbol) Bind() elf.SymBind { return elf.ST_BIND(s.Info) }

// Type is the symbol's type.
func (s Symbol) Type() elf.SymType { return elf.ST_TYPE(s.Info) }

// Undefined reports whether the symbol is to be found elsewhere.
func (s Symbol) Undefined() bool { return s.Section == 0 && !s.Special }

// Symbols opens the symbol table in section s.
func (f *File) Symbols(s Section) (SymbolTable, error) {
	entsize := symSize32
	if f.is64 {
		entsize = symSize64
	}
	b, n, err := s.table(uint64(entsize))
	if err != nil {
		return SymbolTable{}, err
	}
	if uint64(s.Link) >= uint64(f.NumSections) {
		return SymbolTable{}, &FormatError{s.Offset, fmt.Sprintf(
			"symbol table %d has its names in section %d of %d", s.Index, s.Link, f.NumSections)}
	}
	str, err := f.Section(int(s.Link)).Bytes()
	if err != nil {
		return SymbolTable{}, err
	}
	return SymbolTable{Len: n, Strings: str, file: f, entries: b, entsize: entsize}, nil
}

// UseExtendedIndices gives the table the SHT_SYMTAB_SHNDX section that belongs
// to it (the one whose sh_link is the table's index).
func (t *SymbolTable) UseExtendedIndices(s Section) error {
	b, _, err := s.table(4)
	t.xindex = b
	return err
}

// Symbol decodes entry i, which must be less than Len.
func (t *SymbolTable) Symbol(i int) Symbol {
	e := t.entries[i*t.entsize : (i+1)*t.entsize]
	o := t.file.order
	var s Symbol
	var shndx uint16
	s.NameOff = o.Uint32(e)
	if t.file.is64 {
		s.Info, s.Other = e[4], e[5]
		shndx = o.Uint16(e[6:])
		s.Value, s.Size = o.Uint64(e[8:]), o.Uint64(e[16:])
	} else {
		s.Value, s.Size = uint64(o.Uint32(e[4:])), uint64(o.Uint32(e[8:]))
		s.Info, s.Other = e[12], e[13]
		shndx = o.Uint16(e[14:])
	}
	s.Section = int(shndx)
	if shndx >= uint16(elf.SHN_LORESERVE) {
		s.Special = true
		if elf.SectionIndex(shndx) == elf.SHN_XINDEX && (i+1)*4 <= len(t.xindex) {
			s.Section, s.Special = int(o.Uint32(t.xindex[i*4:])), false
		}
	}
	return s
}

// Defined reports whether entry i names a section or SHN_ABS as the place of
// the symbol: false for undefined symbols and for common ones, which the linker
// places.
func (t *SymbolTable) Defined(i int) bool {
	at := i*t.entsize + 14
	if t.file.is64 {
		at = i*t.entsize + 6
	}
	shndx := t.file.order.Uint16(t.entries[at:])
	return shndx != uint16(elf.SHN_UNDEF) && shndx != uint16(elf.SHN_COMMON)
}

// NextStart returns the first entry from i on that is defined, or is not, and
// whose name begins with one of the starts, as NameStart reads them; Len when
// there is none. It is the loop that every symbol of a scan passes through.
func (t *SymbolTable) NextStart(i int, defined bool, starts []uint64) int {
	if i >= t.Len {
		return t.Len
	}
	if t.file.is64 && t.file.order == littleEndian {
		return t.nextStart64(i, defined, starts)
	}
	for ; i < t.Len; i++ {
		if t.Defined(i) == defined && slices.Contains(starts, t.NameStart(i)) {
			return i
		}
	}
	return t.Len
}

// nextStart64 is NextStart for most files of this world.
func (t *SymbolTable) nextStart64(i int, defined bool, starts []uint64) int {
	le := binary.LittleEndian
	names := t.Strings
	for entries := t.entries[i*symSize64:]; len(entries) >= symSize64; entries = entries[symSize64:] {
		shndx := le.Uint16(entries[6:])
		if (shndx != uint16(elf.SHN_UNDEF) && shndx != uint16(elf.SHN_COMMON)) == defined {
			off := uint64(le.Uint32(entries))
			if off+8 <= uint64(len(names)) && slices.Contains(starts, le.Uint64(names[off:])) {
				return i
			}
		}
		i++
	}
	return t.Len
}

// Type is the type of entry i, in less time than Symbol takes.
func (t *SymbolTable) Type(i int) elf.SymType {
	at := i*t.entsize + 12
	if t.file.is64 {
		at = i*t.entsize + 4
	}
	return elf.ST_TYPE(t.entries[at])
}

// Name returns the symbol's name; the bytes are the file's own. It is nil when
// the name lies outside the string table.
func (t *SymbolTable) Name(s Symbol) []byte {
	name, _ := cstring(t.Strings, s.NameOff)
	return name
}

// NameStart reads the first eight bytes of the name of entry i as a
// little-endian number, or 0 when fewer are left in the string table. Comparing
// one number rules out almost every symbol of a large table without touching
// more of it than that.
func (t *SymbolTable) NameStart(i int) uint64 {
	off := uint64(t.file.order.Uint32(t.entries[i*t.entsize:]))
	if off+8 > uint64(len(t.Strings)) {
		return 0
	}
	return binary.LittleEndian.Uint64(t.Strings[off:])
}
