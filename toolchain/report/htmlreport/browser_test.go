package htmlreport_test

import (
	"encoding/json"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/objtest"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

// Flags of Chromium that choose what a page is shown with. The numbers are
// those of the enumeration mojom::PreferredColorScheme in Blink.
const (
	dark  = "--blink-settings=preferredColorScheme=0"
	light = "--blink-settings=preferredColorScheme=1"
)

// chromium shows a file and returns what the browser printed: with --dump-dom
// the document after its scripts ran, and on standard error its console.
func chromium(t *testing.T, url string, flags ...string) (stdout, stderr string) {
	t.Helper()
	// The browser's helpers may write to the profile for a moment longer than
	// it lives itself, which t.TempDir would report as an error.
	profile, err := os.MkdirTemp("", "htmlreport")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(profile) })
	cmd := exec.Command(objtest.Tool(t, "chromium"), append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--enable-logging=stderr", "--user-data-dir=" + profile,
	}, append(flags, url)...)...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, errs.String())
	}
	return out.String(), errs.String()
}

// savePage writes the page to a file and returns its address.
func savePage(t *testing.T, page string) string {
	t.Helper()
	return "file://" + objtest.Write(t, t.TempDir(), "page.html", page)
}

func screenshot(t *testing.T, url string, flags ...string) image.Image {
	t.Helper()
	file := filepath.Join(t.TempDir(), "shot.png")
	chromium(t, url, append(flags, "--screenshot="+file)...)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// A frame shows a page inside of another one, whose script looks at it. The
// page itself stays as it is, with its policy, and needs no script of its own
// to be looked at.
type frame struct {
	page     string
	hash     string // the end of its address
	width    int    // in CSS pixels; 0 for 1200
	noScript bool   // the page runs without JavaScript
	// look is JavaScript: the body of a function of doc and win, the page's
	// document and window, that returns what to report.
	look string
}

// lookAt shows the frames in one run of the browser and decodes what each look
// returned. It returns what the console has to say of each.
func lookAt[T any](t *testing.T, frames []frame, flags ...string) (results []T, console []string) {
	t.Helper()
	dir := t.TempDir()
	var markup, looks strings.Builder
	for i, f := range frames {
		sandbox := ""
		if f.noScript {
			sandbox = `sandbox="allow-same-origin"`
		}
		if f.width == 0 {
			f.width = 1200
		}
		name := fmt.Sprintf("page%d.html", i)
		objtest.Write(t, dir, name, f.page)
		fmt.Fprintf(&markup, `<iframe %s width="%d" height="900" src="%s%s"></iframe>`, sandbox, f.width, name, html.EscapeString(f.hash))
		fmt.Fprintf(&looks, "(doc, win) => { %s },\n", f.look)
	}
	outer := objtest.Write(t, dir, "outer.html", fmt.Sprintf(`<!DOCTYPE html><meta charset="utf-8"><body>%s<pre id="result"></pre>
<script>
addEventListener("load", () => {
  const looks = [%s];
  const results = Array.from(document.querySelectorAll("iframe"), (frame, i) => {
    const win = frame.contentWindow;
    try { return {value: looks[i](win.document, win)}; } catch (e) { return {error: String(e)}; }
  });
  document.getElementById("result").textContent = JSON.stringify(results);
});
</script>`, markup.String(), looks.String()))
	// Files are strangers to each other unless the browser is told otherwise.
	dom, stderr := chromium(t, "file://"+outer, append(flags, "--dump-dom", "--allow-file-access-from-files")...)
	_, rest, _ := strings.Cut(dom, `<pre id="result">`)
	text, _, ok := strings.Cut(rest, "</pre>")
	var got []struct {
		Value json.RawMessage
		Error string
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(text)), &got); err != nil || !ok || len(got) != len(frames) {
		t.Fatalf("%v: the frames gave no results:\n%.2000s", err, dom)
	}
	results = make([]T, len(frames))
	console = make([]string, len(frames))
	for i := range frames {
		if got[i].Error != "" {
			t.Fatalf("looking at page %d: %s", i, got[i].Error)
		}
		if err := json.Unmarshal(got[i].Value, &results[i]); err != nil {
			t.Fatalf("page %d: %v in %.500s", i, err, got[i].Value)
		}
		for line := range strings.Lines(stderr) {
			if strings.Contains(line, "CONSOLE") && strings.Contains(line, fmt.Sprintf("page%d.html", i)) {
				console[i] += line
			}
		}
	}
	return results, console
}

