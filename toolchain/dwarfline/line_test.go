package dwarfline

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// lineSections returns .debug_line and the strings it refers to of a program
// that is compiled for the test.
func lineSections(t testing.TB, flags ...string) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	objtest.Write(t, dir, "a.c", "int f(int a) {\n  return a + 1;\n}\nint main(void) {\n  return f(1);\n}\n")
	objtest.Run(t, dir, "gcc", append(flags, "-g", "a.c", "-o", "a")...)
	f, err := elf.NewFile(bytes.NewReader(objtest.Read(t, filepath.Join(dir, "a"))))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string][]byte{}
	for _, name := range []string{"line", "line_str", "str"} {
		if s := f.Section(".debug_" + name); s != nil {
			if sections[name], err = s.Data(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return sections
}

// decode runs everything over the sections.
func decode(sections map[string][]byte) (rows int, files []string, err error) {
	c := cursor{b: sections["line"], order: binary.LittleEndian}
	for len(c.b) > 0 {
		t, err := nextTable(&c)
		if err != nil {
			return rows, files, err
		}
		if t == nil {
			continue
		}
		t.run(func(row) bool { rows++; return true })
		names, err := t.fileNames(sections)
		if err != nil {
			return rows, files, err
		}
		for i := range names.files {
			files = append(files, names.name(uint64(i)))
		}
	}
	return rows, files, nil
}

func TestVersions(t *testing.T) {
	for _, version := range []string{"-gdwarf-2", "-gdwarf-3", "-gdwarf-4", "-gdwarf-5", "-gdwarf64"} {
		t.Run(version, func(t *testing.T) {
			rows, files, err := decode(lineSections(t, version))
			if err != nil || rows < 5 || !strings.Contains(strings.Join(files, " "), "a.c") {
				t.Errorf("%d rows, files %q, error %v", rows, files, err)
			}
		})
	}
}

// TestClaims: a count in a header costs nothing until the bytes are there.
func TestClaims(t *testing.T) {
	huge := binary.AppendUvarint(nil, 1<<60)
	header := func(lists []byte) []byte {
		h := append([]byte{1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}, lists...)
		unit := append([]byte{5, 0, 8, 0}, binary.LittleEndian.AppendUint32(nil, uint32(len(h)))...)
		unit = append(unit, h...)
		return append(binary.LittleEndian.AppendUint32(nil, uint32(len(unit))), unit...)
	}
	for name, lists := range map[string][]byte{
		"directories without a format": append([]byte{0}, huge...),
		"directories of strings":       append([]byte{1, lnctPath, formString}, huge...),
		"blocks":                       append([]byte{1, lnctPath, formBlock, 1}, huge...),
		"more formats than bytes":      {255, 1, 1},
		"an unknown form":              {1, lnctPath, 0x77, 1, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if n := testing.AllocsPerRun(1, func() {
				if _, files, err := decode(map[string][]byte{"line": header(lists)}); err == nil && len(files) > 0 {
					t.Errorf("files %q", files)
				}
			}); n > 100 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// FuzzLineTable decodes arbitrary bytes as .debug_line. A row takes at least a
// byte, whatever the bytes say.
func FuzzLineTable(f *testing.F) {
	for _, version := range []string{"-gdwarf-2", "-gdwarf-4", "-gdwarf-5"} {
		s := lineSections(f, version)
		f.Add(s["line"], s["line_str"])
	}
	f.Fuzz(func(t *testing.T, line, str []byte) {
		rows, _, _ := decode(map[string][]byte{"line": line, "line_str": str, "str": str})
		if rows > len(line) {
			t.Fatalf("%d rows from %d bytes", rows, len(line))
		}
	})
}
