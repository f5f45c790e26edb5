package splitstack

import (
	"debug/elf"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// descriptors is the section .opd of big-endian 64-bit PowerPC: the symbol of a
// function names a descriptor there, and its first word is where the code is
// (64-bit PowerPC ELF ABI Supplement 1.9, section 3.2.5).
type descriptors struct {
	file    *elfobj.File
	section elfobj.Section
	content []byte
	// target says, in a relocatable object, where the word at an offset of
	// the section leads.
	target map[uint64]codePlace
}

type codePlace struct {
	section int
	offset  uint64
}

// openDescriptors returns nil for files without descriptors.
func openDescriptors(o *object) (*descriptors, error) {
	if o.file.Machine != elf.EM_PPC64 {
		return nil, nil
	}
	var d *descriptors
	for i := 1; i < o.file.NumSections; i++ {
		s := o.file.Section(i)
		if s.NamePrefix(".opd\x00") && s.Type == elf.SHT_PROGBITS {
			b, err := s.Bytes()
			if err != nil {
				return nil, err
			}
			d = &descriptors{file: o.file, section: s, content: b}
			break
		}
	}
	if d == nil || o.file.Linked() || o.symtab == 0 {
		return d, nil
	}
	return d, d.relocate(o)
}

func (d *descriptors) relocate(o *object) error {
	d.target = map[uint64]codePlace{}
	symbols, err := o.openTable(o.symtab)
	if err != nil {
		return err
	}
	for i := 1; i < o.file.NumSections; i++ {
		s := o.file.Section(i)
		if !s.IsRelocation() || int(s.Info) != d.section.Index || int(s.Link) != o.symtab {
			continue
		}
		r, err := o.file.Relocations(s)
		if err != nil {
			return err
		}
		for r.Next() {
			// A descriptor has relocations for two words; the table has
			// no use for the second.
			if r.Symbol <= 0 || r.Symbol >= symbols.Len || len(d.target) > len(d.content)/8 {
				continue
			}
			if to := symbols.Symbol(r.Symbol); !to.Special && to.Section != 0 {
				d.target[r.Offset] = codePlace{to.Section, to.Value + uint64(r.Addend)}
			}
		}
		if err := r.Err(); err != nil {
			return err
		}
	}
	return nil
}

// code returns the place that the descriptor at a symbol's value leads to:
// section 0 and an address in a linked file.
func (d *descriptors) code(value uint64) (section int, at uint64, ok bool) {
	if d.target != nil {
		p, ok := d.target[value]
		return p.section, p.offset, ok
	}
	off := value - d.section.Addr
	if off > uint64(len(d.content)) || uint64(len(d.content))-off < 8 {
		return 0, 0, false
	}
	at = d.file.Order().Uint64(d.content[off:])
	return 0, at, at != 0
}
