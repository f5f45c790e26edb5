package baseline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// document and entry are the file. The order of the fields is the order of the
// keys.
type document struct {
	Schema  string  `json:"schema"`
	Entries []entry `json:"entries"`
}

type entry struct {
	ID         string   `json:"id"`
	Path       string   `json:"path"`
	Member     string   `json:"member"`
	Occurrence int      `json:"occurrence,omitempty"`
	Functions  []string `json:"functions"`
	Unnamed    int      `json:"unnamed,omitempty"`
}

// Write writes the baseline to w, sorted and indented, one function on each
// line. The same baseline gives the same bytes. Nothing is written when the
// baseline is larger than Load accepts; the other errors are those of w.
func (b *Baseline) Write(w io.Writer) error {
	if len(b.Entries) > maxEntries {
		return b.tooLarge(fmt.Sprintf("%d entries, and %d are", len(b.Entries), maxEntries))
	}
	doc := document{Schema: Schema, Entries: make([]entry, len(b.Entries))}
	functions := 0
	for i, e := range b.sorted() {
		out := entry{
			ID: string(e.ID), Path: encode(e.Path), Member: encode(e.Member), Occurrence: e.Occurrence,
			Functions: make([]string, len(e.Functions)), Unnamed: e.Unnamed,
		}
		for k, name := range e.Functions {
			out.Functions[k] = encode(name)
		}
		functions += len(e.Functions)
		doc.Entries[i] = out
	}
	if functions > maxFunctions {
		return b.tooLarge(fmt.Sprintf("%d functions, and %d are", functions, maxFunctions))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // names of C++ functions are full of < and &
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(doc); err != nil {
		return fmt.Errorf("%s: encoding the baseline: %w", printable.Escape(b.File), err)
	}
	if out.Len() > maxFileSize {
		return b.tooLarge(fmt.Sprintf("%d bytes, and %d are", out.Len(), maxFileSize))
	}
	_, err := w.Write(out.Bytes())
	return err
}

func (b *Baseline) tooLarge(what string) error {
	return &Error{File: b.File, Message: "the baseline would hold " + what + " the most: begin with a part of the code"}
}

// sorted returns the entries in the order of the file, each with its functions
// sorted. The baseline stays as it is; one that is in order is not copied.
func (b *Baseline) sorted() []Entry {
	entries := b.Entries
	isSorted := func(e Entry) bool { return slices.IsSorted(e.Functions) }
	if slices.IsSortedFunc(entries, compareEntries) && !slices.ContainsFunc(entries, func(e Entry) bool { return !isSorted(e) }) {
		return entries
	}
	entries = slices.Clone(entries)
	for i := range entries {
		if e := &entries[i]; !isSorted(*e) {
			e.Functions = slices.Sorted(slices.Values(e.Functions))
		}
	}
	slices.SortStableFunc(entries, compareEntries)
	return entries
}
