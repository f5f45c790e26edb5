package splitstack

import (
	"bytes"
	"encoding/binary"
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

// dialect is what the guards of one machine look like.
type dialect struct {
	// anchor are bytes that every unrewritten guard holds, chosen to be rare
	// in other code and quick to search for.
	anchor []byte
	// touches reports whether the anchor at code[at] belongs to an access to
	// the limit.
	touches func(code []byte, at int) bool
	// store are the bytes of a store into the limit, which only the
	// split-stack runtime does.
	store []byte
	// guard decodes the guard that has its anchor at code[at].
	guard func(code []byte, at int) (Guard, bool)
	// stc are the bytes that gold and lld put in place of the comparison.
	stc []byte
	// slowPath decodes a slow path at code[at].
	slowPath func(code []byte, at int) *SlowPath
}

// scan is what a search of executable code found.
type scan struct {
	guards []Guard
	// touched is true when the code accesses the limit in any way.
	touched bool
	// store is where the code first writes the limit, -1 when it does not.
	store int
}

// run searches all of code. The cost is one pass. Further passes, for stores
// and for the guards that a linker rewrote, are made only when the first saw
// the limit touched at all: both belong to code of the runtime, which is
// hidden and so is in the same file, and which compares with the limit.
func (d *dialect) run(code []byte) scan {
	s := scan{store: -1}
	for at := 0; ; at++ {
		i := bytes.Index(code[at:], d.anchor)
		if i < 0 {
			break
		}
		at += i
		if !d.touches(code, at) {
			continue
		}
		s.touched = true
		if g, ok := d.guard(code, at); ok {
			s.guards = append(s.guards, g)
		}
	}
	if s.touched {
		s.store = bytes.Index(code, d.store)
	}
	return s
}

// rewritten finds the guards that a linker rewrote. The bytes alone may be an
// accident, so that a slow path is required.
func (d *dialect) rewritten(code []byte) []Guard {
	var guards []Guard
	for at := 0; ; at++ {
		i := bytes.Index(code[at:], d.stc)
		if i < 0 {
			return guards
		}
		at += i
		g := Guard{Start: at, Shape: "stc; nop", Rewritten: true}
		g.end(code, at+len(d.stc), d.slowPath)
		if g.Slow != nil {
			guards = append(guards, g)
		}
	}
}

// conditions are the condition codes of x86 in the order of their encoding.
var conditions = [16]string{"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"}

// end decodes the conditional jump at code[at], which ends a guard, and the
// slow path on either side of it: gcc and clang jump to the slow path (jb, jbe)
// or, as clang at -O0 and gcc's thunks do, over it (ja, jae).
func (g *Guard) end(code []byte, at int, slowPath func([]byte, int) *SlowPath) {
	at += paddingAt(code, at)
	var target, next int
	var op byte
	switch {
	case at+2 <= len(code) && code[at]&0xf0 == 0x70:
		op = code[at] & 0xf
		next = at + 2
		target = next + int(int8(code[at+1]))
	case at+6 <= len(code) && code[at] == 0x0f && code[at+1]&0xf0 == 0x80:
		op = code[at+1] & 0xf
		next = at + 6
		target = next + int(int32(binary.LittleEndian.Uint32(code[at+2:])))
	default:
		return
	}
	g.Shape += "; j" + conditions[op]
	g.Branch = true
	for _, at := range [...]int{target, next} {
		if at < 0 || at >= len(code) {
			continue
		}
		if g.Slow = slowPath(code, at); g.Slow != nil {
			// The runtime is told the true need; a linker may have
			// enlarged the one in the comparison.
			if g.Slow.Frame != 0 {
				g.Frame = g.Slow.Frame
			}
			return
		}
	}
}

// has reports whether code holds the bytes b at offset at.
func has(code []byte, at int, b string) bool {
	return at >= 0 && at+len(b) <= len(code) && string(code[at:at+len(b)]) == b
}
