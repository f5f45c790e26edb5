package htmlreport_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/htmlreport"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

var policyContent = regexp.MustCompile(`(http-equiv="Content-Security-Policy" content=")([^"]*)"`)

// TestGolden holds the markup to its files. Style and script, with their hashes,
// have tests of their own, and every change of them would change every file.
func TestGolden(t *testing.T) {
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			page := write(t, tt.report, tt.all)
			if again := write(t, tt.report, tt.all); page != again {
				t.Error("a second run differs")
			}
			_, got := between(t, page, "<style>", "</style>")
			_, got = between(t, got, "<script>", "</script>")
			got = policyContent.ReplaceAllString(got, `$1"`)
			reporttest.Golden(t, filepath.Join("testdata", name+".html"), got)
		})
	}
}

// checkPage asserts what holds of every page: its elements are balanced, it
// refers to nothing outside of itself, what it refers to inside is there, it has
// no attribute that is style or script, and its text is printable.
func checkPage(t testing.TB, page string) {
	t.Helper()
	if err := inspect(t, page); err != nil {
		t.Error(err)
	}
}

func inspect(t testing.TB, page string) error {
	t.Helper()
	style, markup := between(t, page, "<style>", "</style>")
	script, markup := between(t, markup, "<script>", "</script>")
	for _, s := range []string{style, script} {
		if i := strings.Index(s, "://"); i >= 0 {
			return fmt.Errorf("an address in style or script: %.40q", s[max(0, i-20):])
		}
	}
	ids := map[string]bool{}
	var references []string
	d := xml.NewDecoder(strings.NewReader(markup))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("the markup is not balanced: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if !slices.Contains(elements, token.Name.Local) {
				return fmt.Errorf("unexpected element <%s>", token.Name.Local)
			}
			for _, a := range token.Attr {
				name, value := a.Name.Local, a.Value
				switch {
				case !slices.Contains(attributes, name) && !strings.HasPrefix(name, "aria-"):
					return fmt.Errorf("unexpected attribute %s=%q", name, value)
				case name == "href" && !strings.HasPrefix(value, "#"):
					return fmt.Errorf("a link out of the page: %q", value)
				case name == "href":
					references = append(references, value[1:])
				case name == "for" || name == "aria-labelledby":
					references = append(references, value)
				case name == "id" && ids[value]:
					return fmt.Errorf("two elements have the id %q", value)
				case name == "id":
					ids[value] = true
				}
				if err := printableText(value); err != nil {
					return err
				}
			}
		case xml.CharData:
			if err := printableText(string(token)); err != nil {
				return err
			}
		case xml.Comment, xml.ProcInst:
			return fmt.Errorf("unexpected %T", token)
		}
	}
	for _, r := range references {
		if !ids[r] {
			return fmt.Errorf("nothing has the id %q", r)
		}
	}
	return nil
}

// elements and attributes are all that the page uses: none of them loads
// anything.
var (
	elements = strings.Fields("html head meta title style script body a svg defs pattern rect circle path header footer main nav " +
		"section article div span p b strong code pre h1 h2 h3 h4 h5 ul ol li dl dt dd details summary " +
		"table caption thead tbody tr th td form fieldset legend label input select option button output")
	attributes = strings.Fields("lang charset http-equiv content name class id hidden href title type role for value placeholder autocomplete spellcheck " +
		"scope colspan focusable data-q data-id data-key data-status " +
		"width height x y cx cy r rx d viewBox patternUnits patternTransform")
)

func printableText(s string) error {
	for _, r := range s {
		if r != '\n' && !strconv.IsPrint(r) {
			return fmt.Errorf("%U in %.80q", r, s)
		}
	}
	return nil
}

func TestPages(t *testing.T) {
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			checkPage(t, write(t, tt.report, tt.all))
		})
	}
}

