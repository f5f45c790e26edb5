package baseline

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// A Notice is something to say about an entry that is out of date.
type Notice struct {
	File string
	// Line is where the entry begins, from 1; 0 when the baseline was not
	// read from a file.
	Line    int
	Message string
}

// key is what an entry is found by. The path is the real one.
type key struct {
	real, member string
	occurrence   int
	id           finding.ID
}

// A listing is an entry while it is applied.
type listing struct {
	*Entry
	real string
	// covered: the audit was asked about the file. excused: it could not be
	// read, so that nothing is known about the entry.
	covered, excused bool
	// used: a finding is what the entry is about.
	used bool
	// gone are the first of the functions that no longer occur, and goneCount
	// and goneUnnamed count them.
	gone                   []string
	goneCount, goneUnnamed int
	// allowed is what the policy says about the finding.
	allowed *finding.Suppression
}

func (l *listing) cover()  { l.covered = true }
func (l *listing) excuse() { l.excused = true }

// compare notes which functions of the entry are not found. Both lists are
// sorted. An object that is audited under two names counts once.
func (l *listing) compare(found []located, unnamed int) {
	if l.used {
		return
	}
	l.used = true
	l.goneUnnamed = max(0, l.Unnamed-unnamed)
	for _, name := range l.Functions {
		for len(found) > 0 && found[0].name < name {
			found = found[1:]
		}
		if len(found) > 0 && found[0].name == name {
			found = found[1:]
			continue
		}
		if l.goneCount++; l.goneCount <= maxShown {
			l.gone = append(l.gone, name)
		}
	}
}

// message says why the entry is out of date; empty when it is not.
func (l *listing) message() string {
	switch {
	case !l.used && l.covered && !l.excused:
		return "no longer occurs: remove it, or write the baseline again"
	case l.allowed != nil:
		return fmt.Sprintf("is allowed by %s too: remove it, or it outlives that entry", printable.Escape(l.allowed.By))
	case l.goneCount+l.goneUnnamed > 0:
		gone := listed(l.gone, l.goneUnnamed)
		if more := l.goneCount - len(l.gone); more > 0 {
			gone = fmt.Sprintf("%s, %d more", gone, more)
		}
		return fmt.Sprintf("lists %s: remove what is gone, or write the baseline again%s",
			plural(l.goneCount+l.goneUnnamed, "function that is gone", "functions that are gone"), gone)
	}
	return ""
}

// index finds the entries of a file, an object and a finding. It is sorted by
// key.
type index []listing

func newIndex(entries []Entry, p *places) *index {
	x := make(index, len(entries))
	for i := range entries {
		x[i].Entry = &entries[i]
		if i > 0 && entries[i].Path == entries[i-1].Path {
			x[i].real = x[i-1].real
		} else {
			x[i].real = p.ofEntry(entries[i].Path)
		}
	}
	slices.SortStableFunc(x, func(a, b listing) int { return a.compareTo(b.key()) })
	return &x
}

func (l *listing) key() key { return key{l.real, l.Member, l.Occurrence, l.ID} }

func (l *listing) compareTo(k key) int {
	return cmp.Or(l.compareToObject(k), cmp.Compare(l.ID, k.id))
}

func (l *listing) compareToObject(k key) int {
	return cmp.Or(cmp.Compare(l.real, k.real), cmp.Compare(l.Member, k.member), cmp.Compare(l.Occurrence, k.occurrence))
}

// find returns the entries for k.
func (x *index) find(k key) []*listing {
	return x.from(func(l *listing) int { return l.compareTo(k) })
}

// markFile calls mark for the entries of a file, markObject for those of an
// object, markBelow for those of all files below a directory.
func (x *index) markFile(real string, mark func(*listing)) {
	x.mark(func(l *listing) int { return cmp.Compare(l.real, real) }, mark)
}

func (x *index) markObject(k key, mark func(*listing)) {
	x.mark(func(l *listing) int { return l.compareToObject(k) }, mark)
}

func (x *index) markBelow(dir string, mark func(*listing)) {
	prefix := below(dir)
	x.mark(func(l *listing) int {
		if strings.HasPrefix(l.real, prefix) {
			return 0
		}
		return cmp.Compare(l.real, prefix)
	}, mark)
}

func (x *index) mark(compare func(*listing) int, mark func(*listing)) {
	for _, l := range x.from(compare) {
		mark(l)
	}
}

// from returns the listings that compare as equal, which stand together.
func (x *index) from(compare func(*listing) int) []*listing {
	at, _ := slices.BinarySearchFunc(*x, struct{}{}, func(l listing, _ struct{}) int { return compare(&l) })
	var found []*listing
	for ; at < len(*x) && compare(&(*x)[at]) == 0; at++ {
		found = append(found, &(*x)[at])
	}
	return found
}

// below is how the paths below a directory begin.
func below(dir string) string {
	const separator = string(filepath.Separator)
	return strings.TrimSuffix(dir, separator) + separator
}

// outermost drops the directories that lie below others, so that no entry is
// marked more than once for each.
func outermost(dirs []string) []string {
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(below(a), below(b)) })
	var out []string
	for _, dir := range dirs {
		if len(out) == 0 || !strings.HasPrefix(below(dir), below(out[len(out)-1])) {
			out = append(out, dir)
		}
	}
	return out
}

func (x *index) notices(file string) []Notice {
	var notices []Notice
	for i := range *x {
		l := &(*x)[i]
		if message := l.message(); message != "" {
			notices = append(notices, Notice{
				File: file, Line: l.Line,
				Message: "the baseline entry for " + l.String() + " " + message,
			})
		}
	}
	slices.SortStableFunc(notices, func(a, b Notice) int { return cmp.Compare(a.Line, b.Line) })
	return notices
}
