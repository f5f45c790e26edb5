// Package policy reads nosplit.yaml and applies it to a report.
//
//  1. Load reads the file and checks all of it; every mistake is reported with
//     line and column, not only the first.
//  2. Apply marks the findings that an entry allows, and tells which entries
//     allowed nothing or have expired.
//  3. The caller decides what the notices weigh and which exit code follows.
//
// A verdict stays what it is: the policy allows a violation, it does not make
// the object clean.
package policy

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// maxFileSize bounds a policy file, in bytes. A policy is written by hand; a
// larger file is a mistake, such as an archive named in its place.
const maxFileSize = 1 << 20

// A Policy is what a nosplit.yaml says about audits.
type Policy struct {
	// File is the path of the policy file, as it was named.
	File string
	// Allow holds the entries in the order of the file.
	Allow []Entry
	// WarnUnauditable is true when unauditable objects do not fail the
	// audit (audit.unauditable: warn).
	WarnUnauditable bool
}

// An Entry allows findings until a date.
type Entry struct {
	ID finding.ID
	// Path is a doublestar glob: relative to the directory of the policy
	// file, or absolute.
	Path string
	// Member is a doublestar glob for the names of archive members; empty
	// for any member and for plain files.
	Member string
	Reason string
	// Expires is the last day, in UTC, on which the entry holds.
	Expires time.Time
	// Line is where the entry begins in the policy file, from 1.
	Line int
}

// An Error is one mistake in a policy file.
type Error struct {
	File string
	// Line and Column count from 1; 0 when they are not known.
	Line, Column int
	Message      string
}

// Error returns the mistake as "file:line:column: message", with nothing in it
// that a terminal would obey.
func (e *Error) Error() string {
	where := printable.Escape(e.File)
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", where, e.Line)
		if e.Column > 0 {
			where = fmt.Sprintf("%s:%d", where, e.Column)
		}
	}
	return where + ": " + e.Message
}

// Load reads the policy file. Its error joins one *Error for each mistake in
// the file, in the order of the file; Mistakes takes it apart.
func Load(file string) (*Policy, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, &Error{File: file, Message: err.Error()}
	}
	return Parse(file, data)
}

// Mistakes returns the single mistakes of an error from Load or Parse.
func Mistakes(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the policy file cannot be read: %w: check the path", cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("the policy file cannot be read: %w: check the path", cause(err))
	}
	if len(data) > maxFileSize {
		return nil, fmt.Errorf("the policy file is larger than %d bytes: name the nosplit.yaml", maxFileSize)
	}
	return data, nil
}

// cause drops operation and path from err: the message names the file already.
func cause(err error) error {
	if pathError, ok := errors.AsType[*os.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// baseDir returns the directory that relative globs of the policy count from.
func (p *Policy) baseDir() (string, error) {
	abs, err := filepath.Abs(p.File)
	if err != nil {
		return "", err
	}
	return filepath.Dir(abs), nil
}