// shownRows counts the rows of objects that a dumped document does not hide.
func shownRows(dom string) int {
	rows := 0
	for _, body := range strings.Split(dom, `<tbody class="object `)[1:] {
		if tag, _, _ := strings.Cut(body, ">"); !strings.Contains(tag, "hidden") {
			rows++
		}
	}
	return rows
}

// TestBrowserAddress opens the page as a person does, with and without a query, and
// looks at the document that the browser ended up with.
func TestBrowserAddress(t *testing.T) {
	url := savePage(t, write(t, mixed(), false))
	for hash, want := range map[string]int{"": 7, "#q=work4(int&verdict=violation": 1} {
		dom, _ := chromium(t, url+hash, "--dump-dom")
		if got := shownRows(dom); got != want {
			t.Errorf("%q shows %d objects, want %d", hash, got, want)
		}
	}
}

func TestBrowserQueryInTheAddress(t *testing.T) {
	page := write(t, mixed(), false)
	tests := []struct{ hash, want string }{
		{"", "7 7 of 9 objects listed"},
		{"#q=switch.o", "1 1 shown, 7 of 9 objects listed"},
		{"#q=WORK4%28INT", "1 1 shown, 7 of 9 objects listed"}, // a function that is folded away
		{"#q=_Z4work4i", "1 1 shown, 7 of 9 objects listed"},   // its mangled name
		{"#q=libco+src/work.cc", "3 3 shown, 7 of 9 objects listed"},
		{"#q=nowhere", "0 0 shown, 7 of 9 objects listed"},
		{"#verdict=allowed,unauditable", "2 2 shown, 7 of 9 objects listed"},
		{"#id=NS001&verdict=violation", "3 3 shown, 7 of 9 objects listed"},
		{"#id=NS999&verdict=none&sort=__proto__", "7 7 of 9 objects listed"}, // values that the page does not know
		{"#NS001", "7 7 of 9 objects listed"},                                // an anchor
		{"#%ff=%", "7 7 of 9 objects listed"},
	}
	var frames []frame
	for _, tt := range tests {
		frames = append(frames, frame{page: page, hash: tt.hash, look: `
			return Array.from(doc.querySelectorAll("tbody.object")).filter((b) => b.getClientRects().length > 0).length + " " +
				doc.querySelector("#shown").textContent;`})
	}
	got, _ := lookAt[string](t, frames)
	for i, tt := range tests {
		if got[i] != tt.want {
			t.Errorf("%q shows %q, want %q", tt.hash, got[i], tt.want)
		}
	}
}

// TestBrowserControls uses each control as a person would.
func TestBrowserControls(t *testing.T) {
	got, _ := lookAt[map[string]any](t, []frame{{page: write(t, mixed(), false), look: `
		const $ = (s) => doc.querySelector(s);
		const rows = () => Array.from(doc.querySelectorAll("tbody.object")).filter((b) => !b.hidden)
			.map((b) => b.rows[0].cells[1].textContent + " " + b.rows[0].cells[2].textContent).map((s) => s.trim());
		const header = (key) => $("th[data-key=" + key + "] button");
		const opened = () => Array.from(doc.querySelectorAll("tbody.object details")).filter((d) => d.open).length;
		const out = {};
		out.controlsHidden = $("#controls").hidden;
		$("button[data-status=violation]").click();
		out.violations = rows().length;
		out.pressed = $("button[data-status=violation]").getAttribute("aria-pressed");
		$("#expand").click();
		out.opened = opened();
		$("#reset").click();
		out.afterReset = rows().length;
		$("#expand").click();
		out.allOpened = opened();
		$("#collapse").click();
		out.collapsed = opened();
		$("tbody.object tr.head td").click();
		out.openedByRow = opened();
		$("#id").value = "NS004";
		$("#id").dispatchEvent(new win.Event("change"));
		out.byID = rows();
		$("#reset").click();
		header("path").click();
		out.byPath = rows();
		out.sorted = $("th[data-key=path]").getAttribute("aria-sort");
		header("path").click();
		out.byPathReversed = rows();
		out.reversed = $("th[data-key=path]").getAttribute("aria-sort");
		header("path").click();
		out.unsorted = rows();
		out.unsortedAria = $("th[data-key=path]").getAttribute("aria-sort");
		$("a[data-q='build/cut.o']").click();
		out.ofFile = rows();
		$("a[data-id=NS008]").click();
		out.withFinding = rows();
		$("#q").value = "nothing has this";
		$("#controls").dispatchEvent(new win.Event("submit", {cancelable: true}));
		out.address = win.location.hash;
		out.none = rows().length + " " + !$("#none").hidden;
		const scheme = () => win.getComputedStyle(doc.body).backgroundColor;
		out.schemes = [scheme()];
		for (let i = 0; i < 3; i++) { $("#theme").click(); out.schemes.push($("#theme").textContent + " " + scheme()); }
		return out;
	`}}, light)
	worst := []any{"bin/app", "third_party/libco.a b.o #0", "third_party/libco.a switch.o", "third_party/libco.a b.o #3",
		"build/cut.o", "build/legacy.o", "build/data.o"}
	want := map[string]any{
		"controlsHidden": false,
		"violations":     4.0,
		"pressed":        "true",
		"opened":         4.0,
		"afterReset":     7.0,
		"allOpened":      7.0,
		"collapsed":      0.0,
		"openedByRow":    1.0,
		"byID":           []any{"build/legacy.o", "build/data.o"},
		"byPath": []any{"bin/app", "build/cut.o", "build/data.o", "build/legacy.o",
			"third_party/libco.a b.o #0", "third_party/libco.a switch.o", "third_party/libco.a b.o #3"},
		"sorted": "ascending",
		"byPathReversed": []any{"third_party/libco.a b.o #0", "third_party/libco.a switch.o", "third_party/libco.a b.o #3",
			"build/legacy.o", "build/data.o", "build/cut.o", "bin/app"},
		"reversed":     "descending",
		"unsorted":     worst,
		"unsortedAria": nil,
		"ofFile":       []any{"build/cut.o"},
		"withFinding":  []any{"bin/app"},
		"address":      "#q=nothing+has+this&id=NS008",
		"none":         "0 true",
		"schemes": []any{"rgb(244, 245, 247)", "Colours: light rgb(244, 245, 247)", "Colours: dark rgb(14, 18, 23)",
			"Colours: system rgb(244, 245, 247)"},
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("what the controls do (-want +got):\n%s", diff)
	}
}

