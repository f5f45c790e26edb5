package bitcode

import (
	"math"
	"sort"
)

// Records of a module. Source: llvm/Bitcode/LLVMBitCodes.h, ModuleCodes.
const (
	codeVersion    = 1  // [version]
	codeTriple     = 2  // [characters...]
	codeGlobalVar  = 7  // [name, ...]
	codeFunction   = 8  // [name, type, calling convention, declaration, linkage, attributes, ...]
	codeAliasOld   = 9  // [...]
	codeAlias      = 14 // [name, ...]
	codeIFunc      = 15 // [name, ...]
	codeSourceFile = 16 // [characters...]
)

const (
	// Versions of a module: from 2 on, records of functions begin with
	// where the name is in the string table; in version 1, a symbol table in
	// the module has the names.
	versionSymtab = 1
	versionStrtab = 2

	linkageAvailableExternally = 12

	// minBody is the smallest block of a function's body, in bytes: the head
	// of 8 and a word with the number of its basic blocks, a terminator and
	// the end.
	minBody = 12
	// minModule is less than the smallest module of a compiler, in bytes. A
	// file may have fewModules modules whatever its size.
	minModule  = 128
	fewModules = 16
)

// module is what is known while a module is being read.
type module struct {
	Module
	version uint64
	groups  map[uint32]bool
	lists   []bool

	values uint64 // global values so far, which version 1 numbers
	bodies int
	refs   []nameRef // of what will be in Split
	names  []string  // of the same, for version 1
	last   uint64    // where the names of all functions end in the string table
}

// readModule reads a module, except for the names in a string table.
func (s *stream) readModule(b block) {
	if n := len(s.modules); n >= fewModules+len(s.file)/minModule {
		s.fail("more than %d modules in a file of %d bytes", n, len(s.file))
		return
	}
	m := &module{Module: Module{Identification: s.producer, Offset: s.base + b.start/8}}
	room := int((b.end - s.pos) / (8 * minBody))
	s.walk(b, visitor{
		block: func(inner block) { s.readInner(m, inner) },
		record: func(rec record) {
			s.readModuleRecord(m, rec)
			if m.Defined > room {
				s.fail("more than %d functions in a module of %d bytes", room, (b.end-b.start)/8)
			}
		},
	})
	if s.err != nil {
		return
	}
	if m.version == 0 {
		s.fail("a module of LLVM 3.2 or older, where split stacks are an option of the code generator")
		return
	}
	if m.bodies != m.Defined {
		s.fail("the module defines %d functions, and has the code of %d", m.Defined, m.bodies)
		return
	}
	switch {
	case m.version == versionSymtab:
		m.Split = append(m.names, make([]string, len(m.refs)-len(m.names))...)
	case m.last > 0 || len(m.refs) > 0:
		s.unnamed = append(s.unnamed, unnamed{len(s.modules), m.refs, m.last})
	}
	s.modules = append(s.modules, m.Module)
}

// readInner reads a block of a module, if it is of interest.
func (s *stream) readInner(m *module, b block) {
	switch b.id {
	case blockInfo:
		s.readBlockInfo(b)
	case blockParamAttrGroup:
		if m.groups != nil {
			s.fail("a second block of attribute groups")
			return
		}
		m.groups = s.readAttributeGroups(b)
	case blockParamAttr:
		if m.lists != nil {
			s.fail("a second block of attribute lists")
			return
		}
		m.lists = s.readAttributeLists(b, m.groups)
	case blockFunction:
		m.bodies++
	case blockValueSymtab:
		if m.version == versionSymtab {
			s.readSymtab(m, b)
		}
	}
}

func (s *stream) readModuleRecord(m *module, rec record) {
	switch rec.code {
	case codeVersion:
		s.readVersion(m, rec)
	case codeTriple:
		m.Triple = s.text(rec)
	case codeSourceFile:
		m.SourceFile = s.text(rec)
	case codeFunction:
		s.readFunction(m, rec)
		m.values++
	case codeGlobalVar, codeAliasOld, codeAlias, codeIFunc:
		m.values++
	}
}

func (s *stream) readVersion(m *module, rec record) {
	switch {
	case len(rec.ops) == 0:
		s.fail("a module version without a number")
	case rec.ops[0] > versionStrtab:
		s.fail("a module of version %d is not known", rec.ops[0])
	case m.version != 0 && m.version != rec.ops[0]:
		s.fail("a module of two versions")
	default:
		m.version = rec.ops[0]
	}
}

// readFunction reads the record of a function, declared or defined.
func (s *stream) readFunction(m *module, rec record) {
	const (
		opDeclaration = 2
		opLinkage     = 3
		opAttributes  = 4
	)
	ops := rec.ops
	ref := nameRef{offset: uint32(m.values)} // version 1: the value's number
	switch m.version {
	case versionStrtab:
		if len(ops) < 2 || ops[0] > math.MaxUint32 || ops[1] > math.MaxUint32 {
			s.fail("a function without a name")
			return
		}
		ref = nameRef{uint32(ops[0]), uint32(ops[1])}
		m.last = max(m.last, ops[0]+ops[1])
		ops = ops[2:]
	case versionSymtab:
		if m.values > math.MaxUint32 {
			s.fail("more than %d values", m.values)
			return
		}
	default:
		s.fail("a function in a module of an unknown version")
		return
	}
	if len(ops) <= opAttributes {
		s.fail("a function record of %d operands", len(rec.ops))
		return
	}
	list := ops[opAttributes] // from 1; 0 is none
	if list > uint64(len(m.lists)) {
		s.fail("a function has attribute list %d of %d", list, len(m.lists))
		return
	}
	if ops[opDeclaration] != 0 {
		return
	}
	m.Defined++
	switch {
	case list == 0 || !m.lists[list-1]:
	case ops[opLinkage] == linkageAvailableExternally:
		m.SplitElsewhere++
	default:
		m.refs = append(m.refs, ref)
	}
}

// readSymtab reads the symbol table of a module of version 1: names of values
// by number, in any order.
func (s *stream) readSymtab(m *module, b block) {
	const (
		codeEntry    = 1 // [value, characters...]
		codeFunction = 3 // [value, offset, characters...]
	)
	if m.names == nil {
		m.names = make([]string, len(m.refs))
	}
	s.walk(b, visitor{record: func(rec record) {
		skip := 0
		switch rec.code {
		case codeEntry:
			skip = 1
		case codeFunction:
			skip = 2
		default:
			return
		}
		if len(rec.ops) < skip {
			s.fail("a symbol without a value")
			return
		}
		value := rec.ops[0]
		i := sort.Search(len(m.names), func(i int) bool { return uint64(m.refs[i].offset) >= value })
		if i == len(m.names) || uint64(m.refs[i].offset) != value {
			return
		}
		if name := rec.ops[skip:]; len(name) <= s.textLeft && !rec.cut {
			s.textLeft -= len(name)
			m.names[i] = string(characters(name))
		}
	}})
}
