package cli

import (
	"os"
	"path/filepath"

	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// checkPlace finds the mistakes in the name of a file to write that would
// otherwise show only after a long audit. option is the flag that names it.
func checkPlace(option, file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return usagef("%s: %s is a directory: name a file in it", option, printable.Escape(file))
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return usagef("%s: there is no directory %s: make it first", option, printable.Escape(filepath.Dir(file)))
	}
	return nil
}

// checkPlaces refuses to write two files to one place, or over a file that the
// audit reads.
func checkPlaces(outputs []output, flags auditFlags, paths []string) error {
	type use struct{ what, name string }
	taken := map[string]use{}
	for _, o := range outputs {
		if o.file == "" {
			continue
		}
		what := "--format " + o.format + "=" + o.file
		if first, ok := taken[realPlace(o.file)]; ok {
			return usagef("%s and %s go to the same file: name two", printable.Escape(first.what), printable.Escape(what))
		}
		taken[realPlace(o.file)] = use{what, o.file}
	}
	if flags.write != "" {
		what := "--write-baseline " + flags.write
		if first, ok := taken[realPlace(flags.write)]; ok {
			return usagef("%s and %s go to the same file: name two", printable.Escape(first.what), printable.Escape(what))
		}
		taken[realPlace(flags.write)] = use{what, flags.write}
	}
	read := paths
	if flags.policy != "" {
		read = append(read[:len(read):len(read)], flags.policy)
	}
	if flags.baseline != "" && realPlace(flags.baseline) != realPlace(flags.write) {
		read = append(read[:len(read):len(read)], flags.baseline)
	}
	for _, name := range read {
		if w, ok := taken[realPlace(name)]; ok {
			return usagef("%s would write over %s, which is read: name another file", printable.Escape(w.what), printable.Escape(name))
		}
	}
	return nil
}

// realPlace is what two names of one file have in common, whether it exists or
// not. Devices and pipes may be written to twice.
func realPlace(name string) string {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return "\x00" + name // no path
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	} else if dir, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
		name = filepath.Join(dir, filepath.Base(name))
	}
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return filepath.Clean(name)
}
