package dwarfline

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// image lays out an ELF file so that every section of code has addresses of
// its own.
type image struct {
	file *elfobj.File
	// base is added to addresses by section; all 0 in a linked file.
	base map[int]uint64
	// first is the lowest address of code that was not discarded.
	first  uint64
	budget uint64 // bytes that sections may still be unpacked or copied to
	symtab elfobj.SymbolTable
}

// Line tables and their names shrink to about a quarter when they are packed.
// What unpacked and relocated sections may take is a multiple of the object's
// size, and as many bytes beyond it.
const (
	maxRatio    = 2
	extraMemory = 32 << 20
)

func newImage(f *elfobj.File) *image {
	img := &image{file: f, base: map[int]uint64{}, budget: maxRatio*uint64(len(f.Data)) + extraMemory}
	// Linkers leave the line tables of code that they discard, and give it
	// address 0.
	img.first = 1
	if f.Linked() {
		return img
	}
	next := uint64(1 << 12)
	img.first = next
	for i := 1; i < f.NumSections; i++ {
		s := f.Section(i)
		if s.Type == elf.SHT_SYMTAB {
			img.symtab, _ = f.Symbols(s) // without symbols there are no lines
		}
		// Not 0, where relocations against discarded sections lead.
		if s.Executable() && s.Type == elf.SHT_PROGBITS && s.Size < 1<<32 {
			img.base[i] = next
			next += (s.Size + 31) &^ 15
		}
	}
	return img
}

// sectionNames are the sections that line tables are made of, with the NUL that
// ends a name.
var sectionNames = [...]struct{ short, plain, packed string }{
	{"line", ".debug_line\x00", ".zdebug_line\x00"},
	{"line_str", ".debug_line_str\x00", ".zdebug_line_str\x00"},
	{"str", ".debug_str\x00", ".zdebug_str\x00"},
}

// debugSections loads what line tables are made of.
func (img *image) debugSections() (map[string][]byte, error) {
	wanted := map[int]string{} // by section index
	for i := 1; i < img.file.NumSections; i++ {
		s := img.file.Section(i)
		for _, name := range sectionNames {
			if s.NamePrefix(name.plain) || s.NamePrefix(name.packed) {
				wanted[i] = name.short
			}
		}
	}
	if len(wanted) == 0 {
		return nil, ErrNoLines
	}
	relocs := map[int][]elfobj.Section{}
	for i := 1; i < img.file.NumSections; i++ {
		s := img.file.Section(i)
		if s.IsRelocation() {
			if _, ok := wanted[int(s.Info)]; ok {
				relocs[int(s.Info)] = append(relocs[int(s.Info)], s)
			}
		}
	}
	content := map[string][]byte{}
	for i, name := range wanted {
		b, err := img.load(img.file.Section(i), relocs[i])
		if err != nil {
			return nil, err
		}
		content[name] = b
	}
	if len(content["line"]) == 0 {
		return nil, ErrNoLines
	}
	return content, nil
}

// load returns a section's content, unpacked and relocated.
func (img *image) load(s elfobj.Section, relocs []elfobj.Section) ([]byte, error) {
	b, err := s.Bytes()
	if err != nil {
		return nil, err
	}
	owned := false
	switch {
	case s.Flags&elf.SHF_COMPRESSED != 0:
		b, err = img.unpack(s, b)
		owned = true
	case bytes.HasPrefix(s.Name(), []byte(".zdebug_")) && bytes.HasPrefix(b, []byte("ZLIB")) && len(b) >= 12:
		b, err = img.inflate(b[12:], binary.BigEndian.Uint64(b[4:]))
		owned = true
	}
	if err != nil || img.file.Linked() {
		return b, err
	}
	for _, r := range relocs {
		if !owned {
			if err := img.take(uint64(len(b))); err != nil {
				return nil, err
			}
			b, owned = bytes.Clone(b), true
		}
		if err := img.relocate(b, r); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (img *image) take(n uint64) error {
	if n > img.budget {
		return fmt.Errorf("debug sections need %d bytes more than the limit allows", n-img.budget)
	}
	img.budget -= n
	return nil
}

// unpack reads the compression header (gABI, "Section Compression") and the
// content behind it.
func (img *image) unpack(s elfobj.Section, b []byte) ([]byte, error) {
	order := img.file.Order()
	var typ uint32
	var size uint64
	header := 12
	if img.file.Class == elf.ELFCLASS64 {
		header = 24
	}
	if len(b) < header {
		return nil, fmt.Errorf("section %q ends inside its compression header", s.Name())
	}
	typ = order.Uint32(b)
	if header == 24 {
		size = order.Uint64(b[8:])
	} else {
		size = uint64(order.Uint32(b[4:]))
	}
	switch elf.CompressionType(typ) {
	case elf.COMPRESS_ZLIB:
		return img.inflate(b[header:], size)
	case elf.COMPRESS_ZSTD:
		if err := img.take(size); err != nil {
			return nil, err
		}
		z, err := zstd.NewReader(bytes.NewReader(b[header:]), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(size+1))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return readAll(z, size)
	}
	return nil, fmt.Errorf("section %q is compressed by method %d", s.Name(), typ)
}

func (img *image) inflate(b []byte, size uint64) ([]byte, error) {
	if err := img.take(size); err != nil {
		return nil, err
	}
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return readAll(z, size)
}

// readAll reads what a header promised, and no more. The buffer grows with
// what arrives: the promise alone allocates nothing.
func readAll(r io.Reader, size uint64) ([]byte, error) {
	var buf bytes.Buffer
	n, err := io.Copy(&buf, io.LimitReader(r, int64(size)))
	if err == nil && uint64(n) != size {
		err = io.ErrUnexpectedEOF
	}
	return buf.Bytes(), err
}

// relocate applies the relocations that occur in debug sections: absolute
// values of one word or half a word.
func (img *image) relocate(b []byte, s elfobj.Section) error {
	t, err := img.file.Relocations(s)
	if err != nil {
		return err
	}
	// What is applied again and again costs time as unpacking costs memory.
	if err := img.take(uint64(t.Len)); err != nil {
		return err
	}
	order := img.file.Order()
	for t.Next() {
		r := t.Relocation
		size := relocationSize(img.file.Machine, r.Type)
		if size == 0 || r.Symbol >= img.symtab.Len || r.Offset > uint64(len(b)) || uint64(len(b))-r.Offset < uint64(size) {
			continue
		}
		sym := img.symtab.Symbol(r.Symbol)
		value := sym.Value + img.base[sym.Section]
		at := b[r.Offset:]
		if t.HasAddend {
			value += uint64(r.Addend)
		} else if size == 8 {
			value += order.Uint64(at)
		} else {
			value += uint64(order.Uint32(at))
		}
		if size == 8 {
			order.PutUint64(at, value)
		} else {
			order.PutUint32(at, uint32(value))
		}
	}
	return nil
}

// relocationSize returns the width in bytes of an absolute relocation, 0 for
// others.
func relocationSize(m elf.Machine, typ uint32) int {
	switch m {
	case elf.EM_X86_64:
		switch elf.R_X86_64(typ) {
		case elf.R_X86_64_64:
			return 8
		case elf.R_X86_64_32, elf.R_X86_64_32S:
			return 4
		}
	case elf.EM_386:
		if elf.R_386(typ) == elf.R_386_32 {
			return 4
		}
	}
	return 0
}
