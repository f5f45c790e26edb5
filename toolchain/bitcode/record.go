package bitcode

import "math"

// encoding says how an operand of an abbreviated record is stored. The values
// are those of the file.
type encoding uint8

const (
	encLiteral encoding = 0 // not in the record: the abbreviation has it
	encFixed   encoding = 1
	encVBR     encoding = 2
	encArray   encoding = 3 // a count, and elements as the next operand says
	encChar6   encoding = 4
	encBlob    encoding = 5
)

// operand is one operand of an abbreviation.
type operand struct {
	enc   encoding
	value uint64 // of a literal, or the width of what is fixed or VBR
}

// abbrev is the layout of a kind of record. It has at least one operand, the
// first of which is a scalar: the record's code.
type abbrev []operand

// Bounds of what is kept in memory, far above what compilers write.
const (
	// maxAbbrevOperands is for all abbreviations of a module together.
	// Compilers define some hundred.
	maxAbbrevOperands = 1 << 18
	// maxOperands is for one record of those that are looked at. The longest
	// are attribute groups, of some thousand characters.
	maxOperands = 1 << 20
)

// char6 is the alphabet of encChar6.
const char6 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._"

// readAbbrev reads a definition behind its DEFINE_ABBREV.
func (s *stream) readAbbrev() abbrev {
	var a abbrev
	for n := s.vbr(5); n > 0 && s.err == nil; n-- {
		if s.abbrevOperands++; s.abbrevOperands > maxAbbrevOperands {
			s.fail("abbreviations of more than %d operands", maxAbbrevOperands)
			return nil
		}
		a = append(a, s.readOperand())
	}
	if s.err == nil && !a.valid() {
		s.fail("an abbreviation that makes no sense")
	}
	return a
}

func (s *stream) readOperand() operand {
	if s.fixed(1) == 1 {
		return operand{encLiteral, s.vbr(8)}
	}
	o := operand{enc: encoding(s.fixed(3))}
	switch o.enc {
	case encFixed, encVBR:
		o.value = s.vbr(5)
		switch {
		case o.value == 0: // no bits: always 0
			o.enc = encLiteral
		case o.value > 32 || o.value == 1 && o.enc == encVBR:
			s.fail("an operand of %d bits", o.value)
		}
	case encArray, encChar6, encBlob:
	default:
		if s.err == nil {
			s.fail("operand encoding %d is not known", o.enc)
		}
	}
	return o
}

// valid reports whether records can be read with a.
func (a abbrev) valid() bool {
	for i, o := range a {
		switch o.enc {
		case encArray:
			if i == 0 || i != len(a)-2 {
				return false
			}
			// Elements without bits would make any count fit.
			e := a[i+1].enc
			return e == encFixed || e == encVBR || e == encChar6
		case encBlob:
			return i > 0 && i == len(a)-1
		}
	}
	return len(a) > 0
}

// record is one record of a block.
type record struct {
	code uint64 // at most 32 bits
	// ops are the operands behind the code, a blob as one for each byte.
	// They are valid until the next record is read.
	ops []uint64
	// blob is the last operand if that is a blob. It is part of the file.
	blob []byte
	// cut is set when there were more than maxOperands operands.
	cut bool
}

func (rec *record) push(v uint64) {
	if len(rec.ops) == maxOperands {
		rec.cut = true
		return
	}
	rec.ops = append(rec.ops, v)
}

// readRecord reads the record whose abbreviation ID is id.
func (s *stream) readRecord(b *block, id uint64) record {
	rec := record{ops: s.ops[:0]}
	defer func() { s.ops = rec.ops }()
	switch {
	case id == idUnabbrev:
		rec.code = s.vbr(6)
		for n := s.vbr(6); n > 0 && s.err == nil; n-- {
			rec.push(s.vbr(6))
		}
	case id-firstAbbrev < uint64(len(b.abbrevs)):
		s.readAbbreviated(b.abbrevs[id-firstAbbrev], &rec)
	default:
		s.fail("abbreviation %d of block %d is not defined", id, b.id)
	}
	if s.err == nil && rec.code > math.MaxUint32 {
		s.fail("record code %d has more than 32 bits", rec.code)
	}
	return rec
}

func (s *stream) readAbbreviated(a abbrev, rec *record) {
	rec.code = s.scalar(a[0])
	for i := 1; i < len(a) && s.err == nil; i++ {
		switch a[i].enc {
		case encArray:
			for n := s.vbr(6); n > 0 && s.err == nil; n-- {
				rec.push(s.scalar(a[i+1]))
			}
			return
		case encBlob:
			n := s.vbr(6)
			s.align()
			rec.blob = s.bytes(n)
			for _, c := range rec.blob[:min(len(rec.blob), maxOperands)] {
				rec.push(uint64(c))
			}
			rec.cut = rec.cut || len(rec.blob) > maxOperands
		default:
			rec.push(s.scalar(a[i]))
		}
	}
}

// scalar reads an operand that is one number.
func (s *stream) scalar(o operand) uint64 {
	switch o.enc {
	case encFixed:
		return s.fixed(uint(o.value))
	case encVBR:
		return s.vbr(uint(o.value))
	case encChar6:
		return uint64(char6[s.fixed(6)])
	}
	// Literals take no bits. Without a bound, records of a few bits could
	// make any amount of work; sound files use one or two for each.
	if s.literalLeft--; s.literalLeft < 0 {
		s.fail("more literal operands than the file has bits")
	}
	return o.value
}
