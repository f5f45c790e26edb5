package gobinary_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// part is a section, a segment, or both, of a file made by image.
type part struct {
	name  string       // none: no section
	load  elf.ProgType // PT_NULL: no segment
	flags elf.ProgFlag // of the segment
	align uint64       // of the segment
	typ   elf.SectionType
	data  []byte
}

// partAddr is the address of the first part; the next ones follow, each at a
// multiple of 4 KiB.
const partAddr = 0x400000

// image makes a little-endian file of 64 bits: headers, then the parts, then
// the section headers, if any part has a name.
func image(typ elf.Type, parts ...part) []byte {
	type header = elf.Header64
	var progs []elf.Prog64
	sections := []elf.Section64{{}}
	names := []byte{0}
	var body bytes.Buffer
	offset := func() uint64 { return 64 + 56*uint64(len(parts)) + uint64(body.Len()) }
	for i, p := range parts {
		addr := partAddr + uint64(i)*0x1000
		if p.load != elf.PT_NULL {
			progs = append(progs, elf.Prog64{
				Type: uint32(p.load), Flags: uint32(p.flags), Off: offset(), Vaddr: addr,
				Filesz: uint64(len(p.data)), Memsz: uint64(len(p.data)), Align: p.align,
			})
		}
		if p.name != "" {
			t := p.typ
			if t == elf.SHT_NULL {
				t = elf.SHT_PROGBITS
			}
			sections = append(sections, elf.Section64{
				Name: uint32(len(names)), Type: uint32(t), Addr: addr, Off: offset(), Size: uint64(len(p.data)),
			})
			names = append(append(names, p.name...), 0)
		}
		body.Write(p.data)
	}
	h := header{
		Type: uint16(typ), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64,
		Phoff: 64, Phentsize: 56, Phnum: uint16(len(progs)), Shentsize: 64,
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	if len(sections) > 1 {
		sections = append(sections, elf.Section64{
			Name: uint32(len(names)), Type: uint32(elf.SHT_STRTAB), Off: offset(), Size: uint64(len(names) + len(".shstrtab") + 1),
		})
		body.WriteString(string(names) + ".shstrtab\x00")
		h.Shoff, h.Shnum, h.Shstrndx = offset(), uint16(len(sections)), uint16(len(sections)-1)
	} else {
		sections = nil
	}
	var out bytes.Buffer
	write := func(v any) {
		if err := binary.Write(&out, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	write(h)
	write(progs)
	out.Write(make([]byte, 56*(len(parts)-len(progs))))
	out.Write(body.Bytes())
	write(sections)
	return out.Bytes()
}

func core() []byte {
	return image(elf.ET_CORE, part{name: ".gopclntab", data: []byte("x")})
}

// blob makes build information in the form of Go 1.18.
func blob(version, modinfo string) []byte {
	b := append([]byte("\xff Go buildinf:\x08\x02"), make([]byte, 16)...)
	for _, s := range []string{version, modinfo} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// framed puts module information between the markers that cmd/go writes.
func framed(modinfo string) string {
	return "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6" + modinfo +
		"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
}

const modinfo = "path\texample.org/app\nmod\texample.org/app\t(devel)\t\n" +
	"dep\texample.org/x\tv1.0.0\th1:abc=\nbuild\t-compiler=gc\nbuild\t\"a\\nb\"=\"c\\nd=\"\nbuild\tEMPTY=\n"

// Program headers as the Go linker and as a C linker begin them.
var (
	goHeader = part{load: elf.PT_PHDR, align: 0x1000}
	cHeader  = part{load: elf.PT_PHDR, align: 8}
)

func buildInfoPart(data []byte) part {
	return part{name: ".go.buildinfo", load: elf.PT_LOAD, flags: elf.PF_R | elf.PF_W, data: data}
}
