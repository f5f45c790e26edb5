package htmlreport_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

func headlineOf(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<section class="headline `)
	status, rest, ok2 := strings.Cut(rest, `"`)
	_, rest, ok3 := strings.Cut(rest, `<h1 id="verdict">`)
	text, _, ok4 := strings.Cut(rest, "</h1>")
	if !ok || !ok2 || !ok3 || !ok4 {
		t.Fatal("the page has no headline")
	}
	return status + ": " + text
}

func TestHeadline(t *testing.T) {
	gone := []finding.InputError{{Path: "gone.o", Message: "no such file"}}
	r := func(objects ...finding.Object) *finding.Report {
		return &finding.Report{Objects: objects, Files: len(objects)}
	}
	ok, bad, cut := reporttest.Object("a.o", "", 0), reporttest.Object("b.o", "", 0, guards(1)), reporttest.Object("c.o", "", 0, truncated())
	okBad, okCut := reporttest.Object("d.o", "", 0, allowed(guards(1))), reporttest.Object("e.o", "", 0, allowed(truncated()))
	many := r(bad, bad, cut)
	for range 1231 {
		many.Objects = append(many.Objects, ok)
	}
	many.Files = 56
	for _, tt := range []struct {
		report *finding.Report
		errors []finding.InputError
		want   string
	}{
		{many, nil, "violation: 2 violations, 1 unauditable among 1,234 objects in 56 files: this release must not ship."},
		{r(bad), nil, "violation: 1 violation among 1 object in 1 file: this release must not ship."},
		{r(bad, okBad, okCut), nil, "violation: 1 violation (and 2 allowed) among 3 objects in 3 files: this release must not ship."},
		{r(cut, ok, okBad), gone, "unauditable: 1 unauditable (and 1 allowed) among 3 objects in 3 files: this release is not proved free of split-stack code."},
		{r(okBad, okCut, ok), nil, "allowed: Nothing but what is allowed: 1 violation and 1 unauditable among 3 objects in 3 files."},
		{r(ok, ok), nil, "clean: Clean: no split-stack code in 2 objects in 2 files."},
		{r(ok), gone, "unauditable: Incomplete: 1 named path could not be audited. No failing object among 1 object in 1 file."},
		{r(okBad), gone, "unauditable: Incomplete: 1 named path could not be audited. No failing object among 1 object in 1 file."},
		{r(), nil, "unauditable: Nothing was judged: no ELF object was read."},
		{r(), gone, "unauditable: Nothing was judged: no ELF object was read."},
	} {
		report := *tt.report
		report.Errors = tt.errors
		page := write(t, &report, false)
		if got := headlineOf(t, page); got != tt.want {
			t.Errorf("headline\n got %s\nwant %s", got, tt.want)
		}
		said := strings.Contains(page, "gone.o")
		if said != (len(tt.errors) > 0) {
			t.Errorf("%s: the path that could not be audited is named: %t", tt.want, said)
		}
	}
}

// TestCountsAgreeWithTheSummary compares the tiles with the counts that the
// other reports show.
func TestCountsAgreeWithTheSummary(t *testing.T) {
	r := mixed()
	s := r.Summarize()
	page := write(t, r, false)
	value := func(name string) int {
		_, rest, _ := strings.Cut(page, name+"</dt><dd><b>")
		text, _, _ := strings.Cut(rest, "</b>")
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	for name, want := range map[string]int{"Clean": s.Clean, "Allowed": s.Allowed, "Objects": s.Objects, "Skipped": s.Skipped} {
		if got := value(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	if got, want := value("Violations")+value("Unauditable")+value("Allowed"), s.Violations+s.Unauditable; got != want {
		t.Errorf("%d objects are not clean, want %d", got, want)
	}
}

// TestBars checks that a bar is full and that nothing in it is too thin to see.
func TestBars(t *testing.T) {
	rect := regexp.MustCompile(`<rect class="(\w+)" x="([0-9.]+)%" y="0" width="([0-9.]+)%" height="100%"/>`)
	for _, tt := range []struct{ violations, unauditable, clean int }{
		{1, 0, 0}, {1, 0, 99_999}, {1, 1, 1}, {99_999, 1, 1}, {0, 0, 7}, {2, 3, 5},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			r := &finding.Report{Files: 1}
			add := func(n int, findings ...finding.Finding) {
				for range n {
					r.Objects = append(r.Objects, reporttest.Object("a.a", "m", 0, findings...))
				}
			}
			add(tt.violations, guards(0))
			add(tt.unauditable, truncated())
			add(tt.clean)
			_, rest, _ := strings.Cut(write(t, r, false), `<div class="overall">`)
			bar, _, _ := strings.Cut(rest, "</div>")
			next := 0.0
			seen := map[string]bool{}
			for _, m := range rect.FindAllStringSubmatch(bar, -1) {
				x, _ := strconv.ParseFloat(m[2], 64)
				width, _ := strconv.ParseFloat(m[3], 64)
				if diff := x - next; diff > 0.01 || diff < -0.01 {
					t.Errorf("%s begins at %v, want %v", m[1], x, next)
				}
				if width < 1 {
					t.Errorf("%s is %v%% wide", m[1], width)
				}
				next = x + width
				seen[m[1]] = true
			}
			if next < 99.99 || next > 100.01 {
				t.Errorf("the bar ends at %v%%", next)
			}
			if seen["violation"] != (tt.violations > 0) || seen["unauditable"] != (tt.unauditable > 0) || seen["clean"] != (tt.clean > 0) {
				t.Errorf("the bar has %v", seen)
			}
		})
	}
}

func TestWorstFilesComeFirst(t *testing.T) {
	_, rest, _ := strings.Cut(write(t, mixed(), false), `<ol class="files">`)
	list, _, _ := strings.Cut(rest, "</ol>")
	want := []string{"third_party/libco.a", "bin/app", "build/cut.o", "build/legacy.o", "build/data.o"}
	last := -1
	for _, path := range want {
		at := strings.Index(list, ">"+path+"<")
		if at <= last {
			t.Errorf("%s is missing or stands too early", path)
		}
		last = at
	}
	if strings.Contains(list, "build/plain.o") {
		t.Error("a file with clean objects only is drawn")
	}
}

// TestCleanObjects are listed with a warning or with --all only.
func TestCleanObjects(t *testing.T) {
	for all, want := range map[bool]map[string]bool{
		false: {"build/</span>data.o": true, "build/</span>plain.o": false, ">clean.o<": false},
		true:  {"build/</span>data.o": true, "build/</span>plain.o": true, ">clean.o<": true},
	} {
		page := write(t, mixed(), all)
		for text, listed := range want {
			if strings.Contains(page, text) != listed {
				t.Errorf("all %t: %q listed is %t, want %t", all, text, !listed, listed)
			}
		}
	}
}

// TestExplanations has each kind of finding that occurs, and no other.
func TestExplanations(t *testing.T) {
	page := write(t, mixed(), false)
	occurs := map[finding.ID]bool{finding.NS001: true, finding.NS004: true, finding.NS005: true, finding.NS007: true, finding.NS008: true}
	for _, rule := range finding.Rules() {
		if got := strings.Contains(page, fmt.Sprintf(`<h3 id="%s">`, rule.ID)); got != occurs[rule.ID] {
			t.Errorf("%s is explained: %t", rule.ID, got)
		}
	}
}
