package splitstack

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// object is an ELF file with what one pass over its section headers and symbol
// tables tells about split stacks.
type object struct {
	file    *elfobj.File
	dialect *dialect // nil for a machine without a decision procedure

	regions []*region    // in a relocatable object only those of interest, by section
	bytes   uint64       // of code that has been searched
	release func([]byte) // nil, or Options.Release
	room    room
	symtab  int // section index, 0 for none
	dynsym  int
	xindex  int
	notes   []elfobj.Section
	ltoOpts int              // .gnu.lto_.opts
	bitcode []elfobj.Section // .llvm.lto
	noCode  bool
	// splitDWARF is true for the debug information that -gsplit-dwarf puts
	// into a file of its own.
	splitDWARF bool
	byAddr     []elfobj.Section // what a linked file maps, by address; nil until needed

	named []namedSymbol // symbols of the runtime, from symtab or dynsym
}

// region is a run of executable bytes.
type region struct {
	section int    // index, in a relocatable object
	base    uint64 // virtual address of code[0]; 0 in a relocatable object
	code    []byte
	scan    scan
	// slowCalls are the calls that slow paths make, sorted.
	slowCalls []int
	called    map[int]bool // guards, by start, whose function calls the runtime beside that
}

// namedSymbol is a symbol whose name the runtime or GCC's LTO reserves.
type namedSymbol struct {
	elfobj.Symbol
	index int
	name  string
}

// readObject reads headers and tables, and searches the code of a relocatable
// object. An error is a *elfobj.FormatError. release may be
// nil.
func readObject(f *elfobj.File, release func([]byte)) (*object, error) {
	o := &object{file: f, dialect: dialectOf(f), release: release, room: room{left: maxKept}}
	if err := o.readSections(); err != nil {
		return nil, err
	}
	if f.Linked() {
		if err := o.readSegments(); err != nil {
			return nil, err
		}
	}
	if err := o.readSymbols(); err != nil {
		return nil, err
	}
	if !f.Linked() {
		o.suspectData()
	}
	return o, nil
}

func (o *object) text(code []byte) text { return text{code, o.release, &o.room} }

// search looks for guards in a section of a relocatable object. Only sections
// with something in them are kept: an object may have thousands.
func (o *object) search(section int, code []byte) {
	if o.dialect == nil {
		return
	}
	found := o.dialect.scan(o.text(code))
	if found.touched || len(found.guards) > 0 {
		o.regions = append(o.regions, &region{section: section, code: code, scan: found})
	}
}

// spendCode refuses files whose headers name the same bytes as code again and
// again, so that the time to read a file stays linear in its size.
func (o *object) spendCode(n uint64) error {
	if o.bytes += n; o.bytes > 2*uint64(len(o.file.Data))+16*pageSize {
		return &elfobj.FormatError{Offset: 0, Msg: "the headers name more executable bytes than twice the file's size"}
	}
	return nil
}

// suspectData searches the data sections of an object that names the runtime or
// carries the compiler's note: a section attribute or objcopy can take the flag
// of executable sections away, and linkers do not mind.
func (o *object) suspectData() {
	_, suspect := o.note()
	for _, s := range o.named {
		suspect = suspect || s.Undefined() && entersRuntime(s.name)
	}
	if !suspect {
		return
	}
	// Sections that overlap are no reason to read them again and again.
	total := uint64(0)
	var run codeRun
	for i := 1; i < o.file.NumSections; i++ {
		h := o.file.Header(i)
		if !isSuspectData(h) || h.Size == 0 || total+h.Size > uint64(len(o.file.Data)) {
			continue
		}
		total += h.Size
		if !run.extend(i, h) {
			o.searchRun(run, isSuspectData)
			run = codeRun{i, i + 1, h.Offset, h.Offset + h.Size}
		}
	}
	o.searchRun(run, isSuspectData)
	slices.SortFunc(o.regions, func(a, b *region) int { return a.section - b.section })
}

// isCode knows the sections that hold code and say so.
func isCode(h elfobj.Header) bool {
	return h.Flags&elf.SHF_EXECINSTR != 0 && h.Type != elf.SHT_NOBITS && h.Type != elf.SHT_NULL
}

// isSuspectData knows the sections that a linker copies into a program as they
// are.
func isSuspectData(h elfobj.Header) bool {
	return h.Type == elf.SHT_PROGBITS && h.Flags&elf.SHF_ALLOC != 0 && h.Flags&(elf.SHF_EXECINSTR|elf.SHF_COMPRESSED) == 0
}

