package policy

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// A Notice is something to say about an entry that did not do what it was
// written for: it matched nothing, or it has expired.
type Notice struct {
	File    string
	Line    int
	Message string
}

// Apply sets Suppressed on every finding that an entry allows at the time now;
// the entries hold through their last day in UTC. The first entry of the file
// wins. Apply returns the notices in the order of the file.
//
// Paths are compared as absolute paths, so it makes no difference whether the
// audit and the policy file were named absolutely or relative to the working
// directory. An error means that the working directory cannot be found out.
func (p *Policy) Apply(report *finding.Report, now time.Time) ([]Notice, error) {
	base, err := p.baseDir()
	if err != nil {
		return nil, fmt.Errorf("%s: the directory of the policy file cannot be found out: %w", printable.Escape(p.File), err)
	}
	uses := make([]use, len(p.Allow))
	paths := newPaths(base)
	for i := range report.Objects {
		o := &report.Objects[i]
		for j := range o.Findings {
			if err := p.applyTo(o, &o.Findings[j], paths, uses, now); err != nil {
				return nil, err
			}
		}
	}
	return p.notices(uses, now), nil
}

// use counts what an entry matched, and keeps the first for the notice.
type use struct {
	matches int
	first   string
}

func (p *Policy) applyTo(o *finding.Object, f *finding.Finding, paths *paths, uses []use, now time.Time) error {
	for i := range p.Allow {
		e := &p.Allow[i]
		if e.ID != f.ID || !e.matchesMember(o.Member) {
			continue
		}
		named, err := paths.of(o.Path)
		if err != nil {
			return err
		}
		if !e.matchesPath(named) {
			continue
		}
		if uses[i].matches++; uses[i].matches == 1 {
			uses[i].first = objectName(o)
		}
		if f.Suppressed == nil && !e.expired(now) {
			f.Suppressed = &finding.Suppression{
				Reason:  e.Reason,
				Expires: e.Expires.Format(dateFormat),
				By:      fmt.Sprintf("%s:%d", p.File, e.Line),
			}
		}
	}
	return nil
}

// expired reports whether the day after Expires has begun in UTC.
func (e *Entry) expired(now time.Time) bool {
	return !now.UTC().Before(e.Expires.AddDate(0, 0, 1))
}

func (e *Entry) matchesMember(member string) bool {
	if e.Member == "" {
		return true
	}
	return member != "" && doublestar.MatchUnvalidated(e.Member, member)
}

func (e *Entry) matchesPath(n names) bool {
	if filepath.IsAbs(e.Path) {
		return doublestar.MatchUnvalidated(e.Path, n.absolute)
	}
	for _, relative := range n.relative {
		// "**" must not climb out of the directory of the policy file, so
		// the parents are compared by number and only the rest by pattern.
		patternParents, pattern := splitParents(e.Path)
		pathParents, path := splitParents(relative)
		if patternParents == pathParents && doublestar.MatchUnvalidated(pattern, path) {
			return true
		}
	}
	return false
}

func (p *Policy) notices(uses []use, now time.Time) []Notice {
	var notices []Notice
	for i := range p.Allow {
		e, u := &p.Allow[i], uses[i]
		expired := e.expired(now)
		var message string
		switch {
		case expired && u.matches > 0:
			message = fmt.Sprintf("expired on %s and allows nothing now, yet it matches %s: fix it, or agree on a new date",
				e.Expires.Format(dateFormat), matched(u))
		case expired:
			message = fmt.Sprintf("expired on %s and matched nothing: remove it", e.Expires.Format(dateFormat))
		case u.matches == 0:
			message = "matched nothing: remove it, or correct its path or member"
		default:
			continue
		}
		notices = append(notices, Notice{File: p.File, Line: e.Line, Message: "the allow entry for " + e.String() + " " + message})
	}
	return notices
}

func matched(u use) string {
	if u.matches == 1 {
		return u.first
	}
	return fmt.Sprintf("%d findings, the first in %s", u.matches, u.first)
}

// String names the entry as "NS001 in lib/*.a(co_*.o)".
func (e *Entry) String() string {
	s := fmt.Sprintf("%s in %s", e.ID, printable.Escape(e.Path))
	if e.Member != "" {
		s += "(" + printable.Escape(e.Member) + ")"
	}
	return s
}

func objectName(o *finding.Object) string {
	if o.Member == "" {
		return printable.Escape(o.Path)
	}
	return printable.Escape(o.Path) + "(" + printable.Escape(o.Member) + ")"
}

// names are the spellings of one file that globs are matched against.
type names struct {
	absolute string
	// relative to the directory of the policy file: as named, and, where
	// that differs, with symbolic links in the directories resolved.
	relative []string
}

// paths turns the paths of a report into names. Objects come sorted by path, so
// keeping the last answer is enough.
type paths struct {
	base, realBase string
	lastPath       string
	last           names
}

func newPaths(base string) *paths {
	real, err := filepath.EvalSymlinks(base)
	if err != nil {
		real = base
	}
	return &paths{base: base, realBase: real}
}

func (p *paths) of(path string) (names, error) {
	if path == p.lastPath {
		return p.last, nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return names{}, fmt.Errorf("%s: its absolute path cannot be found out: %w", printable.Escape(path), err)
	}
	n := names{absolute: filepath.ToSlash(absolute)}
	relative, err := filepath.Rel(p.base, absolute)
	if err == nil {
		n.relative = append(n.relative, filepath.ToSlash(relative))
	}
	// The shell may have come here through a symbolic link while the file
	// was named without it. The last segment stays: it is what was named.
	if dir, err := filepath.EvalSymlinks(filepath.Dir(absolute)); err == nil {
		resolved, err := filepath.Rel(p.realBase, filepath.Join(dir, filepath.Base(absolute)))
		if err == nil && resolved != relative {
			n.relative = append(n.relative, filepath.ToSlash(resolved))
		}
	}
	p.lastPath, p.last = path, n
	return n, nil
}
