package bitcode_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/bitcode"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// TestAttributes reads attribute groups of all kinds. The module has one
// function, whose only group has the operands.
func TestAttributes(t *testing.T) {
	text := func(s string) []uint64 { return append(chars(s), 0) }
	key := text("split-stack")
	const broken = "ends behind its group"
	for _, test := range []struct {
		name  string
		index uint64
		attrs []uint64
		split bool
		err   string
	}{
		{name: "none", index: function},
		{name: "key", index: function, attrs: ops([]uint64{3}, key), split: true},
		{name: "key and empty value", index: function, attrs: ops([]uint64{4}, key, []uint64{0}), split: true},
		{name: "key and value", index: function, attrs: ops([]uint64{4}, key, text("false")), split: true},
		{name: "characters with high bits", index: function, attrs: ops([]uint64{3, 's' + 256}, key[1:]), split: true},
		{name: "index with high bits", index: 1<<32 + function, attrs: ops([]uint64{3}, key), split: true},
		{name: "of the result", index: 0, attrs: ops([]uint64{3}, key)},
		{name: "of a parameter", index: 1, attrs: ops([]uint64{3}, key)},
		{name: "longer", index: function, attrs: ops([]uint64{3}, text("split-stacks"))},
		{name: "shorter", index: function, attrs: ops([]uint64{3}, text("split-stac"))},
		{name: "other", index: function, attrs: ops([]uint64{3}, text("no-split-stack"))},
		{name: "as a value", index: function, attrs: ops([]uint64{4}, text("a"), key)},
		{name: "behind a text with value", index: function, attrs: ops([]uint64{4}, text("a"), text("b"), []uint64{3}, key), split: true},
		{name: "before another", index: function, attrs: ops([]uint64{3}, key, []uint64{3}, text("a")), split: true},
		{name: "behind an enum", index: function, attrs: ops([]uint64{0, 3, 3}, key), split: true},
		{name: "behind an integer", index: function, attrs: ops([]uint64{1, 3, 3, 3}, key), split: true},
		{name: "behind an empty type", index: function, attrs: ops([]uint64{5, 3, 3}, key), split: true},
		{name: "behind a type", index: function, attrs: ops([]uint64{6, 3, 3, 3}, key), split: true},
		{name: "behind a range", index: function, attrs: ops([]uint64{7, 92, 64, 0, 16, 3}, key), split: true},
		{name: "behind a wide range", index: function, attrs: ops([]uint64{7, 92, 192, 2 | 3<<32, 1, 2, 1, 2, 3, 3}, key), split: true},
		{name: "behind no ranges", index: function, attrs: ops([]uint64{8, 94, 0, 64, 3}, key), split: true},
		{name: "behind ranges", index: function, attrs: ops([]uint64{8, 94, 2, 64, 0, 4, 8, 12, 3}, key), split: true},
		{name: "behind wide ranges", index: function, attrs: ops([]uint64{8, 94, 2, 65, 1 | 1<<32, 3, 3, 1, 3, 3}, key), split: true},

		{name: "unknown kind", index: function, attrs: ops([]uint64{2}, key), err: "attribute kind 2 is not known"},
		{name: "kind of the future", index: function, attrs: ops([]uint64{9}, key), err: "attribute kind 9 is not known"},
		{name: "enum cut", index: function, attrs: []uint64{0}, err: broken},
		{name: "integer cut", index: function, attrs: []uint64{1, 2}, err: broken},
		{name: "type cut", index: function, attrs: []uint64{6, 2}, err: broken},
		{name: "key cut", index: function, attrs: ops([]uint64{3}, key[:11]), err: broken},
		{name: "value cut", index: function, attrs: ops([]uint64{4}, key, chars("x")), err: broken},
		{name: "value missing", index: function, attrs: ops([]uint64{4}, key), err: broken},
		{name: "range cut", index: function, attrs: []uint64{7, 92, 32, 0}, err: broken},
		{name: "range head cut", index: function, attrs: []uint64{7, 92}, err: broken},
		{name: "wide range cut", index: function, attrs: []uint64{7, 92, 128, 1 | 1<<32, 1}, err: broken},
		{name: "wide range head cut", index: function, attrs: []uint64{7, 92, 128}, err: broken},
		{name: "wide range overflows", index: function, attrs: []uint64{7, 92, 128, 1<<64 - 1, 1, 1}, err: broken},
		{name: "ranges cut", index: function, attrs: []uint64{8, 92, 2, 32, 0, 1, 2}, err: broken},
		{name: "ranges overflow", index: function, attrs: []uint64{8, 92, 1<<64 - 1, 32, 0, 1}, err: broken},
		{name: "ranges head cut", index: function, attrs: []uint64{8, 92, 0}, err: broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newFile()
			w.block(8, func() {
				w.record(1, 2)
				w.block(10, func() { w.record(3, append([]uint64{1, test.index}, test.attrs...)...) })
				w.block(9, func() { w.record(2, 1) })
				w.record(8, 0, 1, 0, 0, 0, 0, 1)
				w.body()
			})
			w.strtab("f")
			modules, err := bitcode.Read(w.data)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := len(modules[0].Split) == 1; got != test.split {
				t.Errorf("split: %v, want %v", got, test.split)
			}
		})
	}
}

