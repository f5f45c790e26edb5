package splitstack

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/bitcode"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// Bitcode is the verdict's ground for a file of LLVM bitcode.
type Bitcode struct {
	// Machine is that of the modules' target triple, as elfobj names
	// machines.
	Machine  string
	Findings []finding.Finding
}

// JudgeBitcode decides about a file of LLVM bitcode, bare or wrapped.
func JudgeBitcode(data []byte) Bitcode {
	modules, err := bitcode.Read(data)
	if err != nil {
		return Bitcode{"unknown", []finding.Finding{unreadableBitcode(err, "")}}
	}
	b := Bitcode{Machine: "unknown"}
	for _, m := range modules {
		if name := machineOf(m.Triple); name != "" {
			b.Machine = name
		}
	}
	b.Findings = judgeModules(modules, "", nameBudget(len(data)))
	return b
}

func unreadableBitcode(err error, section string) finding.Finding {
	fd := finding.Finding{ID: finding.NS007, Level: finding.Error, Message: "LLVM bitcode that cannot be read: " + err.Error()}
	if fe, ok := errors.AsType[*bitcode.FormatError](err); ok {
		fd.Message = "LLVM bitcode that cannot be read: " + fe.Msg
		fd.Evidence = []finding.Evidence{{Kind: finding.EvidenceFormat, Detail: fe.Msg, Section: section, Offset: fe.Offset}}
	}
	return fd
}

// judgeModules is NS002 for the functions with the attribute, and NS004 where
// the code generator ignores it. Names may take nameBytes bytes.
func judgeModules(modules []bitcode.Module, section string, nameBytes int) []finding.Finding {
	split := finding.Finding{ID: finding.NS002, Level: finding.Error}
	ignored := finding.Finding{ID: finding.NS004, Level: finding.Warning}
	j := judgement{nameBytes: nameBytes}
	for _, m := range modules {
		if len(m.Split) == 0 {
			continue
		}
		fd := &split
		if ignoresAttribute(m.Triple) {
			fd = &ignored
		}
		if len(fd.Evidence) < maxEvidence {
			fd.Evidence = append(fd.Evidence, finding.Evidence{
				Kind:    finding.EvidenceAttribute,
				Detail:  fmt.Sprintf("%d of %d functions with the attribute \"split-stack\", %s for %s", len(m.Split), m.Defined, m.Identification, m.Triple),
				Section: section, Offset: m.Offset,
			})
		}
		for _, name := range m.Split {
			fd.Functions = append(fd.Functions, finding.Function{Name: name, Demangled: j.demangled(name), File: j.spend([]byte(m.SourceFile))})
		}
	}
	var fds []finding.Finding
	if n := len(split.Functions); n > 0 {
		what := fmt.Sprintf("%d functions in LLVM bitcode carry", n)
		if n == 1 {
			what = "1 function in LLVM bitcode carries"
		}
		split.Message = what + " the split-stack attribute"
		fds = append(fds, split)
	}
	if len(ignored.Functions) > 0 {
		ignored.Functions = nil
		ignored.Message = "was compiled to LLVM bitcode with -fsplit-stack, for a machine whose code generator ignores it"
		fds = append(fds, ignored)
	}
	return fds
}

// machines are the first parts of target triples and the names that elfobj has
// for the machines.
var machines = []struct{ arch, name string }{
	{"x86_64", "x86-64"}, {"amd64", "x86-64"},
	{"i386", "i386"}, {"i486", "i386"}, {"i586", "i386"}, {"i686", "i386"},
	{"aarch64", "aarch64"}, {"arm64", "aarch64"},
	{"arm", "arm"}, {"thumb", "arm"},
	{"riscv64", "riscv64"}, {"riscv32", "riscv32"},
	{"s390x", "s390x"}, {"systemz", "s390x"},
	{"powerpc64le", "ppc64le"}, {"ppc64le", "ppc64le"}, {"powerpc64", "ppc64"}, {"ppc64", "ppc64"}, {"powerpc", "ppc"},
	{"mips", "mips"}, {"loongarch", "loongarch"}, {"wasm", "wasm"},
}

// machineOf is the machine of a target triple; empty when it is not known.
func machineOf(triple string) string {
	arch, _, _ := strings.Cut(triple, "-")
	if arch == "x86_64" && strings.HasSuffix(triple, "x32") {
		return "x32"
	}
	for _, m := range machines {
		if strings.HasPrefix(arch, m.arch) {
			return m.name
		}
	}
	return ""
}

// ignoresAttribute reports whether the code generator of the target is known to
// make nothing of the attribute: all but those for x86 and 32-bit ARM.
func ignoresAttribute(triple string) bool {
	m := machineOf(triple)
	return m != "" && !slices.Contains([]string{"x86-64", "x32", "i386", "arm"}, m)
}

// judgeBitcode judges the sections .llvm.lto, which clang -ffat-lto-objects
// puts beside the machine code: the linker takes one or the other.
func (o *object) judgeBitcode(nameBytes int) []finding.Finding {
	var modules []bitcode.Module
	name := ""
	total := 0
	for _, s := range o.bitcode {
		b, err := s.Bytes()
		if total += len(b); err == nil && total > len(o.file.Data) {
			err = errors.New("the sections of bitcode are larger than the file: they overlap")
		}
		if err == nil {
			var more []bitcode.Module
			more, err = bitcode.Read(b)
			modules = append(modules, more...)
		}
		name = string(s.Name())
		if err != nil {
			return []finding.Finding{unreadableBitcode(err, name)}
		}
	}
	return judgeModules(modules, name, nameBytes)
}

// mergeBitcode adds the findings about bitcode to those about machine code,
// each ID once.
func mergeBitcode(native, bitcode []finding.Finding) []finding.Finding {
	for _, fd := range bitcode {
		if !slices.ContainsFunc(native, func(n finding.Finding) bool { return n.ID == fd.ID }) {
			native = append(native, fd)
		}
	}
	slices.SortStableFunc(native, func(a, b finding.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return native
}
