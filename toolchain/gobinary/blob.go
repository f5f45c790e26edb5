package gobinary

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// The build information of gc. Sources: Go, cmd/link/internal/ld/data.go
// (buildinfo) and debug/buildinfo.
//
//	offset 0   the magic bytes; the whole is aligned to 16 bytes
//	offset 14  the size of a pointer; used before Go 1.18
//	offset 15  flags: 1 big-endian, 2 strings follow (Go 1.18 and later)
//	offset 16  pointers to two strings, if no strings follow
//	offset 32  version and module information, each after its length as a varint
const (
	blobMagic  = "\xff Go buildinf:"
	blobAlign  = 16
	blobHeader = 32

	offPointerSize = 14
	offFlags       = 15
	offPointers    = 16

	flagBigEndian = 1
	flagInline    = 2
)

// maxVersion bounds a version in bytes; experiments make it long.
const maxVersion = 1 << 10

// maxBlind bounds the search, in bytes, in a file that shows no other sign of
// Go. The linker puts the blob near the start of the data.
const maxBlind = 4 << 20

// buildInfo is the content of the blob. The bytes are the file's own.
type buildInfo struct {
	version, modinfo []byte
}

var (
	errHeader  = errors.New("ends inside its header")
	errLength  = errors.New("has a string without a length")
	errString  = errors.New("has a string that goes beyond its end")
	errPointer = errors.New("has pointers of neither 4 nor 8 bytes")
)

// findBlob finds the build information. It returns nil when there is none, and
// an *elfobj.FormatError when the section that must hold it is broken.
func (s *signs) findBlob(f *elfobj.File) (*buildInfo, error) {
	if s.buildInfo != 0 {
		sec := f.Section(s.buildInfo)
		b, err := sec.Bytes()
		if err != nil {
			return nil, err
		}
		info, offset, err := searchBlob(f, b, sec.Addr)
		if err != nil {
			return nil, &elfobj.FormatError{
				Offset: sec.Offset + uint64(offset),
				Msg:    "the Go build information " + err.Error(),
			}
		}
		return info, nil
	}
	if !f.Linked() || !s.gc && s.named {
		return nil, nil
	}
	budget, kinds := maxBlind, []kind{writable}
	if s.gc {
		budget, kinds = len(f.Data), []kind{writable, readOnly}
	}
	for vaddr, b := range loaded(f, budget, kinds...) {
		// What only looks like the magic number is no error here.
		if info, _, _ := searchBlob(f, b, vaddr); info != nil {
			return info, nil
		}
	}
	return nil, nil
}

// searchBlob returns the first build information in b, which lies at addr,
// that can be read. When there are only broken ones it returns the offset and
// the error of the first.
func searchBlob(f *elfobj.File, b []byte, addr uint64) (info *buildInfo, offset int, err error) {
	for i := 0; ; i += len(blobMagic) {
		n := bytes.Index(b[i:], []byte(blobMagic))
		if n < 0 {
			return nil, offset, err
		}
		i += n
		if (addr+uint64(i))%blobAlign != 0 {
			continue
		}
		found, e := decodeBlob(f, b[i:])
		if e == nil {
			return found, i, nil
		}
		if err == nil {
			offset, err = i, e
		}
	}
}

func decodeBlob(f *elfobj.File, b []byte) (*buildInfo, error) {
	if len(b) < blobHeader {
		return nil, errHeader
	}
	if b[offFlags]&flagInline == 0 {
		return decodePointers(f, b)
	}
	version, rest, err := decodeString(b[blobHeader:])
	if err != nil {
		return nil, err
	}
	modinfo, _, err := decodeString(rest)
	if err != nil {
		return nil, err
	}
	return &buildInfo{version, modinfo}, nil
}

func decodeString(b []byte) (s, rest []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, nil, errLength
	}
	b = b[n:]
	if size > uint64(len(b)) {
		return nil, nil, errString
	}
	return b[:size], b[size:], nil
}

// decodePointers reads the form of Go 1.13 to 1.17. A pointer that leads
// nowhere gives an empty string: in position-independent code only the loader
// fills it in.
func decodePointers(f *elfobj.File, b []byte) (*buildInfo, error) {
	var order binary.ByteOrder = binary.LittleEndian
	if b[offFlags]&flagBigEndian != 0 {
		order = binary.BigEndian
	}
	size := int(b[offPointerSize])
	if size != 4 && size != 8 {
		return nil, errPointer
	}
	pointer := func(b []byte) uint64 {
		if size == 4 {
			return uint64(order.Uint32(b))
		}
		return order.Uint64(b)
	}
	str := func(addr uint64) []byte {
		header := at(f, addr)
		if len(header) < 2*size {
			return nil
		}
		b, n := at(f, pointer(header)), pointer(header[size:])
		if n > uint64(len(b)) {
			return nil
		}
		return b[:n]
	}
	return &buildInfo{
		version: str(pointer(b[offPointers:])),
		modinfo: str(pointer(b[offPointers+size:])),
	}, nil
}
