package sarifreport

import (
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"

	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// log is what GitHub's code scanning reads of a document, from its page "SARIF
// support for code scanning".
type log struct {
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name  string
				Rules []struct {
					ID, Name                          string
					ShortDescription, FullDescription struct{ Text string }
					Help                              struct{ Text, Markdown string }
					DefaultConfiguration              struct{ Level string }
					Properties                        struct {
						Tags      []string
						Precision string
						Severity  string `json:"problem.severity"`
					}
				}
			}
		}
		Results []struct {
			RuleID              string
			RuleIndex           *int
			Level               string
			Message             struct{ Text string }
			Locations           []logLocation
			RelatedLocations    []logLocation
			PartialFingerprints map[string]string
			Suppressions        []struct{ Kind, Status, Justification string }
		}
		Invocations []struct {
			ExecutionSuccessful        bool
			WorkingDirectory           *struct{ URI string }
			ToolExecutionNotifications []struct {
				Level   string
				Message struct{ Text string }
			}
		}
	}
}

type logLocation struct {
	PhysicalLocation *struct {
		ArtifactLocation struct{ URI, URIBaseID string }
		Region           *struct{ StartLine, StartColumn, EndLine, EndColumn int }
	}
	LogicalLocations []struct{ Name, FullyQualifiedName, DecoratedName, Kind string }
}

func parse(t testing.TB, document []byte) *log {
	t.Helper()
	var l log
	if err := json.Unmarshal(document, &l); err != nil {
		t.Fatal(err)
	}
	return &l
}

// uriForm are the characters that RFC 3986 allows in a path, and the one scheme
// that code scanning can make relative.
var uriForm = regexp.MustCompile(`^(file://)?([A-Za-z0-9/\-._~!$&'()*+,;=@]|%[0-9A-F]{2})+$`)

// acceptable returns what GitHub would refuse, or show wrongly.
func acceptable(l *log) error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if l.Version != "2.1.0" || len(l.Runs) != 1 {
		return fmt.Errorf("version %q with %d runs", l.Version, len(l.Runs))
	}
	run := l.Runs[0]
	rules := run.Tool.Driver.Rules
	ids, names := map[string]bool{}, map[string]bool{}
	for _, r := range rules {
		if ids[r.ID] || names[r.Name] {
			complain("the rule %s (%s) is there twice", r.ID, r.Name)
		}
		ids[r.ID], names[r.Name] = true, true
		if r.ID == "" || r.Name == "" || r.ShortDescription.Text == "" || r.FullDescription.Text == "" || r.Help.Text == "" || r.Help.Markdown == "" {
			complain("the rule %s lacks a text", r.ID)
		}
		if len(r.Name) > 255 || len(r.ShortDescription.Text) > 1024 || len(r.FullDescription.Text) > 1024 {
			complain("a text of the rule %s is too long", r.ID)
		}
		if len(r.Properties.Tags) > 10 {
			complain("the rule %s has %d tags", r.ID, len(r.Properties.Tags))
		}
		if !oneOf(r.DefaultConfiguration.Level, "error", "warning", "note") || !oneOf(r.Properties.Severity, "error", "warning", "recommendation") ||
			!oneOf(r.Properties.Precision, "very-high", "high", "medium", "low") {
			complain("the rule %s has an unknown level, severity or precision", r.ID)
		}
	}
	if len(run.Results) > 25_000 {
		complain("%d results", len(run.Results))
	}
	absolute := false
	prints, lines := map[string]bool{}, map[string]bool{}
	for i, r := range run.Results {
		if r.RuleIndex != nil && rules[*r.RuleIndex].ID != r.RuleID {
			complain("result %d: rule %s has the index of %s", i, r.RuleID, rules[*r.RuleIndex].ID)
		}
		if !oneOf(r.Level, "error", "warning", "note") {
			complain("result %d: level %s", i, r.Level)
		}
		if r.Message.Text == "" || len(r.Message.Text) > 20_000 || strings.Contains(r.Message.Text, "](") {
			complain("result %d: message %q", i, r.Message.Text)
		}
		if len(r.Locations) != 1 {
			complain("result %d has %d locations", i, len(r.Locations))
		}
		if n := len(r.Locations) + len(r.RelatedLocations); n > 100 {
			complain("result %d has %d locations, related ones included", i, n)
		}
		for j, place := range append(r.Locations, r.RelatedLocations...) {
			if place.PhysicalLocation == nil || place.PhysicalLocation.Region == nil || place.PhysicalLocation.Region.StartLine < 1 {
				complain("result %d, location %d: no place to show it at", i, j)
				continue
			}
			uri := place.PhysicalLocation.ArtifactLocation.URI
			if !uriForm.MatchString(uri) {
				complain("result %d, location %d: URI %q", i, j, uri)
			}
			if _, err := url.Parse(uri); err != nil {
				complain("result %d, location %d: %w", i, j, err)
			}
			isAbsolute := strings.HasPrefix(uri, "file:")
			absolute = absolute || isAbsolute
			if isAbsolute != (place.PhysicalLocation.ArtifactLocation.URIBaseID == "") {
				complain("result %d, location %d: URI %q with the base %q", i, j, uri, place.PhysicalLocation.ArtifactLocation.URIBaseID)
			}
			if len(place.LogicalLocations) > 101 {
				complain("result %d, location %d: %d logical locations", i, j, len(place.LogicalLocations))
			}
		}
		mark, line := r.PartialFingerprints["nosplit/v1"], r.PartialFingerprints["primaryLocationLineHash"]
		if mark == "" || prints[mark] || line == "" || lines[line] {
			complain("result %d: the fingerprints %q and %q are there twice", i, mark, line)
		}
		prints[mark], lines[line] = true, true
	}
	if len(run.Invocations) != 1 {
		complain("%d invocations", len(run.Invocations))
	} else if w := run.Invocations[0].WorkingDirectory; w == nil && absolute {
		complain("file URIs and no working directory to compare them with")
	} else if w != nil && (!uriForm.MatchString(w.URI) || !strings.HasSuffix(w.URI, "/")) {
		complain("working directory %q", w.URI)
	}
	return errors.Join(errs...)
}

