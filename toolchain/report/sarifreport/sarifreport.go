// Package sarifreport prints a report as SARIF 2.1.0, the format in which
// GitHub's code scanning and many editors take findings.
//
//  1. Findings become results, the gravest first, each with a fingerprint that
//     stays the same when code moves.
//  2. The document is written as it is made: the tool with its rules, the
//     results, and last what went wrong and what was left out.
//  3. Results end where code scanning would refuse the upload; a notification
//     says how many are missing.
//
// Names that come from files pass package printable, and paths are
// percent-encoded, so that the document is valid whatever they hold.
package sarifreport

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// A Tool says which program wrote the document.
type Tool struct {
	Name    string
	Version string
}

// Options say what to print.
type Options struct {
	Tool Tool
	// Base is the absolute path of the directory that locations are relative
	// to: the root of the repository, or the working directory. A file that
	// was named by an absolute path outside of Base keeps it, as a file URI.
	// Empty means that there is no such directory.
	Base string
	// All prints the notes of clean objects too.
	All bool
	// OmitSuppressed leaves out what the policy allows. Otherwise such a
	// result carries a suppression, which editors and SARIF viewers honour.
	// GitHub's code scanning does not: it opens an alert for it.
	OmitSuppressed bool
}

// Write prints the report to w as one SARIF log with one run, and a newline at
// its end. The same report and the same Options give the same bytes. The
// errors are those of w.
func Write(w io.Writer, r *finding.Report, opt Options) error {
	return write(w, r, opt, codeScanning)
}

func write(w io.Writer, r *finding.Report, opt Options, max limits) error {
	p := &printer{w: bufio.NewWriter(w), size: newMeter(max.packed), places: newPlaces(opt.Base)}
	p.text("{\n  \"$schema\": \"" + schemaURI + "\",\n  \"version\": \"2.1.0\",\n  \"runs\": [\n    {")
	p.member("tool", tool{Driver: driver(opt.Tool)})
	p.text(",")
	p.member("originalUriBaseIds", map[string]baseLocation{rootID: {Description: message{Text: "The directory that the audit was run in."}}})
	p.text(",\n      \"results\": [")
	entries, suppressed := collect(r, opt, p.places)
	written := p.results(entries, max)
	p.text("],")
	p.member("invocations", []invocation{p.invocation(r, entries[written:])})
	p.text(",")
	p.member("properties", runProperties{Summary: r.Summarize(), Suppressed: suppressed})
	p.text("\n    }\n  ]\n}\n")
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

// schemaURI names the schema that testdata holds a copy of.
const schemaURI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// A printer holds the state of one Write. Errors of w stay in the bufio.Writer
// until its Flush.
type printer struct {
	w      *bufio.Writer
	size   *meter
	places *places
	err    error // of an encoder, which a bug alone could cause
}

func (p *printer) text(s string) {
	p.size.add([]byte(s))
	p.w.WriteString(s)
}

// member writes a member of the run, with the line break before it.
func (p *printer) member(key string, value any) {
	p.text("\n      \"" + key + "\": ")
	b := p.encode("      ", value)
	p.size.add(b)
	p.w.Write(b)
}

// results writes as many entries as the limits allow and returns their number.
func (p *printer) results(entries []entry, max limits) int {
	n := 0
	for ; n < min(len(entries), max.results); n++ {
		functions := maxFunctions
		if p.size.raw > max.detail {
			functions = fewFunctions
		}
		b := p.encode("        ", entries[n].result(p.places, functions))
		if !p.size.fits(len(b)) {
			break
		}
		if n > 0 {
			p.text(",")
		}
		p.text("\n        ")
		p.size.add(b)
		p.w.Write(b)
	}
	if n > 0 {
		p.text("\n      ")
	}
	return n
}

// encode returns the value as JSON whose lines after the first begin with
// prefix.
func (p *printer) encode(prefix string, value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, "  ")
	if err := encoder.Encode(value); err != nil && p.err == nil {
		p.err = fmt.Errorf("encoding the report: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// invocation says whether all that was named could be audited, and what the
// document leaves out.
func (p *printer) invocation(r *finding.Report, left []entry) invocation {
	in := invocation{
		ExecutionSuccessful: len(r.Errors) == 0,
		Notifications:       []notification{},
	}
	for i, e := range r.Errors {
		if i == maxNotifications {
			in.Notifications = append(in.Notifications, notification{
				Level:   "error",
				Message: message{Text: fmt.Sprintf("%d more paths could not be audited.", len(r.Errors)-i)},
			})
			break
		}
		in.Notifications = append(in.Notifications, notification{
			Level:     "error",
			Message:   message{Text: plain(p.places.display(e.Path)) + ": " + plain(shorten(e.Message, maxMessage))},
			Locations: []location{{Physical: &physicalLocation{Artifact: p.places.artifact(e.Path)}}},
		})
	}
	if len(left) > 0 {
		in.Notifications = append(in.Notifications, leftOut(left))
	}
	if p.places.absolute && p.places.base != "" {
		// Code scanning refuses file URIs unless it knows the root that
		// they are to be compared with.
		in.WorkingDirectory = &artifactLocation{URI: fileURI(p.places.base + "/")}
	}
	return in
}
