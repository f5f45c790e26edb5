// Package ehframe reads from .eh_frame where functions begin and end. Programs
// need it to unwind, so that it stays when symbols and section headers are
// stripped.
//
//  1. locate.go: find the bytes, by the section's name or by the program header
//     PT_GNU_EH_FRAME.
//  2. ehframe.go: walk the records. A CIE says how the addresses in its FDEs are
//     encoded, an FDE has the range of one function, or of a part of one.
//  3. pointer.go: decode addresses.
//
// Sources: Linux Standard Base Core 5.0, chapters 10.5 and 10.6 ("DWARF
// Extensions", "Exception Frames"), and DWARF 5, section 6.4.
package ehframe

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// Range is the code of one function, or of a part that the compiler moved away.
type Range struct {
	Start uint64 // virtual address
	Size  uint64 // in bytes, not 0
}

// Table holds ranges in ascending order of their starts, each start once.
type Table []Range

// Find returns the range that an address lies in.
func (t Table) Find(address uint64) (Range, bool) {
	i, found := slices.BinarySearchFunc(t, address, func(r Range, at uint64) int { return cmp.Compare(r.Start, at) })
	if !found {
		i--
	}
	if i < 0 || address-t[i].Start >= t[i].Size {
		return Range{}, false
	}
	return t[i], true
}

// Functions returns the ranges of a linked file: empty for a file without
// .eh_frame. FDEs whose encoding does not occur in practice, and those that name
// no code of the file, are left out. An error is a *elfobj.FormatError; what was
// read before it is returned with it.
func Functions(f *elfobj.File) (Table, error) {
	frames, err := locate(f)
	if err != nil || len(frames.data) == 0 {
		return nil, err
	}
	w := walker{frames: frames, code: executable(f), cies: map[uint64]cie{}}
	w.found = make(Table, 0, len(frames.data)/usualRecord)
	err = w.run()
	slices.SortFunc(w.found, func(a, b Range) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Size, a.Size)) })
	return slices.CompactFunc(w.found, func(a, b Range) bool { return a.Start == b.Start }), err
}

// usualRecord is how large the FDEs of compilers are, in bytes, at the least.
const usualRecord = 24

// walker walks the records of one .eh_frame.
type walker struct {
	frames
	code  []Range // what may be executed
	cies  map[uint64]cie
	found Table
}

// cie is what an FDE needs of its CIE.
type cie struct {
	encoding byte
	known    bool // false for one that cannot be decoded
}

// The parts of a record in front of its content, in bytes.
const (
	lengthSize = 4
	idSize     = 4
	// longLength says that the length has 64 bits and follows.
	longLength = 0xffffffff
)

func (w *walker) run() error {
	end := uint64(len(w.data))
	for off := uint64(0); off+lengthSize <= end; {
		length := uint64(w.order.Uint32(w.data[off:]))
		begin := off + lengthSize
		switch length {
		case 0:
			return nil // the terminator
		case longLength:
			if begin+8 > end {
				return w.corrupt(off, "the section ends inside the length of a record")
			}
			length = w.order.Uint64(w.data[begin:])
			begin += 8
		}
		if length > end-begin {
			return w.corrupt(off, "a record reaches beyond the end of the section")
		}
		// No compiler makes records of more than 4 GiB, and the libraries
		// that unwind do not read the other form of the length.
		if begin == off+lengthSize && length >= idSize {
			w.record(begin, begin+length)
		}
		off = begin + length
	}
	return nil
}

// record takes the range of an FDE.
func (w *walker) record(begin, end uint64) {
	id := uint64(w.order.Uint32(w.data[begin:]))
	if id == 0 || id > begin {
		return // a CIE, or an FDE of none
	}
	c := w.cieAt(begin - id)
	if !c.known {
		return
	}
	p := pointers{frames: w.frames, at: begin + idSize, end: end}
	start, ok := p.next(c.encoding)
	if !ok {
		return
	}
	// The size has the encoding's format and is relative to nothing.
	size, ok := p.next(c.encoding & formatMask)
	if !ok || size == 0 || !w.inCode(start, size) {
		return
	}
	w.found = append(w.found, Range{start, size})
}

func (w *walker) inCode(start, size uint64) bool {
	for _, r := range w.code {
		if start >= r.Start && start-r.Start < r.Size && size <= r.Size-(start-r.Start) {
			return true
		}
	}
	return false
}

// maxAugmentation is longer than any augmentation string, in bytes.
const maxAugmentation = 16

// maxCIEs bounds how many CIEs are remembered; programs have a few for each
// source file.
const maxCIEs = 1 << 16

// cieAt decodes the CIE at an offset, or remembers it.
func (w *walker) cieAt(off uint64) cie {
	c, seen := w.cies[off]
	if !seen {
		c = w.decodeCIE(off)
		if len(w.cies) < maxCIEs {
			w.cies[off] = c
		}
	}
	return c
}

func (w *walker) decodeCIE(off uint64) cie {
	end := uint64(len(w.data))
	if off+lengthSize+idSize+1 > end {
		return cie{}
	}
	length := uint64(w.order.Uint32(w.data[off:]))
	if length > end-off-lengthSize || w.order.Uint32(w.data[off+lengthSize:]) != 0 {
		return cie{}
	}
	p := pointers{frames: w.frames, at: off + lengthSize + idSize, end: off + lengthSize + length}
	version, ok := p.byte()
	if !ok || version != 1 && version != 3 && version != 4 {
		return cie{}
	}
	rest := w.data[p.at:min(p.end, p.at+maxAugmentation)]
	n := bytes.IndexByte(rest, 0)
	if n < 0 {
		return cie{}
	}
	augmentation := rest[:n]
	p.at += uint64(n) + 1
	if version == 4 {
		p.at += 2 // sizes of an address and of a segment selector
	}
	p.uleb() // alignment of code
	p.uleb() // alignment of data; signed, of the same length
	if version == 1 {
		p.byte() // register of the return address
	} else {
		p.uleb()
	}
	if len(augmentation) == 0 {
		return cie{encodingAbsolute, !p.failed}
	}
	if augmentation[0] != 'z' {
		return cie{}
	}
	p.uleb() // length of what follows
	c := cie{encodingAbsolute, true}
	for _, a := range augmentation[1:] {
		switch a {
		case 'R':
			c.encoding, _ = p.byte()
		case 'P':
			encoding, _ := p.byte()
			p.next(encoding &^ indirect)
		case 'L':
			p.byte()
		case 'S', 'B', 'G': // signal frame, pointer authentication, memory tags
		default:
			// What an unknown letter stands for has an unknown length.
			return cie{}
		}
	}
	c.known = !p.failed
	return c
}

func (w *walker) corrupt(off uint64, msg string) error {
	return &elfobj.FormatError{Offset: w.offset + off, Msg: ".eh_frame: " + msg}
}