func oneOf(s string, words ...string) bool {
	for _, w := range words {
		if s == w {
			return true
		}
	}
	return false
}

func TestCodeScanningAccepts(t *testing.T) {
	for name, report := range reporttest.Cases {
		if err := acceptable(parse(t, document(t, report, options))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCodeScanningRefuses(t *testing.T) {
	good := string(document(t, reporttest.Cases["places"], options))
	for name, change := range map[string][2]string{
		"a rule twice":                {`"id": "NS002"`, `"id": "NS001"`},
		"a rule without help":         {`"help": {`, `"helpless": {`},
		"no physical location":        {`"physicalLocation"`, `"notPhysical"`},
		"no region":                   {`"region"`, `"notRegion"`},
		"no fingerprint":              {`"nosplit/v1"`, `"nosplit/v2"`},
		"a web address":               {`"uri": "in.o"`, `"uri": "https://example.org/in.o"`},
		"a bare space":                {`"uri": "in.o"`, `"uri": "in .o"`},
		"an absolute URI with a base": {`"uri": "in.o"`, `"uri": "file:///in.o"`},
		"no working directory":        {`"workingDirectory"`, `"notWorkingDirectory"`},
		"a link in a message":         {`"text": "in.o: `, `"text": "[in.o](in.o): `},
		"another rule's index":        {`"ruleIndex": 6`, `"ruleIndex": 5`},
		"an unknown precision":        {`"precision": "very-high"`, `"precision": "very high"`},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, change[0], change[1], 1)
			if bad == good {
				t.Fatalf("%q is not in the document", change[0])
			}
			if acceptable(parse(t, []byte(bad))) == nil {
				t.Error("it is accepted")
			}
		})
	}
}

func FuzzWrite(f *testing.F) {
	f.Add("lib/x.a", "m.o", "f(int)", "src/f.c", "/w/repo", 3)
	f.Add(reporttest.Hostile, reporttest.Hostile, reporttest.Hostile, reporttest.Hostile, reporttest.Hostile, 1<<40)
	f.Add("../a", "", "", "../../b.c", "/", -1)
	f.Add("/w/../w/repo/a", "", "[](", "//x", "/w/repo/", 1)
	f.Fuzz(func(t *testing.T, path, member, function, source, base string, line int) {
		r := reporttest.FuzzReport(path, member, function, source, line)
		if base != "" {
			base = "/" + base
		}
		out := document(t, r, Options{Tool: Tool{Name: "nosplit", Version: function}, Base: base, All: true})
		if !utf8.Valid(out) {
			t.Fatal("not UTF-8")
		}
		if err := validate(t, out); err != nil {
			t.Fatal(err)
		}
		l := parse(t, out)
		if base == "" {
			// Without a base, nothing can be said of absolute paths.
			for i := range l.Runs[0].Invocations {
				l.Runs[0].Invocations[i].WorkingDirectory = &struct{ URI string }{"file:///"}
			}
		}
		if err := acceptable(l); err != nil {
			t.Fatal(err)
		}
	})
}
