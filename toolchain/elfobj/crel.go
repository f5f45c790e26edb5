package elfobj

import "fmt"

// The compact relocations of clang (-Wa,--crel, from LLVM 19): a count with two
// flags, and then the differences between one entry and the next, as LEB128
// numbers. Source: LLVM, llvm/include/llvm/Object/ELF.h (decodeCrel), and the
// proposal for the gABI that its comments name.
//
// The header is count*8 + addends*4 + shift. The first byte of an entry holds
// flags in its low bits: the symbol changes (1), the type changes (2), and, if
// the table has addends, the addend changes (4). The other bits begin the
// difference of the offsets, which goes on in further bytes when the top bit is
// set.
const (
	crelAddends = 4
	crelShift   = 3
)

func (t *Relocations) openCompact() error {
	b, err := t.section.Bytes()
	if err != nil {
		return err
	}
	t.entries = b
	header, err := t.uleb128()
	if err != nil {
		return err
	}
	count := header >> 3
	if count > uint64(len(t.entries)) {
		return t.corrupt(fmt.Sprintf("claims %d entries in %d bytes", count, len(t.entries)))
	}
	t.Len = int(count)
	t.HasAddend = header&crelAddends != 0
	t.shift = uint(header & crelShift)
	// Offsets count in units of the shift; they are kept shifted.
	return nil
}

func (t *Relocations) nextCompact() error {
	if len(t.entries) == 0 {
		return t.corrupt("ends inside an entry")
	}
	first := t.entries[0]
	t.entries = t.entries[1:]
	flagBits := uint(2)
	if t.HasAddend {
		flagBits = 3
	}
	delta := uint64(first >> flagBits)
	if first >= 0x80 {
		more, err := t.uleb128()
		if err != nil {
			return err
		}
		delta += more<<(7-flagBits) - 0x80>>flagBits
	}
	t.Offset += delta << t.shift
	if first&1 != 0 {
		d, err := t.sleb128()
		if err != nil {
			return err
		}
		// The differences wrap around as those of 32-bit numbers.
		t.Symbol = int(uint32(int64(t.Symbol) + d))
	}
	if first&2 != 0 {
		d, err := t.sleb128()
		if err != nil {
			return err
		}
		t.Type = uint32(int64(t.Type) + d)
	}
	if t.HasAddend && first&4 != 0 {
		d, err := t.sleb128()
		if err != nil {
			return err
		}
		t.Addend += d
	}
	if !t.file.is64 {
		t.Offset = uint64(uint32(t.Offset))
		t.Addend = int64(int32(t.Addend))
	}
	return nil
}

// maxLEB128 is how many bytes a number of 64 bits takes at the most.
const maxLEB128 = 10

func (t *Relocations) uleb128() (uint64, error) {
	v, n := uint64(0), 0
	for ; n < len(t.entries) && n < maxLEB128; n++ {
		c := t.entries[n]
		v |= uint64(c&0x7f) << (7 * n)
		if c < 0x80 {
			t.entries = t.entries[n+1:]
			return v, nil
		}
	}
	return 0, t.corrupt("ends inside a number, or has one of more than 64 bits")
}

func (t *Relocations) sleb128() (int64, error) {
	v := int64(0)
	for n := 0; n < len(t.entries) && n < maxLEB128; n++ {
		c := t.entries[n]
		v |= int64(c&0x7f) << (7 * n)
		if c < 0x80 {
			t.entries = t.entries[n+1:]
			if shift := 7 * (n + 1); c&0x40 != 0 && shift < 64 {
				v |= -1 << shift
			}
			return v, nil
		}
	}
	return 0, t.corrupt("ends inside a number, or has one of more than 64 bits")
}

func (t *Relocations) corrupt(what string) error {
	return &FormatError{t.section.Offset, fmt.Sprintf("section %d %q of compact relocations %s", t.section.Index, t.section.Name(), what)}
}
