package gobinary

import (
	"debug/elf"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// linkMode says who finished the link of a file of gc.
//
// The Go linker always begins the program headers with PT_PHDR, and gives it
// the alignment of its segments: 4 KiB or more (cmd/link/internal/ld/elf.go,
// asmbElf; so on all systems that use ELF). C linkers align PT_PHDR to a word
// or, in libraries and static programs, write none; no Go linker makes a
// library by itself. strip and objcopy leave program headers as they are, and
// they survive the loss of the section headers.
//
// An object to be linked is one of a c-archive, which only a C linker finishes.
func linkMode(f *elfobj.File) string {
	if f.Type == elf.ET_REL {
		return linkExternal
	}
	if f.NumSegments == 0 {
		return ""
	}
	hasPHDR, paged, unwind := false, false, false
	for i := range f.NumSegments {
		switch f.Segment(i).Type {
		case elf.PT_PHDR:
			hasPHDR = true
			paged = segmentAlign(f, i) > 8
		case elf.PT_GNU_EH_FRAME:
			unwind = true // which the Go linker does not write
		}
	}
	switch {
	case hasPHDR && paged && unwind:
		return "" // the two contradict each other
	case hasPHDR && paged:
		return linkInternal
	}
	return linkExternal
}

// segmentAlign is p_align of program header i, which elfobj does not decode.
// elfobj.Open has checked that the table lies in the file.
func segmentAlign(f *elfobj.File, i int) uint64 {
	order := f.Order()
	if f.Class == elf.ELFCLASS64 {
		const phoff, size, align = 32, 56, 48
		return order.Uint64(f.Data[order.Uint64(f.Data[phoff:])+uint64(i)*size+align:])
	}
	const phoff, size, align = 28, 32, 28
	return uint64(order.Uint32(f.Data[uint64(order.Uint32(f.Data[phoff:]))+uint64(i)*size+align:]))
}
