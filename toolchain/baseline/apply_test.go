package baseline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/baseline"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

func apply(t testing.TB, b *baseline.Baseline, r *finding.Report, audited ...string) *baseline.Result {
	t.Helper()
	result, err := b.Apply(r, audited)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func notices(result *baseline.Result) []string {
	var out []string
	for _, n := range result.Notices {
		out = append(out, fmt.Sprintf("%s:%d: %s", n.File, n.Line, n.Message))
	}
	return out
}

func entry(id finding.ID, path, member string, functions ...string) baseline.Entry {
	return baseline.Entry{ID: id, Path: path, Member: member, Functions: functions}
}

func TestApplyMarks(t *testing.T) {
	repo(t)
	second := entry("NS001", "x.a", "m.o", "f")
	second.Occurrence = 1
	stripped := entry("NS001", "a.o", "")
	stripped.Unnamed = 2
	twice := func(o finding.Object) *finding.Report { return report(object("x.a", "m.o"), o) }
	tests := []struct {
		name   string
		entry  baseline.Entry
		report *finding.Report
		want   bool
		grown  string
	}{
		{"the same", entry("NS001", "a.o", "", "f", "g"), report(object("a.o", "", found("NS001", "f", "g"))), true, ""},
		{"another order", entry("NS001", "a.o", "", "f", "g"), report(object("a.o", "", found("NS001", "g", "f"))), true, ""},
		{"fewer functions", entry("NS001", "a.o", "", "f", "g"), report(object("a.o", "", found("NS001", "g"))), true, ""},
		{"a new function", entry("NS001", "a.o", "", "f"), report(object("a.o", "", found("NS001", "f", "g"))), false,
			"1 function is new since the baseline, which lists 1 other: g"},
		{"all functions new", entry("NS001", "a.o", ""), report(object("a.o", "", found("NS001", "f", "g"))), false,
			"2 functions are new since the baseline: f, g"},
		{"one more of the same name", entry("NS001", "a.o", "", "init"), report(object("a.o", "", found("NS001", "init", "init"))), false,
			"1 function is new since the baseline, which lists 1 other: init"},
		{"as many of the same name", entry("NS001", "a.o", "", "init", "init"), report(object("a.o", "", found("NS001", "init", "init"))), true, ""},
		{"a member", entry("NS001", "x.a", "m.o", "f"), report(object("x.a", "m.o", found("NS001", "f"))), true, ""},
		{"another member", entry("NS001", "x.a", "m.o", "f"), report(object("x.a", "n.o", found("NS001", "f"))), false, ""},
		{"a plain file for a member", entry("NS001", "x.a", "m.o", "f"), report(object("x.a", "", found("NS001", "f"))), false, ""},
		{"second of the name", second, twice(object("x.a", "m.o", found("NS001", "f"))), true, ""},
		{"second of the name, listed as the first", entry("NS001", "x.a", "m.o", "f"), twice(object("x.a", "m.o", found("NS001", "f"))), false, ""},
		{"first of the name, listed as the second", second, report(object("x.a", "m.o", found("NS001", "f"))), false, ""},
		{"another file", entry("NS001", "a.o", "", "f"), report(object("b.o", "", found("NS001", "f"))), false, ""},
		{"another ID", entry("NS001", "a.o", "", "f"), report(object("a.o", "", found("NS002", "f"))), false, ""},
		{"no function", entry("NS007", "a.o", ""), report(object("a.o", "", found("NS007"))), true, ""},
		{"a warning", entry("NS009", "a.o", ""), report(object("a.o", "", warning("NS009"))), true, ""},
		{"a note", entry("NS005", "a.o", ""), report(object("a.o", "", finding.Finding{ID: "NS005", Level: finding.Note})), false, ""},
		{"functions without a name", stripped, report(object("a.o", "", found("NS001", "", ""))), true, ""},
		{"one more without a name", stripped, report(object("a.o", "", found("NS001", "", "", ""))), false,
			"1 function is new since the baseline, which lists 2 others: 1 without a name"},
		{"a name where there was none", stripped, report(object("a.o", "", found("NS001", "", "f"))), false,
			"1 function is new since the baseline, which lists 1 other: f"},
		{"names escaped", entry("NS001", "a.o", ""), report(object("a.o", "", found("NS001", "\x1b[2J", "", ""))), false,
			`3 functions are new since the baseline: \x1b[2J, 2 without a name`},
		{"many", entry("NS001", "a.o", ""), report(object("a.o", "", found("NS001", strings.Split("lkjihgfedcba", "")...))), false,
			"12 functions are new since the baseline: l, k, j, i, h, g, f, e, d, c, 2 more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &baseline.Baseline{File: "b.json", Entries: []baseline.Entry{tt.entry}}
			last := &tt.report.Objects[len(tt.report.Objects)-1]
			verdict := last.Verdict
			result := apply(t, b, tt.report)
			var want *finding.Suppression
			if tt.want {
				want = &finding.Suppression{Reason: "known: in the baseline", Expires: "", By: "b.json"}
			}
			if diff := cmp.Diff(want, last.Findings[0].Suppressed); diff != "" {
				t.Errorf("suppression differs (-want +got):\n%s", diff)
			}
			if known := result.Known == 1; known != tt.want {
				t.Errorf("Known = %d", result.Known)
			}
			if last.Verdict != verdict {
				t.Error("the baseline changed the verdict")
			}
			grown := ""
			for _, g := range result.Grown {
				grown += g.String()
				if o := &tt.report.Objects[g.Object]; o != last || g.Finding != 0 {
					t.Errorf("growth is in finding %d of object %d", g.Finding, g.Object)
				}
			}
			if grown != tt.grown {
				t.Errorf("growth %q, want %q", grown, tt.grown)
			}
		})
	}
}

