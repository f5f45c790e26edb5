// Package baseline lets a code base that has findings already begin with the
// audit: what a committed file lists is known, and only what is new fails.
//
//  1. New makes a baseline from the report of an audit, and Write writes it:
//     sorted, without offsets, line numbers or dates, so that a change of the
//     file shows a change of the code.
//  2. Load reads the file back and checks all of it.
//  3. Apply marks the known findings of a report, tells which functions are new
//     in objects that are known, and which entries are out of date.
//
// A verdict stays what it is: a known violation is a violation.
//
// The form of the file is docs/schema/nosplit.baseline.v1.schema.json.
package baseline

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// Schema names the form of the file. It changes when a key changes its meaning
// or goes away.
const Schema = "nosplit.baseline/v1"

// Reason is the Suppression.Reason of findings that a baseline lists.
const Reason = "known: in the baseline"

// Bounds of a baseline. They hold for reading and for writing, so that what was
// written can be read.
const (
	maxFileSize  = 32 << 20 // bytes
	maxEntries   = 1 << 17
	maxFunctions = 1 << 20 // of all entries together
	maxCount     = 1<<31 - 1
)

// A Baseline is a set of findings that are known.
type Baseline struct {
	// File is the path of the baseline file, as it was named. The paths of
	// the entries count from its directory.
	File string
	// Entries are sorted by path, member, occurrence and ID, each once.
	Entries []Entry
}

// An Entry is a known finding of one object. Its strings are the bytes of the
// names; only the file holds them encoded.
type Entry struct {
	ID finding.ID
	// Path of the file, relative to the directory of the baseline file as
	// the file system resolves it, with forward slashes, in its shortest
	// form; it may begin with "../".
	Path string
	// Member is the archive member's name; empty for a plain file.
	Member string
	// Occurrence counts the earlier members of the same name, from 0.
	Occurrence int
	// Functions are the symbols of the functions concerned, sorted. A name
	// stands as often as there are functions of that name.
	Functions []string
	// Unnamed counts the functions without a symbol.
	Unnamed int
	// Line is where the entry begins in the baseline file, from 1; 0 when it
	// was not read from a file.
	Line int
}

// compareEntries is the order of a baseline file.
func compareEntries(a, b Entry) int {
	return cmp.Or(
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Member, b.Member),
		cmp.Compare(a.Occurrence, b.Occurrence),
		cmp.Compare(a.ID, b.ID),
	)
}

// String names the entry as "NS001 in lib/libzip.a(inflate.o)".
func (e *Entry) String() string {
	s := string(e.ID) + " in " + printable.Escape(e.Path)
	switch {
	case e.Member == "":
	case e.Occurrence == 0:
		s += "(" + printable.Escape(e.Member) + ")"
	default:
		s += fmt.Sprintf("(%s, number %d of that name)", printable.Escape(e.Member), e.Occurrence+1)
	}
	return s
}

// An Error is a mistake in a baseline file.
type Error struct {
	File string
	// Line and Column count from 1, Column in bytes; 0 when they are not
	// known.
	Line, Column int
	Message      string
}

// Error returns the mistake as "file:line:column: message", with nothing in it
// that a terminal would obey.
func (e *Error) Error() string {
	where := printable.Escape(e.File)
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", where, e.Line, e.Column)
	}
	return where + ": " + e.Message
}

// Load reads a baseline file. Its error is an *Error: the first mistake in the
// file, or why it cannot be read.
func Load(file string) (*Baseline, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, &Error{File: file, Message: err.Error()}
	}
	return Parse(file, data)
}

func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		b.Grow(int(min(info.Size(), maxFileSize)) + 2*bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(f, maxFileSize+1)); err != nil {
		return nil, unreadable(err)
	}
	if b.Len() > maxFileSize {
		return nil, fmt.Errorf("the baseline is larger than %d bytes: name a file that --write-baseline wrote", maxFileSize)
	}
	return b.Bytes(), nil
}

func unreadable(err error) error {
	if pathError, ok := errors.AsType[*os.PathError](err); ok {
		err = pathError.Err // the message names the file already
	}
	return fmt.Errorf("the baseline cannot be read: %w: check the path, or make the file with --write-baseline", err)
}

// known reports whether a finding is of a kind that baselines list. Notes fail
// nothing, not even under --strict.
func known(f *finding.Finding) bool {
	return f.Level == finding.Error || f.Level == finding.Warning
}

// byBaseline reports whether a baseline suppressed the finding. The entries of
// a policy always have a date.
func byBaseline(s *finding.Suppression) bool {
	return s.Expires == "" && s.Reason == Reason
}

// A memberName tells members of one name in one file apart from all others.
type memberName struct{ path, member string }

// occurrences numbers the objects of a report among those of the same path and
// member, in the order of the report. Clean objects count, so that mending one
// does not renumber the others.
func occurrences(r *finding.Report) []int {
	numbers := make([]int, len(r.Objects))
	next := map[memberName]int{}
	for i := range r.Objects {
		name := memberName{r.Objects[i].Path, r.Objects[i].Member}
		numbers[i] = next[name]
		next[name]++
	}
	return numbers
}

// most merges two sorted lists so that each name stands as often as in the list
// where it stands more often.
func most(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	out := slices.Clone(a)
	for i, name := range b {
		// In a run of equal names, the k-th is missing if a has fewer.
		first, _ := slices.BinarySearch(b, name)
		at, _ := slices.BinarySearch(a, name)
		if k := at + i - first; k >= len(a) || a[k] != name {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