// TestInspectRefuses shows that the assertions above can fail.
func TestInspectRefuses(t *testing.T) {
	good := write(t, mixed(), false)
	for name, change := range map[string][2]string{
		"an open element":       {"</main>", ""},
		"an image":              {"<main>", `<main><img src="x.png"/>`},
		"a handler":             {"<main>", `<main onclick="f()">`},
		"a style attribute":     {"<main>", `<main style="color:red">`},
		"a link to the network": {`href="#files"`, `href="https://example.org/"`},
		"a relative link":       {`href="#files"`, `href="files"`},
		"a dangling link":       {`href="#files"`, `href="#nowhere"`},
		"an id twice":           {`id="files"`, `id="objects"`},
		"a bidi override":       {"<main>", "<main>\u202e"},
		"a comment":             {"<main>", "<main><!-- x -->"},
		"a style that loads":    {"<style>", "<style>@import url(https://example.org/x.css);"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, change[0], change[1], 1)
			if bad == good {
				t.Fatalf("%q is not in the page", change[0])
			}
			if inspect(t, bad) == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestContentSecurityPolicy(t *testing.T) {
	page := write(t, mixed(), false)
	m := policyContent.FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the page has no policy")
	}
	if first := strings.Index(page, "<style>"); strings.Index(page, m[0]) > first {
		t.Error("the policy stands behind the style, which it would not bind")
	}
	style, _ := between(t, page, "<style>", "</style>")
	script, _ := between(t, page, "<script>", "</script>")
	want := []string{
		"default-src 'none'",
		"style-src " + hash(style),
		"script-src " + hash(script),
		"base-uri 'none'",
		"form-action 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}
	if diff := cmp.Diff(want, strings.Split(html.UnescapeString(m[2]), "; ")); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// TestScriptUsesNoNetworkAndNoHTML looks for what the policy forbids anyway.
func TestScriptUsesNoNetworkAndNoHTML(t *testing.T) {
	script, _ := between(t, write(t, &finding.Report{}, false), "<script>", "</script>")
	for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch", "XMLHttpRequest",
		"WebSocket", "EventSource", "sendBeacon", "import(", "Worker", "Image(", ".src", "<!--"} {
		if strings.Contains(script, word) {
			t.Errorf("the script has %s", word)
		}
	}
}

func TestHostileNamesAreEscaped(t *testing.T) {
	page := write(t, hostileReport(hostileNames), false)
	_, markup := between(t, page, "<script>", "</script>")
	for _, bad := range []string{"<script>alert", "<img", "\x00", "\x1b", "\u202e", "\u2066", "\u200b", "\u0085", "\ufeff"} {
		if strings.Contains(markup, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, want := range []string{"&lt;/script&gt;", `\x00\x1b[2J\r\n\t\u202egpj.o\u2066\u200b\u0085\U000e0041\xff\xfe\ufeff`} {
		if !strings.Contains(markup, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestWriteDoesNotTouchTheReport(t *testing.T) {
	r := mixed()
	write(t, r, true)
	if diff := cmp.Diff(mixed(), r); diff != "" {
		t.Errorf("Write changed the report (-want +got):\n%s", diff)
	}
}

func TestWriteReportsTheErrorOfTheWriter(t *testing.T) {
	full := errors.New("disk full")
	for name, r := range map[string]*finding.Report{"small": {}, "large": large(50, 50)} {
		if err := htmlreport.Write(brokenWriter{full}, r, htmlreport.Options{}); !errors.Is(err, full) {
			t.Errorf("%s: err = %v, want %v", name, err, full)
		}
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func FuzzWrite(f *testing.F) {
	for _, name := range []string{"", "a.o", hostileNames, javascriptURL, "NS001", "\xff", "a/b/", `\`, strings.Repeat("é", 1500), "<!--", "{{"} {
		f.Add(name, false)
		f.Add(name, true)
	}
	f.Fuzz(func(t *testing.T, name string, all bool) {
		page := write(t, hostileReport(name), all)
		checkPage(t, page)
		if page != write(t, hostileReport(name), all) {
			t.Error("a second run differs")
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	r := large(1000, 100)
	for b.Loop() {
		if err := htmlreport.Write(io.Discard, r, htmlreport.Options{All: true}); err != nil {
			b.Fatal(err)
		}
	}
}
