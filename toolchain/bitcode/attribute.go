package bitcode

import "math"

const (
	// splitStack is the attribute's name. Its value is empty when clang
	// writes it; LLVM looks at the name alone.
	splitStack = "split-stack"
	// functionIndex is what attributes of the function itself have where
	// those of its result and parameters have a small number
	// (llvm::AttributeList::FunctionIndex).
	functionIndex = math.MaxUint32

	// Bounds of what is kept in memory. The largest programs have some ten
	// thousand of each.
	maxGroups = 1 << 20
	maxLists  = 1 << 22
)

// readAttributeGroups reads a PARAMATTR_GROUP block: groups of attributes by
// number. True in the result are those that make a function split.
func (s *stream) readAttributeGroups(b block) map[uint32]bool {
	const codeEntry = 3 // [group, index, attributes...]
	groups := map[uint32]bool{}
	s.walk(b, visitor{record: func(rec record) {
		if rec.code != codeEntry {
			return
		}
		if rec.cut || len(rec.ops) < 2 || rec.ops[0] > math.MaxUint32 {
			s.fail("an attribute group of %d operands", len(rec.ops))
			return
		}
		split, ok := s.readAttributes(rec.ops[2:])
		if !ok {
			return
		}
		if len(groups) == maxGroups {
			s.fail("more than %d attribute groups", maxGroups)
			return
		}
		groups[uint32(rec.ops[0])] = split && uint32(rec.ops[1]) == functionIndex
	}})
	return groups
}

// Kinds of attributes in a group. LLVM has no names for them.
const (
	attrEnum               = 0 // key
	attrInt                = 1 // key, value
	attrString             = 3 // text, 0
	attrStringValue        = 4 // text, 0, text, 0
	attrEmptyType          = 5 // key
	attrType               = 6 // key, type
	attrConstantRange      = 7 // key, bits, range; since LLVM 19
	attrConstantRangeList  = 8 // key, count, bits, ranges...; since LLVM 19
	maxBitsOfSimpleInteger = 64
)

// readAttributes reports whether a group has the string attribute splitStack.
// ok is false when the group cannot be read, and the stream has failed.
func (s *stream) readAttributes(ops []uint64) (split, ok bool) {
	for len(ops) > 0 {
		kind := ops[0]
		rest := ops[1:]
		switch kind {
		case attrEnum, attrEmptyType:
			rest, ok = skip(rest, 1)
		case attrInt, attrType:
			rest, ok = skip(rest, 2)
		case attrString, attrStringValue:
			var name []uint64
			name, rest, ok = cutText(rest)
			split = split || ok && isText(name, splitStack)
			if ok && kind == attrStringValue {
				_, rest, ok = cutText(rest)
			}
		case attrConstantRange:
			if ok = len(rest) >= 2; ok {
				rest, ok = skipRanges(rest[2:], 1, rest[1])
			}
		case attrConstantRangeList:
			if ok = len(rest) >= 3; ok {
				rest, ok = skipRanges(rest[3:], rest[1], rest[2])
			}
		default:
			s.fail("attribute kind %d is not known", kind)
			return false, false
		}
		if !ok {
			s.fail("an attribute of kind %d ends behind its group", kind)
			return false, false
		}
		ops = rest
	}
	return split, true
}

func skip(ops []uint64, n uint64) ([]uint64, bool) {
	if n > uint64(len(ops)) {
		return nil, false
	}
	return ops[n:], true
}

// cutText cuts a text that ends with a 0.
func cutText(ops []uint64) (text, rest []uint64, ok bool) {
	for i, v := range ops {
		if v == 0 {
			return ops[:i], ops[i+1:], true
		}
	}
	return nil, nil, false
}

func isText(ops []uint64, text string) bool {
	return len(ops) == len(text) && string(characters(ops)) == text
}

// skipRanges skips n pairs of integers of some number of bits. Wide ones are
// preceded by how many words each of them has.
func skipRanges(ops []uint64, n, bits uint64) ([]uint64, bool) {
	if n > uint64(len(ops)) {
		return nil, false
	}
	ok := true
	for ; n > 0 && ok; n-- {
		words := uint64(2)
		if bits > maxBitsOfSimpleInteger {
			if len(ops) == 0 {
				return nil, false
			}
			words = 1 + ops[0]&math.MaxUint32 + ops[0]>>32
		}
		ops, ok = skip(ops, words)
	}
	return ops, ok
}

// readAttributeLists reads a PARAMATTR block: which groups a function has,
// counted from 1. True in the result are lists with a split group.
func (s *stream) readAttributeLists(b block, groups map[uint32]bool) []bool {
	const (
		codeEntryOld = 1 // before LLVM 3.3, without strings
		codeEntry    = 2 // [groups...]
	)
	var lists []bool
	s.walk(b, visitor{record: func(rec record) {
		if rec.code != codeEntry && rec.code != codeEntryOld {
			return
		}
		if rec.cut || len(lists) == maxLists {
			s.fail("attribute lists of more than %d or one of more than %d entries", maxLists, maxOperands)
			return
		}
		split := false
		if rec.code == codeEntry {
			for _, id := range rec.ops {
				is, ok := groups[uint32(id)]
				if !ok || id > math.MaxUint32 {
					s.fail("an attribute list has group %d, which does not exist", id)
					return
				}
				split = split || is
			}
		}
		lists = append(lists, split)
	}})
	return lists
}
