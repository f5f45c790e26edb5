// Package bitcode reads LLVM bitcode as far as it takes to say which functions
// become split-stack code.
//
// Clang marks every function that it compiles with -fsplit-stack with the
// string attribute "split-stack", and the code generator of the link obeys the
// attribute, whatever the link line says. Read finds it in five steps:
//
//  1. files: find the bitcode streams in the data (a raw file, a wrapper, or
//     what a linker made of the .llvmbc sections of many objects) and the
//     modules in them
//  2. PARAMATTR_GROUP block: which groups of attributes have it
//  3. PARAMATTR block: which lists of groups have it
//  4. FUNCTION records of the module: which definitions have such a list
//  5. STRTAB block, which stands behind the modules: what they are called
//
// All other blocks (code, types, constants, metadata) are stepped over by the
// length that they begin with. The text of an attribute is spread over records
// of 6 and 8 bits per character that begin at any bit, which is why searching
// the bytes of a file cannot find it.
//
// Names of functions, the producer, the triple and the source file come from
// the file as they are and may be any bytes.
//
// The format is described in LLVM's docs/BitCodeFormat.rst and, for what is
// newer than that text, by llvm/Bitcode/LLVMBitCodes.h and
// lib/Bitcode/Reader/BitcodeReader.cpp. Where those accept damage silently, such
// as an attribute list that does not exist, this package returns an error.
package bitcode

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	rawMagic     = 0xdec04342 // "BC" 0xC0 0xDE
	wrapperMagic = 0x0b17c0de
	// wrapperSize is the header of a wrapper: magic, version, offset, size,
	// CPU type, of 4 bytes each.
	wrapperSize = 20
	// minTail is how many bytes behind the last block are looked at. LLVM
	// ignores a tail that is too short for a block, such as the padding of
	// archivers.
	minTail = 9
)

// ErrNoModule is returned for data that is empty or consists of zeros: the
// section .llvmbc that clang makes with -fembed-bitcode=marker.
var ErrNoModule = errors.New("a marker for bitcode, without a module")

// A FormatError says where bitcode breaks the rules of its format, or goes
// beyond what is known of it.
type FormatError struct {
	// Offset is in bytes from the start of the data. Bitcode is a stream of
	// bits: this is the byte that the offending bit, or the end of the
	// offending record, lies in.
	Offset uint64
	Msg    string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s (at offset %#x)", e.Msg, e.Offset)
}

// Module is one LLVM module of a file.
type Module struct {
	// Identification is what wrote the module, such as "LLVM14.0.6". LLVM
	// 3.7 and older do not say.
	Identification string
	// Triple is the target, such as "x86_64-pc-linux-gnu". Clang marks
	// functions for every target; code generators other than those for x86
	// and ARM ignore the mark.
	Triple string
	// SourceFile is the file as it was given to the compiler. LLVM 3.8 and
	// older do not say.
	SourceFile string
	// Offset is where the module's block begins, in bytes from the start of
	// the data.
	Offset uint64
	// Defined is how many functions the module defines: those with a body,
	// not declarations.
	Defined int
	// Split holds the names, in the order of the file, of the definitions
	// that have the attribute and become code. A name is empty when the
	// module has none for it, and when the names of all modules together
	// are longer than the data, as many functions can share one name.
	Split []string
	// SplitElsewhere is how many more definitions have the attribute and
	// never become code: they are copies for the inliner of what another
	// module defines (linkage available_externally).
	SplitElsewhere int
}

// Is reports whether a file that begins with prefix, of at least 4 bytes, is
// LLVM bitcode, bare or in a wrapper. It need not be sound.
func Is(prefix []byte) bool {
	return isRaw(prefix) || isWrapper(prefix)
}

func isRaw(data []byte) bool     { return word(data) == rawMagic }
func isWrapper(data []byte) bool { return word(data) == wrapperMagic }

// word is the first 32-bit word of data, or 0.
func word(data []byte) uint32 {
	if len(data) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(data)
}

// Read reads all modules of a bitcode file, or of the content of a section
// .llvmbc or .llvm.lto. It fails as a whole when any part of data cannot be
// read: the error is a *FormatError or ErrNoModule. The modules do not refer to
// data.
//
// Modules of LLVM 3.3 to 4.0 (version 1) are read as well; older ones are an
// error, since split stacks were then no property of a function.
func Read(data []byte) ([]Module, error) {
	r := &reader{
		file:        data,
		textLeft:    len(data),
		literalLeft: 8*len(data) + 64,
	}
	if err := r.files(0, uint64(len(data)), true); err != nil {
		return nil, err
	}
	if len(r.modules) == 0 {
		return nil, ErrNoModule
	}
	return r.modules, nil
}

// reader holds what is common to the streams of one Read.
type reader struct {
	file    []byte
	modules []Module

	// Budgets that hostile data may use up; see text and record.
	textLeft    int // bytes of strings that may yet be returned
	literalLeft int // operands that may yet be taken from abbreviations alone

	ops []uint64 // operands of the current record, reused
}

// files reads the bitcode files that stand one behind the other in the bytes
// from lo to hi, with zeros between them.
func (r *reader) files(lo, hi uint64, wrappers bool) error {
	for first := true; ; first = false {
		for lo < hi && r.file[lo] == 0 {
			lo++
		}
		rest := r.file[lo:hi]
		switch {
		case len(rest) == 0:
			return nil
		case isRaw(rest):
			n, err := r.stream(lo, hi)
			if err != nil {
				return err
			}
			lo += n
		case isWrapper(rest) && wrappers:
			n, err := r.wrapper(lo, hi)
			if err != nil {
				return err
			}
			lo += n
		case len(rest) < minTail && !first:
			return nil
		default:
			return &FormatError{lo, "no magic number of LLVM bitcode"}
		}
	}
}

// wrapper reads the file in a wrapper at lo and returns how far the wrapper
// reaches. What is between its header and the file is not looked at, as in
// LLVM.
func (r *reader) wrapper(lo, hi uint64) (uint64, error) {
	if hi-lo < wrapperSize {
		return 0, &FormatError{hi, "the file ends inside the header of the bitcode wrapper"}
	}
	offset := uint64(word(r.file[lo+8:]))
	size := uint64(word(r.file[lo+12:]))
	if offset < wrapperSize || offset+size > hi-lo {
		return 0, &FormatError{lo + 8, fmt.Sprintf("the bitcode wrapper is for bytes %d to %d of %d", offset, offset+size, hi-lo)}
	}
	start, end := lo+offset, lo+offset+size
	if !isRaw(r.file[start:end]) {
		return 0, &FormatError{start, "no LLVM bitcode in the bitcode wrapper"}
	}
	return offset + size, r.files(start, end, false)
}
