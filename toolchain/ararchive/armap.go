package ararchive

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// CheckIndex compares the archive's symbol index with the headers of its
// members, in ascending order, as a walk with Next found them. Linkers find
// members through the index alone: one that leads elsewhere, into the content
// of another member, gives them an object that no list of the members shows.
// Archives without an index pass. An error is a *FormatError.
//
// Sources: binutils bfd/archive.c (bfd_slurp_armap and its relatives), LLVM
// lib/Object/Archive.cpp.
func (r *Reader) CheckIndex(headers []uint64) error {
	if r.armap == nil {
		return nil
	}
	offsets, err := r.indexOffsets()
	if err != nil {
		return err
	}
	last := uint64(0) // members have several symbols, one behind the other
	for offsets.left() {
		at := offsets.next()
		if at == last {
			continue
		}
		last = at
		if _, ok := slices.BinarySearch(headers, at); !ok {
			return &FormatError{r.armap.Header, fmt.Sprintf("the symbol index leads to offset %#x, where no member begins: a linker would read an object there", at)}
		}
	}
	return nil
}

// indexOffsets are the offsets in a symbol index: every step bytes one.
type indexOffsets struct {
	data  []byte
	order binary.ByteOrder
	step  int
	wide  bool
}

func (o *indexOffsets) left() bool { return len(o.data) > 0 }

func (o *indexOffsets) next() uint64 {
	at := uint64(0)
	if o.wide {
		at = o.order.Uint64(o.data)
	} else {
		at = uint64(o.order.Uint32(o.data))
	}
	o.data = o.data[min(o.step, len(o.data)):]
	return at
}

// indexOffsets finds the offsets in the index.
func (r *Reader) indexOffsets() (indexOffsets, error) {
	switch r.armap.Name {
	case "/":
		return r.gnuOffsets(4)
	case "/SYM64/":
		return r.gnuOffsets(8)
	case "__.SYMDEF_64", "__.SYMDEF_64 SORTED":
		return r.bsdOffsets(8)
	}
	return r.bsdOffsets(4)
}

// gnuOffsets reads a count, the offsets and the names, the numbers in
// big-endian order.
func (r *Reader) gnuOffsets(word int) (indexOffsets, error) {
	b := r.armap.Data
	o := indexOffsets{order: binary.BigEndian, step: word, wide: word == 8}
	if len(b) == 0 {
		return o, nil
	}
	if len(b) < word {
		return o, r.badIndex("ends inside its count")
	}
	o.data = b[:word]
	n := o.next()
	if n > uint64(len(b)-word)/uint64(word) {
		return o, r.badIndex(fmt.Sprintf("of %d bytes claims %d symbols", len(b), n))
	}
	o.data = b[word : word+int(n)*word]
	return o, nil
}

// bsdOffsets reads the size of a table of pairs, a place in the names and an
// offset, in the byte order of the machine, which the size gives away.
func (r *Reader) bsdOffsets(word int) (indexOffsets, error) {
	b := r.armap.Data
	o := indexOffsets{step: 2 * word, wide: word == 8}
	if len(b) == 0 {
		return o, nil
	}
	if len(b) < word {
		return o, r.badIndex("ends inside its size")
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		o.order = order
		o.data = b[:word]
		n := o.next()
		if n > uint64(len(b)-word) || n%uint64(2*word) != 0 {
			continue
		}
		if n == 0 {
			return o, nil
		}
		o.data = b[2*word : word+int(n)] // from the first offset on
		return o, nil
	}
	return o, r.badIndex("is larger than its member")
}

func (r *Reader) badIndex(what string) error {
	return &FormatError{r.armap.Header, "the symbol index " + what}
}
