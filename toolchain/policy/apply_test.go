package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

var someDay = time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC)

func object(path, member string, ids ...finding.ID) finding.Object {
	o := finding.Object{Path: path, Member: member, Verdict: finding.Violation}
	for _, id := range ids {
		o.Findings = append(o.Findings, finding.Finding{ID: id, Level: finding.Error})
	}
	return o
}

func entry(id finding.ID, path, member string) Entry {
	return Entry{ID: id, Path: path, Member: member, Reason: "why", Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Line: 4}
}

// chdir makes a directory tree with a policy folder and moves into it.
func chdir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "repo", "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "repo"))
	return dir
}

func TestApplyMatches(t *testing.T) {
	dir := chdir(t)
	if err := os.Symlink("repo", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		policy string // file
		entry  Entry
		object finding.Object
		want   bool
	}{
		{"plain file", "n.yaml", entry("NS001", "lib/*.o", ""), object("lib/a.o", "", "NS001"), true},
		{"dot slash", "n.yaml", entry("NS001", "lib/*.o", ""), object("./lib/a.o", "", "NS001"), true},
		{"absolute path", "n.yaml", entry("NS001", "lib/*.o", ""), object(dir+"/repo/lib/a.o", "", "NS001"), true},
		{"absolute policy", dir + "/repo/n.yaml", entry("NS001", "lib/*.o", ""), object("lib/a.o", "", "NS001"), true},
		{"both absolute", dir + "/repo/n.yaml", entry("NS001", "lib/*.o", ""), object(dir+"/repo/lib/a.o", "", "NS001"), true},
		{"policy in another folder", "lib/n.yaml", entry("NS001", "*.o", ""), object("lib/a.o", "", "NS001"), true},
		{"policy folder is the base", "lib/n.yaml", entry("NS001", "lib/*.o", ""), object("lib/a.o", "", "NS001"), false},
		{"parent in the glob", "lib/n.yaml", entry("NS001", "../*.o", ""), object("a.o", "", "NS001"), true},
		{"two stars stay below the policy", "lib/n.yaml", entry("NS001", "**/*.o", ""), object("a.o", "", "NS001"), false},
		{"two stars after a parent", "lib/n.yaml", entry("NS001", "../**/*.o", ""), object("x/y/a.o", "", "NS001"), true},
		{"absolute glob", "n.yaml", entry("NS001", "/usr/lib/**/libgo.a", ""), object("/usr/lib/gcc/12/libgo.a", "x.o", "NS001"), true},
		{"through a symbolic link", "n.yaml", entry("NS001", "lib/*.o", ""), object(dir+"/link/lib/a.o", "", "NS001"), true},
		{"one star stays in its folder", "n.yaml", entry("NS001", "*.o", ""), object("lib/a.o", "", "NS001"), false},
		{"other ID", "n.yaml", entry("NS002", "lib/*.o", ""), object("lib/a.o", "", "NS001"), false},
		{"other file", "n.yaml", entry("NS001", "lib/*.o", ""), object("lib/a.obj", "", "NS001"), false},
		{"any member", "n.yaml", entry("NS001", "lib/x.a", ""), object("lib/x.a", "b.o", "NS001"), true},
		{"member", "n.yaml", entry("NS001", "lib/x.a", "co_*.o"), object("lib/x.a", "co_1.o", "NS001"), true},
		{"other member", "n.yaml", entry("NS001", "lib/x.a", "co_*.o"), object("lib/x.a", "b.o", "NS001"), false},
		{"member glob and plain file", "n.yaml", entry("NS001", "lib/x.o", "**"), object("lib/x.o", "", "NS001"), false},
		{"alternatives", "n.yaml", entry("NS001", "lib/{x,y}.a", ""), object("lib/y.a", "b.o", "NS001"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &Policy{File: tt.policy, Allow: []Entry{tt.entry}}
			report := &finding.Report{Objects: []finding.Object{tt.object}}
			notices, err := p.Apply(report, someDay)
			if err != nil {
				t.Fatal(err)
			}
			got := report.Objects[0].Findings[0].Suppressed
			if (got != nil) != tt.want {
				t.Fatalf("suppressed = %v, want %t", got, tt.want)
			}
			if tt.want {
				want := &finding.Suppression{Reason: "why", Expires: "2027-01-31", By: tt.policy + ":4"}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("suppression differs (-want +got):\n%s", diff)
				}
			}
			if unused := len(notices) == 1; unused == tt.want {
				t.Errorf("notices = %v", notices)
			}
		})
	}
}