// TestApplyFunctions holds the list of new functions to what the finding says
// about them.
func TestApplyFunctions(t *testing.T) {
	repo(t)
	b := &baseline.Baseline{File: "b.json", Entries: []baseline.Entry{entry("NS001", "a.o", "", "f", "init")}}
	f := found("NS001", "z", "init", "", "f", "init", "a")
	f.Functions[0].Demangled = "z(int)"
	result := apply(t, b, report(object("a.o", "", f)))
	want := []baseline.Growth{{
		Functions: []finding.Function{f.Functions[0], f.Functions[4], f.Functions[5]}, Unnamed: 1, Listed: 2,
	}}
	if diff := cmp.Diff(want, result.Grown); diff != "" {
		t.Errorf("growth differs (-want +got):\n%s", diff)
	}
	const message = "4 functions are new since the baseline, which lists 2 others: z(int), init, a, 1 without a name"
	if got := result.Grown[0].String(); got != message {
		t.Errorf("String() = %q, want %q", got, message)
	}
}

// TestApplySharesAnEntry is about two findings of one ID in one object: what
// the entry lists is spent once.
func TestApplySharesAnEntry(t *testing.T) {
	repo(t)
	r := report(object("a.o", "", found("NS001", "f", ""), found("NS001", "g"), found("NS001", "f", "")))
	b := newBaseline(t, "b.json", r)
	if len(b.Entries) != 1 || b.Entries[0].Unnamed != 2 || len(b.Entries[0].Functions) != 3 {
		t.Fatalf("entries %+v", b.Entries)
	}
	b.Entries[0].Functions = []string{"f", "g"}
	result := apply(t, b, r)
	for i, want := range []bool{true, true, false} {
		if got := r.Objects[0].Findings[i].Suppressed != nil; got != want {
			t.Errorf("finding %d: known = %t", i, got)
		}
	}
	if len(result.Grown) != 1 || result.Grown[0].Finding != 2 || len(result.Grown[0].Functions) != 1 || result.Known != 2 {
		t.Errorf("result %+v", result)
	}
}

