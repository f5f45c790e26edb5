package elfobj

import (
	"debug/elf"
	"fmt"
)

// Dynamic is what the dynamic section says about other files.
type Dynamic struct {
	// Needed are the names of the shared objects that the dynamic linker
	// loads with this one (DT_NEEDED), in the order of the file.
	Needed []string
	// Soname is the name that others need this one by (DT_SONAME); empty
	// when it has none.
	Soname string
}

// Bounds of what Dynamic returns. Linux has no longer paths (PATH_MAX), and
// real programs need a few hundred libraries.
const (
	maxNeeded       = 4096
	maxDynamicNames = 1 << 20 // bytes, of all names
)

// Dynamic reads the dynamic section through the program headers, as the dynamic
// linker does (gABI, "Dynamic Section"). A file without one has no names. An
// error is a *FormatError; what was read before it is returned with it.
func (f *File) Dynamic() (Dynamic, error) {
	var d Dynamic
	entries, err := f.dynamicEntries()
	if err != nil || entries == nil {
		return d, err
	}
	names, err := f.dynamicNames(entries)
	if err != nil {
		return d, err
	}
	left := maxDynamicNames
	var bad error
	f.eachDynamic(entries, func(tag elf.DynTag, value uint64) {
		if tag != elf.DT_NEEDED && tag != elf.DT_SONAME {
			return
		}
		name, ok := []byte(nil), false
		if value < uint64(len(names)) {
			name, ok = cstring(names, uint32(value))
		}
		if left -= len(name); !ok || left < 0 || len(d.Needed) == maxNeeded {
			bad = &FormatError{0, fmt.Sprintf("the dynamic section has a broken name at %#x of its string table, or too many", value)}
			return
		}
		if tag == elf.DT_SONAME {
			d.Soname = string(name)
		} else {
			d.Needed = append(d.Needed, string(name))
		}
	})
	return d, bad
}

// dynamicEntries is the content of PT_DYNAMIC, nil when there is none.
func (f *File) dynamicEntries() ([]byte, error) {
	for i := range f.NumSegments {
		if p := f.Segment(i); p.Type == elf.PT_DYNAMIC {
			return p.Bytes()
		}
	}
	return nil, nil
}

func (f *File) eachDynamic(entries []byte, yield func(tag elf.DynTag, value uint64)) {
	word := 4
	if f.is64 {
		word = 8
	}
	for ; len(entries) >= 2*word; entries = entries[2*word:] {
		var tag elf.DynTag
		var value uint64
		if f.is64 {
			tag, value = elf.DynTag(int64(f.order.Uint64(entries))), f.order.Uint64(entries[8:])
		} else {
			tag, value = elf.DynTag(int32(f.order.Uint32(entries))), uint64(f.order.Uint32(entries[4:]))
		}
		if tag == elf.DT_NULL {
			return
		}
		yield(tag, value)
	}
}

// dynamicNames is the string table that the entries refer to.
func (f *File) dynamicNames(entries []byte) ([]byte, error) {
	var at, size uint64
	f.eachDynamic(entries, func(tag elf.DynTag, value uint64) {
		switch tag {
		case elf.DT_STRTAB:
			at = value
		case elf.DT_STRSZ:
			size = value
		}
	})
	for i := range f.NumSegments {
		p := f.Segment(i)
		if p.Type != elf.PT_LOAD || at < p.Vaddr || at-p.Vaddr >= p.Filesz {
			continue
		}
		b, err := p.Bytes()
		if err != nil {
			return nil, err
		}
		b = b[at-p.Vaddr:]
		return b[:min(size, uint64(len(b)), 1<<32-1)], nil
	}
	return nil, &FormatError{at, "the string table of the dynamic section lies in no segment"}
}