func (o *object) readSections() error {
	f := o.file
	var emptyCode, code, loaded, dwo bool
	var run codeRun
	for i := 1; i < f.NumSections; i++ {
		h := f.Header(i)
		if f.Outside(h) {
			return f.Section(i).Check()
		}
		switch h.Type {
		case elf.SHT_SYMTAB:
			o.symtab = i
		case elf.SHT_DYNSYM:
			o.dynsym = i
		case elf.SHT_SYMTAB_SHNDX:
			o.xindex = i
		}
		if h.Flags&elf.SHF_EXECINSTR != 0 && h.Size > 0 {
			if !isCode(h) {
				emptyCode = emptyCode || h.Type == elf.SHT_NOBITS
				continue
			}
			if h.Flags&elf.SHF_COMPRESSED != 0 {
				return &elfobj.FormatError{Offset: h.Offset, Msg: fmt.Sprintf("section %q holds compressed code, which no linker accepts", f.Section(i).Name())}
			}
			code = true
			if f.Linked() {
				continue
			}
			if err := o.spendCode(h.Size); err != nil {
				return err
			}
			if !run.extend(i, h) {
				o.searchRun(run, isCode)
				run = codeRun{i, i + 1, h.Offset, h.Offset + h.Size}
			}
			continue
		}
		if h.Flags&elf.SHF_ALLOC != 0 {
			loaded = loaded || h.Size > 0
			continue // compilers tell of themselves in sections that are not loaded
		}
		switch f.NameStart(h) {
		case startNote:
			if s := f.Section(i); isNote(s.Name()) {
				o.notes = append(o.notes, s)
			}
		case startLTO:
			if f.Section(i).NamePrefix(".gnu.lto_.opts") {
				o.ltoOpts = i
			}
		case startLLVM:
			if s := f.Section(i); s.NamePrefix(".llvm.lto\x00") && !f.Linked() {
				o.bitcode = append(o.bitcode, s)
			}
		case startDebugInfo:
			dwo = dwo || f.Section(i).NamePrefix(".debug_info.dwo")
		}
	}
	o.searchRun(run, isCode)
	o.noCode = emptyCode && !code
	o.splitDWARF = dwo && !code && !loaded
	return nil
}

// codeRun is a range of the file with executable sections and little else.
// Compilers that put each function into a section of its own lay them one behind
// the other, and one search is quicker than thousands.
type codeRun struct {
	first, end int    // section indices
	from, to   uint64 // offsets
}

// maxGap is what may lie between two sections of a run, in bytes.
const maxGap = 256

// extend takes a section into the run if it follows closely.
func (r *codeRun) extend(i int, h elfobj.Header) bool {
	if r.first == 0 || h.Offset < r.to || h.Offset-r.to > maxGap {
		return false
	}
	r.end, r.to = i+1, h.Offset+h.Size
	return true
}

// searchRun searches the sections of a run that are wanted, one by one only if
// there may be something in them.
func (o *object) searchRun(r codeRun, wanted func(elfobj.Header) bool) {
	if r.first == 0 || o.dialect == nil {
		return
	}
	all := o.text(o.file.Data[r.from:r.to])
	if r.end-r.first > 1 && len(o.dialect.anchor) > 0 && !all.contains(o.dialect.anchor) {
		return
	}
	for i := r.first; i < r.end; i++ {
		if h := o.file.Header(i); wanted(h) && h.Size > 0 {
			o.search(i, o.file.Data[h.Offset:h.Offset+h.Size])
		}
	}
}

func isNote(name []byte) bool {
	return string(name) == ".note.GNU-split-stack" || string(name) == ".note.GNU-no-split-stack"
}

// readSegments takes the code of a linked file from its program headers: they
// are what the loader maps, whatever the section headers say, and stay when
// these are stripped.
func (o *object) readSegments() error {
	for i := range o.file.NumSegments {
		p := o.file.Segment(i)
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_X == 0 || p.Filesz == 0 {
			continue
		}
		if _, err := p.Bytes(); err != nil {
			return err
		}
		// Whole pages are mapped, whatever the sizes say.
		before := min(p.Offset%pageSize, p.Vaddr)
		end := min((p.Offset+p.Filesz+pageSize-1)/pageSize*pageSize, uint64(len(o.file.Data)))
		code := o.file.Data[p.Offset-before : end]
		if err := o.spendCode(uint64(len(code))); err != nil {
			return err
		}
		o.regions = append(o.regions, &region{base: p.Vaddr - before, code: code})
		o.noCode = false
	}
	return nil
}

// pageSize is that of x86, in bytes.
const pageSize = 4096

// Name starts, as SymbolTable.NameStart reads them.
var (
	startNote      = nameStart(".note.GNU-")
	startLTO       = nameStart(".gnu.lto_")
	startDebugInfo = nameStart(".debug_info")
	startLLVM      = nameStart(".llvm.lto")
)

// reservedPrefixes begin the names of libgcc's runtime and of GCC's LTO.
var reservedPrefixes = [...]string{"__morestack", "__splitstack_", "__generic_morestack", "__stack_split_initialize", "__gnu_lto_slim"}

// reservedStarts are what SymbolTable.NextStart looks for.
var reservedStarts = func() (starts []uint64) {
	for _, prefix := range reservedPrefixes {
		starts = append(starts, nameStart(prefix))
	}
	return starts
}()

func nameStart(s string) uint64 { return binary.LittleEndian.Uint64([]byte(s[:8])) }

