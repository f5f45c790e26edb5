package gobinary

import (
	"bytes"
	"debug/elf"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// Names of functions in the runtime's table of functions, which strip cannot
// take away.
//
// crosscall2 is the door from C to Go in package runtime/cgo, written in
// assembly language, and in every program with that package. runtime.goexit is
// in every program: without it the names are not there, or were replaced.
const (
	nameCgo = "crosscall2"
	nameGo  = "runtime.goexit"
)

// cgoOfGC says whether runtime/cgo is in a file of gc.
func cgoOfGC(f *elfobj.File, s *signs) string {
	seen := false
	for b := range functionNames(f, s) {
		if hasName(b, nameCgo) {
			return cgoYes
		}
		seen = seen || hasName(b, nameGo)
	}
	if seen {
		return cgoNo
	}
	return ""
}

// functionNames yields the bytes in which the names of functions are: a part
// of the table's section, or all that is loaded when there is no such section.
func functionNames(f *elfobj.File, s *signs) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if s.pclntab != 0 {
			if b, err := f.Section(s.pclntab).Bytes(); err == nil {
				yield(nameTable(f, b))
			}
			return
		}
		// GNU ld merges the table of position-independent code into
		// .data.rel.ro; gold puts it into the segment of the code.
		for _, b := range loaded(f, len(f.Data), readOnly, writable, executable) {
			if !yield(b) {
				return
			}
		}
	}
}

// hasName reports whether b holds name between two NUL bytes.
func hasName(b []byte, name string) bool {
	for {
		i := bytes.Index(b, []byte(name))
		if i < 0 {
			return false
		}
		end := i + len(name)
		if i > 0 && b[i-1] == 0 && end < len(b) && b[end] == 0 {
			return true
		}
		b = b[end:]
	}
}

// Magic numbers of the table of functions, by the Go version that brought
// them. Source: Go, internal/abi/symtab.go and debug/gosym/pclntab.go.
const (
	pclntab116 = 0xfffffffa
	pclntab118 = 0xfffffff0
	pclntab120 = 0xfffffff1
)

// nameTable is the part of the table that holds the names of functions, or all
// of it when its header is of no known form. The rest is many times as large.
//
// The header is the magic number, four bytes with the size of a pointer in the
// last, then numbers of that size: functions, files, the start of the code
// (from Go 1.18 on), and the offsets of the names and of what comes next.
func nameTable(f *elfobj.File, b []byte) []byte {
	const words = 8
	if len(b) < words+5*8 {
		return b
	}
	size := int(b[words-1])
	if size != 4 && size != 8 {
		return b
	}
	order := f.Order()
	word := func(i int) uint64 {
		if size == 4 {
			return uint64(order.Uint32(b[words+4*i:]))
		}
		return order.Uint64(b[words+8*i:])
	}
	names := 3
	switch order.Uint32(b) {
	case pclntab116:
		names = 2
	case pclntab118, pclntab120:
	default:
		return b
	}
	start, end := word(names), word(names+1)
	// One byte more: the NUL before the first name.
	if start == 0 || start >= end || end > uint64(len(b)) {
		return b
	}
	return b[start-1 : end]
}

// cgoOfGccgo says whether a program of gccgo calls C through cgo, which goes
// through a function of libgo. Only a libgo that is a library keeps the name.
func cgoOfGccgo(f *elfobj.File, s *signs) string {
	if !s.dynamicLibgo || f.Type == elf.ET_REL {
		return ""
	}
	d, ok := openDynamic(f)
	switch {
	case !ok:
		return ""
	case hasName(d.strings, "syscall.Cgocall"):
		return cgoYes
	}
	return cgoNo
}
