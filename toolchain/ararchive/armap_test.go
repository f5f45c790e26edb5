package ararchive_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/ararchive"
)

// checkIndex walks an archive and compares its index with what it found.
func checkIndex(t *testing.T, data string) error {
	t.Helper()
	r, err := ararchive.NewReader([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	var headers []uint64
	for {
		m, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if m == nil {
			return r.CheckIndex(headers)
		}
		headers = append(headers, m.Header)
	}
}

func words(order binary.AppendByteOrder, word int, values ...int) string {
	var b []byte
	for _, v := range values {
		if word == 8 {
			b = order.AppendUint64(b, uint64(v))
		} else {
			b = order.AppendUint32(b, uint32(v))
		}
	}
	return string(b)
}

// TestCheckIndex: an index that leads to a place where no member begins is an
// error, in each form that an index has.
func TestCheckIndex(t *testing.T) {
	be, le := binary.BigEndian, binary.LittleEndian
	forms := []struct {
		name  string
		index func(first, second int) string // of two symbols
	}{
		{"GNU", func(a, b int) string { return member("/", words(be, 4, 2, a, b)+"f\x00g\x00") }},
		{"SYM64", func(a, b int) string { return member("/SYM64/", words(be, 8, 2, a, b)) }},
		{"BSD", func(a, b int) string { return member("__.SYMDEF", words(le, 4, 16, 0, a, 2, b, 4)) }},
		{"BSD, big-endian", func(a, b int) string { return member("__.SYMDEF SORTED", words(be, 4, 16, 0, a, 2, b)) }},
		{"Darwin, 64 bits", func(a, b int) string { return member("__.SYMDEF_64", words(le, 8, 32, 0, a, 2, b)) }},
	}
	for _, tt := range forms {
		t.Run(tt.name, func(t *testing.T) {
			// The members' places depend on the length of the index alone.
			first := len(ararchive.Magic) + len(tt.index(0, 0))
			archive := func(second int) string {
				return ararchive.Magic + tt.index(first, second) + member("a.o/", "AAAA") + member("b.o/", "BBBB")
			}
			good := first + 64
			if err := checkIndex(t, archive(good)); err != nil {
				t.Errorf("a true index: %v", err)
			}
			for _, bad := range []int{good + 2, first + 2, 1 << 20, 0xffffff} {
				if err := checkIndex(t, archive(bad)); err == nil || !strings.Contains(err.Error(), "where no member begins") {
					t.Errorf("offset %#x: error %v", bad, err)
				}
			}
		})
	}
	for _, tt := range []struct{ name, index, want string }{
		{"empty", member("/", ""), ""},
		{"no symbols", member("/", words(be, 4, 0)), ""},
		{"cut", member("/", "abc"), "ends inside its count"},
		{"too many symbols", member("/", words(be, 4, 9, 1, 2)), "claims 9 symbols"},
		{"BSD, empty", member("__.SYMDEF", ""), ""},
		{"BSD, no symbols", member("__.SYMDEF", words(le, 4, 0, 0)), ""},
		{"BSD, cut", member("__.SYMDEF", "abc"), "ends inside its size"},
		{"BSD, too large", member("__.SYMDEF", words(le, 4, 64, 0, 0)), "is larger than its member"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := checkIndex(t, ararchive.Magic+tt.index+member("a.o/", "A"))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
