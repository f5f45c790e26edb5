// Package jsonreport prints a report as JSON, in the form that the schema
// docs/schema/nosplit.audit.v1.schema.json describes.
package jsonreport

import (
	"bufio"
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

// Write prints the report to w as one JSON document with a newline at its end.
// The same report gives the same bytes. Text that is not UTF-8 has U+FFFD in
// place of each invalid byte, and unprintable runes are written as \u escapes.
// The errors are those of w. The objects are encoded one by one, for a report may
// have a hundred thousand functions.
func Write(w io.Writer, r *finding.Report, opt Options) error {
	d := &document{w: bufio.NewWriter(w)}
	d.field("schema", Schema)
	d.field("tool", opt.Tool)
	d.field("summary", r.Summarize())
	d.list("objects", func(yield func(any)) {
		for i := range r.Objects {
			if r.Objects[i].Verdict != finding.Clean || opt.All {
				yield(withoutNil(r.Objects[i]))
			}
		}
	})
	d.list("skipped", func(yield func(any)) {
		for _, s := range r.Skipped {
			if opt.All || !s.Walked {
				yield(s)
			}
		}
	})
	d.list("errors", func(yield func(any)) {
		for _, e := range r.Errors {
			yield(e)
		}
	})
	return d.end()
}

// document is a JSON object in the making, indented by two blanks.
type document struct {
	w      *bufio.Writer
	fields int
	buf    bytes.Buffer
	err    error // of the encoder; those of w stay in the bufio.Writer
}

// name begins a field.
func (d *document) name(name string) {
	separator := ",\n"
	if d.fields == 0 {
		separator = "{\n"
	}
	d.fields++
	fmt.Fprintf(d.w, "%s  %q: ", separator, name)
}

func (d *document) field(name string, value any) {
	d.name(name)
	d.value("  ", value)
}

// list writes a field with the values that each yields.
func (d *document) list(name string, each func(yield func(any))) {
	d.name(name)
	n := 0
	each(func(value any) {
		separator := ",\n    "
		if n == 0 {
			separator = "[\n    "
		}
		n++
		d.w.WriteString(separator)
		d.value("    ", value)
	})
	if n == 0 {
		d.w.WriteString("[]")
		return
	}
	d.w.WriteString("\n  ]")
}

// value writes one value; its lines but the first begin with the prefix.
func (d *document) value(prefix string, value any) {
	d.buf.Reset()
	encoder := json.NewEncoder(&d.buf)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, "  ")
	if err := encoder.Encode(value); err != nil && d.err == nil {
		d.err = fmt.Errorf("encoding the report: %w", err)
	}
	d.w.Write(escapeUnprintable(bytes.TrimSuffix(d.buf.Bytes(), []byte("\n"))))
}

func (d *document) end() error {
	d.w.WriteString("\n}\n")
	if d.err != nil {
		return d.err
	}
	return d.w.Flush()
}

// withoutNil replaces nil slices, which would be printed as null. The report
// itself stays as it is.
func withoutNil(o finding.Object) finding.Object {
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
	return o
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
