package splitstack

import (
	"bytes"
	"debug/elf"
	"encoding/binary"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
)

// Guard is a stack check in machine code: a comparison of the stack pointer,
// or of the stack pointer less the frame, with the limit that the split-stack
// runtime keeps in thread-local storage, and the conditional jump that depends
// on it. Offsets count from the start of the scanned code.
type Guard struct {
	// Start is where the guard's first instruction begins.
	Start int
	// Shape is the guard in assembler syntax, for evidence.
	Shape string
	// Branch is false for a comparison that no conditional jump follows,
	// which no compiler emits.
	Branch bool
	// Rewritten is true when gold or lld replaced the comparison by stc,
	// because the function calls code that is not split.
	Rewritten bool
	// Frame is what the guard makes sure of, in bytes; 0 when the guard
	// compares the bare stack pointer.
	Frame uint64
	// Slow is the path that enters the runtime; nil when the jump does not
	// lead to code of a known shape (in a relocatable object it may lead to
	// another section).
	Slow *SlowPath
}

// SlowPath is the code that a guard jumps to when the stack is too small: it
// loads the frame and argument sizes, calls the runtime and returns.
type SlowPath struct {
	// Call is where the call instruction begins; Target is the offset that
	// it calls, if Direct.
	Call   int
	Target int
	Direct bool
	// Frame is the frame size passed to the runtime, in bytes.
	Frame uint64
}

// dialect is what the guards of one machine look like. The functions see the
// bytes of code of one section or segment.
type dialect struct {
	// anchor are bytes without which scan finds nothing; empty when there is
	// no one sequence.
	anchor []byte
	// scan searches all of the code.
	scan func(text) scan
	// rewritten finds the guards that a linker rewrote so that they do not
	// compare any more; nil where no linker does so.
	rewritten func(text) []Guard
	// entryPrefix reports whether code holds nothing but what compilers put
	// in front of a guard at a function's entry.
	entryPrefix func(code []byte) bool
	// transfers reports whether a relocation of that type at code[at] is the
	// target of a call or jump: an address that is merely taken calls
	// nothing.
	transfers func(code []byte, at int, relType uint32) bool
	// morestack is how libgcc's __morestack begins; empty when it is not
	// looked for.
	morestack []byte
	// callTo calls f for the direct calls of target in code; it is set where
	// morestack is.
	callTo func(code []byte, target int, f func(at int) error) error
}

// dialectOf returns the guards of the file's machine, nil when there is no
// decision procedure for it: no compiler makes split-stack code for others.
func dialectOf(f *elfobj.File) *dialect {
	is32 := f.Class == elf.ELFCLASS32
	big := f.Order() == binary.BigEndian
	switch f.Machine {
	case elf.EM_X86_64:
		switch {
		case is32:
			return x32
		case f.OSABI == elf.ELFOSABI_FREEBSD:
			return amd64FreeBSD
		}
		return amd64
	case elf.EM_386, elf.EM_486: // Linux runs both
		return i386
	case elf.EM_S390:
		if is32 {
			return s390
		}
		return s390x
	case elf.EM_PPC64:
		if big {
			return ppc64
		}
		return ppc64le
	case elf.EM_ARM:
		if !big {
			return arm
		}
	}
	return nil
}

// scan is what a search of executable code found.
type scan struct {
	guards []Guard
	// touched is true when the code accesses the limit in any way.
	touched bool
	// store is where the code first writes the limit, -1 when it does not.
	store int
}

// text is code to search from one end to the other.
type text struct {
	code []byte
	// release, when not nil, is told of the parts that have been searched.
	release func([]byte)
	room    *room
}

// room is how many guards and calls of an object may yet be kept. A real one has
// a guard for some hundred bytes of code; one that is made of nothing else would
// take many times its size in memory. What is not kept is counted.
type room struct {
	left    int
	dropped int
}

// maxKept is how many guards and calls are kept of one object: gccgo's largest
// library has twenty thousand.
const maxKept = 1 << 17

// take reports whether there is room for one more.
func (r *room) take() bool {
	if r.left == 0 {
		r.dropped++
		return false
	}
	r.left--
	return true
}

// keep adds a guard that was found, if there is room.
func (t text) keep(guards []Guard, g Guard) []Guard {
	if !t.room.take() {
		return guards
	}
	return append(guards, g)
}

// blockBytes is how much is searched between two releases.
const blockBytes = 16 << 20

// contains reports whether the bytes b are in the code.
func (t text) contains(b []byte) bool {
	if t.release == nil || len(t.code) <= blockBytes {
		return bytes.Contains(t.code, b)
	}
	found := false
	t.each(b, func(int) { found = true })
	return found
}

// each calls f for the places of the bytes b in the code.
func (t text) each(b []byte, f func(at int)) {
	code := t.code
	for from := 0; from < len(code); from += blockBytes {
		block := min(from+blockBytes, len(code))
		// What begins in this block may end in the next one.
		end := min(block+len(b)-1, len(code))
		for at := from; at < end; at++ {
			i := bytes.Index(code[at:end], b)
			if i < 0 {
				break
			}
			at += i
			f(at)
		}
		if t.release != nil && len(code) > blockBytes {
			t.release(code[from:block])
		}
	}
}

// has reports whether code holds the bytes b at offset at.
func has(code []byte, at int, b string) bool {
	return at >= 0 && at+len(b) <= len(code) && string(code[at:at+len(b)]) == b
}