// TestBrowserWithoutScript looks at the page with JavaScript off: all is there, what
// needs the script is not shown, and the details unfold.
func TestBrowserWithoutScript(t *testing.T) {
	type look struct {
		Ran      bool     // the script changed something
		Controls []string // what is shown of its controls
		Rows     int
		Text     string
	}
	body := `
		const visible = (e) => e !== null && e.getClientRects().length > 0;
		for (const d of doc.querySelectorAll("details")) d.open = true;
		return {
			ran: doc.querySelector("th button") !== null,
			controls: ["#controls", "#theme", "#q", "#none"].filter((s) => visible(doc.querySelector(s))),
			rows: Array.from(doc.querySelectorAll("tbody.object")).filter(visible).length,
			text: doc.body.innerText,
		};`
	page := write(t, mixed(), false)
	got, _ := lookAt[look](t, []frame{{page: page, noScript: true, look: body}, {page: page, look: body}})
	off, on := got[0], got[1]
	if off.Ran || len(off.Controls) > 0 {
		t.Errorf("the script ran: %t, and shows %v", off.Ran, off.Controls)
	}
	if !on.Ran || len(on.Controls) == 0 {
		t.Error("with JavaScript on, the script did not run: this test proves nothing")
	}
	if off.Rows != 7 {
		t.Errorf("%d objects are shown, want 7", off.Rows)
	}
	rule, _ := finding.Lookup(finding.NS001)
	for _, want := range []string{
		"4 violations, 1 unauditable (and 1 allowed) among 9 objects in 6 files: this release must not ship.",
		"1 named path could not be audited", "gone.o", "work4(int)", "src/work.cc:50", "0x100", "guard at .text+0x40: cmp %fs:0x70,%rsp; jb",
		"vendor fix promised, ticket 1234", "Allowed until 2027-03-31:", "nosplit.yaml:5", "go1.27.3", "CGO_CFLAGS=-O2",
		"third_party/libco.a(readme.txt)", rule.Why, rule.Meaning,
	} {
		if !strings.Contains(off.Text, want) {
			t.Errorf("without JavaScript the page does not show %q", want)
		}
	}
}

func TestBrowserColourSchemes(t *testing.T) {
	page := write(t, mixed(), false)
	for flag, background := range map[string]color.RGBA{
		light: {0xf4, 0xf5, 0xf7, 0xff},
		dark:  {0x0e, 0x12, 0x17, 0xff},
	} {
		checkPainted(t, screenshot(t, savePage(t, page), flag, "--window-size=1000,900"), background)
	}
	// Without scripts the browser takes no pictures, so that a frame has to
	// do without them.
	noScript := `<!DOCTYPE html><body style="margin:0"><iframe sandbox="allow-same-origin" style="border:0;width:1000px;height:900px" src="` +
		html.EscapeString(savePage(t, page)) + `"></iframe>`
	checkPainted(t, screenshot(t, savePage(t, noScript), light, "--window-size=1000,900"), color.RGBA{0xf4, 0xf5, 0xf7, 0xff})
}

