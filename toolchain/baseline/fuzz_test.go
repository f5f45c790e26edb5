package baseline_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/baseline"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// FuzzParse holds Parse to its promises on any input: no crash, no baseline
// beside an error, an *Error that is safe to print. What is accepted is sorted,
// is accepted by the schema, comes back unchanged from Write, and can be
// applied.
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.json")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, c := range schemaCases() {
		f.Add([]byte(c.data))
	}
	for _, seed := range []string{"", "\xef\xbb\xbf{}", "\x00", "{", `{"`, `{"schema"`, `{"schema":"nosplit.baseline/v1","entries":[`, strings.Repeat("[", 99)} {
		f.Add([]byte(seed))
	}
	if _, err := wholeSchema(); err != nil {
		f.Fatal(err)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(dir, "b.json")
		b, err := baseline.Parse(name, data)
		if err != nil {
			if b != nil {
				t.Fatal("a baseline and an error")
			}
			e, ok := errors.AsType[*baseline.Error](err)
			if !ok || e.File != name || e.Message == "" || (e.Line == 0) != (e.Column == 0) {
				t.Fatalf("%#v", err)
			}
			if e.Line > 1+bytes.Count(data, []byte("\n")) || e.Column > len(data)+1 {
				t.Fatalf("%v is behind the end", err)
			}
			if strings.ContainsAny(e.Message, "\x1b\n\r\x00\u202e") || !utf8.ValidString(e.Message) {
				t.Fatalf("not fit to print: %q", e.Message)
			}
			return
		}
		if err := validate(data); err != nil {
			t.Fatalf("the schema refuses it: %v", err)
		}
		lines := bytes.Count(data, []byte("\n")) + 1
		for i, e := range b.Entries {
			if e.ID == "" || e.Path == "" || e.Line < 1 || e.Line > lines || !slices.IsSorted(e.Functions) {
				t.Fatalf("entry %d: %+v", i, e)
			}
		}
		written := write(t, b)
		again := parse(t, name, written)
		if diff := cmp.Diff(b, again, ignoreLines); diff != "" {
			t.Fatalf("written and read it differs (-first +second):\n%s", diff)
		}
		if !bytes.Equal(written, write(t, again)) {
			t.Fatal("written twice it differs")
		}
		applyToItself(t, dir, b)
	})
}

// applyToItself applies the baseline to a report of what it lists, in which
// all must be known, and to one with nothing in it, in which all is gone.
func applyToItself(t *testing.T, dir string, b *baseline.Baseline) {
	t.Helper()
	r := &finding.Report{}
	for _, e := range b.Entries {
		if e.Unnamed > 1000 || e.Occurrence > 0 || strings.HasPrefix(e.Path, "..") || len(e.Path) > 200 {
			return
		}
		fd := finding.Finding{ID: e.ID, Level: finding.Error}
		for _, name := range append(slices.Clone(e.Functions), make([]string, e.Unnamed)...) {
			fd.Functions = append(fd.Functions, finding.Function{Name: name})
		}
		o := finding.Object{Path: filepath.Join(dir, e.Path), Member: e.Member, Verdict: finding.Violation, Findings: []finding.Finding{fd}}
		if last := len(r.Objects) - 1; last >= 0 && r.Objects[last].Path == o.Path && r.Objects[last].Member == o.Member {
			r.Objects[last].Findings = append(r.Objects[last].Findings, fd)
			continue
		}
		r.Objects = append(r.Objects, o)
	}
	if result := apply(t, b, r, dir); result.Known != len(b.Entries) || len(result.Notices) > 0 || len(result.Grown) > 0 {
		t.Fatalf("%d of %d are known: %+v", result.Known, len(b.Entries), result)
	}
	want := 0
	for _, e := range b.Entries {
		if e.Path != "." { // the directory itself, which is not below it
			want++
		}
	}
	if result := apply(t, b, &finding.Report{}, dir); len(result.Notices) < want {
		t.Fatalf("%d of %d are gone", len(result.Notices), want)
	}
}
