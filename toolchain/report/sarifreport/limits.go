package sarifreport

import (
	"compress/gzip"
	"fmt"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// limits bound a document as a whole.
type limits struct {
	results int
	packed  int // bytes after gzip
	// detail is the size in bytes, uncompressed, from which on a result
	// lists only fewFunctions: a finding with few functions is worth more
	// than a finding left out.
	detail int
}

// codeScanning has what GitHub refuses, from its page "SARIF support for code
// scanning": a run with more than 25,000 results, a result with more than 1,000
// locations, and an upload of more than 10 MB after gzip. It leaves room for
// what comes after the results, and for compressors that do worse.
var codeScanning = limits{results: 25_000, packed: 9_000_000, detail: 16_000_000}

// What bounds one result. Code scanning shows 100 locations.
const (
	maxFunctions = 100 // logical locations
	fewFunctions = 3   // the same, beyond limits.detail
	maxSources   = 20  // related locations
	maxNamed     = 3   // functions in the message
	// In characters.
	maxName    = 200
	maxPath    = 300
	maxMessage = 500
)

// maxNotifications bounds the paths that are named as not audited.
const maxNotifications = 100

// A meter tells how large the document will be when it is compressed.
type meter struct {
	limit   int // of packed
	raw     int // bytes added
	packed  counter
	pending []byte // added and not compressed yet, at most limit bytes
	zip     *gzip.Writer
}

type counter struct{ n int }

func (c *counter) Write(b []byte) (int, error) {
	c.n += len(b)
	return len(b), nil
}

func newMeter(limit int) *meter {
	m := &meter{limit: limit}
	m.zip = gzip.NewWriter(&m.packed)
	return m
}

func (m *meter) add(b []byte) {
	m.raw += len(b)
	m.pending = append(m.pending, b...)
}

// fits reports whether n more bytes stay within the limit. What is pending
// counts as incompressible for as long as that does: most documents are never
// compressed here.
func (m *meter) fits(n int) bool {
	if m.packed.n+len(m.pending)+n <= m.limit {
		return true
	}
	m.zip.Write(m.pending)
	m.zip.Flush()
	m.pending = m.pending[:0]
	return m.packed.n+n <= m.limit
}

// leftOut says what is not in the document.
func leftOut(left []entry) notification {
	count := map[finding.Level]int{}
	for i := range left {
		count[left[i].finding.Level]++
	}
	level := "warning"
	if count[finding.Error] > 0 {
		level = "error"
	}
	return notification{
		Level: level,
		Message: message{Text: fmt.Sprintf("This document leaves out %d results (%d errors, %d warnings, %d notes), the least grave ones, "+
			"to stay within the limits of GitHub's code scanning. `--all --format json` holds them all.",
			len(left), count[finding.Error], count[finding.Warning], count[finding.Note])},
	}
}