// TestVersion1 reads what LLVM 3.3 to 4.0 wrote: names are in a symbol table
// that numbers variables, functions and aliases alike.
func TestVersion1(t *testing.T) {
	symtab := func(w *writer) {
		w.block(14, func() {
			w.record(3, append([]uint64{3, 99}, chars("third")...)...)
			w.record(1, append([]uint64{1}, chars("fir\xffst")...)...)
			w.record(1, append([]uint64{0}, chars("variable")...)...)
			w.record(2, append([]uint64{1}, chars("block")...)...)
			w.record(1, append([]uint64{9}, chars("none")...)...)
		})
	}
	for _, test := range []struct {
		name          string
		before, after func(w *writer)
		want          []string
	}{
		{"symbols behind the code", nil, symtab, []string{"fir\xffst", "third"}},
		{"symbols before the code", symtab, nil, []string{"fir\xffst", "third"}},
		{"no symbols", nil, nil, []string{"", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newFile()
			w.block(8, func() {
				w.record(1, 1)
				w.record(2, chars("x86_64--")...)
				w.splitAttributes()
				w.record(7, 0, 0, 0)          // value 0: a variable
				w.record(8, 0, 0, 0, 0, 1)    // value 1
				w.record(14, 0, 0, 0)         // value 2: an alias
				w.record(8, 0, 0, 0, 0, 1, 0) // value 3
				w.record(8, 0, 0, 1, 0, 1)    // value 4: a declaration
				w.record(8, 0, 0, 0, 0, 2)    // value 5: not split
				w.record(8, 0, 0, 0, 0, 0)    // value 6: no attributes
				if test.before != nil {
					test.before(w)
				}
				for range 4 {
					w.body()
				}
				if test.after != nil {
					test.after(w)
				}
			})
			want := []bitcode.Module{{Triple: "x86_64--", Offset: 4, Defined: 4, Split: test.want}}
			if diff := cmp.Diff(want, read(t, w.data)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAbbreviations reads records in every encoding.
func TestAbbreviations(t *testing.T) {
	w := newFile()
	w.block(8, func() {
		w.record(1, 2)
		w.block(0, func() { // BLOCKINFO
			w.record(1, 10)
			// The code as 3 bits, then an array of 7 bits each.
			w.abbrev(op{1, 3}, op{2, 6}, op{0, function}, op{3, 0}, op{1, 7})
			w.record(1, 9)
			w.abbrev(op{0, 2}, op{3, 0}, op{2, 4})
			w.record(1, 11) // of no interest
			w.abbrev(op{0, 2}, op{4, 0})
		})
		w.block(10, func() {
			// A second one, for this block alone: a text of 6 bits each is
			// not possible, for char6 has no '-'.
			w.abbrev(op{0, 3}, op{2, 6}, op{0, function}, op{0, 3}, op{5, 0})
			text := append(chars("split-stack"), 0)
			w.fixed(4, 3)
			w.fixed(3, 3)
			w.vbr(5, 6)
			w.vbr(uint64(1+len(text)), 6)
			w.fixed(3, 7)
			for _, c := range text {
				w.fixed(c, 7)
			}
			w.fixed(5, 3)
			w.vbr(6, 6)
			w.vbr(uint64(len(text)), 6)
			w.align()
			for _, c := range text {
				w.data = append(w.data, byte(c))
			}
			w.align()
		})
		w.block(9, func() {
			w.fixed(4, 3)
			w.vbr(1, 6)
			w.vbr(5, 4)
			w.fixed(4, 3)
			w.vbr(1, 6)
			w.vbr(6, 4)
		})
		w.abbrev(op{0, 16}, op{3, 0}, op{4, 0})
		w.fixed(4, 3)
		w.vbr(4, 6)
		for _, c := range []uint64{0, 62, 2, 53} { // a.c1
			w.fixed(c, 6)
		}
		// Widths of 0 are zeros: declaration, linkage.
		w.abbrev(op{0, 8}, op{2, 6}, op{0, 1}, op{1, 0}, op{2, 0}, op{1, 0}, op{1, 1}, op{1, 32})
		for i := range uint64(2) {
			w.fixed(5, 3)
			w.vbr(i, 6)
			w.fixed(0, 1)
			w.fixed(i+1, 32)
		}
		w.body()
		w.body()
	})
	w.strtab("fg")
	want := []bitcode.Module{{SourceFile: "a.c1", Offset: 4, Defined: 2, Split: []string{"f", "g"}}}
	if diff := cmp.Diff(want, read(t, w.data)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestBrokenModules names what is wrong with a module.
func TestBrokenModules(t *testing.T) {
	module := func(content func(w *writer)) func(w *writer) {
		return func(w *writer) {
			w.block(8, func() {
				w.record(1, 2)
				content(w)
			})
			w.strtab("f")
		}
	}
	inGroups := func(content func(w *writer)) func(w *writer) {
		return module(func(w *writer) { w.block(10, func() { content(w) }) })
	}
	for _, test := range []struct {
		name, want string
		write      func(w *writer)
	}{
		{"no version", "LLVM 3.2 or older", func(w *writer) { w.block(8, func() {}) }},
		{"version 0", "LLVM 3.2 or older", func(w *writer) { w.block(8, func() { w.record(1, 0) }) }},
		{"version 3", "version 3 is not known", func(w *writer) { w.block(8, func() { w.record(1, 3) }) }},
		{"version without number", "version without a number", func(w *writer) { w.block(8, func() { w.record(1) }) }},
		{"two versions", "two versions", module(func(w *writer) { w.record(1, 1) })},
		{"function before the version", "unknown version", func(w *writer) { w.block(8, func() { w.record(8, 0, 0, 0, 0, 0, 0, 0) }) }},
		{"epoch", "epoch [1] is not known", func(w *writer) { w.block(13, func() { w.record(2, 1) }) }},
		{"empty epoch", "epoch [] is not known", func(w *writer) { w.block(13, func() { w.record(2) }) }},
		{"no module", "ends where a module should begin", func(w *writer) { w.strtab("f") }},
		{"function without name", "without a name", module(func(w *writer) { w.record(8, 0) })},
		{"function with a name beyond 4 GiB", "without a name", module(func(w *writer) { w.record(8, 1<<32, 0, 0, 0, 1, 0, 0) })},
		{"short function", "record of 6 operands", module(func(w *writer) { w.record(8, 0, 1, 0, 0, 0, 0) })},
		{"no such list", "attribute list 1 of 0", module(func(w *writer) { w.record(8, 0, 1, 0, 0, 0, 0, 1); w.body() })},
		{"no such list for a declaration", "attribute list 1 of 0", module(func(w *writer) { w.record(8, 0, 1, 0, 0, 1, 0, 1) })},
		{"lists behind the function", "attribute list 1 of 0", module(func(w *writer) { w.record(8, 0, 1, 0, 0, 0, 0, 1); w.splitAttributes(); w.body() })},
		{"no such group", "group 1, which does not exist", module(func(w *writer) { w.block(9, func() { w.record(2, 1) }) })},
		{"no group so high", "which does not exist", module(func(w *writer) {
			w.block(10, func() { w.splitGroup(0) })
			w.block(9, func() { w.record(2, 1<<32) })
		})},
		{"two blocks of groups", "second block of attribute groups", module(func(w *writer) { w.block(10, func() {}); w.block(10, func() {}) })},
		{"two blocks of lists", "second block of attribute lists", module(func(w *writer) { w.splitAttributes(); w.block(9, func() {}) })},
		{"body missing", "defines 1 functions, and has the code of 0", module(func(w *writer) {
			w.record(8, 0, 1, 0, 0, 0, 0, 0)
			w.record(2, chars("a long triple")...)
		})},
		{"body too many", "defines 0 functions, and has the code of 1", module(func(w *writer) { w.body() })},
		{"more functions than room", "more than", module(func(w *writer) {
			for range 100 {
				w.record(8, 0, 0, 0, 0, 0, 0, 0)
			}
		})},
		{"name beyond the table", "name ends at byte 2 of a string table of 1", module(func(w *writer) { w.record(8, 1, 1, 0, 0, 1, 0, 0) })},
		{"empty group", "group of 0 operands", inGroups(func(w *writer) { w.record(3) })},
		{"group number too high", "group of 2 operands", inGroups(func(w *writer) { w.record(3, 1<<32, 0) })},
		{"record without abbreviation", "abbreviation 5 of block 10 is not defined", inGroups(func(w *writer) { w.fixed(5, 3) })},
		{"abbreviation without operands", "makes no sense", inGroups(func(w *writer) { w.abbrev() })},
		{"abbreviation that begins with an array", "makes no sense", inGroups(func(w *writer) { w.abbrev(op{3, 0}, op{1, 8}) })},
		{"abbreviation that begins with a blob", "makes no sense", inGroups(func(w *writer) { w.abbrev(op{5, 0}) })},
		{"array without element", "makes no sense", inGroups(func(w *writer) { w.abbrev(op{0, 1}, op{3, 0}) })},
		{"array of arrays", "makes no sense", inGroups(func(w *writer) { w.abbrev(op{0, 1}, op{3, 0}, op{3, 0}, op{1, 1}) })},
		{"array of literals", "makes no sense", inGroups(func(w *writer) { w.abbrev(op{0, 1}, op{3, 0}, op{0, 1}) })},
		{"array of nothing", "makes no sense", inGroups(func(w *writer) { w.abbrev(op{0, 1}, op{3, 0}, op{1, 0}) })},
		{"blob in the middle", "makes no sense", inGroups(func(w *writer) { w.abbrev(op{0, 1}, op{5, 0}, op{1, 1}) })},
		{"operand encoding", "operand encoding 6", inGroups(func(w *writer) { w.abbrev(op{0, 1}, op{6, 0}) })},
		{"operand too wide", "operand of 33 bits", inGroups(func(w *writer) { w.abbrev(op{1, 33}) })},
		{"endless VBR", "operand of 1 bits", inGroups(func(w *writer) { w.abbrev(op{2, 1}) })},
		{"value of more than 64 bits", "more than 64 bits", inGroups(func(w *writer) {
			w.fixed(3, 3)
			for range 13 {
				w.fixed(0x20, 6)
			}
			w.fixed(0, 6)
		})},
		{"code too large", "more than 32 bits", inGroups(func(w *writer) { w.record(1<<32 + 3) })},
		{"count beyond the block", "ends inside a value", inGroups(func(w *writer) { w.fixed(3, 3); w.vbr(3, 6); w.vbr(1<<60, 6) })},
		{"blob beyond the block", "bytes reach past the end", inGroups(func(w *writer) {
			w.abbrev(op{0, 1}, op{5, 0})
			w.fixed(4, 3)
			w.vbr(1<<63, 6)
		})},
		{"IDs without bits", "IDs of 0 bits", module(func(w *writer) { w.begin(10, 0) })},
		{"IDs of too many bits", "IDs of 33 bits", module(func(w *writer) { w.begin(10, 33) })},
		{"head of a block cut", "ends inside a 32-bit word", func(w *writer) {
			w.fixed(1, 2)
			for range 7 {
				w.fixed(0x80, 8)
			}
			w.fixed(0, 8)
			w.fixed(3, 6)
		}},
		{"abbreviation of the module before", "abbreviation 4 of block 10 is not defined", func(w *writer) {
			w.block(8, func() {
				w.record(1, 2)
				w.block(0, func() {
					w.record(1, 10)
					w.abbrev(op{0, 99})
				})
				w.block(10, func() { w.fixed(4, 3) })
			})
			module(func(w *writer) { w.block(10, func() { w.fixed(4, 3) }) })(w)
		}},
		{"BLOCKINFO for no block", "for no block", module(func(w *writer) { w.block(0, func() { w.abbrev(op{0, 1}) }) })},
		{"BLOCKINFO record without block", "without a block", module(func(w *writer) { w.block(0, func() { w.record(1) }) })},
		{"end before the end", "before its length says", func(w *writer) {
			w.block(8, func() {
				w.record(1, 2)
				w.fixed(0, 3)
				w.align()
				w.body()
			})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newFile()
			test.write(w)
			modules, err := bitcode.Read(w.data)
			var fe *bitcode.FormatError
			if !errors.As(err, &fe) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%d modules, error %v, want %q", len(modules), err, test.want)
			}
			if fe.Offset > uint64(len(w.data)) {
				t.Errorf("error at %d of %d", fe.Offset, len(w.data))
			}
		})
	}
}

// TestInnerBlocksAreSkipped has blocks where none belong, with a content that
// makes no sense.
func TestInnerBlocksAreSkipped(t *testing.T) {
	noise := func(w *writer) {
		w.block(99, func() {
			for range 20 {
				w.fixed(1<<32-1, 32)
			}
		})
	}
	w := newFile()
	noise(w)
	w.block(13, func() { noise(w); w.record(1, chars("LLVM0")...) })
	w.block(8, func() {
		w.record(1, 2)
		noise(w)
		w.block(10, func() { noise(w); w.splitGroup(1); w.record(99, 1, 2, 3) })
		w.block(9, func() { w.record(2, 1); noise(w) })
		w.record(8, 0, 1, 0, 0, 0, 0, 1)
		w.record(99, 1, 2, 3)
		w.block(12, func() { noise(w) })
	})
	w.block(8, func() { w.record(1, 2) }) // not of the same producer
	noise(w)
	w.strtab("f")
	got := read(t, w.data)
	if len(got) != 2 || got[1].Identification != "" || got[0].Identification != "LLVM0" || got[0].Defined != 1 || len(got[0].Split) != 1 || got[0].Split[0] != "f" {
		t.Errorf("%+v", got)
	}
}

// TestVersion1LLVM asks LLVM, which still reads version 1, whether the layout
// that TestVersion1 relies on is the one that it knows.
func TestVersion1LLVM(t *testing.T) {
	w := newFile()
	w.block(8, func() {
		w.record(1, 1)
		w.splitAttributes()
		w.block(17, func() { // types
			w.record(1, 3)
			w.record(2)        // 0: void
			w.record(21, 0, 0) // 1: void ()
			w.record(7, 32)    // 2: i32
		})
		w.record(7, 2, 2, 0, 0, 0, 0) // value 0: a variable, external
		for _, f := range [][]uint64{
			// type, convention, declaration, linkage, attributes, alignment,
			// section, visibility
			{1, 0, 0, 0, 1, 0, 0, 0},
			{1, 0, 1, 0, 1, 0, 0, 0},
			{1, 0, 0, 12, 1, 0, 0, 0},
			{1, 0, 0, 3, 2, 0, 0, 0},
			{1, 0, 0, 3, 1, 0, 0, 0},
			{1, 0, 0, 0, 0, 0, 0, 0},
		} {
			w.record(8, f...)
		}
		w.block(14, func() {
			for i, name := range []string{"variable", "split", "declared", "elsewhere", "other", "internal", "plain"} {
				w.record(1, append([]uint64{uint64(i)}, chars(name)...)...)
			}
		})
		for range 5 {
			w.block(12, func() {
				w.record(1, 1)
				w.record(10) // ret void
			})
		}
	})
	path := objtest.Write(t, t.TempDir(), "v1.bc", string(w.data))
	m := read(t, w.data)[0]
	got := definitions{m.Defined, m.SplitElsewhere, m.Split}
	if diff := cmp.Diff(disassemble(t, path), got); diff != "" {
		t.Errorf("llvm-dis (-) and Read (+):\n%s", diff)
	}
	if diff := cmp.Diff(definitions{5, 1, []string{"split", "internal"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
