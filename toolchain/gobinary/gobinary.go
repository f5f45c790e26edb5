// Package gobinary reads from an ELF file how Go built it.
//
// Read looks for signs of the two Go compilers, cheapest first, and stops at
// once where there are none, for it sees every file of a scan:
//
//  1. signs.go: section names, the build ID note and the needed libraries.
//  2. image.go: the bytes behind an address, and the search of what is loaded,
//     for files without section names.
//  3. blob.go: the build information of gc, with the version and the module
//     information.
//  4. modinfo.go: the lines of the module information: path and settings.
//  5. linkmode.go: who finished the link.
//  6. cgo.go: whether cgo's runtime is in the program.
//  7. gccgo.go: what gccgo leaves in a file.
//
// Nothing here decides a verdict. A file that hides its origin on purpose can
// do so.
package gobinary

import (
	"debug/elf"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// The values of finding.GoBuild.
const (
	compilerGC    = "gc"
	compilerGccgo = "gccgo"

	linkInternal = "internal"
	linkExternal = "external"

	cgoYes = "yes"
	cgoNo  = "no"
)

// Read says how Go built a file: a program, a c-shared library, a plugin, the
// Go object in a c-archive, or an object of gccgo. It returns nil and no error
// when the file shows no sign of Go.
//
// When the file is Go's but its build information is broken, Read returns both
// what is left to tell and an *elfobj.FormatError. The strings hold the bytes
// of the file, whatever they are; long ones are cut and say so.
//
// Packed files (UPX), gc programs whose names an obfuscator replaced, and
// programs with a static libgo and no section headers tell less or nothing.
func Read(f *elfobj.File) (*finding.GoBuild, error) {
	if !f.Linked() && f.Type != elf.ET_REL {
		return nil, nil
	}
	s := findSigns(f)
	blob, err := s.findBlob(f)
	switch {
	case s.gc || blob != nil || err != nil:
		return readGC(f, &s, blob), err
	case s.gccgo:
		return readGccgo(f, &s), nil
	}
	return nil, nil
}

func readGC(f *elfobj.File, s *signs, blob *buildInfo) *finding.GoBuild {
	b := &finding.GoBuild{
		Compiler: compilerGC,
		LinkMode: linkMode(f),
		Cgo:      cgoOfGC(f, s),
	}
	var modinfo []byte
	if blob != nil {
		b.Version = cut(blob.version, maxVersion)
		modinfo = unframe(blob.modinfo)
	}
	b.Path, b.Settings = parseModInfo(modinfo)
	return b
}
