package bitcode

import (
	"encoding/binary"
	"fmt"
)

// bits reads integers from a bitstream: the lowest bit of the first byte comes
// first. After an error every read returns 0, so that callers may look at err
// once per record.
type bits struct {
	data []byte // the stream; multiples of 32 bits count from its first byte
	base uint64 // where data begins in the file, in bytes
	pos  uint64 // in bits
	end  uint64 // in bits: what is being read ends here
	err  error
}

// fail notes the first error. Nothing can be read after it.
func (b *bits) fail(format string, args ...any) {
	if b.err == nil {
		b.err = &FormatError{b.base + b.pos/8, fmt.Sprintf(format, args...)}
	}
	b.pos = b.end
}

// fixed reads n bits, at most 32.
func (b *bits) fixed(n uint) uint64 {
	if uint64(n) > b.end-b.pos {
		b.fail("the data ends inside a value")
		return 0
	}
	at := b.pos / 8
	var w uint64
	if at+8 <= uint64(len(b.data)) {
		w = binary.LittleEndian.Uint64(b.data[at:])
	} else {
		for i, c := range b.data[at:] {
			w |= uint64(c) << (8 * i)
		}
	}
	w >>= b.pos % 8
	b.pos += uint64(n)
	return w & (1<<n - 1)
}

// vbr reads an integer of 64 bits in chunks of n bits, 2 to 32. The highest bit
// of a chunk says that another one follows.
func (b *bits) vbr(n uint) uint64 {
	var v uint64
	more := uint64(1) << (n - 1)
	for shift := uint(0); ; shift += n - 1 {
		if shift >= 64 {
			b.fail("a value has more than 64 bits")
			return 0
		}
		chunk := b.fixed(n)
		v |= (chunk & (more - 1)) << shift
		if chunk&more == 0 {
			return v
		}
	}
}

// align steps to the next multiple of 32 bits.
func (b *bits) align() {
	pos := (b.pos + 31) &^ 31
	if pos > b.end {
		b.fail("the data ends inside a 32-bit word")
		return
	}
	b.pos = pos
}

// bytes reads n bytes and steps to the next multiple of 32 bits.
func (b *bits) bytes(n uint64) []byte {
	if n > (b.end-b.pos)/8 {
		b.fail("%d bytes reach past the end of their block", n)
		return nil
	}
	at := b.pos / 8
	b.pos += 8 * n
	b.align()
	return b.data[at : at+n]
}
