package baseline

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// New returns the baseline of a report, for a file that is to be written to the
// path file: the findings at level error or warning that no policy entry
// allows. A finding that a previous baseline suppressed is in it again.
//
// It lists the report and nothing else, so the report must be of everything
// that the baseline is for. An error means that the working directory cannot be
// found out, or that no relative path leads from file to an object.
func New(file string, r *finding.Report) (*Baseline, error) {
	places, err := newPlaces(file)
	if err != nil {
		return nil, err
	}
	var records []record
	numbers := occurrences(r)
	for i := range r.Objects {
		o := &r.Objects[i]
		entries := entriesOf(o, numbers[i])
		if len(entries) == 0 {
			continue
		}
		at, err := places.of(o.Path)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			e.Path = at.spelling
			records = append(records, record{at.real, e})
		}
	}
	return &Baseline{File: file, Entries: merge(records)}, nil
}

// record is an entry and the file that it is about.
type record struct {
	real string
	Entry
}

// entriesOf returns one entry for each ID of an object, without its path.
func entriesOf(o *finding.Object, occurrence int) []Entry {
	var entries []Entry
	for i := range o.Findings {
		f := &o.Findings[i]
		if !known(f) || f.Suppressed != nil && !byBaseline(f.Suppressed) {
			continue
		}
		k := slices.IndexFunc(entries, func(e Entry) bool { return e.ID == f.ID })
		if k < 0 {
			k = len(entries)
			entries = append(entries, Entry{ID: f.ID, Member: o.Member, Occurrence: occurrence})
		}
		for _, fn := range f.Functions {
			if fn.Name == "" {
				entries[k].Unnamed++
			} else {
				entries[k].Functions = append(entries[k].Functions, fn.Name)
			}
		}
	}
	for i := range entries {
		slices.Sort(entries[i].Functions)
	}
	return entries
}

// merge returns the entries of the records, sorted. A file that was audited
// under two names gets one of them, and one entry.
func merge(records []record) []Entry {
	slices.SortStableFunc(records, func(a, b record) int {
		return cmp.Or(
			cmp.Compare(a.real, b.real),
			cmp.Compare(a.Member, b.Member),
			cmp.Compare(a.Occurrence, b.Occurrence),
			cmp.Compare(a.ID, b.ID),
		)
	})
	var entries []Entry
	for len(records) > 0 {
		file := 1 // the length of the part that is about the first file
		spelling := records[0].Path
		for ; file < len(records) && records[file].real == records[0].real; file++ {
			spelling = better(spelling, records[file].Path)
		}
		begin := len(entries)
		for _, rec := range records[:file] {
			rec.Path = spelling
			if last := len(entries) - 1; last >= begin && compareEntries(entries[last], rec.Entry) == 0 {
				entries[last].Functions = most(entries[last].Functions, rec.Functions)
				entries[last].Unnamed = max(entries[last].Unnamed, rec.Unnamed)
				continue
			}
			entries = append(entries, rec.Entry)
		}
		records = records[file:]
	}
	slices.SortFunc(entries, compareEntries)
	return entries
}

// better returns the spelling that leaves the directory of the baseline less,
// then the shorter one, so that the order of the report does not matter.
func better(a, b string) string {
	if cmp.Or(
		cmp.Compare(parents(filepath.FromSlash(a)), parents(filepath.FromSlash(b))),
		cmp.Compare(len(a), len(b)),
		cmp.Compare(a, b),
	) <= 0 {
		return a
	}
	return b
}
