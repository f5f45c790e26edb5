package ararchive_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/ararchive"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
)

// header is a member header as ar writes it.
func header(name string, size string) string {
	return fmt.Sprintf("%-16s%-12s%-6s%-6s%-8s%-10s`\n", name, "0", "0", "0", "644", size)
}

func member(name, content string) string {
	s := header(name, fmt.Sprint(len(content))) + content
	if len(content)%2 == 1 {
		s += "\n"
	}
	return s
}

// list renders the members of an archive, and the error that ended the walk.
func list(data string) (string, error) {
	r, err := ararchive.NewReader([]byte(data))
	if err != nil {
		return "", err
	}
	var lines []string
	for {
		m, err := r.Next()
		if m == nil {
			return strings.Join(lines, "\n"), err
		}
		line := fmt.Sprintf("%d %s", m.Index, m.Name)
		if m.Thin {
			line += fmt.Sprintf(" thin %d", m.Size)
			if m.Origin != 0 {
				line += fmt.Sprintf(" at %d", m.Origin)
			}
		} else {
			line += fmt.Sprintf(" %q", m.Data)
			if data[m.Offset:m.Offset+m.Size] != string(m.Data) {
				line += " at a wrong offset"
			}
		}
		lines = append(lines, line)
	}
}

func TestReader(t *testing.T) {
	long := strings.Repeat("long", 10) + ".o"
	tests := []struct {
		name, data, want, err string
	}{
		{"empty archive", ararchive.Magic, "", ""},
		{"empty thin archive", ararchive.ThinMagic, "", ""},
		{"short names", ararchive.Magic + member("a.o/", "AA") + member("b.o/", "BBB"), "0 a.o \"AA\"\n1 b.o \"BBB\"", ""},
		{"the same name twice", ararchive.Magic + member("a.o/", "A") + member("a.o/", "B"), "0 a.o \"A\"\n1 a.o \"B\"", ""},
		{"GNU name table", ararchive.Magic + member("/", "INDEX!") + member("//", long+"/\nother.o/\n") + member("/0", "A") + member(fmt.Sprintf("/%d", len(long)+2), "B"),
			"0 " + long + " \"A\"\n1 other.o \"B\"", ""},
		{"64-bit index", ararchive.Magic + member("/SYM64/", "INDEX!") + member("a.o/", "A"), "0 a.o \"A\"", ""},
		{"BSD names", ararchive.Magic + member("__.SYMDEF", "INDEX!") + member("#1/8", "long.o\x00\x00CONTENT"), "0 long.o \"CONTENT\"", ""},
		{"Darwin index with a BSD name", ararchive.Magic + member("#1/20", "__.SYMDEF SORTED\x00\x00\x00\x00INDEX") + member("a.o", "A"), "0 a.o \"A\"", ""},
		{"an object called as an index is", ararchive.Magic + member("a.o/", "A") + member("__.SYMDEF", "B"), "0 a.o \"A\"\n1 __.SYMDEF \"B\"", ""},
		{"an ELF file in place of the index", ararchive.Magic + member("/", "\x7fELF..") + member("a.o/", "A"), "0 / \"\\x7fELF..\"\n1 a.o \"A\"", ""},
		{"an ELF file in place of the name table", ararchive.Magic + member("//", "\x7fELF..") + member("a.o/", "A"), "0 // \"\\x7fELF..\"\n1 a.o \"A\"", ""},
		{"a name table behind a member", ararchive.Magic + member("a.o/", "A") + member("//", "b.o/\n"), "0 a.o \"A\"\n1 // \"b.o/\\n\"", ""},
		{"names with blanks", ararchive.Magic + member("a b.o/", "A"), "0 a b.o \"A\"", ""},
		{"no padding at the end", strings.TrimSuffix(ararchive.Magic+member("a.o/", "A"), "\n"), "0 a.o \"A\"", ""},
		{"thin", ararchive.ThinMagic + member("//", "sub/a.o/\nb.a/\n") + header("/0", "12") + header("/9:136", "34"),
			"0 sub/a.o thin 12\n1 b.a thin 34 at 136", ""},

		{"no archive", "hello", "", "no archive magic"},
		{"cut header", ararchive.Magic + member("a.o/", "AA") + header("b.o/", "2")[:30], "0 a.o \"AA\"", "ends inside a member header"},
		{"cut member", ararchive.Magic + member("a.o/", "AA") + header("b.o/", "200") + "BB", "0 a.o \"AA\"", `"b.o" claims 200 bytes, but 2 are left`},
		{"size that lies", ararchive.Magic + header("a.o/", "9999999999") + "AA", "", `claims 9999999999 bytes`},
		{"size that is no number", ararchive.Magic + header("a.o/", "-1") + "AA", "", `member size "-1" is not a number`},
		{"no end of header", ararchive.Magic + strings.Replace(header("a.o/", "2"), "`", "x", 1) + "AA", "", "no member header here"},
		{"name outside the table", ararchive.Magic + member("//", "a.o/\n") + member("/99", "A"), "", "outside the name table"},
		{"name without a table", ararchive.Magic + member("/0", "A"), "", "outside the name table"},
		{"BSD name longer than the member", ararchive.Magic + member("#1/80", "short"), "", "claims a name of 80"},
		{"BSD name of length 0", ararchive.Magic + member("#1/0", "short"), "", "name length"},
		{"a name without an end", ararchive.Magic + member("//", strings.Repeat("x", 5000)) + member("/0", "A"), "", "more than 4096 bytes"},
		{"no name", ararchive.Magic + member("", "A"), "", "without a name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := list(tt.data)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("members (-want +got):\n%s", d)
			}
			var fe *ararchive.FormatError
			switch {
			case tt.err == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.err != "" && (!errors.As(err, &fe) || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("error %v, want a FormatError with %q", err, tt.err)
			}
		})
	}
}

