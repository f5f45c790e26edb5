package sarifreport

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

// mixedLevels has the given number of notes, warnings and errors each, the
// errors last.
func mixedLevels(n int) *finding.Report {
	r := &finding.Report{}
	for i := range n {
		r.Objects = append(r.Objects, reporttest.Object(fmt.Sprintf("a%06d.o", i), "", 0, reporttest.RuntimeNote()))
	}
	for i := range n {
		r.Objects = append(r.Objects, reporttest.Object(fmt.Sprintf("b%06d.o", i), "", 0, reporttest.NoteOnly()))
	}
	for i := range n {
		r.Objects = append(r.Objects, reporttest.Object(fmt.Sprintf("c%06d.o", i), "", 0, reporttest.Guards(1)))
	}
	return r
}

func TestTooManyResults(t *testing.T) {
	l := parse(t, document(t, mixedLevels(10_000), Options{All: true}))
	if n := len(l.Runs[0].Results); n != 25_000 {
		t.Errorf("%d results, want 25000", n)
	}
	if err := acceptable(l); err != nil {
		t.Error(err)
	}
	counts := map[string]int{}
	for _, r := range l.Runs[0].Results {
		counts[r.Level]++
	}
	if counts["error"] != 10_000 || counts["warning"] != 10_000 || counts["note"] != 5_000 {
		t.Errorf("%v are there", counts)
	}
	expectLeftOut(t, l, "warning", "5000 results (0 errors, 0 warnings, 5000 notes)")
}

// expectLeftOut wants one notification with the text, or none when it is empty.
func expectLeftOut(t *testing.T, l *log, level, text string) {
	t.Helper()
	got := l.Runs[0].Invocations[0].ToolExecutionNotifications
	if text == "" {
		if len(got) > 0 {
			t.Errorf("notifications %v, want none", got)
		}
		return
	}
	if len(got) != 1 || got[0].Level != level || !strings.Contains(got[0].Message.Text, text) {
		t.Errorf("notifications %v, want a %s with %q", got, level, text)
	}
	if !l.Runs[0].Invocations[0].ExecutionSuccessful {
		t.Error("results that were left out make a failure of the audit")
	}
}

func TestLimits(t *testing.T) {
	r := mixedLevels(2)
	whole := document(t, r, Options{All: true})
	for name, tt := range map[string]struct {
		max     limits
		results int
		level   string
		text    string
	}{
		"none reached":     {codeScanning, 6, "", ""},
		"as many as fit":   {limits{results: 6, packed: 1 << 30, detail: 1 << 30}, 6, "", ""},
		"one too many":     {limits{results: 5, packed: 1 << 30, detail: 1 << 30}, 5, "warning", "leaves out 1 results (0 errors, 0 warnings, 1 notes)"},
		"errors too":       {limits{results: 1, packed: 1 << 30, detail: 1 << 30}, 1, "error", "leaves out 5 results (1 errors, 2 warnings, 2 notes)"},
		"no room":          {limits{results: 6, packed: 1000, detail: 1 << 30}, 0, "error", "leaves out 6 results (2 errors, 2 warnings, 2 notes)"},
		"room as it packs": {limits{results: 6, packed: len(whole) - 1000, detail: 1 << 30}, 6, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b, r, Options{All: true}, tt.max); err != nil {
				t.Fatal(err)
			}
			if err := validate(t, b.Bytes()); err != nil {
				t.Error(err)
			}
			l := parse(t, b.Bytes())
			if n := len(l.Runs[0].Results); n != tt.results {
				t.Errorf("%d results, want %d", n, tt.results)
			}
			expectLeftOut(t, l, tt.level, tt.text)
		})
	}
}

func TestPackedSize(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('!' + random.IntN(90))
		}
		return string(b)
	}
	r := &finding.Report{}
	for range 2000 {
		r.Objects = append(r.Objects, reporttest.Object(noise(200), "", 0, finding.Finding{ID: finding.NS007, Level: finding.Error, Message: noise(400)}))
	}
	const limit = 300_000
	var b bytes.Buffer
	if err := write(&b, r, Options{}, limits{results: 25_000, packed: limit, detail: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	var packed counter
	zip := gzip.NewWriter(&packed)
	if _, err := io.Copy(zip, bytes.NewReader(b.Bytes())); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	// The tail is not part of the limit.
	if packed.n > limit+1000 || packed.n < limit*9/10 {
		t.Errorf("%d bytes after gzip, the limit is %d", packed.n, limit)
	}
	l := parse(t, b.Bytes())
	if n := len(l.Runs[0].Results); n == 0 || n == 2000 {
		t.Errorf("%d results of 2000", n)
	}
}

func TestDetailShrinks(t *testing.T) {
	r := &finding.Report{}
	for i := range 4 {
		r.Objects = append(r.Objects, reporttest.Object(fmt.Sprintf("%d.o", i), "", 0, reporttest.Guards(150)))
	}
	var b bytes.Buffer
	if err := write(&b, r, Options{}, limits{results: 9, packed: 1 << 30, detail: 70_000}); err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, result := range parse(t, b.Bytes()).Runs[0].Results {
		got = append(got, len(result.Locations[0].LogicalLocations))
	}
	if want := "[100 100 3 3]"; fmt.Sprint(got) != want {
		t.Errorf("logical locations %v, want %s", got, want)
	}
}

func TestManyErrors(t *testing.T) {
	r := &finding.Report{}
	for i := range 250 {
		r.Errors = append(r.Errors, finding.InputError{Path: fmt.Sprint(i), Message: "no such file"})
	}
	in := parse(t, document(t, r, options)).Runs[0].Invocations[0]
	got := in.ToolExecutionNotifications
	if len(got) != 101 || got[100].Message.Text != "150 more paths could not be audited." || in.ExecutionSuccessful {
		t.Errorf("%d notifications, the last %v, successful %t", len(got), got[len(got)-1], in.ExecutionSuccessful)
	}
}
