package githubreport

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/report/reporttest"
)

var options = Options{Base: "/w/repo"}

// manyFiles has n files each that are unauditable, a violation and clean with a
// warning, in this order.
func manyFiles(n int) *finding.Report {
	r := &finding.Report{Files: 3 * n}
	for i := range n {
		r.Objects = append(r.Objects, reporttest.Object(fmt.Sprintf("a%03d.o", i), "", 0, reporttest.Truncated()))
	}
	for i := range n {
		r.Objects = append(r.Objects, reporttest.Object(fmt.Sprintf("b%03d.a", i), "m.o", 0, reporttest.Guards(2)))
	}
	for i := range n {
		r.Objects = append(r.Objects, reporttest.Object(fmt.Sprintf("c%03d.o", i), "", 0, reporttest.NoteOnly()))
	}
	return r
}

func manyMembers(n int) *finding.Report {
	r := &finding.Report{Files: 1}
	for i := range n {
		r.Objects = append(r.Objects, reporttest.Object("lib/libgo.a", fmt.Sprintf("m%d.o", i), i, reporttest.Guards(1)))
	}
	return r
}

func init() {
	reporttest.Cases["many_files"] = manyFiles(8)
	reporttest.Cases["many_members"] = manyMembers(247)
}

func TestGolden(t *testing.T) {
	for name, report := range reporttest.Cases {
		for _, all := range []bool{false, true} {
			golden := name
			if all {
				golden += "_all"
				if name != "clean" && name != "go" {
					continue
				}
			}
			t.Run(golden, func(t *testing.T) {
				opt := Options{Base: options.Base, All: all}
				got := document(t, report, opt)
				if again := document(t, report, opt); got != again {
					t.Error("a second run differs")
				}
				reporttest.Golden(t, filepath.Join("testdata", golden+".txt"), got)
			})
		}
	}
}

// A command is what the runner made of a line.
type command struct {
	name       string
	properties map[string]string
	data       string
}

// obey reads a line as the runner does, see command.go, and believes every name
// to be a command. The runner passes over some characters; to be safe, a line
// is read again without any that are not ASCII.
func obey(line string) (command, bool) {
	if c, ok := read(line); ok {
		return c, true
	}
	return read(strings.Map(func(r rune) rune {
		if r > 0x7f {
			return -1
		}
		return r
	}, line))
}

func read(line string) (command, bool) {
	if rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t\v\f\r"), "::"); ok {
		if info, text, ok := strings.Cut(rest, "::"); ok {
			name, list, _ := strings.Cut(info, " ")
			c := command{name: name, properties: map[string]string{}, data: unescape(text, "\r", "%0D", "\n", "%0A")}
			for pair := range strings.SplitSeq(list, ",") {
				if key, value, ok := strings.Cut(pair, "="); ok {
					c.properties[key] = unescape(value, "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
				}
			}
			return c, true
		}
	}
	if _, rest, ok := strings.Cut(line, "##["); ok {
		if name, _, ok := strings.Cut(rest, "]"); ok {
			return command{name: name}, true
		}
	}
	return command{}, false
}

func unescape(s string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, pairs[i+1], pairs[i])
	}
	return strings.ReplaceAll(s, "%25", "%")
}

