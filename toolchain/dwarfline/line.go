package dwarfline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
)

// The decoder reads .debug_line alone (DWARF 5, section 6.2; versions 2 to 4
// differ in the header). debug/dwarf is not used: it believes the counts that
// a header claims, and one of 2^32 files ends the process.

var errEnd = errors.New("the line table ends too early")

// cursor reads from a part of a section; reading beyond the end sets failed.
type cursor struct {
	b      []byte
	order  binary.ByteOrder
	failed bool
}

func (c *cursor) bytes(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.failed = true
		c.b = nil
		return nil
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

// uint reads an unsigned number of 1, 2, 4 or 8 bytes.
func (c *cursor) uint(size uint64) uint64 {
	b := c.bytes(size)
	if b == nil {
		return 0
	}
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(c.order.Uint16(b))
	case 4:
		return uint64(c.order.Uint32(b))
	}
	return c.order.Uint64(b)
}

func (c *cursor) uleb() uint64 {
	var v uint64
	for shift := uint(0); ; shift += 7 {
		b := c.bytes(1)
		if b == nil {
			return 0
		}
		if shift < 64 {
			v |= uint64(b[0]&0x7f) << shift
		}
		if b[0] < 0x80 {
			return v
		}
	}
}

func (c *cursor) sleb() int64 {
	var v int64
	for shift := uint(0); ; {
		b := c.bytes(1)
		if b == nil {
			return 0
		}
		if shift < 64 {
			v |= int64(b[0]&0x7f) << shift
		}
		shift += 7
		if b[0] < 0x80 {
			if shift < 64 && b[0]&0x40 != 0 {
				v |= -1 << shift
			}
			return v
		}
	}
}

func (c *cursor) cstring() []byte {
	n := bytes.IndexByte(c.b, 0)
	if n < 0 {
		c.failed = true
		c.b = nil
		return nil
	}
	s := c.b[:n]
	c.b = c.b[n+1:]
	return s
}

// lineTable is one unit of .debug_line.
type lineTable struct {
	version    uint64
	word       uint64 // 4 or 8: the size of offsets
	minInst    uint64
	lineBase   int64
	lineRange  uint64
	opcodeBase uint64
	lengths    []byte // of the standard opcodes, from opcode 1
	names      cursor // directories and files, decoded when they are needed
	program    cursor
}

// nextTable reads the header of the unit that c begins with and moves c behind
// it. The table is nil for a version that is not known.
func nextTable(c *cursor) (*lineTable, error) {
	t := &lineTable{word: 4}
	length := c.uint(4)
	if length == 0xffffffff {
		t.word = 8
		length = c.uint(8)
	}
	u := cursor{b: c.bytes(length), order: c.order}
	if c.failed {
		return nil, errEnd
	}
	t.version = u.uint(2)
	if t.version < 2 || t.version > 5 {
		return nil, nil
	}
	if t.version >= 5 {
		u.bytes(2) // address and segment selector sizes
	}
	h := cursor{b: u.bytes(u.uint(t.word)), order: c.order}
	t.program = u
	t.minInst = h.uint(1)
	if t.version >= 4 {
		h.bytes(1) // operations per instruction: 1 but for VLIW machines
	}
	h.bytes(1) // is_stmt
	t.lineBase = int64(int8(h.uint(1)))
	t.lineRange = h.uint(1)
	t.opcodeBase = h.uint(1)
	if t.opcodeBase > 0 {
		t.lengths = h.bytes(t.opcodeBase - 1)
	}
	t.names = h
	if u.failed || h.failed || t.lineRange == 0 || t.opcodeBase == 0 {
		return nil, nil
	}
	return t, nil
}

// row is where a line's code begins.
type row struct {
	address uint64
	file    uint64
	line    int64
	end     bool // the sequence ends before this address
}

// run executes the line number program and hands on each row; it stops when
// yield returns false.
func (t *lineTable) run(yield func(row) bool) {
	initial := row{file: 1, line: 1}
	r := initial
	c := t.program
	for len(c.b) > 0 && !c.failed {
		op := c.uint(1)
		if op >= t.opcodeBase {
			adj := op - t.opcodeBase
			r.address += adj / t.lineRange * t.minInst
			r.line += t.lineBase + int64(adj%t.lineRange)
			if !yield(r) {
				return
			}
			continue
		}
		switch op {
		case 0: // extended
			ext := cursor{b: c.bytes(c.uleb()), order: c.order}
			switch ext.uint(1) {
			case 1: // DW_LNE_end_sequence
				r.end = true
				if !yield(r) {
					return
				}
				r = initial
			case 2: // DW_LNE_set_address
				switch n := uint64(len(ext.b)); n {
				case 4, 8:
					r.address = ext.uint(n)
				default:
					return
				}
			}
		case 1: // DW_LNS_copy
			if !yield(r) {
				return
			}
		case 2: // DW_LNS_advance_pc
			r.address += c.uleb() * t.minInst
		case 3: // DW_LNS_advance_line
			r.line += c.sleb()
		case 4: // DW_LNS_set_file
			r.file = c.uleb()
		case 8: // DW_LNS_const_add_pc
			r.address += (255 - t.opcodeBase) / t.lineRange * t.minInst
		case 9: // DW_LNS_fixed_advance_pc
			r.address += c.uint(2)
		default: // no effect on the rows that matter here
			for range t.lengths[op-1] {
				c.uleb()
			}
		}
	}
}

