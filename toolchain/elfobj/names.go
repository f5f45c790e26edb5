package elfobj

import (
	"debug/elf"
	"fmt"
)

// FormatName names the kind of ELF file for reports.
func (f *File) FormatName() string {
	switch f.Type {
	case elf.ET_REL:
		return "elf-relocatable"
	case elf.ET_EXEC:
		return "elf-executable"
	case elf.ET_DYN:
		// A position-independent executable is of this type, too; only an
		// interpreter tells it from a library.
		for i := range f.NumSegments {
			if f.Segment(i).Type == elf.PT_INTERP {
				return "elf-executable"
			}
		}
		return "elf-shared-object"
	case elf.ET_CORE:
		return "elf-core"
	}
	return fmt.Sprintf("elf-type-%d", uint16(f.Type))
}

// MachineName names the machine as compilers and linkers do.
func (f *File) MachineName() string {
	is32 := f.Class == elf.ELFCLASS32
	switch f.Machine {
	case elf.EM_X86_64:
		if is32 {
			return "x32"
		}
		return "x86-64"
	case elf.EM_386:
		return "i386"
	case elf.EM_AARCH64:
		return "aarch64"
	case elf.EM_ARM:
		return "arm"
	case elf.EM_S390:
		if is32 {
			return "s390"
		}
		return "s390x"
	case elf.EM_PPC64:
		if f.order == bigEndian {
			return "ppc64"
		}
		return "ppc64le"
	case elf.EM_PPC:
		return "ppc"
	case elf.EM_RISCV:
		if is32 {
			return "riscv32"
		}
		return "riscv64"
	case elf.EM_LOONGARCH:
		return "loongarch"
	case elf.EM_MIPS:
		return "mips"
	}
	return fmt.Sprintf("machine-%d", uint16(f.Machine))
}
