package gobinary

import (
	"bytes"
	"debug/elf"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// readGccgo tells of a file of gccgo. gccgo records neither its version nor
// settings by itself; GCC writes its own version into .comment, and cmd/go
// compiles the module information into the main package.
func readGccgo(f *elfobj.File, s *signs) *finding.GoBuild {
	b := &finding.GoBuild{
		Compiler: compilerGccgo,
		Version:  gccVersion(f),
		Cgo:      cgoOfGccgo(f, s),
	}
	if f.Linked() {
		b.LinkMode = linkExternal // gccgo knows no other
	}
	b.Path, b.Settings = parseModInfo(findModInfo(f))
	return b
}

// maxComment bounds the part of .comment that is looked at, in bytes.
const maxComment = 64 << 10

// gccVersion makes "gccgo (Debian 12.2.0-14) 12.2.0" of the version that GCC
// left in .comment. It is empty when several compilers left theirs: nothing
// tells which one compiled the Go code.
func gccVersion(f *elfobj.File) string {
	var version []byte
	for i := 1; i < f.NumSections; i++ {
		sec := f.Section(i)
		if sec.Type != elf.SHT_PROGBITS || !sec.NamePrefix(".comment\x00") {
			continue
		}
		b, err := sec.Bytes()
		if err != nil || len(b) > maxComment {
			return ""
		}
		for entry := range bytes.SplitSeq(b, []byte{0}) {
			v, ok := bytes.CutPrefix(entry, []byte("GCC: "))
			if !ok || bytes.Equal(v, version) {
				continue
			}
			if version != nil {
				return ""
			}
			version = v
		}
		break
	}
	if len(version) == 0 {
		return ""
	}
	return compilerGccgo + " " + cut(version, maxVersion)
}

// Bounds of the search for module information: tries, and bytes of one.
const (
	maxModInfoTries = 16
	maxModInfo      = 1 << 20
)

// findModInfo finds module information by its markers.
func findModInfo(f *elfobj.File) []byte {
	tries := 0
	for _, b := range loaded(f, len(f.Data), readOnly, executable, writable) {
		for tries < maxModInfoTries {
			i := bytes.Index(b, []byte(modInfoStart))
			if i < 0 {
				break
			}
			tries++
			b = b[i:]
			near := b[:min(len(b), maxModInfo)]
			if n := bytes.Index(near, []byte(modInfoEnd)); n > 0 {
				if text := unframe(near[:n+len(modInfoEnd)]); text != nil {
					return text
				}
			}
			b = b[len(modInfoStart):]
		}
	}
	return nil
}
