package splitstack_test

import (
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
	"github.com/rules-nosplit/rules_nosplit/toolchain/splitstack"
)

// multiply appends a copy of the section header table in which the headers for
// which match holds stand n times more: they name the same bytes again.
func multiply(t *testing.T, data []byte, n int, match func(elfobj.Section) bool) *elfobj.File {
	t.Helper()
	f, err := elfobj.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	shoff := binary.LittleEndian.Uint64(data[40:])
	table := data[shoff : shoff+64*uint64(f.NumSections)]
	out := append([]byte{}, data...)
	newOff := len(out)
	out = append(out, table...)
	count := f.NumSections
	for i := range f.NumSections {
		if match(f.Section(i)) {
			for range n {
				out = append(out, table[64*i:64*(i+1)]...)
				count++
			}
		}
	}
	binary.LittleEndian.PutUint64(out[40:], uint64(newOff))
	binary.LittleEndian.PutUint16(out[60:], uint16(count))
	if f, err = elfobj.Open(out); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestOverlap: a file whose headers name the same bytes again and again would
// take more than linear time to read. It is unauditable.
func TestOverlap(t *testing.T) {
	bare := ".globl f\nf:\n.rept 1000\ncall __morestack\n.endr\n"
	data := objtest.Read(t, objtest.Compile(t, t.TempDir(), "gcc", "bare.S", bare))
	tests := []struct {
		name  string
		match func(elfobj.Section) bool
		want  string
	}{
		{"code", func(s elfobj.Section) bool { return s.Executable() }, "more executable bytes than twice the file's size"},
		{"relocations", func(s elfobj.Section) bool { return s.Type == elf.SHT_RELA }, "relocation tables are larger than the file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fds, err := splitstack.Judge(multiply(t, data, 500, tt.match), splitstack.Options{})
			if err != nil || len(fds) != 1 || fds[0].ID != finding.NS007 || !strings.Contains(fds[0].Message, tt.want) {
				t.Errorf("findings %+v, error %v", fds, err)
			}
		})
	}
}

// TestSharedName: a string table may give every function of an object the same
// name of a megabyte. The report does not repeat it for each.
func TestSharedName(t *testing.T) {
	const guard = "cmp %fs:0x70,%rsp\njb 1f\nret\n1: mov $8,%r10d\nmov $0,%r11d\ncall __morestack\nret\n"
	src := ".altmacro\n.macro one i\n.globl f\\i\n.type f\\i,@function\nf\\i: " + guard + ".size f\\i,.-f\\i\n.endm\n.set n,0\n.rept 500\none %n\n.set n,n+1\n.endr\n"
	data := objtest.Read(t, objtest.Compile(t, t.TempDir(), "gcc", "many.s", src))
	f, err := elfobj.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	shoff := le.Uint64(data[40:])
	for i := range f.NumSections {
		s := f.Section(i)
		if s.Type != elf.SHT_SYMTAB {
			continue
		}
		names := f.Section(int(s.Link))
		// A longer string table behind everything else.
		at := uint64(len(data))
		data = append(data, data[names.Offset:names.Offset+names.Size]...)
		data = append(data, strings.Repeat("x", 1<<20)+"\x00"...)
		header := data[shoff+64*uint64(s.Link):]
		le.PutUint64(header[24:], at)
		le.PutUint64(header[32:], uint64(len(data))-at)
		for off := s.Offset; off < s.Offset+s.Size; off += 24 {
			if elf.ST_TYPE(data[off+4]) == elf.STT_FUNC {
				le.PutUint32(data[off:], uint32(names.Size))
			}
		}
	}
	if f, err = elfobj.Open(data); err != nil {
		t.Fatal(err)
	}
	fds, err := splitstack.Judge(f, splitstack.Options{})
	if err != nil || len(fds) != 1 || fds[0].ID != finding.NS001 || len(fds[0].Functions) != 500 {
		t.Fatalf("%d findings, error %v", len(fds), err)
	}
	total := 0
	for _, fn := range fds[0].Functions {
		total += len(fn.Name) + len(fn.Demangled)
	}
	if total < 1<<20 || total > 8*len(data) {
		t.Errorf("%d bytes of names from an object of %d", total, len(data))
	}
}

// TestMany: an object that is made of guards, calls or reserved names costs no
// more than it may, and what is not listed is counted.
func TestMany(t *testing.T) {
	tests := []struct {
		name, source string
		ids, want    string // in the first message
	}{
		{"guards", ".globl f\nf:\n.rept 300000\ncmp %fs:0x70,%rsp\njb 1f\nret\n1: mov $8,%r10d\nmov $0,%r11d\ncall f\nret\n.endr\n",
			"NS001", "; 168928 more guards and calls are not listed"},
		{"calls", ".globl f\nf:\n.rept 300000\ncall __morestack\n.endr\n.section .note.GNU-split-stack,\"\",@progbits\n",
			"NS001", "; 168928 more guards and calls are not listed"},
		{"names", ".altmacro\n.macro one i\n.globl __morestack_\\i\n.quad __morestack_\\i\n.endm\n.data\n.set n,0\n.rept 5000\none %n\n.set n,n+1\n.endr\n",
			"NS007", "more than 4096 symbols have names of the split-stack runtime"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := objtest.Read(t, objtest.Compile(t, t.TempDir(), "gcc", "many.s", tt.source))
			f, err := elfobj.Open(data)
			if err != nil {
				t.Fatal(err)
			}
			var fds []finding.Finding
			objtest.Bounded(t, len(data), func() { fds, err = splitstack.Judge(f, splitstack.Options{}) })
			if err != nil || ids(fds) != tt.ids || !strings.Contains(fds[0].Message, tt.want) {
				t.Errorf("findings %q, error %v, message %q; want %q, %q", ids(fds), err, fds[0].Message, tt.ids, tt.want)
			}
		})
	}
}
