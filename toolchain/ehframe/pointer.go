package ehframe

// How an address is encoded: a format, what it is relative to, and whether it is
// the address of the address (DW_EH_PE_*; Linux Standard Base Core 5.0, section
// 10.5.1).
const (
	encodingAbsolute = 0x00
	encodingOmit     = 0xff

	formatMask = 0x0f
	baseMask   = 0x70
	baseNone   = 0x00
	basePC     = 0x10 // relative to where it stands
	baseData   = 0x30 // relative to frames.dataBase
	baseAlign  = 0x50 // absolute, at the next multiple of its size
	indirect   = 0x80
)

// pointers decodes the numbers of one record.
type pointers struct {
	*frames
	at, end uint64 // offsets in data
	word    uint64 // size of an address, in bytes; hides that of the class
	// failed says that the record ends too early.
	failed bool
}

// next decodes an address; false when the encoding is not supported, when the
// address is elsewhere, and when failed.
func (p *pointers) next(encoding byte) (uint64, bool) {
	if encoding == encodingOmit {
		return 0, false
	}
	p.align(encoding)
	place := p.address + p.at
	v, ok := p.number(encoding & formatMask)
	if !ok {
		return 0, false
	}
	switch encoding & baseMask {
	case baseNone, baseAlign:
	case basePC:
		v += place
	case baseData:
		if !p.hasDataBase {
			return 0, false
		}
		v += p.dataBase
	default:
		return 0, false
	}
	return p.wrap(v), encoding&indirect == 0
}

// wrap cuts an address to the file's class.
func (p *pointers) wrap(v uint64) uint64 {
	if p.frames.word == 4 {
		return uint64(uint32(v))
	}
	return v
}

// align moves to where an aligned address stands.
func (p *pointers) align(encoding byte) {
	if encoding&baseMask == baseAlign {
		p.at += -(p.address + p.at) & (p.word - 1)
	}
}

// number decodes a number in one of the formats; false when it is not a known
// one, and when failed.
func (p *pointers) number(format byte) (uint64, bool) {
	size := p.word
	switch format {
	case 0x00: // an address
	case 0x01:
		return p.uleb(), !p.failed
	case 0x09:
		return p.sleb(), !p.failed
	case 0x02, 0x0a:
		size = 2
	case 0x03, 0x0b:
		size = 4
	case 0x04, 0x0c:
		size = 8
	default:
		return 0, false
	}
	if p.at > p.end || p.end-p.at < size {
		p.failed = true
		return 0, false
	}
	at := p.at
	p.at += size
	signed := format&0x08 != 0
	switch size {
	case 8:
		return p.u64(at), true
	case 4:
		v := p.u32(at)
		if signed {
			return uint64(int32(v)), true
		}
		return uint64(v), true
	}
	v := p.u16(at)
	if signed {
		return uint64(int16(v)), true
	}
	return uint64(v), true
}

func (p *pointers) byte() byte {
	if p.at >= p.end {
		p.failed = true
		return 0
	}
	p.at++
	return p.data[p.at-1]
}

// leb decodes a LEB128 number of at most ten bytes, of which 64 bits count. It
// says how many bits were there, and whether the last one is set.
func (p *pointers) leb() (v uint64, bits uint, negative bool) {
	for bits < 70 {
		b := p.byte()
		v |= uint64(b&0x7f) << bits
		bits += 7
		if b < 0x80 {
			return v, bits, b&0x40 != 0
		}
	}
	p.failed = true
	return 0, 0, false
}

func (p *pointers) uleb() uint64 {
	v, _, _ := p.leb()
	return v
}

func (p *pointers) sleb() uint64 {
	v, bits, negative := p.leb()
	if negative && bits < 64 {
		v |= ^uint64(0) << bits
	}
	return v
}
