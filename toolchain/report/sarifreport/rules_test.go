package sarifreport

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

func TestRulesAreTheTable(t *testing.T) {
	got := parse(t, document(t, &finding.Report{}, options)).Runs[0].Tool.Driver.Rules
	want := finding.Rules()
	if len(got) != len(want) {
		t.Fatalf("%d rules, want %d", len(got), len(want))
	}
	for i, r := range want {
		g := got[i]
		if g.ID != string(r.ID) || g.DefaultConfiguration.Level != string(r.Level) || g.ShortDescription.Text != r.Title || g.FullDescription.Text != r.Meaning {
			t.Errorf("rule %d is %+v, want %+v", i, g, r)
		}
		if !regexp.MustCompile(`^([A-Z0-9][A-Za-z0-9]*)+$`).MatchString(g.Name) {
			t.Errorf("the name %q is not in PascalCase", g.Name)
		}
		for _, text := range []string{r.Meaning, r.Why, r.Fix, r.Example} {
			if !strings.Contains(g.Help.Text, text) {
				t.Errorf("the help of %s lacks %q", r.ID, text)
			}
		}
		if !strings.Contains(g.Help.Markdown, "```sh\n"+r.Example+"\n```\n") {
			t.Errorf("the help of %s in Markdown lacks the example", r.ID)
		}
	}
}

func TestPascalCase(t *testing.T) {
	for title, want := range map[string]string{
		"split-stack machine code":        "SplitStackMachineCode",
		"uses the __splitstack_* API":     "UsesTheSplitstackAPI",
		"LLVM bitcode, 2nd kind (é) élan": "LLVMBitcode2ndKindÉÉlan",
		"":                                "",
	} {
		if got := pascalCase(title); got != want {
			t.Errorf("pascalCase(%q) = %q, want %q", title, got, want)
		}
	}
}

func TestEscapeMarkdown(t *testing.T) {
	if got, want := escapeMarkdown("__a(b)__ *c* <d> [e](f) `g` \\ -x"), `\_\_a(b)\_\_ \*c\* \<d\> \[e\](f) \`+"`g\\` \\\\ -x"; got != want {
		t.Errorf("escapeMarkdown = %s, want %s", got, want)
	}
}

func TestSemanticVersion(t *testing.T) {
	for version, want := range map[string]bool{
		"1.2.3": true, "0.0.0-20260724033716-83e58baca724+dirty": true, "devel": false, "1.2": false, "1.2.3 x": false, "": false,
	} {
		c := driver(Tool{Name: "nosplit", Version: version})
		if got := c.SemanticVersion != ""; got != want {
			t.Errorf("version %q: semantic version %q", version, c.SemanticVersion)
		}
	}
}
