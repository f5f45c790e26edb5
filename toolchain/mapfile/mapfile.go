// Package mapfile gives files as bytes: mapped into memory where the system
// can, read otherwise.
package mapfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"
)

// File is an open regular file. Its bytes are valid until Close. When another
// process truncates the file meanwhile, reading the bytes that are gone faults:
// goroutines that read them call debug.SetPanicOnFault and recover.
type File struct {
	Data    []byte
	mapping mapping
}

// mapping is what can be done with the bytes of a mapped file; without
// functions the bytes are ordinary memory.
type mapping struct {
	unmap   func([]byte) error
	release func([]byte) // of whole pages
}

// ErrNotRegular says that a path is no regular file.
var ErrNotRegular = errors.New("not a regular file")

// errTooLarge stands for a file that this machine's address space cannot hold.
var errTooLarge = errors.New("too large for the address space")

// PrefixSize is how many bytes Open hands to its filter at the most.
const PrefixSize = 16

// handle is an open file before anybody decided to map it. The audit of a
// directory opens many files that it does not want, so that every call counts.
type handle interface {
	stat() (mode fs.FileMode, size int64, err error)
	readAt(b []byte) (int, error)
	load(size int) ([]byte, mapping, error)
	close()
}

// Open opens a regular file. When want is not nil, it is shown the first bytes
// and the size, and the file is mapped only if it returns true; otherwise File
// is nil without an error, and no more than the prefix has been read. Errors do
// not name the path.
func Open(path string, want func(prefix []byte, size int64) bool) (*File, error) {
	h, err := open(path)
	if err != nil {
		return nil, err
	}
	defer h.close()
	mode, size, err := h.stat()
	if err != nil {
		return nil, err
	}
	if !mode.IsRegular() {
		return nil, fmt.Errorf("%w (%v)", ErrNotRegular, mode.Type())
	}
	if want != nil {
		var prefix [PrefixSize]byte
		n, err := h.readAt(prefix[:])
		if err != nil {
			return nil, err
		}
		if !want(prefix[:n], size) {
			return nil, nil
		}
	}
	if size == 0 {
		return &File{}, nil
	}
	if int64(int(size)) != size {
		return nil, errTooLarge
	}
	data, m, err := h.load(int(size))
	if err != nil {
		return nil, err
	}
	return &File{Data: data, mapping: m}, nil
}

// Close gives the bytes back.
func (f *File) Close() error {
	if f.mapping.unmap == nil {
		return nil
	}
	data := f.Data
	f.Data = nil
	return f.mapping.unmap(data)
}

var pageSize = uintptr(os.Getpagesize())

// Release tells that a part of Data will hardly be read again, so that its
// pages need not stay in the process; what is read of it all the same comes
// from the system's cache. Parts of other memory are ignored.
func (f *File) Release(part []byte) {
	if len(part) == 0 || len(f.Data) == 0 || f.mapping.release == nil {
		return
	}
	// Only the addresses tell where a slice lies in another one.
	from := uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(f.Data)))
	to := from + uintptr(len(part))
	if from > to || to > uintptr(len(f.Data)) {
		return
	}
	from = (from + pageSize - 1) &^ (pageSize - 1)
	if to < uintptr(len(f.Data)) {
		to &^= pageSize - 1
	}
	if from < to {
		f.mapping.release(f.Data[from:to])
	}
}
