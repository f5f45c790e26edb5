package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/splitstack"
)

// argument is a path that the user named.
type argument struct {
	path      string
	directory bool
	size      int64 // of a file, in bytes
}

// nothing is the error for an argument without a single object: a gate that
// judged nothing must not pass.
func (a argument) nothing() finding.InputError {
	if a.directory {
		return finding.InputError{Path: a.path, Message: "the directory holds no ELF object, so that nothing was audited; name the directory that the build writes to"}
	}
	return finding.InputError{Path: a.path, Message: "the file holds no ELF object, so that nothing was audited; name an object, an archive, a shared library or an executable"}
}

// input is a file to audit.
type input struct {
	path string
	// arg is the argument that the file was found by.
	arg string
	// walked is true for a file that was found in a directory.
	walked bool
}

// arguments are the named paths, each once.
type arguments struct {
	found   []argument
	missing []finding.InputError
}

func newArguments(paths []string) *arguments {
	a := &arguments{}
	seen := map[string]bool{}
	for _, p := range paths {
		p = filepath.Clean(p)
		if seen[p] {
			continue
		}
		seen[p] = true
		info, err := os.Stat(p)
		if err != nil {
			a.missing = append(a.missing, pathError(p, err))
			continue
		}
		a.found = append(a.found, argument{p, info.IsDir(), info.Size()})
	}
	return a
}

func (a *arguments) directories() []string {
	var dirs []string
	for _, arg := range a.found {
		if arg.directory {
			dirs = append(dirs, arg.path)
		}
	}
	return dirs
}

// inputs is what the walk found beside files.
type inputs struct {
	skipped []finding.Skipped
	// unreadable are directories below an argument that could not be listed.
	unreadable []finding.Object

	add   func(input)
	seen  map[string]bool // paths handed to add
	links []input
}

// expand finds the files that the arguments stand for and hands them to add.
// A file that is reached twice under one name is audited once.
func expand(ctx context.Context, args *arguments, add func(input)) *inputs {
	in := &inputs{add: add, seen: map[string]bool{}}
	// The largest first: one that is begun last keeps one worker busy while
	// the others have nothing left to do.
	files := slices.DeleteFunc(slices.Clone(args.found), func(a argument) bool { return a.directory })
	slices.SortStableFunc(files, func(a, b argument) int { return cmp.Compare(b.size, a.size) })
	for _, a := range files {
		in.addFile(input{path: a.path, arg: a.path})
	}
	for _, dir := range args.directories() {
		in.walk(ctx, dir)
	}
	in.followLinks()
	return in
}

func (in *inputs) addFile(f input) {
	if !in.seen[f.path] {
		in.seen[f.path] = true
		in.add(f)
	}
}

// walk adds the files below a directory and remembers the links.
func (in *inputs) walk(ctx context.Context, root string) {
	// The root itself may be a link to a directory; a trailing separator
	// makes the walk enter it.
	_ = filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		path = filepath.Clean(path)
		switch {
		case ctx.Err() != nil:
			return fs.SkipAll
		case err != nil:
			in.unreadable = append(in.unreadable, unlisted(path, err))
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
		case d.Type().IsRegular():
			in.addFile(input{path, root, true})
		case d.Type()&fs.ModeSymlink != 0:
			in.links = append(in.links, input{path, root, true})
		}
		return nil
	})
}

// followLinks adds the files that links in the walked directories lead to, for
// Bazel's runfiles are nothing else; but not what was found anyway. Links to
// directories are not followed: they may lead round in circles.
func (in *inputs) followLinks() {
	if len(in.links) == 0 {
		return
	}
	real := newResolver()
	found := map[string]bool{}
	for path := range in.seen {
		found[real.path(path)] = true
	}
	slices.SortFunc(in.links, func(a, b input) int { return strings.Compare(a.path, b.path) })
	for _, link := range in.links {
		target, err := realPath(link.path)
		if err != nil {
			in.skip(link.path, "a symbolic link that leads nowhere")
			continue
		}
		info, err := os.Stat(target)
		switch {
		case err != nil:
			in.skip(link.path, "a symbolic link that leads nowhere")
		case info.IsDir():
			in.skip(link.path, "a symbolic link to a directory, not followed")
		case !info.Mode().IsRegular():
			in.skip(link.path, "a symbolic link to a special file")
		case !found[target]:
			found[target] = true
			in.addFile(link)
		}
	}
}

// resolver finds the real paths of regular files, resolving each directory
// once.
type resolver struct{ dirs map[string]string }

func newResolver() *resolver { return &resolver{map[string]string{}} }

func (r *resolver) path(path string) string {
	dir := filepath.Dir(path)
	real, ok := r.dirs[dir]
	if !ok {
		var err error
		if real, err = realPath(dir); err != nil {
			real = absolute(dir)
		}
		r.dirs[dir] = real
	}
	return filepath.Join(real, filepath.Base(path))
}

func (in *inputs) skip(path, reason string) {
	in.skipped = append(in.skipped, finding.Skipped{Path: path, Reason: reason, Walked: true})
}

func unlisted(path string, err error) finding.Object {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return finding.Object{
		Path: path, Format: unknown, Machine: unknown, Verdict: finding.Unauditable,
		Findings: []finding.Finding{splitstack.Unreadable(fmt.Errorf("the directory cannot be listed: %w", err))},
	}
}

// pathError explains why a path was not audited at all.
func pathError(path string, err error) finding.InputError {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	msg := "cannot be read: " + err.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		msg = "no such file or directory; check the path, and that the build wrote it"
	case errors.Is(err, fs.ErrPermission):
		msg = "permission denied; run the audit as a user who may read it"
	}
	return finding.InputError{Path: path, Message: msg}
}
