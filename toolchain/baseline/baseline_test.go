package baseline_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rules-nosplit/rules_nosplit/toolchain/baseline"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// found is a finding at level error about functions; an empty name is a
// function without a symbol.
func found(id finding.ID, functions ...string) finding.Finding {
	f := finding.Finding{ID: id, Level: finding.Error, Message: "some message"}
	for i, name := range functions {
		f.Functions = append(f.Functions, finding.Function{Name: name, Demangled: name, Offset: uint64(i) * 64, Line: i})
	}
	return f
}

func warning(id finding.ID) finding.Finding {
	return finding.Finding{ID: id, Level: finding.Warning, Message: "some message"}
}

// object has the verdict that its findings give.
func object(path, member string, findings ...finding.Finding) finding.Object {
	o := finding.Object{Path: path, Member: member, Verdict: finding.Clean, Findings: findings}
	for _, f := range findings {
		if rule, _ := finding.Lookup(f.ID); f.Level == finding.Error && o.Verdict != finding.Violation {
			o.Verdict = rule.Verdict
		}
	}
	return o
}

func report(objects ...finding.Object) *finding.Report {
	members := map[string]int{}
	for i := range objects {
		o := &objects[i]
		if o.Member != "" {
			o.Index = members[o.Path]
			members[o.Path]++
		}
	}
	return &finding.Report{Objects: objects}
}

// sample has something of everything, in an order that is not the one of the
// file.
func sample() *finding.Report {
	r := report(
		object("lib/libzip.a", "inflate.o", found("NS001", "inflate", "_Z3zipPKc", "init", "init")),
		object("lib/libzip.a", "ok.o"),
		object("lib/libzip.a", "inflate.o", found("NS001", "inflate_fast"), warning("NS009")),
		object("lib/libzip.a", "caf\xe9%\x1b.o", found("NS001", "op<&>", "gopkg.in/yaml%2ev3.F", "\xff", "\u202e")),
		object("a.out", "", found("NS001", "", "", "main", "")),
		object("lto.o", "", found("NS003")),
		object("cut.o", "", found("NS007")),
		object("../other/x.o", "", found("NS002", "f")),
		object("runtime.o", "", finding.Finding{ID: "NS005", Level: finding.Note}),
		object("allowed.o", "", found("NS001", "f")),
		object("before.o", "", found("NS001", "g")),
	)
	r.Objects[9].Findings[0].Suppressed = &finding.Suppression{Reason: "ticket", Expires: "2027-03-31", By: "nosplit.yaml:5"}
	r.Objects[10].Findings[0].Suppressed = &finding.Suppression{Reason: baseline.Reason, By: "old.json"}
	return r
}