// readSymbols walks the symbol table of a relocatable object, the dynamic one
// of a linked file. The static table of a linked file is read only when its
// code calls for it.
func (o *object) readSymbols() error {
	section := o.symtab
	if o.file.Linked() {
		section = o.dynsym
	}
	if section == 0 {
		return nil
	}
	t, err := o.openTable(section)
	if err != nil {
		return err
	}
	if err := o.nameSymbols(&t, false); err != nil {
		return err
	}
	// What the object defines matters in what has to do with split stacks,
	// which shows elsewhere, too.
	if len(o.named) > 0 || len(o.notes) > 0 || len(o.regions) > 0 || o.dialect == nil {
		return o.nameSymbols(&t, true)
	}
	return nil
}

// maxNamed is how many symbols may have reserved names: each name once and once
// more for each version would be some dozens.
const maxNamed = 1 << 12

// nameSymbols gathers the symbols with reserved names: those that are defined
// here, or the others.
func (o *object) nameSymbols(t *elfobj.SymbolTable, defined bool) error {
	for i := t.NextStart(1, defined, reservedStarts); i < t.Len; i = t.NextStart(i+1, defined, reservedStarts) {
		s := t.Symbol(i)
		name := t.Name(s)
		if !reserved(name) {
			continue
		}
		if len(o.named) == maxNamed {
			return &elfobj.FormatError{Offset: 0, Msg: fmt.Sprintf("more than %d symbols have names of the split-stack runtime, which no compiler makes", maxNamed)}
		}
		o.named = append(o.named, namedSymbol{s, i, string(name)})
	}
	return nil
}

// openTable opens a symbol table and the extended indices that belong to it.
func (o *object) openTable(section int) (elfobj.SymbolTable, error) {
	t, err := o.file.Symbols(o.file.Section(section))
	if err == nil && o.xindex != 0 {
		if x := o.file.Section(o.xindex); int(x.Link) == section {
			err = t.UseExtendedIndices(x)
		}
	}
	return t, err
}

// maxReserved is longer than any name of the runtime, in bytes.
const maxReserved = 64

func reserved(name []byte) bool {
	if len(name) > maxReserved {
		return false
	}
	for _, prefix := range reservedPrefixes {
		if bytes.HasPrefix(name, []byte(prefix)) {
			return true
		}
	}
	return false
}

// runtimeDefinitions are global functions that only libgcc's generic-morestack.c
// and morestack.S define. __morestack itself is not among them: programs that
// have nothing to do with libgcc define a function of that name.
var runtimeDefinitions = map[string]bool{
	"__generic_morestack":                true,
	"__generic_morestack_set_initial_sp": true,
	"__morestack_allocate_stack_space":   true,
	"__morestack_load_mmap":              true,
	"__morestack_large_model":            true,
	"__splitstack_getcontext":            true,
	"__splitstack_makecontext":           true,
	"__stack_split_initialize":           true,
}

// definesRuntime returns a symbol that shows that the object is a part of
// libgcc's runtime.
func (o *object) definesRuntime() (namedSymbol, bool) {
	for _, s := range o.named {
		if !s.Undefined() && runtimeDefinitions[s.name] {
			return s, true
		}
	}
	return namedSymbol{}, false
}

// entersRuntime reports whether code reaches a new stack segment through the
// symbol: the functions that compilers call, not the variables and the
// internals of the runtime.
func entersRuntime(name string) bool {
	switch name {
	case "__morestack", "__morestack_non_split", "__morestack_large_model", "__morestack_allocate_stack_space":
		return true
	}
	return false
}

// note returns the section name of the object's -fsplit-stack note.
func (o *object) note() (elfobj.Section, bool) {
	for _, s := range o.notes {
		if string(s.Name()) == ".note.GNU-split-stack" {
			return s, true
		}
	}
	return elfobj.Section{}, false
}

// place turns an offset in a region into a section name and the offset that
// reports use: from the start of the section in a relocatable object, a virtual
// address in a linked file.
func (o *object) place(r *region, offset int) (section string, at uint64) {
	if !o.file.Linked() {
		return string(o.file.Section(r.section).Name()), uint64(offset)
	}
	at = r.base + uint64(offset)
	return o.sectionAt(at), at
}

// sectionAt names the section that a virtual address lies in, "" when there is
// none.
func (o *object) sectionAt(at uint64) string {
	s, ok := o.section(at)
	if !ok {
		return ""
	}
	return string(s.Name())
}

// section finds the section that a virtual address lies in.
func (o *object) section(at uint64) (elfobj.Section, bool) {
	if o.byAddr == nil {
		o.byAddr = []elfobj.Section{}
		for i := 1; i < o.file.NumSections; i++ {
			if s := o.file.Section(i); s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS && s.Size > 0 {
				o.byAddr = append(o.byAddr, s)
			}
		}
		slices.SortFunc(o.byAddr, func(a, b elfobj.Section) int { return cmp.Compare(a.Addr, b.Addr) })
	}
	i, found := slices.BinarySearchFunc(o.byAddr, at, func(s elfobj.Section, at uint64) int { return cmp.Compare(s.Addr, at) })
	if !found {
		i--
	}
	if i < 0 || at-o.byAddr[i].Addr >= o.byAddr[i].Size {
		return elfobj.Section{}, false
	}
	return o.byAddr[i], true
}
