package bitcode_test

import "encoding/binary"

// writer writes a bitstream, sound or not.
type writer struct {
	data []byte
	used uint // bits of the last byte
	// width is that of abbreviation IDs in the current block.
	width uint
}

// newFile begins a bitcode file.
func newFile() *writer {
	return &writer{data: []byte("BC\xc0\xde"), width: 2}
}

func (w *writer) fixed(v uint64, n uint) {
	for ; n > 0; n-- {
		if w.used == 0 {
			w.data = append(w.data, 0)
		}
		w.data[len(w.data)-1] |= byte(v&1) << w.used
		v >>= 1
		w.used = (w.used + 1) % 8
	}
}

func (w *writer) vbr(v uint64, n uint) {
	more := uint64(1) << (n - 1)
	for ; v >= more; v >>= n - 1 {
		w.fixed(v&(more-1)|more, n)
	}
	w.fixed(v, n)
}

func (w *writer) align() {
	w.used = 0
	for len(w.data)%4 != 0 {
		w.data = append(w.data, 0)
	}
}

// begin writes the head of a block and returns where its length is.
func (w *writer) begin(id uint64, width uint) int {
	w.fixed(1, w.width)
	w.vbr(id, 8)
	w.vbr(uint64(width), 4)
	w.align()
	w.data = append(w.data, 0, 0, 0, 0)
	return len(w.data)
}

// block writes a block with IDs of 3 bits.
func (w *writer) block(id uint64, content func()) {
	start, outer := w.begin(id, 3), w.width
	w.width = 3
	content()
	w.fixed(0, 3)
	w.align()
	w.width = outer
	binary.LittleEndian.PutUint32(w.data[start-4:], uint32(len(w.data)-start)/4)
}

// record writes a record without an abbreviation.
func (w *writer) record(code uint64, ops ...uint64) {
	w.fixed(3, w.width)
	w.vbr(code, 6)
	w.vbr(uint64(len(ops)), 6)
	for _, op := range ops {
		w.vbr(op, 6)
	}
}

// An op is an operand of an abbreviation: its encoding, and a value for
// literals (0), fixed (1) and VBR (2) ones.
type op struct{ enc, value uint64 }

func (w *writer) abbrev(ops ...op) {
	w.fixed(2, w.width)
	w.vbr(uint64(len(ops)), 5)
	for _, o := range ops {
		if o.enc == 0 {
			w.fixed(1, 1)
			w.vbr(o.value, 8)
			continue
		}
		w.fixed(0, 1)
		w.fixed(o.enc, 3)
		if o.enc <= 2 {
			w.vbr(o.value, 5)
		}
	}
}

// strtab writes a string table.
func (w *writer) strtab(table string) {
	w.block(23, func() {
		w.abbrev(op{0, 1}, op{5, 0})
		w.fixed(4, 3)
		w.vbr(uint64(len(table)), 6)
		w.align()
		w.data = append(w.data, table...)
		w.align()
	})
}

// chars are the operands of a text.
func chars(text string) []uint64 {
	var ops []uint64
	for _, c := range []byte(text) {
		ops = append(ops, uint64(c))
	}
	return ops
}

// ops joins operands.
func ops(parts ...[]uint64) []uint64 {
	var all []uint64
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

const function = 1<<32 - 1 // index of attributes of a function

// splitGroup writes a group with the attribute.
func (w *writer) splitGroup(id uint64) {
	w.record(3, ops([]uint64{id, function, 3}, chars("split-stack"), []uint64{0})...)
}

// splitAttributes writes attribute blocks in which list 1 is split and list 2
// is not.
func (w *writer) splitAttributes() {
	w.block(10, func() {
		w.splitGroup(7)
		w.record(3, 8, function, 0, 18)
	})
	w.block(9, func() {
		w.record(2, 8, 7)
		w.record(2, 8)
	})
}

// body writes the smallest body of a function.
func (w *writer) body() {
	w.block(12, func() { w.record(1, 1) })
}
