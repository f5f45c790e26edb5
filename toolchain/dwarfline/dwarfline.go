// Package dwarfline finds the source lines of addresses in ELF objects.
//
// It reads DWARF line tables and nothing else. Sections of a relocatable
// object, which all begin at address 0, are told apart; compressed sections are
// unpacked only within a limit; no count in a file is believed before the bytes
// for it are there.
package dwarfline

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"sort"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// Place is a place in the code: an offset in a section of a relocatable
// object, or a virtual address (Section 0) in a linked file.
type Place struct {
	Section int
	Address uint64
}

// Position is a line of a source file. The zero Position is unknown.
type Position struct {
	// File is the path that the compiler was given, relative to the
	// directory of the compilation unless it was absolute.
	File string
	Line int
}

// ErrNoLines says that the file has no line tables.
var ErrNoLines = errors.New("no DWARF line tables")

// Resolve returns one Position for each place. Broken debug information costs
// positions: what was found before the error is returned with it.
func Resolve(f *elfobj.File, places []Place) ([]Position, error) {
	pos := make([]Position, len(places))
	img := newImage(f)
	sections, err := img.debugSections()
	if err != nil {
		return pos, err
	}
	s := search{
		pos:      pos,
		left:     len(places),
		sections: sections,
		first:    img.first,
		// Every address is in one sequence, or in a few where linkers
		// fold functions. Tables that find the same ones again and again
		// were made to waste time.
		budget:    16*len(places) + 1024,
		nameBytes: 2*len(f.Data) + 1<<16,
	}
	for i, p := range places {
		s.items = append(s.items, item{address: img.base[p.Section] + p.Address, index: i})
	}
	slices.SortFunc(s.items, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.address, b.address), cmp.Compare(a.index, b.index))
	})
	return pos, s.run(f.Order())
}

// search is a walk through all line tables of a file.
type search struct {
	items    []item // in ascending order
	pos      []Position
	sections map[string][]byte // debug sections, by name without ".debug_"
	first    uint64            // sequences that begin below were discarded by a linker
	left     int               // items that were not found yet
	budget   int               // how often items may still be found
	// nameBytes is how much more may be spent on file names: many entries may
	// point to one long string.
	nameBytes int
}

type item struct {
	address uint64
	index   int
	found   bool
}

// from returns the position of the first item at or above an address.
func (s *search) from(address uint64) int {
	return sort.Search(len(s.items), func(i int) bool { return s.items[i].address >= address })
}

func (s *search) run(order binary.ByteOrder) error {
	c := cursor{b: s.sections["line"], order: order}
	for len(c.b) > 0 && s.left > 0 {
		t, err := nextTable(&c)
		if err != nil {
			return err
		}
		if t == nil {
			continue
		}
		if err := s.table(t); err != nil {
			return err
		}
	}
	return nil
}

// hit is an item that a table knows.
type hit struct {
	index int
	file  uint64
	line  int64
}

// table walks one line table. A row holds from its address to the next one's,
// within a sequence.
func (s *search) table(t *lineTable) error {
	var hits []hit
	var prev row
	open, next := false, 0
	t.run(func(r row) bool {
		switch {
		case !open:
			next = len(s.items)
			if r.address >= s.first {
				next = s.from(r.address)
			}
		case r.address > prev.address:
			for ; next < len(s.items) && s.items[next].address < r.address; next++ {
				it := &s.items[next]
				hits = append(hits, hit{it.index, prev.file, prev.line})
				s.budget--
				if !it.found {
					it.found = true
					s.left--
				}
			}
		}
		prev, open = r, !r.end
		return s.budget >= 0 && s.left > 0
	})
	if len(hits) > 0 {
		files, err := t.fileNames(s.sections)
		if err != nil {
			return err
		}
		known := map[uint64]string{}
		for _, h := range hits {
			name, ok := known[h.file]
			if !ok {
				name = files.name(h.file)
				known[h.file] = name
				if s.nameBytes -= len(name); s.nameBytes < 0 {
					return errors.New("the file names are longer than the file")
				}
			}
			if name != "" && h.line > 0 && h.line < 1<<31 {
				s.pos[h.index] = Position{name, int(h.line)}
			}
		}
	}
	if s.budget < 0 {
		return errors.New("line tables overlap")
	}
	return nil
}