// checkPainted asserts that the margin of the page has the colour, that other
// pixels have others, and that something is written on it.
func checkPainted(t *testing.T, im image.Image, background color.RGBA) {
	t.Helper()
	bounds := im.Bounds()
	if bounds.Dx() != 1000 || bounds.Dy() != 900 {
		t.Errorf("the picture measures %v", bounds)
	}
	at := func(x, y int) color.RGBA {
		r, g, b, a := im.At(x, y).RGBA()
		return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(a >> 8)}
	}
	for _, p := range []image.Point{{3, 3}, {996, 3}, {3, 896}, {996, 450}} {
		if got := at(p.X, p.Y); got != background {
			t.Errorf("the page is %v at %v, want %v", got, p, background)
		}
	}
	different := 0
	colours := map[color.RGBA]bool{}
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			c := at(x, y)
			colours[c] = true
			// A letter differs much from its ground.
			if diff := int(c.G) - int(background.G); diff > 120 || diff < -120 {
				different++
			}
		}
	}
	if len(colours) < 50 || different < 5000 {
		t.Errorf("the page looks blank: %d colours, %d pixels of another brightness", len(colours), different)
	}
}

// TestBrowserNarrow shows pages at the width of a small telephone: nothing sticks out,
// with everything unfolded, with and without script. The last page has a
// picture that does.
func TestBrowserNarrow(t *testing.T) {
	type result struct {
		Width, Scroll int
		Out           []string
	}
	var frames []frame
	var names []string
	add := func(name, page string, width int, noScript bool) {
		names = append(names, fmt.Sprintf("%s, %d wide, no script %t", name, width, noScript))
		frames = append(frames, frame{page: page, width: width, noScript: noScript, look: `
			for (const d of doc.querySelectorAll("details")) d.open = true;
			const root = doc.documentElement;
			const out = Array.from(doc.body.querySelectorAll("*"))
				.filter((e) => e.getBoundingClientRect().right > root.clientWidth + 0.5)
				.map((e) => e.tagName + "." + (e.getAttribute("class") ?? ""));
			return {width: root.clientWidth, scroll: root.scrollWidth, out: out.slice(0, 10)};`})
	}
	for name, r := range map[string]*finding.Report{
		"mixed": mixed(), "long names": hostileReport(strings.Repeat("x", 300) + hostileNames), "empty": {},
	} {
		for _, width := range []int{320, 400, 900} {
			add(name, write(t, r, false), width, false)
			add(name, write(t, r, false), width, true)
		}
	}
	add("wide picture", strings.Replace(write(t, mixed(), false), `<div class="overall">`, `<div class="overall"><svg width="700" height="3"></svg>`, 1), 400, false)
	results, _ := lookAt[result](t, frames)
	for i, got := range results {
		width := frames[i].width
		if got.Width < width-20 || got.Width > width {
			t.Fatalf("%s: the frame is %d wide", names[i], got.Width)
		}
		if over := got.Scroll > got.Width || len(got.Out) > 0; over != (i == len(results)-1) {
			t.Errorf("%s: the page takes %d pixels; these stick out: %v", names[i], got.Scroll, got.Out)
		}
	}
}