// repo makes a directory tree of its own the working directory and returns its
// path, with symbolic links resolved.
func repo(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "repo")
	if err := os.MkdirAll(filepath.Join(root, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	chdir(t, root)
	return root
}

func chdir(t testing.TB, dir string) {
	t.Helper()
	switch t := t.(type) {
	case *testing.T:
		t.Chdir(dir)
	case *testing.F:
		t.Chdir(dir)
	case *testing.B:
		t.Chdir(dir)
	}
}

func newBaseline(t testing.TB, file string, r *finding.Report) *baseline.Baseline {
	t.Helper()
	b, err := baseline.New(file, r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, b *baseline.Baseline) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func parse(t testing.TB, file string, data []byte) *baseline.Baseline {
	t.Helper()
	b, err := baseline.Parse(file, data)
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return b
}

var ignoreLines = cmp.Options{cmpopts.IgnoreFields(baseline.Entry{}, "Line"), cmpopts.EquateEmpty()}

func TestNew(t *testing.T) {
	repo(t)
	r := sample()
	got := newBaseline(t, "nosplit.baseline.json", r)
	want := &baseline.Baseline{File: "nosplit.baseline.json", Entries: []baseline.Entry{
		{ID: "NS002", Path: "../other/x.o", Functions: []string{"f"}},
		{ID: "NS001", Path: "a.out", Functions: []string{"main"}, Unnamed: 3},
		{ID: "NS001", Path: "before.o", Functions: []string{"g"}},
		{ID: "NS007", Path: "cut.o"},
		{ID: "NS001", Path: "lib/libzip.a", Member: "caf\xe9%\x1b.o", Functions: []string{"gopkg.in/yaml%2ev3.F", "op<&>", "\u202e", "\xff"}},
		{ID: "NS001", Path: "lib/libzip.a", Member: "inflate.o", Functions: []string{"_Z3zipPKc", "inflate", "init", "init"}},
		{ID: "NS001", Path: "lib/libzip.a", Member: "inflate.o", Occurrence: 1, Functions: []string{"inflate_fast"}},
		{ID: "NS009", Path: "lib/libzip.a", Member: "inflate.o", Occurrence: 1},
		{ID: "NS003", Path: "lto.o"},
	}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("baseline differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sample(), r); diff != "" {
		t.Errorf("New changed the report:\n%s", diff)
	}
}

func TestWriteGolden(t *testing.T) {
	golden, err := filepath.Abs("testdata/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	emptyGolden := filepath.Join(filepath.Dir(golden), "empty.json")
	repo(t)
	for file, r := range map[string]*finding.Report{golden: sample(), emptyGolden: {}} {
		b := newBaseline(t, "nosplit.baseline.json", r)
		got := write(t, b)
		if again := write(t, newBaseline(t, "nosplit.baseline.json", r)); !bytes.Equal(got, again) {
			t.Error("a second run differs")
		}
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("differs from %s, -update rewrites it (-want +got):\n%s", file, diff)
		}
		back := parse(t, b.File, got)
		if diff := cmp.Diff(b, back, ignoreLines); diff != "" {
			t.Errorf("reading it gives something else (-written +read):\n%s", diff)
		}
		for i, e := range back.Entries {
			if line := strings.Split(string(got), "\n")[e.Line-1]; line != "    {" {
				t.Errorf("entry %d begins on line %d, which is %q", i, e.Line, line)
			}
		}
	}
}

func TestWriteSortsWhatIsNotSorted(t *testing.T) {
	a := baseline.Entry{ID: "NS001", Path: "a.o", Functions: []string{"z", "b"}}
	b := baseline.Entry{ID: "NS001", Path: "b.o"}
	mixed := &baseline.Baseline{File: "f", Entries: []baseline.Entry{b, a}}
	got := write(t, mixed)
	want := write(t, &baseline.Baseline{File: "f", Entries: []baseline.Entry{{ID: "NS001", Path: "a.o", Functions: []string{"b", "z"}}, b}})
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
	if mixed.Entries[0].Path != "b.o" || mixed.Entries[1].Functions[0] != "z" {
		t.Error("Write changed the baseline")
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWriteReportsTheErrorOfTheWriter(t *testing.T) {
	full := errors.New("disk full")
	if err := (&baseline.Baseline{File: "f"}).Write(brokenWriter{full}); !errors.Is(err, full) {
		t.Errorf("err = %v, want %v", err, full)
	}
}

// TestBounds holds reading and writing to the same bounds: what Write just
// accepts, with one more put into it, Parse refuses at that one.
func TestBounds(t *testing.T) {
	const maxEntries, maxFunctions, maxSize = 1 << 17, 1 << 20, 32 << 20
	entries := func(n int) *baseline.Baseline {
		b := &baseline.Baseline{File: "f"}
		for i := range n {
			b.Entries = append(b.Entries, baseline.Entry{ID: "NS007", Path: fmt.Sprintf("%06d", i)})
		}
		return b
	}
	// Two entries share the functions, for it is the sum that counts.
	functions := func(n, size int) *baseline.Baseline {
		name := strings.Repeat("f", size)
		b := entries(2)
		for i := range n {
			b.Entries[i%2].Functions = append(b.Entries[i%2].Functions, name)
		}
		return b
	}
	most := write(t, entries(maxEntries))
	mostFunctions := write(t, functions(maxFunctions, 1))

	tests := []struct {
		name    string
		b       *baseline.Baseline
		written string
		data    []byte
		read    string
	}{
		{"entries", entries(maxEntries + 1), "f: the baseline would hold 131073 entries, and 131072 are the most: begin with a part of the code",
			bytes.Replace(most, []byte("["), []byte(`[{"id": "NS007", "path": "x", "member": "", "functions": []},`), 1),
			"the baseline holds more than 131072 entries: audit a part of the code at a time"},
		{"functions", functions(maxFunctions+1, 1), "f: the baseline would hold 1048577 functions, and 1048576 are the most: begin with a part of the code",
			bytes.Replace(mostFunctions, []byte(`"functions": [`), []byte(`"functions": ["x",`), 1),
			"the baseline lists more than 1048576 functions: audit a part of the code at a time"},
		{"bytes", functions(maxSize/64, 64), "bytes, and 33554432 are the most: begin with a part of the code", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := tt.b.Write(&out); err == nil || !strings.Contains(err.Error(), tt.written) {
				t.Errorf("writing: err = %v, want %q", err, tt.written)
			}
			if out.Len() > 0 {
				t.Error("a part was written")
			}
			if tt.data == nil {
				return
			}
			if _, err := baseline.Parse("f", tt.data); err == nil || !strings.Contains(err.Error(), tt.read) {
				t.Errorf("reading: err = %v, want %q", err, tt.read)
			}
		})
	}
}
