package bitcode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/bitcode"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

var update = flag.Bool("update", false, "write the golden files")

// samples returns the committed samples by file name.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.bc")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 7 {
		t.Fatalf("%d samples", len(paths))
	}
	all := map[string][]byte{}
	for _, path := range paths {
		all[filepath.Base(path)] = objtest.Read(t, path)
	}
	return all
}

func sample(t testing.TB) []byte {
	t.Helper()
	return objtest.Read(t, "testdata/llvm14.bc")
}

func read(t testing.TB, data []byte) []bitcode.Module {
	t.Helper()
	modules, err := bitcode.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return modules
}

func TestSamples(t *testing.T) {
	var got strings.Builder
	for _, v := range []int{14, 16, 18, 19, 21, 22, 23} {
		name := fmt.Sprintf("llvm%d.bc", v)
		data, ok := samples(t)[name]
		if !ok || !bitcode.Is(data) {
			t.Errorf("%s is missing or not bitcode", name)
		}
		for _, m := range read(t, data) {
			fmt.Fprintf(&got, "%s: %s %s %s at %#x\n%d defined, %d split elsewhere, %d split:\n\t%s\n\n", name,
				m.Identification, m.Triple, m.SourceFile, m.Offset,
				m.Defined, m.SplitElsewhere, len(m.Split), strings.Join(m.Split, "\n\t"))
		}
	}
	const golden = "testdata/samples.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(objtest.Read(t, golden)), got.String()); diff != "" {
		t.Errorf("golden (-) and read (+):\n%s", diff)
	}
}

func TestIs(t *testing.T) {
	for prefix, want := range map[string]bool{
		"":                     false,
		"BC\xc0":               false,
		"BC\xc0\xde":           true,
		"BC\xc0\xde5":          true,
		"\xde\xc0\x17\x0b":     true,
		"BC\xc0\xdf":           false,
		"\x7fELF":              false,
		"\x00\x00\x00\x00BC":   false,
		"\x0b\x17\xc0\xde\x00": false, // the wrapper is little-endian alone
	} {
		if got := bitcode.Is([]byte(prefix)); got != want {
			t.Errorf("Is(%q) = %v", prefix, got)
		}
	}
}

// wrap puts bitcode into a wrapper with something between header and content
// and with padding, as LLVM makes for Darwin.
func wrap(content []byte, gap, pad int) []byte {
	var h []byte
	for _, v := range []uint32{0x0b17c0de, 0, uint32(20 + gap), uint32(len(content)), 0x01000007} {
		h = binary.LittleEndian.AppendUint32(h, v)
	}
	return slice(h, bytes.Repeat([]byte{0xff}, gap), content, make([]byte, pad))
}

