package sarifreport

import (
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

// printOf returns the fingerprint of the last object's last finding.
func printOf(t *testing.T, base string, objects ...finding.Object) string {
	t.Helper()
	results := parse(t, document(t, &finding.Report{Objects: objects}, Options{Base: base})).Runs[0].Results
	return results[len(results)-1].PartialFingerprints["nosplit/v1"]
}

func withFunctions(functions ...finding.Function) finding.Finding {
	return finding.Finding{ID: finding.NS001, Level: finding.Error, Message: "m", Functions: functions}
}

func TestFingerprintStays(t *testing.T) {
	f, g := finding.Function{Name: "f"}, finding.Function{Name: "g"}
	want := printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 3, withFunctions(f, g)))
	moved := withFunctions(finding.Function{Name: "g", Offset: 640, File: "g.c", Line: 7, FrameBytes: 3}, f)
	moved.Message = "another version says it in other words"
	moved.Evidence = []finding.Evidence{{Kind: finding.EvidenceGuard, Offset: 64}}
	for name, got := range map[string]string{
		"code moved":              printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 3, moved)),
		"a member came before it": printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 4, withFunctions(f, g))),
		"named in another way":    printOf(t, "/w", reporttest.Object("./lib//x.a", "m.o", 3, withFunctions(f, g))),
		"an absolute path":        printOf(t, "/w", reporttest.Object("/w/lib/x.a", "m.o", 3, withFunctions(f, g))),
		"another checkout":        printOf(t, "/home/u/w", reporttest.Object("/home/u/w/lib/x.a", "m.o", 3, withFunctions(f, g))),
		"allowed":                 printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 3, reporttest.Allowed(withFunctions(f, g)))),
		"another object is there": printOf(t, "/w", reporttest.Object("a.o", "", 0, withFunctions(f, g)), reporttest.Object("lib/x.a", "m.o", 3, withFunctions(f, g))),
	} {
		if got != want {
			t.Errorf("%s: the fingerprint changes", name)
		}
	}
}

func TestFingerprintDiffers(t *testing.T) {
	f, g := finding.Function{Name: "f"}, finding.Function{Name: "g"}
	other := withFunctions(f, g)
	other.ID = finding.NS009
	prints := map[string]string{}
	for name, got := range map[string]string{
		"first":                    printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 3, withFunctions(f, g))),
		"another file":             printOf(t, "/w", reporttest.Object("lib/y.a", "m.o", 3, withFunctions(f, g))),
		"another directory":        printOf(t, "/w", reporttest.Object("x.a", "m.o", 3, withFunctions(f, g))),
		"another member":           printOf(t, "/w", reporttest.Object("lib/x.a", "n.o", 3, withFunctions(f, g))),
		"second of the name":       printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 1), reporttest.Object("lib/x.a", "m.o", 3, withFunctions(f, g))),
		"one function less":        printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 3, withFunctions(f))),
		"another rule":             printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 3, other)),
		"a second finding like it": printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 3, withFunctions(f, g), withFunctions(f, g))),
		"names run together":       printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 3, withFunctions(finding.Function{Name: "f1:g"}))),
	} {
		for before, print := range prints {
			if print == got {
				t.Errorf("%s and %s have the same fingerprint", name, before)
			}
		}
		prints[name] = got
	}
}

// The text of the fingerprint is a promise: alerts that were dismissed would
// open again if it changed.
func TestFingerprintValue(t *testing.T) {
	got := printOf(t, "/w", reporttest.Object("lib/x.a", "m.o", 3, withFunctions(finding.Function{Name: "f"})))
	if want := "cc42742b2e4b525b380f356db364be80d7c329cc705c56afdb3fe3faa6ec3bf9"; got != want {
		t.Errorf("fingerprint %s, want %s, the SHA-256 of 5:NS0017:lib/x.a3:m.o1:01:f", got, want)
	}
}
