package bitcode_test

import (
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/bitcode"
)

// TestHostile reads data that was made to cost more than its size.
func TestHostile(t *testing.T) {
	const size = 4 << 20
	module := func(content func(w *writer)) []byte {
		w := newFile()
		w.block(8, func() {
			w.record(1, 2)
			content(w)
		})
		w.strtab(strings.Repeat("n", 1000))
		return w.data
	}
	full := func(w *writer) bool { return len(w.data) > size }
	for _, test := range []struct {
		name, err string
		data      func() []byte
	}{
		{"text of one bit per character", "a text of more than", func() []byte {
			return module(func(w *writer) {
				w.abbrev(op{0, 2}, op{3, 0}, op{1, 1})
				w.fixed(4, 3)
				w.vbr(8*size, 6)
				w.align()
				w.data = append(w.data, make([]byte, size)...)
				w.vbr(0, 8)
			})
		}},
		{"many texts of one bit per character", "a text of more than", func() []byte {
			return module(func(w *writer) {
				w.abbrev(op{0, 2}, op{3, 0}, op{1, 1})
				for !full(w) {
					w.fixed(4, 3)
					w.vbr(8<<10, 6)
					for range 8 << 10 / 32 {
						w.fixed(0, 32)
					}
				}
			})
		}},
		{"attribute group of one bit per operand", "attribute group of", func() []byte {
			return module(func(w *writer) {
				w.block(10, func() {
					w.abbrev(op{0, 3}, op{3, 0}, op{1, 1})
					w.fixed(4, 3)
					w.vbr(8*size, 6)
					w.align()
					w.data = append(w.data, make([]byte, size)...)
					w.vbr(0, 8)
				})
			})
		}},
		{"records of literals", "more literal operands", func() []byte {
			return module(func(w *writer) {
				literals := make([]op, 1000)
				w.abbrev(literals...)
				for !full(w) {
					w.fixed(4, 3)
				}
			})
		}},
		{"abbreviations", "abbreviations of more than", func() []byte {
			return module(func(w *writer) {
				for !full(w) {
					w.abbrev(op{4, 0}, op{4, 0}, op{4, 0}, op{4, 0})
				}
			})
		}},
		{"abbreviations of BLOCKINFO", "abbreviations of more than", func() []byte {
			return module(func(w *writer) {
				w.block(0, func() {
					w.record(1, 10)
					for !full(w) {
						w.abbrev(op{4, 0})
					}
				})
			})
		}},
		{"an abbreviation of many operands", "abbreviations of more than", func() []byte {
			return module(func(w *writer) {
				all := make([]op, size)
				for i := range all {
					all[i].enc = 4
				}
				w.abbrev(all...)
			})
		}},
		{"attribute groups", "more than 1048576 attribute groups", func() []byte {
			return module(func(w *writer) {
				w.block(10, func() {
					w.abbrev(op{0, 3}, op{1, 21}, op{0, 0})
					for i := range uint64(1<<20 + 1) {
						w.fixed(4, 3)
						w.fixed(i, 21)
					}
				})
			})
		}},
		{"attribute lists", "attribute lists of more than", func() []byte {
			return module(func(w *writer) {
				w.block(9, func() {
					w.abbrev(op{0, 2})
					for !full(w) {
						w.fixed(4, 3)
					}
				})
			})
		}},
		{"functions without bodies", "in a module of", func() []byte {
			return module(func(w *writer) {
				w.splitAttributes()
				// The declaration is 0, all other operands are as well, but
				// for the list.
				w.abbrev(op{0, 8}, op{0, 0}, op{0, 1}, op{0, 0}, op{0, 0}, op{0, 0}, op{0, 0}, op{0, 1})
				for !full(w) {
					w.fixed(4, 3)
				}
			})
		}},
		{"functions that share a name", "", func() []byte {
			return module(func(w *writer) {
				w.splitAttributes()
				w.abbrev(op{0, 8}, op{0, 0}, op{2, 6}, op{0, 0}, op{0, 0}, op{0, 0}, op{0, 0}, op{0, 1})
				const n = size / 16
				for range n {
					w.fixed(4, 3)
					w.vbr(1000, 6)
				}
				for range n {
					w.body()
				}
			})
		}},
		{"modules", "modules in a file of", func() []byte {
			w := newFile()
			for !full(w) {
				w.block(8, func() { w.record(1, 2) })
			}
			return w.data
		}},
		{"files", "modules in a file of", func() []byte {
			w := newFile()
			w.block(8, func() { w.record(1, 2) })
			return []byte(strings.Repeat(string(w.data), size/len(w.data)))
		}},
		{"empty files", "where a module should begin", func() []byte {
			return []byte(strings.Repeat("BC\xc0\xde", size/4))
		}},
		{"blocks in blocks", "", func() []byte {
			return module(func(w *writer) {
				starts := []int{}
				for range size / 8 {
					starts = append(starts, w.begin(99, 3))
					w.width = 3
				}
				for i := len(starts) - 1; i >= 0; i-- {
					w.fixed(0, 3)
					w.align()
					binary.LittleEndian.PutUint32(w.data[starts[i]-4:], uint32(len(w.data)-starts[i])/4)
				}
			})
		}},
		{"symbols", "", func() []byte {
			w := newFile()
			w.block(8, func() {
				w.record(1, 1)
				w.splitAttributes()
				w.record(8, 0, 0, 0, 0, 1)
				w.body()
				w.block(14, func() {
					w.abbrev(op{0, 1}, op{0, 0}, op{3, 0}, op{1, 1})
					for !full(w) {
						w.fixed(4, 3)
						w.vbr(512, 6)
						for range 16 {
							w.fixed(0, 32)
						}
					}
				})
			})
			return w.data
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := test.data()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			modules, err := bitcode.Read(data)
			runtime.ReadMemStats(&after)
			switch {
			case test.err == "" && err != nil:
				t.Error(err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("%d modules, error %v, want %q", len(modules), err, test.err)
			}
			// What was allocated in all is more than what was in use at any
			// time.
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes of data, %d allocated", len(data), allocated)
			if limit := uint64(3*len(data) + 64<<20); allocated > limit {
				t.Errorf("%d bytes allocated for %d bytes", allocated, len(data))
			}
			runtime.KeepAlive(modules)
		})
	}
}

// TestSharedNamesAreSpentOnce bounds what is returned when all functions have
// the same long name.
func TestSharedNamesAreSpentOnce(t *testing.T) {
	w := newFile()
	w.block(8, func() {
		w.record(1, 2)
		w.splitAttributes()
		for range 100 {
			w.record(8, 0, 1000, 0, 0, 0, 0, 1)
			w.body()
		}
	})
	w.strtab(strings.Repeat("n", 1000))
	m := read(t, w.data)[0]
	named, total := 0, 0
	for _, name := range m.Split {
		total += len(name)
		if name != "" {
			named++
		}
	}
	if len(m.Split) != 100 || named == 0 || named == 100 || total > len(w.data) {
		t.Errorf("%d of %d functions have names, of %d bytes in all, from %d bytes", named, len(m.Split), total, len(w.data))
	}
}