func slice(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestFilesInOne(t *testing.T) {
	old, young := sample(t), objtest.Read(t, "testdata/llvm23.bc")
	zeros := func(n int) []byte { return make([]byte, n) }
	for _, test := range []struct {
		name string
		data []byte
		want []uint64 // offsets of the modules
	}{
		{"one", old, []uint64{0x20}},
		{"two", slice(old, young), []uint64{0x20, uint64(len(old)) + 0x20}},
		{"zeros between", slice(old, zeros(12), young), []uint64{0x20, uint64(len(old)) + 12 + 0x20}},
		{"odd zeros between", slice(old, zeros(5), young, zeros(3)), []uint64{0x20, uint64(len(old)) + 5 + 0x20}},
		{"zeros before", slice(zeros(7), old), []uint64{7 + 0x20}},
		{"short tail", slice(old, []byte("\n")), []uint64{0x20}},
		{"wrapper", wrap(old, 0, 0), []uint64{20 + 0x20}},
		{"wrapper with gap and padding", wrap(old, 3, 9), []uint64{23 + 0x20}},
		{"two wrappers", slice(wrap(old, 0, 12), wrap(young, 0, 0)), []uint64{20 + 0x20, uint64(len(old)) + 32 + 20 + 0x20}},
		{"wrapper and bare", slice(wrap(old, 0, 0), young), []uint64{20 + 0x20, uint64(len(old)) + 20 + 0x20}},
		{"two in a wrapper", wrap(slice(old, young), 0, 0), []uint64{20 + 0x20, uint64(len(old)) + 20 + 0x20}},
		// llvm-cat -b copies blocks behind one magic number.
		{"llvm-cat", slice(old, young[4:]), []uint64{0x20, uint64(len(old)) - 4 + 0x20}},
	} {
		t.Run(test.name, func(t *testing.T) {
			modules := read(t, test.data)
			var got []uint64
			for _, m := range modules {
				got = append(got, m.Offset)
				if len(m.Split) != 10 || m.Split[1] != "_Z5spliti" {
					t.Errorf("split: %q", m.Split)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("offsets of modules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarker(t *testing.T) {
	for _, n := range []int{0, 1, 4, 100} {
		if _, err := bitcode.Read(make([]byte, n)); !errors.Is(err, bitcode.ErrNoModule) {
			t.Errorf("%d zeros: %v", n, err)
		}
	}
}

// TestTruncated cuts off ends: nothing but the whole file may pass.
func TestTruncated(t *testing.T) {
	for name, data := range samples(t) {
		for n := 1; n < len(data); n++ {
			modules, err := bitcode.Read(data[:n])
			var fe *bitcode.FormatError
			if !errors.As(err, &fe) {
				t.Fatalf("%s: %d of %d bytes: %d modules, error %v", name, n, len(data), len(modules), err)
			}
			if fe.Offset > uint64(n) {
				t.Fatalf("%s: %d of %d bytes: error at %d", name, n, len(data), fe.Offset)
			}
		}
	}
}

func TestBrokenContainers(t *testing.T) {
	old := sample(t)
	patched := func(data []byte, at int, v uint32) []byte {
		data = bytes.Clone(data)
		binary.LittleEndian.PutUint32(data[at:], v)
		return data
	}
	wrapped := wrap(old, 0, 0)
	size := uint32(len(old))
	for _, test := range []struct {
		name, want string
		data       []byte
	}{
		{"text", "no magic number", []byte("hello, world")},
		{"magic alone", "ends where a module should begin", old[:4]},
		{"long tail", "no block begins here", slice(old, []byte("0123456789"))},
		{"tail behind zeros", "no magic number", slice(old, make([]byte, 4), []byte("0123456789"))},
		{"identification alone", "ends where a module should begin", old[:0x20]},
		{"two identifications", "where a module should follow", slice(old[:0x20], old[4:])},
		{"wrapper header cut", "ends inside the header", wrapped[:19]},
		{"wrapper beyond the file", "bytes 20 to", patched(wrapped, 12, size+1)},
		{"wrapper sum overflows", "bytes 4294967295 to", patched(wrapped, 8, 1<<32-1)},
		{"wrapper offset in the header", "bytes 16 to", patched(wrapped, 8, 16)},
		{"wrapper around nothing", "no LLVM bitcode in", patched(wrapped, 12, 0)},
		{"wrapper in a wrapper", "no LLVM bitcode in", wrap(wrapped, 0, 0)},
		{"wrapper in a wrapper behind zeros", "no LLVM bitcode in", wrap(slice(make([]byte, 4), wrapped), 0, 0)},
		{"wrapper behind a file in a wrapper", "no magic number", wrap(slice(old, wrapped), 0, 0)},
		{"wrapper cuts its content", "reaches past the end", patched(wrapped, 12, size-4)},
	} {
		t.Run(test.name, func(t *testing.T) {
			modules, err := bitcode.Read(test.data)
			var fe *bitcode.FormatError
			if !errors.As(err, &fe) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%d modules, error %v, want %q", len(modules), err, test.want)
			}
		})
	}
}