func TestApplyHoldsThroughTheLastDay(t *testing.T) {
	chdir(t)
	east := time.FixedZone("east", 10*60*60)
	for name, tt := range map[string]struct {
		now  time.Time
		want bool
	}{
		"before":              {time.Date(2027, 1, 30, 0, 0, 0, 0, time.UTC), true},
		"last second":         {time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC), true},
		"next day":            {time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), false},
		"next day, not UTC":   {time.Date(2027, 2, 1, 9, 0, 0, 0, east), true},
		"UTC has changed day": {time.Date(2027, 2, 1, 10, 0, 0, 0, east), false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Policy{File: "n.yaml", Allow: []Entry{entry("NS001", "*.o", "")}}
			report := &finding.Report{Objects: []finding.Object{object("a.o", "", "NS001")}}
			if _, err := p.Apply(report, tt.now); err != nil {
				t.Fatal(err)
			}
			if got := report.Objects[0].Findings[0].Suppressed != nil; got != tt.want {
				t.Errorf("allowed = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestApplyNotices(t *testing.T) {
	chdir(t)
	live, old := entry("NS001", "*.a", "b\x1b*.o"), entry("NS001", "*.a", "")
	old.Expires = time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	old.Line = 9
	oldUnused := old
	oldUnused.Path, oldUnused.Line = "gone/*.a", 14
	p := &Policy{File: "n.yaml", Allow: []Entry{live, old, oldUnused}}

	tests := []struct {
		name    string
		objects []finding.Object
		want    []string
	}{
		{"nothing matched", nil, []string{
			`4: the allow entry for NS001 in *.a(b\x1b*.o) matched nothing: remove it, or correct its path or member`,
			`9: the allow entry for NS001 in *.a expired on 2026-12-31 and matched nothing: remove it`,
			`14: the allow entry for NS001 in gone/*.a expired on 2026-12-31 and matched nothing: remove it`,
		}},
		{"expired entry would match one", []finding.Object{object("x.a", "b\x1b1.o", "NS001")}, []string{
			`9: the allow entry for NS001 in *.a expired on 2026-12-31 and allows nothing now, yet it matches x.a(b\x1b1.o): fix it, or agree on a new date`,
			`14: the allow entry for NS001 in gone/*.a expired on 2026-12-31 and matched nothing: remove it`,
		}},
		{"expired entry would match two", []finding.Object{object("x.a", "b\x1b1.o", "NS001"), object("y.a", "b\x1b2.o", "NS001")}, []string{
			`9: the allow entry for NS001 in *.a expired on 2026-12-31 and allows nothing now, yet it matches 2 findings, the first in x.a(b\x1b1.o): fix it, or agree on a new date`,
			`14: the allow entry for NS001 in gone/*.a expired on 2026-12-31 and matched nothing: remove it`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			notices, err := p.Apply(&finding.Report{Objects: tt.objects}, someDay)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range notices {
				if n.File != "n.yaml" {
					t.Errorf("File = %q", n.File)
				}
				got = append(got, fmt.Sprintf("%d: %s", n.Line, n.Message))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("notices differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplyFirstLiveEntryWins(t *testing.T) {
	chdir(t)
	old, first, second := entry("NS001", "*.o", ""), entry("NS001", "*.o", ""), entry("NS001", "**", "")
	old.Expires = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	first.Line, second.Line = 5, 6
	p := &Policy{File: "n.yaml", Allow: []Entry{old, first, second}}
	report := &finding.Report{Objects: []finding.Object{object("a.o", "", "NS001", "NS004")}}
	notices, err := p.Apply(report, someDay)
	if err != nil {
		t.Fatal(err)
	}
	if by := report.Objects[0].Findings[0].Suppressed.By; by != "n.yaml:5" {
		t.Errorf("By = %q, want n.yaml:5", by)
	}
	if report.Objects[0].Findings[1].Suppressed != nil {
		t.Error("an entry for NS001 allowed NS004")
	}
	if report.Objects[0].Verdict != finding.Violation {
		t.Error("the policy changed the verdict")
	}
	if len(notices) != 1 {
		t.Errorf("notices = %v, want only the expired one: the second entry is in use too", notices)
	}
}
