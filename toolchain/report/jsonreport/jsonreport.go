// Package jsonreport prints a report as JSON, in the form that the schema
// docs/schema/nosplit.audit.v1.schema.json describes.
package jsonreport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// Schema names the form of the document. It changes when a field changes its
// meaning or goes away.
const Schema = "nosplit.audit/v1"

// A Tool says which program wrote the document.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Options say what to print.
type Options struct {
	Tool Tool
	// All lists the clean objects too, and the skipped files that were found
	// in a directory. The summary counts them in any case.
	All bool
}

type document struct {
	Schema  string               `json:"schema"`
	Tool    Tool                 `json:"tool"`
	Summary finding.Summary      `json:"summary"`
	Objects []finding.Object     `json:"objects"`
	Skipped []finding.Skipped    `json:"skipped"`
	Errors  []finding.InputError `json:"errors"`
}

// Write prints the report to w as one JSON document with a newline at its end.
// The same report gives the same bytes. Text that is not UTF-8 has U+FFFD in
// place of each invalid byte, and unprintable runes are written as \u escapes.
// The errors are those of w.
func Write(w io.Writer, r *finding.Report, opt Options) error {
	doc := document{
		Schema:  Schema,
		Tool:    opt.Tool,
		Summary: r.Summarize(),
		Objects: objects(r.Objects, opt.All),
		Skipped: skipped(r.Skipped, opt.All),
		Errors:  append([]finding.InputError{}, r.Errors...),
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(doc); err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	_, err := w.Write(escapeUnprintable(b.Bytes()))
	return err
}

// objects selects what to print and replaces nil slices, which would be
// printed as null. The report itself stays as it is.
func objects(in []finding.Object, all bool) []finding.Object {
	out := []finding.Object{}
	for _, o := range in {
		if o.Verdict == finding.Clean && !all {
			continue
		}
		findings := append([]finding.Finding{}, o.Findings...)
		for i := range findings {
			f := &findings[i]
			if f.Evidence == nil {
				f.Evidence = []finding.Evidence{}
			}
			if f.Functions == nil {
				f.Functions = []finding.Function{}
			}
		}
		o.Findings = findings
		if o.Go != nil && o.Go.Settings == nil {
			build := *o.Go
			build.Settings = []finding.GoSetting{}
			o.Go = &build
		}
		out = append(out, o)
	}
	return out
}

func skipped(in []finding.Skipped, all bool) []finding.Skipped {
	out := []finding.Skipped{}
	for _, s := range in {
		if all || !s.Walked {
			out = append(out, s)
		}
	}
	return out
}

// escapeUnprintable writes unprintable runes as \u escapes, which mean the same
// in JSON. The JSON encoder leaves the eight-bit control characters and the
// bidirectional overrides alone, and a terminal would obey them. Outside of
// strings JSON is ASCII, so every such rune stands in a string.
func escapeUnprintable(in []byte) []byte {
	out := in[:0:0]
	done := 0
	for i := 0; i < len(in); {
		if in[i] < utf8.RuneSelf && in[i] != 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(in[i:])
		if !strconv.IsPrint(r) {
			out = append(out, in[done:i]...)
			if r1, r2 := utf16.EncodeRune(r); r1 != utf8.RuneError {
				out = fmt.Appendf(out, `\u%04x\u%04x`, r1, r2)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
			done = i + size
		}
		i += size
	}
	if done == 0 {
		return in
	}
	return append(out, in[done:]...)
}
