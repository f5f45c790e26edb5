package finding

import (
	"slices"
	"strings"
	"testing"
)

func TestRulesAreCompleteAndSorted(t *testing.T) {
	all := []ID{NS001, NS002, NS003, NS004, NS005, NS006, NS007, NS008, NS009}
	var got []ID
	for _, r := range Rules() {
		got = append(got, r.ID)
		for name, text := range map[string]string{
			"Title": r.Title, "Meaning": r.Meaning, "Why": r.Why, "Fix": r.Fix, "Example": r.Example,
		} {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s has no %s", r.ID, name)
			}
			if name != "Example" && strings.ContainsAny(text, "\n\t") {
				t.Errorf("%s: %s holds a line break or a tab; printers do the wrapping", r.ID, name)
			}
		}
		for line := range strings.Lines(r.Example) {
			if len(strings.TrimSuffix(line, "\n")) > 78 {
				t.Errorf("%s: example line is longer than 78 columns: %s", r.ID, line)
			}
		}
	}
	if !slices.Equal(got, all) {
		t.Errorf("rules are %v, want %v", got, all)
	}
}

func TestVerdictGoesWithLevel(t *testing.T) {
	for _, r := range Rules() {
		switch decides := r.Verdict != ""; {
		case r.Level == Error && !decides:
			t.Errorf("%s is an error and gives no verdict", r.ID)
		case r.Level != Error && decides:
			t.Errorf("%s is a %s and gives the verdict %s", r.ID, r.Level, r.Verdict)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, want := range Rules() {
		got, ok := Lookup(want.ID)
		if !ok || got != want {
			t.Errorf("Lookup(%s) = %v, %t", want.ID, got, ok)
		}
	}
	for _, id := range []ID{"", "NS000", "NS010", "ns001"} {
		if _, ok := Lookup(id); ok {
			t.Errorf("Lookup(%q) found a rule", id)
		}
	}
}

func TestRulesIsACopy(t *testing.T) {
	Rules()[0].Title = "changed"
	if r, _ := Lookup(NS001); r.Title == "changed" {
		t.Error("a caller of Rules can change the table")
	}
}
