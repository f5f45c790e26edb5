package elfobj

import (
	"debug/elf"
	"fmt"
	"slices"
)

// Relocations walks a section of type SHT_REL, SHT_RELA or SHT_CREL:
//
//	for r.Next() {
//		use(r.Relocation)
//	}
//	err := r.Err()
type Relocations struct {
	// Relocation is the entry that the last call of Next decoded.
	Relocation
	// Len is the number of entries that the section claims to have. Each
	// takes at least eight bytes, in the compact form one byte.
	Len int
	// HasAddend is false for SHT_REL, and for compact tables that say so:
	// there the addend is the content of the place that is changed.
	HasAddend bool

	file    *File
	section Section
	entries []byte
	entsize int // 0 in the compact form
	left    int
	shift   uint // of offsets in the compact form
	err     error
}

// Relocation is one entry of a relocation table.
type Relocation struct {
	Offset uint64 // in the section that sh_info names
	Type   uint32
	Symbol int // index in the symbol table that sh_link names
	Addend int64
}

// IsRelocation reports whether the section holds relocations.
func (s Section) IsRelocation() bool {
	return s.Type == elf.SHT_RELA || s.Type == elf.SHT_REL || s.Type == SHTCrel
}

// Relocations opens the relocation table in section s.
func (f *File) Relocations(s Section) (Relocations, error) {
	word := 4
	if f.is64 {
		word = 8
	}
	t := Relocations{file: f, section: s}
	var err error
	switch s.Type {
	case elf.SHT_RELA:
		t.HasAddend = true
		t.entsize = 3 * word
	case elf.SHT_REL:
		t.entsize = 2 * word
	case SHTCrel:
		err = t.openCompact()
		t.left = t.Len
		return t, err
	default:
		return t, &FormatError{s.Offset, fmt.Sprintf("section %d %q of type %v holds no relocations", s.Index, s.Name(), s.Type)}
	}
	t.entries, t.Len, err = s.table(uint64(t.entsize))
	t.left = t.Len
	return t, err
}

// Err is what ended the walk early; nil when all entries were decoded.
func (t *Relocations) Err() error { return t.err }

// NextOf decodes the next entry with one of the symbols, and reports whether
// there was one. The others are passed over in less time than Next takes.
func (t *Relocations) NextOf(symbols []int) bool {
	for t.left > 0 && t.err == nil {
		if t.entsize != 0 && !slices.Contains(symbols, t.peekSymbol()) {
			t.left--
			t.entries = t.entries[t.entsize:]
			continue
		}
		if t.Next() && slices.Contains(symbols, t.Symbol) {
			return true
		}
	}
	return false
}

// peekSymbol is the symbol of the next entry of an ordinary table.
func (t *Relocations) peekSymbol() int {
	if t.file.is64 {
		return int(t.file.order.Uint64(t.entries[8:]) >> 32)
	}
	return int(t.file.order.Uint32(t.entries[4:]) >> 8)
}

// Next decodes the next entry and reports whether there was one.
func (t *Relocations) Next() bool {
	if t.left == 0 || t.err != nil {
		return false
	}
	t.left--
	if t.entsize == 0 {
		t.err = t.nextCompact()
		return t.err == nil
	}
	e := t.entries[:t.entsize]
	t.entries = t.entries[t.entsize:]
	o := t.file.order
	if t.file.is64 {
		info := o.Uint64(e[8:])
		t.Offset, t.Type, t.Symbol = o.Uint64(e), uint32(info), int(info>>32)
		if t.HasAddend {
			t.Addend = int64(o.Uint64(e[16:]))
		}
		return true
	}
	info := o.Uint32(e[4:])
	t.Offset, t.Type, t.Symbol = uint64(o.Uint32(e)), info&0xff, int(info>>8)
	if t.HasAddend {
		t.Addend = int64(int32(o.Uint32(e[8:])))
	}
	return true
}
