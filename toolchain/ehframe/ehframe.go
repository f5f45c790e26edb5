// Package ehframe reads from .eh_frame where functions begin and end. Programs
// need it to unwind, so that it stays when symbols and section headers are
// stripped.
//
//  1. locate.go: find the bytes, by the name of a section or by the program
//     header PT_GNU_EH_FRAME; .debug_frame where there is no .eh_frame.
//     unpack.go: a .debug_frame may be compressed.
//  2. record.go: cut the bytes into records and find where they end.
//  3. cie.go: a CIE says how the addresses in its FDEs are encoded. pointer.go:
//     decode them.
//  4. walk.go: an FDE has the range of one function, or of a part of one; those
//     that lie in code.go's executable segments are kept.
//
// Sources: Linux Standard Base Core 5.0, chapters 10.5 and 10.6 ("DWARF
// Extensions", "Exception Frames"); DWARF 5, section 6.4; System V gABI,
// chapters 4 and 5.
package ehframe

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// Range is the code of one function, or of a part that the compiler moved away.
type Range struct {
	Start uint64 // virtual address
	Size  uint64 // in bytes, not 0
}

// Table holds ranges in ascending order of their starts, each start once. Ranges
// of one file do not overlap unless somebody made them do so.
type Table []Range

// Find returns the range that an address lies in: of all that begin at or before
// it, the one that begins last, if it reaches so far.
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

// Stats says what became of the records. FDEs is the sum of the ranges in the
// table and of the counts below it.
type Stats struct {
	// Section is where the records were: ".eh_frame", ".debug_frame", or ""
	// when the file has neither.
	Section string
	CIEs    int
	FDEs    int

	// Unsupported counts FDEs whose CIE or encoding is known to no reader, or
	// leads to a base that the file does not tell.
	Unsupported int
	// Malformed counts FDEs that end too early or have no CIE; there is an
	// error, too.
	Malformed int
	// Empty counts FDEs of no code.
	Empty int
	// Outside counts FDEs of addresses that no executable segment holds, such
	// as those that linkers leave of discarded functions.
	Outside int
	// Duplicates counts FDEs that begin where another one does.
	Duplicates int
}

// Functions returns the ranges of a linked file: empty for a file without
// .eh_frame and .debug_frame. An error is a *elfobj.FormatError; what could be
// read is returned with it.
func Functions(f *elfobj.File) (Table, error) {
	t, _, err := Scan(f)
	return t, err
}

// Scan is Functions, and says what was left out.
func Scan(f *elfobj.File) (Table, Stats, error) {
	if !f.Linked() {
		return nil, Stats{}, &elfobj.FormatError{Offset: typeOffset, Msg: fmt.Sprintf(
			"%s: addresses in .eh_frame are known after the final link", f.FormatName())}
	}
	e, err := locate(f)
	if err != nil || len(e.data) == 0 {
		return nil, Stats{}, err
	}
	w := walker{frames: e, code: executable(f), cies: map[uint64]cie{}}
	w.stats.Section = e.section
	err = w.run()
	return w.table(), w.stats, err
}

// typeOffset is where an ELF header has the type of the file (gABI, "ELF
// Header").
const typeOffset = 16