func TestObey(t *testing.T) {
	for _, line := range []string{
		"::error::x", "  ::stop-commands::x", "x ##[set-env name=a]b", "#\u034f#[debug]", "\u00ad::error::x", "###[debug]", "::x ##[debug]",
	} {
		if _, ok := obey(line); !ok {
			t.Errorf("%q is no command", line)
		}
	}
	for _, line := range []string{"", "x ::error::x", "::x", "# #[x]", "##[x", `##\[x]`, "a::b::c"} {
		if c, ok := obey(line); ok {
			t.Errorf("%q is the command %+v", line, c)
		}
	}
	c, _ := obey("::error file=a%3Ab%2Cc%25%253A,line=3,title=t::50%25%0A::x::")
	want := command{"error", map[string]string{"file": "a:b,c%%3A", "line": "3", "title": "t"}, "50%\n::x::"}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(command{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// check returns what is wrong with the output, and its commands.
func check(out string) ([]command, error) {
	var list []command
	var errs []error
	shown := map[string]int{}
	group := 0
	for line := range strings.Lines(out) {
		line, whole := strings.CutSuffix(line, "\n")
		if !whole {
			errs = append(errs, fmt.Errorf("%q does not end", line))
		}
		for _, r := range line {
			if !strconv.IsPrint(r) {
				errs = append(errs, fmt.Errorf("%U in %q", r, line))
			}
		}
		c, ok := obey(line)
		if !ok {
			continue
		}
		list = append(list, c)
		switch c.name {
		case "group":
			group++
		case "endgroup":
			group--
		case "error", "warning", "notice":
			shown[c.name]++
			for key, value := range c.properties {
				if !slices.Contains([]string{"file", "line", "title"}, key) || value == "" {
					errs = append(errs, fmt.Errorf("property %s=%q", key, value))
				}
			}
			if len(c.data) > 20_000 {
				errs = append(errs, fmt.Errorf("a text of %d bytes", len(c.data)))
			}
		default:
			errs = append(errs, fmt.Errorf("the command %s in %q", c.name, line))
		}
		if group < 0 || group > 1 || shown[c.name] > 10 {
			errs = append(errs, fmt.Errorf("group %d, %d of %s at %q", group, shown[c.name], c.name, line))
		}
	}
	if group != 0 {
		errs = append(errs, errors.New("the group does not end"))
	}
	return list, errors.Join(errs...)
}

func TestNoOtherCommands(t *testing.T) {
	for name, report := range reporttest.Cases {
		for _, opt := range []Options{{}, options, {All: true}} {
			if _, err := check(document(t, report, opt)); err != nil {
				t.Errorf("%s %+v: %v", name, opt, err)
			}
		}
	}
}

func TestCheckFindsCommands(t *testing.T) {
	for _, bad := range []string{
		"x\n::set-output name=x::y\n", "libx.a ##[add-mask]x\n", "::error file=a,path=b::x\n", "::group::x\n", "::endgroup::\n",
		"x\x1b\n", "no end", strings.Repeat("::error::x\n", 11), "::group::a\n::group::b\n::endgroup::\n::endgroup::\n",
	} {
		if _, err := check(bad); err == nil {
			t.Errorf("%q is harmless", bad)
		}
	}
}

func TestPlaces(t *testing.T) {
	got, err := check(document(t, reporttest.Cases["places"], options))
	if err != nil {
		t.Fatal(err)
	}
	var places []string
	for _, c := range got {
		places = append(places, c.properties["file"]+":"+c.properties["line"])
	}
	// The violation is the gravest; the path that could not be audited is last.
	want := []string{"src/f.c:3", "../other/x.o:", "a/c 100%#?é.o:", "in.o:", "/w/repository/near.o:", "a:b.o:", ".:"}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSource(t *testing.T) {
	for name, tt := range map[string]struct {
		function finding.Function
		base     string
		want     string
	}{
		"relative":             {finding.Function{File: "src/a.c", Line: 3}, "/w", ":0"},
		"below the base":       {finding.Function{File: "/w/src/a.c", Line: 3}, "/w", "src/a.c:3"},
		"below the root":       {finding.Function{File: "/w/src/a.c", Line: 3}, "/", "w/src/a.c:3"},
		"beside the base":      {finding.Function{File: "/wide/a.c", Line: 3}, "/w", ":0"},
		"no base":              {finding.Function{File: "/w/a.c", Line: 3}, "", ":0"},
		"above":                {finding.Function{File: "src/../../a.c", Line: 3}, "/w", ":0"},
		"no line":              {finding.Function{File: "a.c"}, "/w", ":0"},
		"a line beyond belief": {finding.Function{File: "a.c", Line: 1 << 40}, "/w", ":0"},
		"no file":              {finding.Function{Line: 3}, "/w", ":0"},
	} {
		f := finding.Finding{Functions: []finding.Function{tt.function}}
		file, line := source([]remark{{finding: &f}}, tt.base)
		if got := fmt.Sprintf("%s:%d", file, line); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestGravestFirst(t *testing.T) {
	out := document(t, manyFiles(12), options)
	got, err := check(out)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range got[:20] {
		want := "b"
		if i >= 10 {
			want = "c"
		}
		// The violations are members of archives whose source is known.
		if !strings.HasPrefix(c.data, want) {
			t.Errorf("annotation %d is %q, want one of a file %s", i, c.data, want)
		}
	}
	// Twelve unauditable files, two violations and two warnings remain.
	if n := strings.Count(out, "\nerror: ") + strings.Count(out, "\nwarning: "); n != 16 || !strings.Contains(out, "::group::nosplit: 16 more") {
		t.Errorf("%d lines in the group, want 16", n)
	}
}

func TestManyFindingsOfOneFile(t *testing.T) {
	o := reporttest.Object("app", "", 0, reporttest.Guards(1))
	for i := range 100 {
		o.Findings = append(o.Findings, finding.Finding{ID: finding.NS008, Level: finding.Error, Message: fmt.Sprintf("needs lib%d.so", i)})
	}
	out := document(t, &finding.Report{Files: 1, Objects: []finding.Object{o}}, options)
	if n := strings.Count(out, "NS008"); n != 5 || !strings.Contains(out, "… and 95 more findings") {
		t.Errorf("%d findings after the first, want 5 and the number of the others:\n%s", n, out)
	}
}

func TestSuppressedIsNotAnnotated(t *testing.T) {
	r := &finding.Report{Files: 1, Objects: []finding.Object{reporttest.Object("legacy.o", "", 0, reporttest.Allowed(reporttest.Guards(2)))}}
	if got, want := document(t, r, options), "nosplit: 1 object in 1 file: 0 clean, 1 violation, 0 unauditable (1 allowed), 0 skipped\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWriteReportsTheErrorOfTheWriter(t *testing.T) {
	full := errors.New("disk full")
	if err := Write(brokenWriter{full}, reporttest.Cases["mixed"], options); !errors.Is(err, full) {
		t.Errorf("err = %v, want %v", err, full)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func FuzzWrite(f *testing.F) {
	f.Add("lib/x.a", "m.o", "f(int)", "src/f.c", "/w/repo", 3)
	f.Add(reporttest.Hostile, reporttest.Hostile, reporttest.Hostile, reporttest.Hostile, reporttest.Hostile, 1<<40)
	f.Add("##", "[debug]", "##", "[", "/", -1)
	f.Add("::", "::", "::x::", "::", "::", 1)
	f.Fuzz(func(t *testing.T, path, member, function, source, base string, line int) {
		r := reporttest.FuzzReport(path, member, function, source, line)
		for i := range 12 {
			o := r.Objects[0]
			o.Path += strconv.Itoa(i)
			r.Objects = append(r.Objects, o)
		}
		got, err := check(document(t, r, Options{Base: base, All: true}))
		if err != nil {
			t.Fatal(err)
		}
		// Ten errors, the group and its end.
		if len(got) != 12 {
			t.Fatalf("%d commands, want 12", len(got))
		}
	})
}

func document(t testing.TB, r *finding.Report, opt Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
