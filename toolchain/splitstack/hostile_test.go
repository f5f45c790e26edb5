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
			fds, err := splitstack.Judge(multiply(t, data, 500, tt.match))
			if err != nil || len(fds) != 1 || fds[0].ID != finding.NS007 || !strings.Contains(fds[0].Message, tt.want) {
				t.Errorf("findings %+v, error %v", fds, err)
			}
		})
	}
}
