// Package ararchive reads ar archives without copying them: the GNU format with
// its name table and symbol index, thin archives, and the BSD names of LLVM and
// Darwin tools.
//
// The format has no standard; the sources are ar(5) of the BSDs, binutils
// bfd/archive.c and include/aout/ar.h, and LLVM lib/Object/Archive.cpp.
package ararchive

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

const (
	// Magic is how an archive begins.
	Magic = "!<arch>\n"
	// ThinMagic is how a thin archive begins: its members are files beside
	// it, named relative to the archive's directory.
	ThinMagic = "!<thin>\n"

	headerSize = 60
	// maxName bounds a name in bytes, so that a name table without a single
	// end of line does not cost its whole length for every member. Linux has
	// no longer paths (PATH_MAX).
	maxName = 4096
)

// IsArchive reports whether data begins as an archive does.
func IsArchive(data []byte) bool {
	return bytes.HasPrefix(data, []byte(Magic)) || bytes.HasPrefix(data, []byte(ThinMagic))
}

// A FormatError says where an archive breaks the rules of its format.
type FormatError struct {
	Offset uint64 // in bytes from the start of the archive
	Msg    string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s (at offset %#x)", e.Msg, e.Offset)
}

// Member is one file of an archive.
type Member struct {
	Name string
	// Index is the position among the members, from 0, not counting the
	// symbol index and the name table.
	Index int
	// Header is where the member's header lies in the archive: what symbol
	// indices refer to.
	Header uint64
	// Offset is where the member's content lies in the archive; for a member
	// of a thin archive, where its header ends.
	Offset uint64
	Size   uint64
	// Thin is true when the content is in the file called Name, relative to
	// the archive's directory, and Data is nil.
	Thin bool
	// Origin is set for a member of a thin archive that lies in another
	// archive: the offset of its header in the archive called Name (see At).
	Origin uint64
	// Data is the content, which is part of the archive's bytes.
	Data []byte
}

// Reader walks the members of an archive.
type Reader struct {
	data  []byte
	thin  bool
	names []byte  // GNU "//" name table
	armap *Member // the symbol index; nil when there is none
	off   uint64
	index int
}

// NewReader begins to read an archive. The members refer to data.
func NewReader(data []byte) (*Reader, error) {
	if !IsArchive(data) {
		return nil, &FormatError{0, "no archive magic"}
	}
	return &Reader{
		data: data,
		thin: bytes.HasPrefix(data, []byte(ThinMagic)),
		off:  uint64(len(Magic)),
	}, nil
}

// Thin reports whether the archive is a thin one.
func (r *Reader) Thin() bool { return r.thin }

// Next returns the next member, or nil at the end. After an error there are no
// more members: where the next header would be is not known.
func (r *Reader) Next() (*Member, error) {
	for {
		m, err := r.next()
		if err != nil {
			r.off = uint64(len(r.data))
			return nil, err
		}
		if m == nil {
			return nil, nil
		}
		switch {
		case m.Name == "//" && !m.Thin && r.mayBeTable(m):
			r.names = m.Data
		case isSymbolIndex(m.Name) && r.mayBeTable(m):
			if r.armap == nil {
				r.armap = m
			}
		default:
			m.Index = r.index
			r.index++
			return m, nil
		}
	}
}

// At returns the member whose header is at an offset, as a thin archive refers
// to the members of another archive.
func (r *Reader) At(header uint64) (*Member, error) {
	// The name table stands before the first member.
	if _, err := r.Next(); err != nil {
		return nil, err
	}
	if header < uint64(len(Magic)) || header >= uint64(len(r.data)) {
		return nil, &FormatError{header, "no member there: it lies outside the archive"}
	}
	r.off = header
	return r.next()
}

// mayBeTable reports whether the member may be the symbol index or the name
// table. Tables stand before the first member; one of that name elsewhere, or
// one that holds an object or an archive, would be a place to hide code from a
// reader.
func (r *Reader) mayBeTable(m *Member) bool {
	return r.index == 0 && !bytes.HasPrefix(m.Data, []byte("\x7fELF")) && !bytes.HasPrefix(m.Data, []byte("BC\xc0\xde")) && !IsArchive(m.Data)
}

// isSymbolIndex knows the names under which tools store the archive's index
// of symbols: GNU (32 and 64 bits), BSD and Darwin (32 and 64 bits).
func isSymbolIndex(name string) bool {
	switch name {
	case "/", "/SYM64/", "__.SYMDEF", "__.SYMDEF SORTED", "__.SYMDEF_64", "__.SYMDEF_64 SORTED":
		return true
	}
	return false
}

func (r *Reader) next() (*Member, error) {
	n := uint64(len(r.data))
	if r.off >= n {
		return nil, nil
	}
	at := r.off
	if n-at < headerSize {
		// A lone padding byte after the last member is harmless.
		if n-at == 1 && r.data[at] == '\n' {
			return nil, nil
		}
		return nil, &FormatError{at, fmt.Sprintf("the archive ends inside a member header: %d bytes of %d", n-at, headerSize)}
	}
	h := r.data[at : at+headerSize]
	if h[58] != '`' || h[59] != '\n' {
		return nil, &FormatError{at + 58, fmt.Sprintf("no member header here: it ends in %q, not in \"`\\n\"", h[58:60])}
	}
	sizeField := string(bytes.TrimRight(h[48:58], " "))
	size, err := strconv.ParseUint(sizeField, 10, 63)
	if err != nil {
		return nil, &FormatError{at + 48, fmt.Sprintf("member size %q is not a number", sizeField)}
	}
	m := &Member{Header: at, Offset: at + headerSize, Size: size}
	rawName := string(bytes.TrimRight(h[:16], " "))
	bsdNameLen, err := r.name(m, rawName, at)
	if err != nil {
		return nil, err
	}
	// In a thin archive only the tables are stored.
	m.Thin = r.thin && m.Name != "//" && !isSymbolIndex(m.Name)
	if m.Thin {
		r.off = m.Offset
		return m, nil
	}
	if size > n-m.Offset {
		return nil, &FormatError{at, fmt.Sprintf("member %q claims %d bytes, but %d are left in the archive", m.Name, size, n-m.Offset)}
	}
	if bsdNameLen > size {
		return nil, &FormatError{at, fmt.Sprintf("a member of %d bytes claims a name of %d", size, bsdNameLen)}
	}
	end := m.Offset + size
	if bsdNameLen > 0 {
		m.Name = string(bytes.TrimRight(r.data[m.Offset:m.Offset+bsdNameLen], "\x00"))
		m.Offset += bsdNameLen
		m.Size -= bsdNameLen
	}
	m.Data = r.data[m.Offset:end:end]
	r.off = end + end&1
	return m, nil
}

// name fills in the member's name from the 16 bytes of its header. For a BSD
// long name, which precedes the content, it returns the name's length instead.
func (r *Reader) name(m *Member, raw string, at uint64) (bsdNameLen uint64, err error) {
	switch {
	case raw == "/" || raw == "//" || raw == "/SYM64/":
		m.Name = raw
	case len(raw) > 3 && raw[:3] == "#1/":
		bsdNameLen, err = strconv.ParseUint(raw[3:], 10, 31)
		if err != nil || bsdNameLen == 0 || bsdNameLen > maxName {
			return 0, &FormatError{at, fmt.Sprintf("name length %q is not a number from 1 to %d", raw[3:], maxName)}
		}
	case len(raw) > 1 && raw[0] == '/':
		ref, origin, nested := strings.Cut(raw[1:], ":")
		off, err := strconv.ParseUint(ref, 10, 63)
		if err == nil && nested && r.thin {
			m.Origin, err = strconv.ParseUint(origin, 10, 63)
		}
		if err != nil {
			return 0, &FormatError{at, fmt.Sprintf("name reference %q is not a number", raw)}
		}
		if off >= uint64(len(r.names)) {
			return 0, &FormatError{at, fmt.Sprintf("name reference %d lies outside the name table of %d bytes", off, len(r.names))}
		}
		name := r.names[off:]
		if len(name) > maxName {
			name = name[:maxName]
		}
		// GNU ends a name by "/\n", LLVM's COFF flavour by NUL.
		end := bytes.IndexAny(name, "\n\x00")
		if end < 0 {
			if len(name) == maxName {
				return 0, &FormatError{at, fmt.Sprintf("a member name of more than %d bytes", maxName)}
			}
			end = len(name)
		}
		m.Name = string(bytes.TrimSuffix(name[:end], []byte("/")))
	default:
		m.Name = trimSlash(raw)
	}
	if m.Name == "" && bsdNameLen == 0 {
		return 0, &FormatError{at, "a member without a name"}
	}
	return bsdNameLen, nil
}

// trimSlash takes off the slash that ends a short GNU name, which lets names
// end in blanks.
func trimSlash(s string) string {
	if n := len(s); n > 1 && s[n-1] == '/' {
		return s[:n-1]
	}
	return s
}
