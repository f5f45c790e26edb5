package baseline_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/baseline"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// generate makes a report as an audit could, with few names, so that they
// meet, and with bytes that files do not like.
func generate(r *rand.Rand) *finding.Report {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	name := func() string {
		s := pick("f", "init", "", "_Z3zipPKc", "a%2eb", "\xff\xfe", "\u202e", "\n", "\ufffd", "\u00e9", "x<&>\"\\")
		if r.IntN(3) == 0 {
			s += string([]byte{byte(r.IntN(256)), byte(r.IntN(256))})
		}
		return s
	}
	report := &finding.Report{}
	for range r.IntN(20) {
		file := pick("", "lib/", "link/", "../", "../other/", "gone/x/", "./lib/../", "bin/") + pick("a.o", "x.a", "%", "\xe9", "\x1b[2J", " ")
		o := finding.Object{Path: file, Verdict: finding.Clean}
		if r.IntN(2) == 0 {
			o.Member, o.Index = pick("m.o", "n.o", "in.a(m.o)", "\xff.o"), r.IntN(5)
		}
		for range r.IntN(4) {
			rule := finding.Rules()[r.IntN(len(finding.Rules()))]
			f := finding.Finding{ID: rule.ID, Level: rule.Level}
			for range r.IntN(6) {
				f.Functions = append(f.Functions, finding.Function{Name: name(), Offset: r.Uint64(), Line: r.IntN(9)})
			}
			switch r.IntN(8) {
			case 0:
				f.Suppressed = &finding.Suppression{Reason: "r", Expires: "2027-01-01", By: "nosplit.yaml:1"}
			case 1:
				f.Suppressed = &finding.Suppression{Reason: baseline.Reason, By: "old.json"}
			}
			o.Findings = append(o.Findings, f)
			if o.Verdict != finding.Violation && rule.Verdict != "" {
				o.Verdict = rule.Verdict
			}
		}
		report.Objects = append(report.Objects, o)
	}
	slices.SortStableFunc(report.Objects, func(a, b finding.Object) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Index, b.Index), cmp.Compare(a.Member, b.Member))
	})
	return report
}

// forget removes what baselines have suppressed, as a new audit would.
func forget(r *finding.Report) {
	for i := range r.Objects {
		for j := range r.Objects[i].Findings {
			if f := &r.Objects[i].Findings[j]; f.Suppressed != nil && f.Suppressed.Reason == baseline.Reason {
				f.Suppressed = nil
			}
		}
	}
}

func generatorRepo(t testing.TB) {
	t.Helper()
	repo(t)
	if err := os.Symlink("lib", "link"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("../store/out", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../store/out", "bin"); err != nil {
		t.Fatal(err)
	}
}

// TestWrittenThenApplied holds, over many reports, what a baseline is for: the
// audit that it was written from passes with it, and nothing more does.
func TestWrittenThenApplied(t *testing.T) {
	generatorRepo(t)
	failures, grown := 0, 0
	for seed := range uint64(1500) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := generate(rnd)
		data := write(t, newBaseline(t, "sub/b.json", r))
		// Order must not matter, save among members of one name.
		reversed := reversePaths(r)
		if again := write(t, newBaseline(t, "sub/b.json", reversed)); !bytes.Equal(data, again) {
			t.Fatalf("seed %d: another order of the paths gives another file:\n%s\n%s", seed, data, again)
		}
		b := parse(t, "sub/b.json", data)
		if again := write(t, b); !bytes.Equal(data, again) {
			t.Fatalf("seed %d: written, read and written again it differs:\n%s\n%s", seed, data, again)
		}
		forget(r)
		result := apply(t, b, r, ".", "..")
		for i := range r.Objects {
			if o := &r.Objects[i]; o.Failing() {
				t.Fatalf("seed %d: %+v fails with\n%s", seed, o, data)
			}
		}
		if len(result.Grown) > 0 {
			t.Fatalf("seed %d: growth %v", seed, result.Grown)
		}
		for _, n := range result.Notices {
			// A file that is known under two names may have two contents
			// here; then one of them has all that the entry lists.
			if !sameFileTwice(r) {
				t.Fatalf("seed %d: notice %v with\n%s", seed, n, data)
			}
		}

		// The negative control: one function more, and exactly its finding
		// fails.
		forget(r)
		var candidates [][2]int
		for i := range r.Objects {
			for j, f := range r.Objects[i].Findings {
				if f.Level != finding.Note && f.Suppressed == nil {
					candidates = append(candidates, [2]int{i, j})
				}
			}
		}
		if len(candidates) == 0 {
			continue
		}
		c := candidates[rnd.IntN(len(candidates))]
		f := &r.Objects[c[0]].Findings[c[1]]
		f.Functions = append(f.Functions, finding.Function{Name: "brand new"})
		result = apply(t, b, r)
		if f.Suppressed != nil {
			t.Fatalf("seed %d: a new function is known in %+v", seed, f)
		}
		if f.Level == finding.Error {
			failures++
			if !r.Objects[c[0]].Failing() {
				t.Fatalf("seed %d: object %d does not fail", seed, c[0])
			}
		}
		if len(result.Grown) != 1 {
			t.Fatalf("seed %d: growth %v", seed, result.Grown)
		}
		grown++
		g := result.Grown[0]
		if diff := gocmp.Diff([]finding.Function{{Name: "brand new"}}, g.Functions); diff != "" || g.Object != c[0] || g.Finding != c[1] || g.Unnamed != 0 {
			t.Fatalf("seed %d: growth %+v in %v", seed, g, c)
		}
	}
	if failures < 500 || grown < 1000 {
		t.Errorf("only %d reports failed and %d grew: the generator is too tame", failures, grown)
	}
}

// reversePaths returns the report with its paths in the reverse order and the
// objects of each path in the same one.
func reversePaths(r *finding.Report) *finding.Report {
	out := &finding.Report{Objects: slices.Clone(r.Objects)}
	slices.SortStableFunc(out.Objects, func(a, b finding.Object) int { return cmp.Compare(b.Path, a.Path) })
	return out
}

// sameFileTwice reports whether the report has objects of one file under two
// names, of those that generate makes.
func sameFileTwice(r *finding.Report) bool {
	real := map[string]string{}
	for _, o := range r.Objects {
		key := strings.Replace(path.Clean(o.Path), "link/", "lib/", 1)
		if other, ok := real[key]; ok && other != o.Path {
			return true
		}
		real[key] = o.Path
	}
	return false
}

// BenchmarkApply is an old code base: 20,000 known functions in 2,000 members.
func BenchmarkApply(b *testing.B) {
	repo(b)
	r := large()
	known := newBaseline(b, "b.json", r)
	data := write(b, known)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		forget(r)
		if result := apply(b, parse(b, "b.json", data), r, "."); result.Known != 2000 {
			b.Fatal(result.Known)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	repo(b)
	r := large()
	b.ReportAllocs()
	for b.Loop() {
		write(b, newBaseline(b, "b.json", r))
	}
}

func large() *finding.Report {
	r := &finding.Report{}
	for i := range 2000 {
		f := finding.Finding{ID: finding.NS001, Level: finding.Error}
		for k := range 10 {
			f.Functions = append(f.Functions, finding.Function{Name: fmt.Sprintf("_ZN7company7product9component8function%d_%dEv", i, k)})
		}
		r.Objects = append(r.Objects, finding.Object{
			Path: fmt.Sprintf("lib/lib%02d.a", i/100), Member: fmt.Sprintf("object%04d.o", i), Index: i % 100,
			Verdict: finding.Violation, Findings: []finding.Finding{f},
		})
	}
	return r
}
