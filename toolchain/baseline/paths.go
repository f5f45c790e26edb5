package baseline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// A place is where a file is, and how a baseline names it.
type place struct {
	// real is the absolute path with the symbolic links in its directories
	// resolved. The last segment stays: it is what was named.
	real string
	// spelling is the path for the file, see Entry.Path.
	spelling string
}

// places finds the places of paths, asking the file system once for each
// directory.
type places struct {
	base, realBase string
	realDirs       map[string]string
}

// newPlaces returns places around the directory of a baseline file.
func newPlaces(file string) (*places, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("%s: the directory of the baseline cannot be found out: %w", printable.Escape(file), err)
	}
	p := &places{base: filepath.Dir(abs), realDirs: map[string]string{}}
	p.realBase = p.realDir(p.base)
	return p, nil
}

// of returns the place of a path that an audit named.
func (p *places) of(path string) (place, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return place{}, fmt.Errorf("%s: its absolute path cannot be found out: %w", printable.Escape(path), err)
	}
	real := p.real(abs)
	// Inside of the base the path as it was named is the one that people
	// know, and the one that is the same on another machine: bazel-bin is a
	// link to a directory that has the user's name in it.
	best, err := filepath.Rel(p.base, abs)
	if err != nil || parents(best) > 0 {
		// Outside, "..", is the parent that the file system knows.
		best, err = filepath.Rel(p.realBase, abs)
		resolved, resolvedErr := filepath.Rel(p.realBase, real)
		if resolvedErr == nil && (err != nil || parents(resolved) < parents(best)) {
			best, err = resolved, nil
		}
	}
	if err != nil {
		return place{}, fmt.Errorf("%s: no relative path leads here from the baseline: %w", printable.Escape(path), err)
	}
	return place{real: real, spelling: filepath.ToSlash(best)}, nil
}

// ofEntry returns the real path of an entry.
func (p *places) ofEntry(spelling string) string {
	return p.real(filepath.Join(p.realBase, filepath.FromSlash(spelling)))
}

// ofDirectory returns the real path of an audited directory, whose last segment
// an audit follows; false when there is no such directory.
func (p *places) ofDirectory(path string) (string, bool) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	if info, err := os.Stat(abs); err != nil || !info.IsDir() {
		return "", false
	}
	return p.realDir(abs), true
}

func (p *places) real(abs string) string {
	return filepath.Join(p.realDir(filepath.Dir(abs)), filepath.Base(abs))
}

// realDir resolves the symbolic links of an absolute path as far as it exists:
// an entry may name a directory that is gone.
func (p *places) realDir(dir string) string {
	if real, ok := p.realDirs[dir]; ok {
		return real
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		exists := existing(dir)
		if real, err = filepath.EvalSymlinks(exists); err == nil {
			real = filepath.Join(real, dir[len(exists):])
		} else {
			real = dir
		}
	}
	p.realDirs[dir] = real
	return real
}

// existing returns the part of an absolute path that leads to something. It
// goes from the root, since a path that leads nowhere may be long.
func existing(dir string) string {
	end := len(filepath.VolumeName(dir)) + 1
	for {
		next := strings.IndexByte(dir[end:], filepath.Separator)
		if next < 0 {
			return dir[:end]
		}
		if _, err := os.Stat(dir[:end+next]); err != nil {
			return dir[:end]
		}
		end += next + 1
	}
}

// parents counts the leading ".." of a relative path in the form of the system.
func parents(rel string) int {
	const up = ".." + string(filepath.Separator)
	n := 0
	for strings.HasPrefix(rel, up) {
		n++
		rel = rel[len(up):]
	}
	if rel == ".." {
		n++
	}
	return n
}
