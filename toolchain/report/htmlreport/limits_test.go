package htmlreport_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/htmlreport"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

var (
	functionRow = regexp.MustCompile(`<tr><td[^>]*>[^<]*</td><td>[^<]*</td><td class="n">0x`)
	objectBody  = regexp.MustCompile(`<tbody class="object `)
)

// sum adds the counts that a phrase of the page tells, with commas in them.
func sum(t *testing.T, page, phrase string) int {
	t.Helper()
	total := 0
	for _, m := range regexp.MustCompile(strings.ReplaceAll(phrase, "N", `([0-9,]+)`)).FindAllStringSubmatch(page, -1) {
		n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	return total
}

func TestNothingIsLeftOutSilently(t *testing.T) {
	many := guards(htmlreport.MaxFunctions + 77)
	for range 1000 {
		many.Evidence = append(many.Evidence, many.Evidence[0])
	}
	wordy := reporttest.Object("x.o", "", 0)
	for range 90 {
		wordy.Findings = append(wordy.Findings, noteOnly())
	}
	wordy.Go = &finding.GoBuild{}
	for i := range 500 {
		wordy.Go.Settings = append(wordy.Go.Settings, finding.GoSetting{Key: fmt.Sprint("K", i), Value: "v"})
	}
	r := large(htmlreport.MaxObjects+1234, 1)
	r.Objects[0].Findings = []finding.Finding{many}
	r.Objects[1].Findings = append(r.Objects[1].Findings, wordy.Findings...)
	r.Objects[1].Go = wordy.Go
	for i := range 2000 {
		r.Objects = append(r.Objects, reporttest.Object(fmt.Sprintf("one%d.o", i), "", 0, noteOnly()))
		r.Skipped = append(r.Skipped, finding.Skipped{Path: fmt.Sprintf("s%d", i), Reason: "text", Walked: i%4 == 0})
		r.Errors = append(r.Errors, finding.InputError{Path: fmt.Sprintf("e%d", i), Message: "gone"})
	}
	objects := len(r.Objects)
	functions := 0
	for _, o := range r.Objects[:htmlreport.MaxObjects] {
		for _, f := range o.Findings {
			functions += len(f.Functions)
		}
	}
	page := write(t, r, false)
	checkPage(t, page)
	for _, tt := range []struct {
		what               string
		listed, told, want int
	}{
		{"objects", len(objectBody.FindAllString(page, -1)), sum(t, page, "N more objects are not listed"), objects},
		{"functions", len(functionRow.FindAllString(page, -1)), sum(t, page, "and N more functions; --format json"), functions},
		{"evidence of one finding", strings.Count(page[:strings.Index(page, "more observation")], "<li>guard at "), sum(t, page, "and N more observations"), 1001},
		{"findings", strings.Count(page, `<section class="found warning">`), sum(t, page, "N more findings are not listed"), 90},
		{"settings", strings.Count(page, "<li>K"), sum(t, page, "and N more settings"), 500},
		{"files", strings.Count(page, `<div class="file-name">`), sum(t, page, "N more files are not drawn"), (htmlreport.MaxObjects+1234+99)/100 + 2000},
		{"skipped", strings.Count(page, "<li><code>s"), sum(t, page, "N more are not listed, and") + sum(t, page, "and N that were found in a directory"), 2000},
		{"errors", strings.Count(page, "<li><code>e"), sum(t, page, "N more are not listed; --all"), 2000},
	} {
		if tt.told == 0 {
			t.Errorf("%s: nothing is told to be left out", tt.what)
		}
		if tt.listed+tt.told != tt.want {
			t.Errorf("%s: %d listed and %d told, want %d together", tt.what, tt.listed, tt.told, tt.want)
		}
	}

	page = write(t, r, true)
	checkPage(t, page)
	if got := len(objectBody.FindAllString(page, -1)); got != objects {
		t.Errorf("--all lists %d objects of %d", got, objects)
	}
	for _, word := range []string{"not listed", "not drawn", " more function", " more observation", " more setting"} {
		if strings.Contains(page, word) {
			t.Errorf("--all leaves something out: %q", word)
		}
	}
}

// TestSize holds the page to a size that a browser and a mailbox take.
func TestSize(t *testing.T) {
	const most = htmlreport.MaxBytes + 64<<10
	long := hostileReport(strings.Repeat(`+"'&<`+"\u202e", 3000))
	for range 11 {
		long.Objects = append(long.Objects, long.Objects...)
		long.Skipped = append(long.Skipped, long.Skipped...)
		long.Errors = append(long.Errors, long.Errors...)
	}
	notes := &finding.Report{}
	for i := range 20_000 {
		notes.Objects = append(notes.Objects, reporttest.Object(fmt.Sprintf("d/%d.o", i), "", 0, noteOnly(), guards(3)))
	}
	for name, r := range map[string]*finding.Report{
		"functions":     large(1500, 250),
		"objects":       notes,
		"hostile names": long,
	} {
		t.Run(name, func(t *testing.T) {
			page := write(t, r, false)
			checkPage(t, page)
			t.Logf("%d bytes, %d objects, %d functions", len(page), len(objectBody.FindAllString(page, -1)), len(functionRow.FindAllString(page, -1)))
			if len(page) > most {
				t.Errorf("%d bytes, want at most %d", len(page), most)
			}
			if !strings.Contains(page, "not listed, as this page would grow too large") {
				t.Error("the page does not say that objects are left out")
			}
		})
	}
}

func TestLongNamesAreCutAndCounted(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"fits":         {strings.Repeat("é", 1000), strings.Repeat("é", 1000)},
		"one too many": {strings.Repeat("é", 1001), strings.Repeat("é", 1000) + "… (and 1 more character)"},
		"very long":    {strings.Repeat("m", 1_000_000), strings.Repeat("m", 1000) + "… (and 999,000 more characters)"},
	} {
		r := &finding.Report{Objects: []finding.Object{reporttest.Object("a.o", tt.in, 0, guards(1))}}
		if page := write(t, r, false); !strings.Contains(page, `<td class="name">`+tt.want+`</td>`) {
			t.Errorf("%s: the page lacks the member", name)
		}
		if page := write(t, r, true); !strings.Contains(page, `<td class="name">`+tt.in+`</td>`) {
			t.Errorf("%s: --all cuts the member", name)
		}
	}
}
