package bitcode

import "slices"

// Blocks that are looked at. Source: llvm/Bitcode/LLVMBitCodes.h, BlockIDs.
const (
	blockInfo           = 0
	blockModule         = 8
	blockParamAttr      = 9
	blockParamAttrGroup = 10
	blockFunction       = 12
	blockIdentification = 13
	blockValueSymtab    = 14
	blockStrtab         = 23
)

// Abbreviation IDs that have a meaning of their own; the others are of
// abbreviations that the file defines, from firstAbbrev on.
const (
	idEndBlock     = 0
	idEnterBlock   = 1
	idDefineAbbrev = 2
	idUnabbrev     = 3
	firstAbbrev    = 4
)

// topWidth is how many bits an abbreviation ID has outside of all blocks.
const topWidth = 2

// block is a part of a stream that begins with its length. Blocks nest.
type block struct {
	id      uint64
	start   uint64 // in bits: where its ENTER_SUBBLOCK begins
	end     uint64 // in bits: behind its END_BLOCK
	width   uint   // bits of an abbreviation ID, 1 to 32
	abbrevs []abbrev
}

// enter reads the head of a block, of which the abbreviation ID at start has
// been read. The stream is then at the block's first item.
func (s *stream) enter(start uint64) block {
	b := block{id: s.vbr(8), start: start, width: uint(s.vbr(4))}
	s.align()
	words := s.fixed(32)
	if s.err != nil {
		return b
	}
	if b.width == 0 || b.width > 32 {
		s.fail("abbreviation IDs of %d bits", b.width)
		return b
	}
	if words > (s.end-s.pos)/32 {
		s.fail("block %d, of %d bytes, reaches past the end of the data", b.id, 4*words)
		return b
	}
	b.end = s.pos + 32*words
	// Clipped, so that the block's own abbreviations are not appended to the
	// list for all blocks of its kind.
	b.abbrevs = slices.Clip(s.blockInfo[b.id])
	return b
}

// A visitor does something with the items of a block. What is nil is not
// called.
type visitor struct {
	// block is called at the first item of an inner block and may walk it.
	block func(inner block)
	// record is called for each record.
	record func(rec record)
	// define takes abbreviations that would otherwise hold for the records
	// of this block.
	define func(a abbrev)
}

// walk reads a block to its end. The stream must be at the block's first item.
func (s *stream) walk(b block, v visitor) {
	outer := s.end
	defer func() { s.end = outer }()
	s.end = b.end
	for s.err == nil {
		start := s.pos
		switch id := s.fixed(b.width); id {
		case idEndBlock:
			s.align()
			if s.err == nil && s.pos != b.end {
				s.fail("block %d ends %d bytes before its length says", b.id, (b.end-s.pos)/8)
			}
			return
		case idEnterBlock:
			inner := s.enter(start)
			if s.err != nil {
				return
			}
			if v.block != nil {
				v.block(inner)
			}
			if s.err == nil {
				s.pos = inner.end
			}
		case idDefineAbbrev:
			a := s.readAbbrev()
			if s.err != nil {
				return
			}
			if v.define != nil {
				v.define(a)
			} else {
				b.abbrevs = append(b.abbrevs, a)
			}
		default:
			rec := s.readRecord(&b, id)
			if s.err == nil && v.record != nil {
				v.record(rec)
			}
		}
	}
}

// readBlockInfo reads a BLOCKINFO block, which defines abbreviations for all
// later blocks of a kind.
func (s *stream) readBlockInfo(b block) {
	const codeSetBID = 1
	current, known := uint64(0), false
	s.walk(b, visitor{
		record: func(rec record) {
			if rec.code != codeSetBID {
				return
			}
			if len(rec.ops) == 0 {
				s.fail("a BLOCKINFO record without a block")
				return
			}
			current, known = rec.ops[0], true
		},
		define: func(a abbrev) {
			if !known {
				s.fail("BLOCKINFO defines an abbreviation for no block")
				return
			}
			switch current {
			case blockParamAttr, blockParamAttrGroup, blockValueSymtab:
				s.blockInfo[current] = append(s.blockInfo[current], a)
			}
		},
	})
}
