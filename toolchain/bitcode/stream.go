package bitcode

// stream is one bitcode file: blocks behind a magic number.
type stream struct {
	bits
	*reader

	// blockInfo has the abbreviations that BLOCKINFO defines for the blocks
	// of the current module, by block.
	blockInfo map[uint64][]abbrev
	// abbrevOperands counts the operands of abbreviations of the current
	// module.
	abbrevOperands int

	producer string // from an IDENTIFICATION block, for the next module
	// unnamed are modules of this stream whose string table has not come.
	unnamed []unnamed
}

// unnamed says where the names of a module's functions are in the string table
// behind it.
type unnamed struct {
	module int       // index in reader.modules
	names  []nameRef // of the functions in Split
	last   uint64    // where the names of all functions end
}

// nameRef is a range of bytes in a string table.
type nameRef struct{ offset, size uint32 }

// stream reads the file that begins with its magic number at lo, and returns
// its size.
func (r *reader) stream(lo, hi uint64) (uint64, error) {
	s := &stream{
		bits:   bits{data: r.file[lo:hi], base: lo, pos: 32, end: 8 * (hi - lo)},
		reader: r,
	}
	identified, before := false, len(r.modules)
	for s.err == nil {
		rest := s.data[s.pos/8:]
		// No block begins with a byte of zeros.
		if len(rest) < minTail || rest[0] == 0 || Is(rest) {
			break
		}
		start := s.pos
		if id := s.fixed(topWidth); id != idEnterBlock {
			s.fail("no block begins here, but abbreviation ID %d", id)
			break
		}
		s.resetAbbrevs()
		b := s.enter(start)
		if s.err != nil {
			break
		}
		if identified && b.id != blockModule {
			s.fail("block %d where a module should follow its identification", b.id)
			break
		}
		switch b.id {
		case blockIdentification:
			s.readIdentification(b)
			identified = true
		case blockModule:
			s.readModule(b)
			s.producer, identified = "", false
		case blockStrtab:
			s.readStrtab(b)
		}
		if s.err == nil {
			s.pos = b.end
		}
	}
	switch {
	case s.err != nil:
	case len(s.unnamed) > 0:
		s.fail("the file ends without the string table of its functions' names")
	case identified, len(r.modules) == before:
		s.fail("the file ends where a module should begin")
	}
	return s.pos / 8, s.err
}

// resetAbbrevs forgets the abbreviations of the last module.
func (s *stream) resetAbbrevs() {
	s.blockInfo, s.abbrevOperands = map[uint64][]abbrev{}, 0
}

// readIdentification reads the block before a module that says what wrote it.
func (s *stream) readIdentification(b block) {
	const (
		codeString = 1 // [characters...]
		codeEpoch  = 2 // [epoch]
	)
	s.walk(b, visitor{record: func(rec record) {
		switch rec.code {
		case codeString:
			s.producer = s.text(rec)
		case codeEpoch:
			// LLVM counts it up when bitcode becomes incompatible.
			if len(rec.ops) != 1 || rec.ops[0] != 0 {
				s.fail("bitcode of epoch %v is not known", rec.ops[:min(len(rec.ops), 1)])
			}
		}
	}})
}

// text is a record's operands as a string.
func (s *stream) text(rec record) string {
	if rec.cut || len(rec.ops) > s.textLeft {
		s.fail("a text of more than %d bytes", s.textLeft)
		return ""
	}
	s.textLeft -= len(rec.ops)
	return string(characters(rec.ops))
}

// characters are operands as bytes. LLVM ignores higher bits, too.
func characters(ops []uint64) []byte {
	text := make([]byte, len(ops))
	for i, v := range ops {
		text[i] = byte(v)
	}
	return text
}

// readStrtab reads a string table, which is for all modules before it that
// have none yet.
func (s *stream) readStrtab(b block) {
	const codeBlob = 1
	var table []byte
	s.walk(b, visitor{record: func(rec record) {
		if rec.code == codeBlob {
			table = rec.blob
		}
	}})
	if s.err != nil {
		return
	}
	for _, u := range s.unnamed {
		if u.last > uint64(len(table)) {
			s.fail("a name ends at byte %d of a string table of %d bytes", u.last, len(table))
			return
		}
		s.modules[u.module].Split = s.namesFrom(table, u.names)
	}
	s.unnamed = nil
}

// namesFrom copies names out of a string table, in one piece.
func (s *stream) namesFrom(table []byte, refs []nameRef) []string {
	if len(refs) == 0 {
		return nil
	}
	lo, hi := uint64(len(table)), uint64(0)
	for _, ref := range refs {
		lo = min(lo, uint64(ref.offset))
		hi = max(hi, uint64(ref.offset)+uint64(ref.size))
	}
	text := string(table[lo:hi])
	names := make([]string, len(refs))
	for i, ref := range refs {
		if int(ref.size) > s.textLeft {
			continue
		}
		s.textLeft -= int(ref.size)
		at := uint64(ref.offset) - lo
		names[i] = text[at : at+uint64(ref.size)]
	}
	return names
}