// TestApplyPaths is about the ways to name one file.
func TestApplyPaths(t *testing.T) {
	root := repo(t)
	for link, target := range map[string]string{
		"../link": "repo", "bin": "../store/out", "lib/up": "..",
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"../store/out/x", "../sibling"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	up := filepath.Dir(root)
	type way struct{ dir, file, path string }
	tests := []struct {
		name string
		// path of the entry that every way writes, and that every way reads.
		spelling string
		ways     []way
	}{
		{"in the repository", "lib/a.o", []way{
			{root, "b.json", "lib/a.o"},
			{root, root + "/b.json", "lib/a.o"},
			{root, "b.json", root + "/lib/a.o"},
			{root, up + "/link/b.json", "lib/a.o"},
			{root, "b.json", up + "/link/lib/a.o"},
			{root, "lib/up/b.json", "lib/a.o"},
			{up + "/link", "b.json", "lib/a.o"},
			{up + "/link", root + "/b.json", "lib/a.o"},
			{root + "/lib", "../b.json", "a.o"},
			{up, "link/b.json", "repo/lib/a.o"},
			{up, "repo/b.json", "link/lib/a.o"},
		}},
		{"beside the repository", "../sibling/a.o", []way{
			{root, "b.json", "../sibling/a.o"},
			{up, "repo/b.json", "sibling/a.o"},
			{up, "link/b.json", "sibling/a.o"},
			{up + "/link", "b.json", up + "/sibling/a.o"},
			{up + "/sibling", "../repo/b.json", "a.o"},
		}},
		// A link in the repository may lead to a place that is another one on
		// each machine.
		{"through a link in the repository", "bin/x/a.o", []way{
			{root, "b.json", "bin/x/a.o"},
			{up, "repo/b.json", "repo/bin/x/a.o"},
			{root, up + "/link/b.json", up + "/link/bin/x/a.o"},
		}},
		{"in a directory that is gone", "gone/a/b.o", []way{
			{root, "b.json", "gone/a/b.o"},
			{root, up + "/link/b.json", "gone/a/b.o"},
			{up, "repo/b.json", "link/gone/a/b.o"},
		}},
	}
	for _, tt := range tests {
		for _, w := range tt.ways {
			t.Run(fmt.Sprintf("%s/%+v", tt.name, w), func(t *testing.T) {
				t.Chdir(w.dir)
				r := report(object(w.path, "", found("NS001", "f")))
				written := newBaseline(t, w.file, r)
				if len(written.Entries) != 1 || written.Entries[0].Path != tt.spelling {
					t.Errorf("entries %+v, want the path %s", written.Entries, tt.spelling)
				}
				b := &baseline.Baseline{File: w.file, Entries: []baseline.Entry{entry("NS001", tt.spelling, "", "f")}}
				if result := apply(t, b, r, w.path); result.Known != 1 || len(result.Notices) > 0 {
					t.Errorf("result %+v", result)
				}
			})
		}
	}
	t.Run("where a link leads", func(t *testing.T) {
		r := report(object(up+"/store/out/x/a.o", "", found("NS001", "f")))
		if b := newBaseline(t, "b.json", r); b.Entries[0].Path != "../store/out/x/a.o" {
			t.Errorf("path %s", b.Entries[0].Path)
		}
		b := &baseline.Baseline{File: "b.json", Entries: []baseline.Entry{entry("NS001", "bin/x/a.o", "", "f")}}
		if result := apply(t, b, r); result.Known != 1 {
			t.Errorf("an entry through the link does not hold for the file: %+v", result)
		}
	})
	t.Run("a round about", func(t *testing.T) {
		b := &baseline.Baseline{File: "b.json", Entries: []baseline.Entry{entry("NS001", "lib/a.o", "", "f")}}
		if result := apply(t, b, report(object("lib/up/lib/a.o", "", found("NS001", "f")))); result.Known != 1 {
			t.Errorf("result %+v", result)
		}
	})
	t.Run("one file under two names", func(t *testing.T) {
		r := report(
			object("../store/out/x/a.o", "", found("NS001", "f", "")),
			object("bin/x/a.o", "", found("NS001", "f", "g", "")))
		b := newBaseline(t, "b.json", r)
		want := []baseline.Entry{{ID: "NS001", Path: "bin/x/a.o", Functions: []string{"f", "g"}, Unnamed: 1}}
		if diff := cmp.Diff(want, b.Entries); diff != "" {
			t.Errorf("entries differ (-want +got):\n%s", diff)
		}
		if result := apply(t, b, r); result.Known != 2 {
			t.Errorf("result %+v", result)
		}
	})
	t.Run("two entries for one file", func(t *testing.T) {
		b := &baseline.Baseline{File: "b.json", Entries: []baseline.Entry{
			entry("NS001", "../store/out/x/a.o", "", "f"), entry("NS001", "bin/x/a.o", "", "g"),
		}}
		if result := apply(t, b, report(object("bin/x/a.o", "", found("NS001", "f", "g")))); result.Known != 1 {
			t.Errorf("result %+v", result)
		}
	})
	t.Run("the last link stays", func(t *testing.T) {
		if err := os.Symlink("lib/a.o", "a.o"); err != nil {
			t.Fatal(err)
		}
		b := &baseline.Baseline{File: "b.json", Entries: []baseline.Entry{entry("NS001", "a.o", "", "f")}}
		if result := apply(t, b, report(object("lib/a.o", "", found("NS001", "f")))); result.Known != 0 {
			t.Errorf("result %+v", result)
		}
	})
}

func TestApplyNotices(t *testing.T) {
	root := repo(t)
	if err := os.Symlink("lib", "link"); err != nil {
		t.Fatal(err)
	}
	b := parse(t, "b.json", []byte(file(
		`{"id": "NS001", "path": "lib/x.a", "member": "m.o", "functions": ["f", "g"]}`,
		`{"id": "NS009", "path": "lib/x.a", "member": "m.o", "functions": []}`,
		`{"id": "NS001", "path": "lib/x.a", "member": "m%1B.o", "occurrence": 1, "functions": []}`,
		`{"id": "NS001", "path": "lib/sub/old.o", "member": "", "functions": ["f"]}`,
		`{"id": "NS001", "path": "lib-2/y.o", "member": "", "functions": ["f"]}`,
		`{"id": "NS001", "path": "a.o", "member": "", "functions": [], "unnamed": 3}`)))
	gone := func(line int, what string) string {
		return fmt.Sprintf("b.json:%d: the baseline entry for %s no longer occurs: remove it, or write the baseline again", line, what)
	}
	const (
		api, third, old = `NS009 in lib/x.a(m.o)`, `NS001 in lib/x.a(m\x1b.o, number 2 of that name)`, `NS001 in lib/sub/old.o`
		first, y, a     = `NS001 in lib/x.a(m.o)`, `NS001 in lib-2/y.o`, `NS001 in a.o`
	)
	mo := func(functions ...string) finding.Object {
		return object("lib/x.a", "m.o", found("NS001", functions...))
	}
	allowed := mo("f", "g")
	allowed.Findings[0].Suppressed = &finding.Suppression{Reason: "ticket", Expires: "2027-03-31", By: "n\x1b.yaml:5"}
	tests := []struct {
		name    string
		objects []finding.Object
		audited []string
		want    []string
	}{
		{"nothing audited", nil, nil, nil},
		{"another file", []finding.Object{object("b.o", "")}, []string{"b.o"}, nil},
		{"the archive, named", []finding.Object{mo("f", "g")}, []string{"lib/x.a"}, []string{gone(5, api), gone(6, third)}},
		{"the archive, in the report only", []finding.Object{mo("g", "f")}, nil, []string{gone(5, api), gone(6, third)}},
		{"the directory", []finding.Object{mo("g", "f")}, []string{"lib"}, []string{gone(5, api), gone(6, third), gone(7, old)}},
		{"the directory with a slash", nil, []string{"lib/"}, []string{gone(4, first), gone(5, api), gone(6, third), gone(7, old)}},
		{"the directory, absolutely", nil, []string{root + "/lib"}, []string{gone(4, first), gone(5, api), gone(6, third), gone(7, old)}},
		{"the directory, through a link", nil, []string{"link"}, []string{gone(4, first), gone(5, api), gone(6, third), gone(7, old)}},
		{"two directories", nil, []string{"lib", "lib/sub"}, []string{gone(4, first), gone(5, api), gone(6, third), gone(7, old)}},
		{"everything", nil, []string{"."}, []string{gone(4, first), gone(5, api), gone(6, third), gone(7, old), gone(8, y), gone(9, a)}},
		{"the root", nil, []string{"/"}, []string{gone(4, first), gone(5, api), gone(6, third), gone(7, old), gone(8, y), gone(9, a)}},
		{"a file that is missing", nil, []string{"a.o"}, []string{gone(9, a)}},
		{"a clean file", []finding.Object{object("a.o", "")}, []string{"a.o"}, []string{gone(9, a)}},
		{"a directory that is missing", nil, []string{"lib-2"}, nil},
		{"functions that are gone", []finding.Object{mo("f", "new"), object("a.o", "", found("NS001", ""))}, []string{"a.o"}, []string{
			"b.json:4: the baseline entry for " + first + " lists 1 function that is gone: remove what is gone, or write the baseline again: g",
			gone(5, api), gone(6, third),
			"b.json:9: the baseline entry for " + a + " lists 2 functions that are gone: remove what is gone, or write the baseline again: 2 without a name",
		}},
		{"allowed by the policy", []finding.Object{allowed}, nil, []string{
			`b.json:4: the baseline entry for ` + first + ` is allowed by n\x1b.yaml:5 too: remove it, or it outlives that entry`,
			gone(5, api), gone(6, third),
		}},
		{"an archive that cannot be read", []finding.Object{object("lib/x.a", "", found("NS007"))}, []string{"lib"}, []string{gone(7, old)}},
		{"a member that cannot be read", []finding.Object{object("lib/x.a", "m.o", found("NS007"))}, nil, []string{gone(6, third)}},
		{"a directory that cannot be read", []finding.Object{object("lib/sub", "", found("NS007"))}, []string{"lib"}, []string{gone(4, first), gone(5, api), gone(6, third)}},
		{"all directories unreadable", []finding.Object{object(".", "", found("NS007"))}, []string{"."}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := notices(apply(t, b, report(tt.objects...), tt.audited...))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("notices differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestManyGoneFunctionsAreCounted(t *testing.T) {
	repo(t)
	b := &baseline.Baseline{File: "b.json", Entries: []baseline.Entry{entry("NS001", "a.o", "", strings.Split("abcdefghijklm", "")...)}}
	got := notices(apply(t, b, report(object("a.o", "", found("NS001", "b")))))
	want := []string{"b.json:0: the baseline entry for NS001 in a.o lists 12 functions that are gone: remove what is gone, or write the baseline again: a, c, d, e, f, g, h, i, j, k, 2 more"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notices differ (-want +got):\n%s", diff)
	}
}

func TestApplyLeavesThePolicyItsFindings(t *testing.T) {
	repo(t)
	policy := &finding.Suppression{Reason: "ticket", Expires: "2027-03-31", By: "nosplit.yaml:5"}
	r := report(object("a.o", "", found("NS001", "f")))
	r.Objects[0].Findings[0].Suppressed = policy
	b := &baseline.Baseline{File: "b.json", Entries: []baseline.Entry{entry("NS001", "a.o", "", "f")}}
	result := apply(t, b, r)
	if r.Objects[0].Findings[0].Suppressed != policy || result.Known != 0 || len(result.Grown) != 0 {
		t.Errorf("suppressed by %+v, result %+v", r.Objects[0].Findings[0].Suppressed, result)
	}
}

func TestApplyTwice(t *testing.T) {
	repo(t)
	r := sample()
	b := newBaseline(t, "b.json", r)
	first := apply(t, b, r, ".")
	if len(first.Notices) > 0 || len(first.Grown) > 0 || first.Known == 0 {
		t.Errorf("first: %+v", first)
	}
	second := apply(t, b, r, ".")
	if len(second.Notices) > 0 || len(second.Grown) > 0 || second.Known != 0 {
		t.Errorf("second: %+v", second)
	}
	again := newBaseline(t, "b.json", r)
	if diff := cmp.Diff(b, again); diff != "" {
		t.Errorf("a new baseline after applying one differs (-first +second):\n%s", diff)
	}
}
