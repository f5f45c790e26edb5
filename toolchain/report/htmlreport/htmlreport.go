// Package htmlreport prints a report as one HTML page for people who decide on
// a release.
//
//  1. The page begins with the verdict in one sentence, then counts, the kinds
//     of finding, the files with the worst first, the objects, and at the end
//     what each kind of finding means.
//  2. The page is one file that loads nothing: style and script are part of it,
//     and its Content-Security-Policy allows these two by their hash and
//     nothing else.
//  3. Everything can be read without JavaScript. The script adds search,
//     filters, sorting and a choice of the colour scheme.
//  4. Without Options.All the page has a limit, in bytes and in rows. What is
//     left out is counted at the place where it would stand.
//
// Every name that comes from a file passes package printable, and html/template
// after it.
package htmlreport

import (
	"bufio"
	_ "embed" // for the template, the style and the script
	"fmt"
	"html/template"
	"io"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// What is listed without Options.All.
const (
	// MaxFunctions is how many functions of one finding.
	MaxFunctions = 200
	// MaxObjects is how many objects.
	MaxObjects = 3000
	// MaxBytes bounds what is listed, in bytes of HTML. The rest of the page
	// (style, script, explanations) takes less than 64 KiB.
	MaxBytes = 12 << 20
)

// What else is listed without Options.All.
const (
	maxFindings  = 50  // of one object
	maxEvidence  = 50  // of one finding
	maxSettings  = 100 // of one Go build
	maxFiles     = 300
	maxSkipped   = 500
	maxErrors    = 500
	maxNameRunes = 1000 // of one name or message
)

// A Tool says which program wrote the page.
type Tool struct {
	Name    string
	Version string
}

// Options say what to print.
type Options struct {
	Tool Tool
	// All lists the clean objects and the skipped files that were found in a
	// directory too, and lifts every limit. Without it, clean objects are
	// listed when they have a warning.
	All bool
}

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

var page = template.Must(template.New("page").Parse(pageTemplate))

// Write prints the report to w as one HTML document. The same report gives the
// same bytes. The errors are those of w.
func Write(w io.Writer, r *finding.Report, opt Options) error {
	b := bufio.NewWriter(w)
	if err := page.Execute(b, newDocument(r, opt)); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return b.Flush()
}

// A document is what the template shows. All text in it is printable.
type document struct {
	Policy   string // the Content-Security-Policy
	Style    template.CSS
	Script   template.JS
	Tool     Tool
	Rules    int // finding.RuleTableVersion
	All      bool
	Headline headline
	Tiles    []tile
	Bar      []segment
	Kinds    []kind
	Files    files
	Objects  objects
	Skipped  skipped
	Errors   inputErrors
}

func newDocument(r *finding.Report, opt Options) *document {
	l := newLimits(opt.All)
	count := countReport(r)
	listed := l.objects(r.Objects)
	return &document{
		Policy:   contentPolicy(pageStyle, pageScript),
		Style:    template.CSS(pageStyle),
		Script:   template.JS(pageScript),
		Tool:     Tool{Name: l.text(opt.Tool.Name), Version: l.text(opt.Tool.Version)},
		Rules:    finding.RuleTableVersion,
		All:      opt.All,
		Headline: newHeadline(r, count),
		Tiles:    newTiles(r, count),
		Bar:      segments(count),
		Kinds:    kinds(r.Objects, listed),
		Files:    l.files(r.Objects),
		Objects:  listed,
		Skipped:  l.skipped(r.Skipped),
		Errors:   l.errors(r.Errors),
	}
}
