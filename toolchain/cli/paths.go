package cli

import (
	"bytes"
	"io"
	"os"

	"github.com/rules-nosplit/rules_nosplit/toolchain/printable"
)

// maxPathList bounds a --files-from list, in bytes.
const maxPathList = 64 << 20

// readPathList returns the paths that a file lists, or standard input for "-".
// They are separated by NUL bytes if there is one, else by line breaks; empty
// entries do not count.
func readPathList(file string, stdin io.Reader) ([]string, error) {
	in := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, usagef("--files-from %s cannot be read: %w: check the path", printable.Escape(file), withoutPath(err))
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxPathList+1))
	switch {
	case err != nil:
		return nil, usagef("--files-from %s cannot be read: %w: check the path", printable.Escape(file), withoutPath(err))
	case len(data) > maxPathList:
		return nil, usagef("--files-from %s is larger than %d bytes: name a list of paths", printable.Escape(file), maxPathList)
	}
	separator := []byte("\n")
	if bytes.IndexByte(data, 0) >= 0 {
		separator = []byte{0}
	}
	var paths []string
	for entry := range bytes.SplitSeq(data, separator) {
		if len(entry) > 0 {
			paths = append(paths, string(entry))
		}
	}
	if len(paths) == 0 {
		return nil, usagef("--files-from %s lists no path: write one path on each line", printable.Escape(file))
	}
	return paths, nil
}

// auditPaths gathers the paths of the command line and of --files-from.
func auditPaths(args []string, list string, stdin io.Reader) ([]string, error) {
	for i, path := range args {
		if path == "" {
			return nil, usagef("path %d is empty: name a file, an archive or a directory", i+1)
		}
	}
	paths := args
	if list != "" {
		listed, err := readPathList(list, stdin)
		if err != nil {
			return nil, err
		}
		paths = append(append([]string{}, args...), listed...)
	}
	if len(paths) == 0 {
		return nil, usagef(`no path given: name files, archives or directories, as in "nosplit audit build/"`)
	}
	return paths, nil
}
