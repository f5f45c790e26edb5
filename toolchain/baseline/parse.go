package baseline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// Parse reads a baseline from data; file is the name that messages and
// suppressions carry, and paths count from its directory. Errors are as Load
// describes them.
func Parse(file string, data []byte) (*Baseline, error) {
	p := &parser{file: file, data: data, decoder: json.NewDecoder(bytes.NewReader(data)), line: 1}
	p.decoder.UseNumber()
	entries, err := p.document()
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(entries, compareEntries)
	for i := 1; i < len(entries); i++ {
		if first, e := &entries[i-1], &entries[i]; compareEntries(*first, *e) == 0 {
			return nil, &Error{
				File: file, Line: e.Line, Column: 1,
				Message: fmt.Sprintf("a second entry for %s, the first is on line %d: keep one, or write the file again with --write-baseline", e, first.Line),
			}
		}
	}
	return &Baseline{File: file, Entries: entries}, nil
}

// A parser goes through the tokens of the file and expects what the schema
// describes, so that neither depth nor size of anything else matters.
type parser struct {
	file    string
	data    []byte
	decoder *json.Decoder
	// at is the offset in data behind which the current token begins.
	at int
	// line is the number of the line that counted is in.
	line, counted int
	functions     int // read so far
}

// failf returns the mistake at the current token.
func (p *parser) failf(format string, args ...any) error {
	at := p.begin()
	line := 1 + bytes.Count(p.data[:at], []byte("\n"))
	column := at - bytes.LastIndexByte(p.data[:at], '\n')
	return &Error{File: p.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

// begin is the offset of the current token.
func (p *parser) begin() int {
	at := p.at
	for at < len(p.data) && strings.IndexByte(" \t\r\n,:", p.data[at]) >= 0 {
		at++
	}
	return at
}

// currentLine is the line of the current token; tokens come in order, so that
// each line is counted once.
func (p *parser) currentLine() int {
	at := p.begin()
	p.line += bytes.Count(p.data[p.counted:at], []byte("\n"))
	p.counted = at
	return p.line
}

func (p *parser) next() (json.Token, error) {
	p.at = int(p.decoder.InputOffset())
	token, err := p.decoder.Token()
	switch syntax, ok := errors.AsType[*json.SyntaxError](err); {
	case err == nil:
		return token, nil
	case ok:
		return nil, p.failf("not valid JSON: %s: name a file that --write-baseline wrote", syntax)
	case len(bytes.TrimSpace(p.data)) == 0:
		return nil, &Error{File: p.file, Message: "the baseline is empty: make it with --write-baseline"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, p.failf("the file ends too early: write it again with --write-baseline")
	}
	return nil, p.failf("not valid JSON: %s", printable.Escape(err.Error()))
}

func (p *parser) document() ([]Entry, error) {
	var entries []Entry
	err := p.object("the baseline", []string{"schema", "entries"}, 2, func(key string) error {
		if key == "schema" {
			return p.schema()
		}
		return p.list(key, func(token json.Token) error {
			if len(entries) == maxEntries {
				return p.failf("the baseline holds more than %d entries: audit a part of the code at a time", maxEntries)
			}
			e, err := p.entry(token)
			entries = append(entries, e)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	p.at = int(p.decoder.InputOffset())
	if _, err := p.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, p.failf("something follows the baseline: a file holds one JSON value")
	}
	return entries, nil
}

func (p *parser) schema() error {
	token, err := p.next()
	if err != nil {
		return err
	}
	if name, ok := token.(string); !ok || name != Schema {
		return p.failf(`"schema" must be %q, found %s: use the version of nosplit that wrote the file, or write it again with --write-baseline`, Schema, describe(token))
	}
	return nil
}

// object reads an object, its opening brace included. The keys are the known
// ones, the first so many of which are required; value reads what belongs to
// a key.
func (p *parser) object(what string, keys []string, required int, value func(key string) error) error {
	token, err := p.next()
	if err != nil {
		return err
	}
	return p.members(token, what, keys, required, value)
}

// members is object after its first token.
func (p *parser) members(token json.Token, what string, keys []string, required int, value func(key string) error) error {
	if token != json.Delim('{') {
		return p.failf("%s must be an object with the keys %s, found %s", what, strings.Join(keys, ", "), describe(token))
	}
	begin := p.at
	seen := make([]bool, len(keys))
	for {
		token, err := p.next()
		if err != nil {
			return err
		}
		if token == json.Delim('}') {
			break
		}
		key := token.(string) // the decoder allows nothing else here
		switch i := slices.Index(keys, key); {
		case i < 0:
			return p.failf("unknown key %s in %s; known keys are %s", quote(key), what, strings.Join(keys, ", "))
		case seen[i]:
			return p.failf("key %q is given twice in %s: keep one", key, what)
		default:
			seen[i] = true
		}
		if err := value(key); err != nil {
			return err
		}
	}
	if i := slices.Index(seen[:required], false); i >= 0 {
		p.at = begin
		return p.failf("%s has no %q: write the file again with --write-baseline", what, keys[i])
	}
	return nil
}

// list reads a list; item gets the first token of each element.
func (p *parser) list(key string, item func(json.Token) error) error {
	token, err := p.next()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		return p.failf("%q must be a list, found %s", key, describe(token))
	}
	for {
		token, err := p.next()
		if err != nil {
			return err
		}
		if token == json.Delim(']') {
			return nil
		}
		if err := item(token); err != nil {
			return err
		}
	}
}

func (p *parser) entry(token json.Token) (Entry, error) {
	e := Entry{Line: p.currentLine()}
	err := p.members(token, "an entry", []string{"id", "path", "member", "functions", "occurrence", "unnamed"}, 4, func(key string) (err error) {
		switch key {
		case "id":
			e.ID, err = p.id()
		case "path":
			e.Path, err = p.path()
		case "member":
			e.Member, err = p.name(key)
		case "functions":
			e.Functions, err = p.functionNames()
		case "occurrence":
			e.Occurrence, err = p.count(key)
		case "unnamed":
			e.Unnamed, err = p.count(key)
		}
		return err
	})
	return e, err
}

func (p *parser) id() (finding.ID, error) {
	s, err := p.name("id")
	if err != nil {
		return "", err
	}
	rule, ok := finding.Lookup(finding.ID(s))
	if !ok {
		return "", p.failf(`"id" %s is not known to this version of nosplit: use the version that wrote the file, or remove the entry`, quote(s))
	}
	return rule.ID, nil
}

func (p *parser) path() (string, error) {
	s, err := p.name("path")
	switch {
	case err != nil:
		return "", err
	case s == "":
		return "", p.failf(`"path" is empty: name the file`)
	case path.IsAbs(s):
		return "", p.failf(`"path" must be relative to the directory of this file, found %s`, quote(s))
	case path.Clean(s) != s:
		return "", p.failf(`"path" must be in its shortest form, %s, found %s`, quote(path.Clean(s)), quote(s))
	}
	return s, nil
}

func (p *parser) functionNames() ([]string, error) {
	var names []string
	err := p.list("functions", func(token json.Token) error {
		if p.functions++; p.functions > maxFunctions {
			return p.failf("the baseline lists more than %d functions: audit a part of the code at a time", maxFunctions)
		}
		name, err := p.decoded("a function", token)
		if err == nil && name == "" {
			err = p.failf(`a function has an empty name: count it in "unnamed"`)
		}
		names = append(names, name)
		return err
	})
	if !slices.IsSorted(names) {
		slices.Sort(names)
	}
	return slices.Clip(names), err
}

func (p *parser) name(key string) (string, error) {
	token, err := p.next()
	if err != nil {
		return "", err
	}
	return p.decoded(strconv.Quote(key), token)
}

func (p *parser) decoded(what string, token json.Token) (string, error) {
	s, ok := token.(string)
	if !ok {
		return "", p.failf("%s must be a string, found %s", what, describe(token))
	}
	name, err := decode(s)
	if err != nil {
		return "", p.failf("%s %v", what, err)
	}
	return name, nil
}

// count reads a count that is left out when it is 0.
func (p *parser) count(key string) (int, error) {
	token, err := p.next()
	if err != nil {
		return 0, err
	}
	number, ok := token.(json.Number)
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if !ok || err != nil || n < 1 || n > maxCount {
		return 0, p.failf("%q must be a whole number from 1 to %d, found %s: leave the key out for 0", key, maxCount, describe(token))
	}
	return int(n), nil
}

// maxQuoted bounds how much of the file a message repeats, in bytes.
const maxQuoted = 80

// describe names a token, for "found …".
func describe(token json.Token) string {
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return "an object"
		}
		return "a list"
	case string:
		return quote(t)
	case json.Number:
		return "the number " + shorten(t.String())
	case bool:
		return fmt.Sprintf("the truth value %t", t)
	}
	return "null"
}

// quote returns s in double quotes, shortened, with nothing in it that a
// terminal would obey.
func quote(s string) string { return strconv.Quote(shorten(s)) }

func shorten(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return strings.ToValidUTF8(s[:maxQuoted], "") + "…"
}
