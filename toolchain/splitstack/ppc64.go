package splitstack

import "encoding/binary"

// The guards of 64-bit PowerPC, as rs6000_expand_split_stack_prologue of
// gcc/config/rs6000/rs6000-logue.cc emits them, in both byte orders. The limit
// is at -0x7040(%r13):
//
//	ld r0,-28736(r13); addi r12,r1,-N; nop; cmpld cr7,r12,r0; blt cr7,slow
//	slow: mflr r0; std r0,16(r1); bl __morestack; ld r0,16(r1); mtlr r0; blr
//
// gold enlarges N in functions that call code that is not split, and leaves the
// rest as it is.
var (
	ppc64   = ppc64Dialect(binary.BigEndian)
	ppc64le = ppc64Dialect(binary.LittleEndian)
)

// Instructions, and masks for those with operands.
const (
	ppcLoadLimit  = 0xe80d8fc0 // ld r0,-28736(r13)
	ppcStoreLimit = 0xf86d8fc0 // std r3,-28736(r13), in the runtime only
	ppcCompare    = 0x7fac0040 // cmpld cr7,r12,r0
	ppcNop        = 0x60000000
	ppcMflr       = 0x7c0802a6 // mflr r0
	ppcSaveLR     = 0xf8010010 // std r0,16(r1)
	ppcRestoreLR  = 0xe8010010 // ld r0,16(r1)
	ppcMtlr       = 0x7c0803a6 // mtlr r0
	ppcBlr        = 0x4e800020
)

func ppc64Dialect(order binary.ByteOrder) *dialect {
	m := ppcMachine{order}
	return &dialect{scan: m.scan, entryPrefix: m.entryPrefix, transfers: m.transfers}
}

type ppcMachine struct{ order binary.ByteOrder }

// word reads the instruction at code[at]; 0, which is none, beyond the end.
func (m ppcMachine) word(code []byte, at int) uint32 {
	if at < 0 || at+4 > len(code) {
		return 0
	}
	return m.order.Uint32(code[at:])
}

func (m ppcMachine) bytes(insn uint32) []byte {
	b := make([]byte, 4)
	m.order.PutUint32(b, insn)
	return b
}

func (m ppcMachine) scan(t text) scan {
	code := t.code
	s := scan{store: -1}
	t.each(m.bytes(ppcLoadLimit), func(at int) {
		s.touched = true
		if g, ok := m.guard(code, at); ok {
			s.guards = t.keep(s.guards, g)
		}
	})
	t.each(m.bytes(ppcStoreLimit), func(at int) {
		if s.store < 0 {
			s.store, s.touched = at, true
		}
	})
	return s
}

// guard decodes the guard that loads the limit at code[at].
func (m ppcMachine) guard(code []byte, at int) (Guard, bool) {
	g := Guard{Start: at, Shape: "ld r0,-28736(r13); cmpld cr7,r12,r0"}
	for range 4 {
		at += 4
		w := m.word(code, at)
		imm := int64(int16(w))
		switch {
		case w == ppcNop:
		case w>>16 == 0x3981, w>>16 == 0x398c: // addi r12,r1 and r12,r12
			g.Frame -= uint64(imm)
		case w>>16 == 0x3d81: // addis r12,r1
			g.Frame -= uint64(imm << 16)
		case w == ppcCompare:
			m.end(&g, code, at+4)
			return g, true
		default:
			return Guard{}, false // alloca, or the runtime
		}
	}
	return Guard{}, false
}

// end decodes the branch behind the comparison: to the slow path, or over a
// branch to it.
func (m ppcMachine) end(g *Guard, code []byte, at int) {
	w := m.word(code, at)
	if w>>26 != 16 || w&3 != 0 { // bc, relative, without link
		return
	}
	g.Branch = true
	g.Shape = "ld r0,-28736(r13); cmpld cr7,r12,r0; bc"
	targets := []int{at + int(int16(w)), at + 4}
	if next := m.word(code, at+4); next>>26 == 18 && next&3 == 0 {
		targets = append(targets, at+4+ppcDisplacement(next))
	}
	for _, t := range targets {
		if g.Slow = m.slowPath(code, t); g.Slow != nil {
			return
		}
	}
}

// ppcDisplacement is that of an unconditional branch, in bytes.
func ppcDisplacement(w uint32) int { return int(int32(w&^3<<6) >> 6) }

func (m ppcMachine) slowPath(code []byte, at int) *SlowPath {
	if m.word(code, at) != ppcMflr || m.word(code, at+4) != ppcSaveLR {
		return nil
	}
	call := at + 8
	w := m.word(code, call)
	if w>>26 != 18 || w&3 != 1 { // bl
		return nil
	}
	at = call + 4
	if m.word(code, at) == ppcNop {
		at += 4
	}
	if m.word(code, at) != ppcRestoreLR || m.word(code, at+4) != ppcMtlr || m.word(code, at+8) != ppcBlr {
		return nil
	}
	return &SlowPath{Call: call, Target: call + ppcDisplacement(w), Direct: true}
}

// entryPrefix knows NOPs and what sets up the TOC pointer at the global entry.
func (m ppcMachine) entryPrefix(code []byte) bool {
	for at := 0; at < len(code); at += 4 {
		switch w := m.word(code, at); {
		case w == ppcNop:
		case w>>16 == 0x3c4c, w>>16 == 0x3842, w>>16 == 0x3c40: // addis r2,r12; addi r2,r2; lis r2
		case w>>16 == 0xe84c, w == 0x7c426214: // ld r2,n(r12); add r2,r2,r12
		default:
			return false
		}
	}
	return true
}

// transfers knows b, bl and their conditional forms.
func (m ppcMachine) transfers(code []byte, at int, _ uint32) bool {
	w := m.word(code, at)
	return w>>26 == 18 || w>>26 == 16
}