// TestBrowserContrast computes the contrast of each text with its ground as WCAG 2.2,
// success criterion 1.4.3, asks: 4.5 for AA.
func TestBrowserContrast(t *testing.T) {
	look := `
		for (const d of doc.querySelectorAll("details")) d.open = true;
		const rgb = (s) => s.match(/[\d.]+/g).map(Number);
		const opaque = (c) => c.length < 4 || c[3] === 1;
		const luminance = (c) => {
			const [r, g, b] = c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
			return 0.2126 * r + 0.7152 * g + 0.0722 * b;
		};
		const ground = (e) => {
			for (; e; e = e.parentElement) {
				const c = rgb(win.getComputedStyle(e).backgroundColor);
				if (opaque(c)) return c;
			}
			return [255, 255, 255];
		};
		const walker = doc.createTreeWalker(doc.body, win.NodeFilter.SHOW_TEXT);
		let texts = 0, least = 21;
		const bad = new Set();
		for (let n = walker.nextNode(); n; n = walker.nextNode()) {
			const e = n.parentElement;
			if (n.data.trim() === "" || e.getClientRects().length === 0 || e.closest("script, style")) continue;
			const a = luminance(rgb(win.getComputedStyle(e).color)), b = luminance(ground(e));
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			texts++;
			least = Math.min(least, ratio);
			if (ratio < 4.5) bad.add(ratio.toFixed(2) + " " + e.tagName + "." + (e.getAttribute("class") ?? "") + " " + n.data.trim().slice(0, 30));
		}
		return {texts, least, bad: Array.from(bad)};`
	type result struct {
		Texts int
		Least float64
		Bad   []string
	}
	names := []string{"mixed", "clean", "empty", "allowed"}
	frames := []frame{
		{page: write(t, mixed(), true), look: look},
		{page: write(t, cleanOnly(), true), look: look},
		{page: write(t, &finding.Report{}, true), look: look},
		{page: write(t, &finding.Report{Objects: []finding.Object{reporttest.Object("a.o", "", 0, allowed(guards(1)))}}, true), look: look},
		{page: strings.Replace(write(t, mixed(), false), "<main>", `<main><p><font color="#777777">grey</font></p>`, 1), look: look},
	}
	for name, flag := range map[string]string{"light": light, "dark": dark} {
		results, _ := lookAt[result](t, frames, flag)
		for i, status := range names {
			got := results[i]
			t.Logf("%s, %s: %d texts, least contrast %.2f", name, status, got.Texts, got.Least)
			if got.Texts < 20 {
				t.Errorf("%s, %s: only %d texts were looked at", name, status, got.Texts)
			}
			for _, b := range got.Bad {
				t.Errorf("%s, %s: contrast %s", name, status, b)
			}
		}
		if bad := results[len(names)].Bad; len(bad) != 1 {
			t.Errorf("%s: a grey text is not found: %v", name, bad)
		}
	}
}

// TestBrowserConsoleIsSilent asserts that the browser refused nothing: style and script
// have the hashes that the policy tells. It complains of what the policy
// forbids, which shows that the policy is in force.
func TestBrowserConsoleIsSilent(t *testing.T) {
	page := write(t, mixed(), false)
	frames := []frame{{page: page}, {page: write(t, hostileReport(hostileNames), false)}, {page: write(t, hostileReport(javascriptURL), true)}}
	good := len(frames)
	names := []string{"mixed", "hostile", "javascript"}
	for name, change := range map[string][2]string{
		"another style":        {"<style>", "<style> "},
		"another script":       {"<script>", "<script> "},
		"a script of its own":  {"<main>", "<main><script>document.title = 'x'</script>"},
		"a handler":            {"<main>", `<main><svg onload="document.title = 'x'"></svg>`},
		"a style attribute":    {"<main>", `<main style="color: red">`},
		"a picture":            {"<main>", `<main><img src="x.png">`},
		"a picture in the URL": {"<main>", `<main><img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">`},
	} {
		names = append(names, name)
		frames = append(frames, frame{page: strings.Replace(page, change[0], change[1], 1)})
	}
	for i := range frames {
		frames[i].look = "return doc.title;"
	}
	_, console := lookAt[string](t, frames)
	for i, said := range console {
		if (said == "") != (i < good) {
			t.Errorf("%s: the console says %q", names[i], said)
		}
	}
}

// TestBrowserLargePage searches 20,000 functions, and measures that they take no space
// before they are unfolded.
func TestBrowserLargePage(t *testing.T) {
	type result struct {
		Functions, Found           int
		Height, Searched, Unfolded float64
	}
	got, _ := lookAt[result](t, []frame{{page: write(t, large(200, 100), false), look: `
		const height = doc.documentElement.scrollHeight;
		doc.querySelector("#q").value = "work99(int) member0123";
		doc.querySelector("#controls").dispatchEvent(new win.Event("submit", {cancelable: true}));
		const searched = doc.documentElement.scrollHeight;
		doc.querySelector("#expand").click();
		return {
			height, searched, unfolded: doc.documentElement.scrollHeight,
			functions: doc.querySelectorAll("table.functions tbody tr").length,
			found: Array.from(doc.querySelectorAll("tbody.object")).filter((b) => !b.hidden).length,
		};
	`}})
	if r := got[0]; r.Functions != 20_000 || r.Found != 1 {
		t.Errorf("%d functions are listed and %d objects found, want 20000 and 1", r.Functions, r.Found)
	}
	if r := got[0]; r.Height > 200*100+5000 || r.Unfolded < r.Searched+100*15 {
		t.Errorf("the page is %v pixels high, %v after the search and %v with one object unfolded", r.Height, r.Searched, r.Unfolded)
	}
}
