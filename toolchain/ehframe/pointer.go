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
	baseData   = 0x30 // relative to .eh_frame_hdr, which alone uses it
	baseAlign  = 0x50 // absolute, at the next multiple of its size
	indirect   = 0x80
)

// pointers decodes the numbers of one record.
type pointers struct {
	frames
	at, end uint64 // offsets in data
	failed  bool
}

// next decodes an address; false when there is none, or one that is relative to
// something else or elsewhere.
func (p *pointers) next(encoding byte) (uint64, bool) {
	if encoding == encodingOmit {
		return 0, false
	}
	if encoding&baseMask == baseAlign {
		p.at += -(p.address + p.at) & (p.word - 1)
		encoding &^= baseMask
	}
	place := p.address + p.at
	v, ok := p.number(encoding & formatMask)
	if !ok {
		p.failed = true
		return 0, false
	}
	switch encoding & baseMask {
	case baseNone:
	case basePC:
		v += place
	case baseData:
		v += p.address
	default:
		return 0, false
	}
	if p.word == 4 {
		v = uint64(uint32(v))
	}
	return v, encoding&indirect == 0
}

// number decodes a number in one of the formats.
func (p *pointers) number(format byte) (uint64, bool) {
	switch format {
	case 0x01: // uleb128
		return p.uleb()
	case 0x09: // sleb128
		return p.sleb()
	}
	size := p.word
	switch format {
	case 0x00: // an address
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
		return 0, false
	}
	b := p.data[p.at:]
	p.at += size
	switch {
	case size == 8:
		return p.order.Uint64(b), true
	case size == 4 && format == 0x0b:
		return uint64(int64(int32(p.order.Uint32(b)))), true
	case size == 4:
		return uint64(p.order.Uint32(b)), true
	case format == 0x0a:
		return uint64(int64(int16(p.order.Uint16(b)))), true
	}
	return uint64(p.order.Uint16(b)), true
}

func (p *pointers) byte() (byte, bool) {
	if p.at >= p.end {
		p.failed = true
		return 0, false
	}
	p.at++
	return p.data[p.at-1], true
}

// leb decodes a LEB128 number of at most 64 bits and says how many bits of it
// were there and whether the last one is set.
func (p *pointers) leb() (v uint64, bits uint, negative, ok bool) {
	for bits < 70 {
		b, ok := p.byte()
		if !ok {
			return 0, 0, false, false
		}
		v |= uint64(b&0x7f) << bits
		bits += 7
		if b < 0x80 {
			return v, bits, b&0x40 != 0, true
		}
	}
	p.failed = true
	return 0, 0, false, false
}

func (p *pointers) uleb() (uint64, bool) {
	v, _, _, ok := p.leb()
	return v, ok
}

func (p *pointers) sleb() (uint64, bool) {
	v, bits, negative, ok := p.leb()
	if negative && bits < 64 {
		v |= ^uint64(0) << bits
	}
	return v, ok
}