// TestAgainstAr compares the members of real archives with what ar lists.
func TestAgainstAr(t *testing.T) {
	dir := t.TempDir()
	names := []string{"a.o", strings.Repeat("a_long_name_", 5) + ".o", "c.o"}
	for i, name := range names {
		objtest.Write(t, dir, name, strings.Repeat("x", i+1))
	}
	objtest.Run(t, dir, "ar", append([]string{"rcs", "plain.a"}, names...)...)
	objtest.Run(t, dir, "ar", append([]string{"rcsT", "thin.a"}, names...)...)
	libgcc := strings.TrimSpace(objtest.Run(t, dir, "gcc", "-print-libgcc-file-name"))
	for _, path := range []string{filepath.Join(dir, "plain.a"), filepath.Join(dir, "thin.a"), libgcc} {
		r, err := ararchive.NewReader(objtest.Read(t, path))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			m, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if m == nil {
				break
			}
			got = append(got, filepath.Base(m.Name))
		}
		var want []string
		for _, line := range strings.Fields(objtest.Run(t, dir, "ar", "t", path)) {
			want = append(want, filepath.Base(line))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: members (-ar +ararchive):\n%s", path, d)
		}
	}
}

// TestAt follows the reference of a thin archive into another archive.
func TestAt(t *testing.T) {
	inner := ararchive.Magic + member("/", "INDEX!") + member("//", "a_name_of_some_length.o/\n") + member("x.o/", "X") + member("/0", "YY")
	at := uint64(strings.Index(inner, "/0   "))
	r, err := ararchive.NewReader([]byte(inner))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.At(at)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "a_name_of_some_length.o" || string(m.Data) != "YY" {
		t.Errorf("member %q %q", m.Name, m.Data)
	}
	for _, at := range []uint64{0, 9, uint64(len(inner)), 1 << 60} {
		r, _ := ararchive.NewReader([]byte(inner))
		if m, err := r.At(at); err == nil {
			t.Errorf("offset %d: member %+v, want an error", at, m)
		}
	}
}

// FuzzReader walks arbitrary bytes as an archive.
func FuzzReader(f *testing.F) {
	f.Add([]byte(ararchive.Magic + member("/", "INDEX!") + member("//", "a_long_name_of_a_member.o/\n") + member("/0", "A") + member("b.o/", "B")))
	f.Add([]byte(ararchive.Magic + member("#1/8", "long.o\x00\x00CONTENT")))
	f.Add([]byte(ararchive.ThinMagic + member("//", "sub/a.o/\nb.a/\n") + header("/0", "12") + header("/9:136", "34")))
	dir := f.TempDir()
	objtest.Compile(f, dir, "gcc", "a.c", "int f(int a) { return a; }")
	objtest.Compile(f, dir, "gcc", "a_long_name_of_a_member.c", "int g(int a) { return a; }")
	for i, command := range []string{
		"ar rcs", "ar rcsT", "ar rcS", "llvm-ar --format=bsd rcs", "llvm-ar --format=darwin rcs",
	} {
		words := strings.Fields(command)
		name := fmt.Sprintf("%d.a", i)
		objtest.Run(f, dir, words[0], append(words[1:], name, "a.o", "a_long_name_of_a_member.o")...)
		f.Add(objtest.Read(f, filepath.Join(dir, name)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		objtest.Bounded(t, len(data), func() { walk(t, data) })
	})
}

// walk reads an archive to its end and holds the reader to its promises.
func walk(t *testing.T, data []byte) {
	r, err := ararchive.NewReader(data)
	if err != nil {
		return
	}
	var headers []uint64
	for n := 0; ; n++ {
		m, err := r.Next()
		if err != nil {
			return
		}
		if m == nil {
			_ = r.CheckIndex(headers)
			return
		}
		if n > len(data)/60 {
			t.Fatalf("more members than headers fit into %d bytes", len(data))
		}
		if n > 0 && m.Header <= headers[n-1] {
			t.Fatalf("a member at %#x after one at %#x", m.Header, headers[n-1])
		}
		headers = append(headers, m.Header)
		if m.Thin {
			continue
		}
		if m.Offset+m.Size > uint64(len(data)) || uint64(len(m.Data)) != m.Size {
			t.Fatalf("member %+v lies outside the archive of %d bytes", m, len(data))
		}
	}
}