// maxFiles bounds how many directories and files of one table are read: they
// take more room here than there.
const maxFiles = 1 << 16

// fileNames are the names of a table's files, which stay parts of the sections
// until somebody asks for one.
type fileNames struct {
	dirs, files []entry
}

type entry struct {
	name []byte
	dir  uint64
}

// name returns a file's name by the number that rows use. It is relative to the
// directory of the compilation, as the compiler was told it: an absolute path
// would differ from machine to machine.
func (n *fileNames) name(file uint64) string {
	if file >= uint64(len(n.files)) {
		return ""
	}
	f := n.files[file]
	name := string(f.name)
	if f.dir == 0 || f.dir >= uint64(len(n.dirs)) || path.IsAbs(name) {
		return name
	}
	return path.Join(string(n.dirs[f.dir].name), name)
}

func (t *lineTable) fileNames(sections map[string][]byte) (*fileNames, error) {
	c := t.names
	var n fileNames
	if t.version >= 5 {
		var err error
		if n.dirs, err = t.entries(&c, sections); err == nil {
			n.files, err = t.entries(&c, sections)
		}
		return &n, err
	}
	n.dirs = []entry{{}} // 0 is the directory of the compilation
	for {
		d := c.cstring()
		if len(d) == 0 {
			break
		}
		n.dirs = append(n.dirs, entry{name: limit(d)})
		if len(n.dirs) > maxFiles {
			return nil, errors.New("too many directories")
		}
	}
	n.files = []entry{{}} // numbers begin with 1
	for {
		f := entry{name: c.cstring()}
		if len(f.name) == 0 {
			break
		}
		f.name = limit(f.name)
		f.dir = c.uleb()
		c.uleb() // time
		c.uleb() // size
		n.files = append(n.files, f)
		if len(n.files) > maxFiles {
			return nil, errors.New("too many files")
		}
	}
	return &n, nil
}

// limit cuts a name that is longer than any path.
func limit(name []byte) []byte { return name[:min(len(name), maxName)] }

// Content types and forms of DWARF 5, sections 7.22 and 7.5.6.
const (
	lnctPath           = 1
	lnctDirectoryIndex = 2

	formBlock2  = 0x03
	formBlock4  = 0x04
	formData2   = 0x05
	formData4   = 0x06
	formData8   = 0x07
	formString  = 0x08
	formBlock   = 0x09
	formBlock1  = 0x0a
	formData1   = 0x0b
	formStrp    = 0x0e
	formUdata   = 0x0f
	formData16  = 0x1e
	formLineStr = 0x1f
)

// entries reads a list of directories or files with the format before it.
func (t *lineTable) entries(c *cursor, sections map[string][]byte) ([]entry, error) {
	type field struct{ content, form uint64 }
	var format []field
	for range c.uint(1) {
		format = append(format, field{c.uleb(), c.uleb()})
	}
	count := c.uleb()
	if count > maxFiles || count > uint64(len(c.b)) {
		return nil, fmt.Errorf("%d entries claimed in %d bytes", count, len(c.b))
	}
	var list []entry
	for range count {
		var e entry
		for _, f := range format {
			var s []byte
			var v uint64
			switch f.form {
			case formString:
				s = c.cstring()
			case formLineStr:
				s = stringAt(sections["line_str"], c.uint(t.word))
			case formStrp:
				s = stringAt(sections["str"], c.uint(t.word))
			case formUdata:
				v = c.uleb()
			case formData1:
				v = c.uint(1)
			case formData2:
				v = c.uint(2)
			case formData4:
				v = c.uint(4)
			case formData8:
				v = c.uint(8)
			case formData16:
				c.bytes(16)
			case formBlock:
				c.bytes(c.uleb())
			case formBlock1:
				c.bytes(c.uint(1))
			case formBlock2:
				c.bytes(c.uint(2))
			case formBlock4:
				c.bytes(c.uint(4))
			default:
				return nil, fmt.Errorf("names in form %#x", f.form)
			}
			switch f.content {
			case lnctPath:
				e.name = limit(s)
			case lnctDirectoryIndex:
				e.dir = v
			}
		}
		if c.failed {
			return nil, errEnd
		}
		list = append(list, e)
	}
	return list, nil
}

// maxName bounds a file name in bytes: every entry of a table may point to the
// same long string.
const maxName = 4096

func stringAt(section []byte, off uint64) []byte {
	if off >= uint64(len(section)) {
		return nil
	}
	s := section[off:]
	if n := bytes.IndexByte(s[:min(len(s), maxName)], 0); n >= 0 {
		return s[:n]
	}
	return nil
}
