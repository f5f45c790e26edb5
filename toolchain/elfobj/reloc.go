package elfobj

import (
	"debug/elf"
	"fmt"
)

// RelocationTable is a section of type SHT_REL or SHT_RELA.
type RelocationTable struct {
	// Len is the number of entries.
	Len int
	// HasAddend is true for SHT_RELA; otherwise the addend is the content
	// of the place that the relocation changes.
	HasAddend bool

	file    *File
	entries []byte
	entsize int
}

// Relocation is one entry of a relocation table.
type Relocation struct {
	Offset uint64 // in the section that sh_info names
	Type   uint32
	Symbol int // index in the symbol table that sh_link names
	Addend int64
}

// Relocations opens the relocation table in section s.
func (f *File) Relocations(s Section) (RelocationTable, error) {
	word := 4
	if f.is64 {
		word = 8
	}
	t := RelocationTable{file: f, entsize: 2 * word}
	switch s.Type {
	case elf.SHT_RELA:
		t.HasAddend = true
		t.entsize = 3 * word
	case elf.SHT_REL:
	default:
		return t, &FormatError{s.Offset, fmt.Sprintf("section %d %q of type %v holds no relocations", s.Index, s.Name(), s.Type)}
	}
	var err error
	t.entries, t.Len, err = s.table(uint64(t.entsize))
	return t, err
}

// Relocation decodes entry i, which must be less than Len.
func (t *RelocationTable) Relocation(i int) Relocation {
	e := t.entries[i*t.entsize : (i+1)*t.entsize]
	o := t.file.order
	var r Relocation
	if t.file.is64 {
		info := o.Uint64(e[8:])
		r.Offset, r.Type, r.Symbol = o.Uint64(e), uint32(info), int(info>>32)
		if t.HasAddend {
			r.Addend = int64(o.Uint64(e[16:]))
		}
		return r
	}
	info := o.Uint32(e[4:])
	r.Offset, r.Type, r.Symbol = uint64(o.Uint32(e)), info&0xff, int(info>>8)
	if t.HasAddend {
		r.Addend = int64(int32(o.Uint32(e[8:])))
	}
	return r
}
