package splitstack

import (
	"cmp"
	"debug/elf"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/ehframe"
	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// functionTable finds the function that a place in the code belongs to.
type functionTable struct {
	table elfobj.SymbolTable
	entry []functionEntry // sorted by section, address, rank
	// unwind are the functions of a linked file as its .eh_frame has them,
	// which stays when the symbols are stripped.
	unwind ehframe.Table
}

type functionEntry struct {
	start   uint64
	section int32 // 0 in a linked file
	symbol  int32
	rank    int8 // the best name of several at one address has the lowest
}

// newFunctionTable collects the symbols of code: those of type STT_FUNC, and
// untyped ones in executable sections, which assembler sources give functions.
func newFunctionTable(o *object) (functionTable, error) {
	var ft functionTable
	if o.file.Linked() {
		// It helps where symbols do not; what is broken helps less.
		ft.unwind, _ = ehframe.Functions(o.file)
	}
	section := o.symtab
	if section == 0 {
		section = o.dynsym
	}
	if section == 0 {
		return ft, nil
	}
	t, err := o.openTable(section)
	if err != nil {
		return ft, err
	}
	ft.table = t
	linked := o.file.Linked()
	opd, err := openDescriptors(o)
	if err != nil {
		return ft, err
	}
	for i := 1; i < t.Len; i++ {
		switch t.Type(i) {
		case elf.STT_FUNC, elf.STT_GNU_IFUNC, elf.STT_NOTYPE:
		default:
			continue
		}
		if !t.Defined(i) {
			continue
		}
		s := t.Symbol(i)
		if s.Section == 0 || s.Special || s.Section >= o.file.NumSections && o.file.NumSections > 0 {
			continue
		}
		rank, ok := rankOf(o.file, s)
		if !ok || isMappingSymbol(&t, s, o.file.Machine) {
			continue
		}
		e := functionEntry{start: s.Value, rank: rank, symbol: int32(i)}
		if !linked {
			e.section = int32(s.Section)
		}
		if opd != nil && s.Section == opd.section.Index {
			section, at, ok := opd.code(s.Value)
			if !ok {
				continue
			}
			e.section, e.start = int32(section), at
		}
		if o.file.Machine == elf.EM_ARM {
			e.start &^= 1 // the address of a Thumb function is odd
		}
		ft.entry = append(ft.entry, e)
	}
	slices.SortFunc(ft.entry, func(a, b functionEntry) int {
		// Most pairs differ in the address.
		if a.section == b.section && a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		return cmp.Or(cmp.Compare(a.section, b.section), cmp.Compare(a.rank, b.rank), cmp.Compare(a.symbol, b.symbol))
	})
	return ft, nil
}

// rankOf orders names for one address: functions before labels, global before
// weak before local.
func rankOf(f *elfobj.File, s elfobj.Symbol) (int8, bool) {
	var rank int8
	switch s.Type() {
	case elf.STT_FUNC, elf.STT_GNU_IFUNC:
	case elf.STT_NOTYPE:
		if f.NumSections == 0 || f.Header(s.Section).Flags&elf.SHF_EXECINSTR == 0 {
			return 0, false
		}
		rank = 3
	default:
		return 0, false
	}
	switch s.Bind() {
	case elf.STB_GLOBAL:
	case elf.STB_WEAK:
		rank++
	default:
		rank += 2
	}
	return rank, true
}

// isMappingSymbol knows the labels that mark where code and data begin ($a, $t,
// $d, $x; ELF for the Arm Architecture, section 5.5.5; the RISC-V psABI).
func isMappingSymbol(t *elfobj.SymbolTable, s elfobj.Symbol, machine elf.Machine) bool {
	switch machine {
	case elf.EM_ARM, elf.EM_AARCH64, elf.EM_RISCV:
		name := t.Name(s)
		return len(name) >= 2 && name[0] == '$'
	}
	return false
}

// function is where a piece of code belongs.
type function struct {
	name  []byte // part of the file
	start uint64
	known bool // false when the file does not tell
	sized bool // its symbol has a size
}

// any reports whether the table knows a function in the section at all (in a
// linked file: anywhere).
func (ft *functionTable) any(section int) bool {
	if len(ft.unwind) > 0 {
		return true
	}
	i, _ := slices.BinarySearchFunc(ft.entry, section, func(e functionEntry, section int) int {
		return cmp.Compare(int(e.section), section)
	})
	return i < len(ft.entry) && int(ft.entry[i].section) == section
}

// find returns the function at an address: by the symbols, and without a name by
// .eh_frame.
func (ft *functionTable) find(section int, at uint64) function {
	fn := ft.findSymbol(section, at)
	if fn.known && fn.sized || section != 0 {
		return fn
	}
	// A symbol without a size, such as _init, reaches as far as nothing else
	// begins.
	if r, ok := ft.unwind.Find(at); ok && (!fn.known || r.Start > fn.start) {
		return function{start: r.Start, known: true}
	}
	return fn
}

// findSymbol returns the function that a symbol names. One of known size does
// not reach beyond its end.
func (ft *functionTable) findSymbol(section int, at uint64) function {
	// The first entry beyond the place; the one before it is the nearest.
	i, _ := slices.BinarySearchFunc(ft.entry, at, func(e functionEntry, at uint64) int {
		if c := cmp.Compare(int(e.section), section); c != 0 {
			return c
		}
		if e.start <= at {
			return -1
		}
		return 1
	})
	if i == 0 || int(ft.entry[i-1].section) != section {
		return function{}
	}
	start := ft.entry[i-1].start
	for i > 1 && int(ft.entry[i-2].section) == section && ft.entry[i-2].start == start {
		i--
	}
	e := ft.entry[i-1]
	s := ft.table.Symbol(int(e.symbol))
	if s.Size != 0 && at-e.start >= s.Size {
		return function{}
	}
	return function{
		name:  ft.table.Name(s),
		start: e.start,
		known: true,
		sized: s.Size != 0,
	}
}
