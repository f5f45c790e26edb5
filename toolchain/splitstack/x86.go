package splitstack

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Where the limit is kept: GCC's TARGET_THREAD_SPLIT_STACK_OFFSET
// (gcc/config/i386/gnu-user64.h, gnu-user.h) and LLVM's
// X86FrameLowering::adjustForSegmentedStacks. It is %fs:0x70 on x86-64,
// %fs:0x18 there on FreeBSD, %fs:0x40 on x32 and %gs:0x30 on i386.
var (
	amd64        = amd64Family(0x70, "\x64\x48\x89\x04\x25", "\xf9\x0f\x1f\x84\x00\x00\x00\x00\x00")
	amd64FreeBSD = amd64Family(0x18, "\x64\x48\x89\x04\x25", "\xf9\x0f\x1f\x84\x00\x00\x00\x00\x00")
	x32          = amd64Family(0x40, "\x64\x89\x04\x25", "\xf9\x0f\x1f\x84\x00\x00\x00\x00")
	i386         = x86Dialect(x86{
		// GS prefix and opcode of cmp; the displacement alone is too
		// common to search for.
		anchor:   []byte{0x65, 0x3b},
		touches:  func(code []byte, at int) bool { return has(code, at+3, "\x30\x00\x00\x00") },
		store:    "\x65\xa3\x30\x00\x00\x00", // mov %eax,%gs:0x30
		stc:      []byte{0xf9, 0x8d, 0xb6, 0, 0, 0, 0},
		guard:    i386Guard,
		slowPath: i386SlowPath,
	})
)

// amd64Family is the dialect of x86-64 for a place of the limit. mov are the
// bytes of mov %rax,%fs:disp32 without the displacement, stc what gold and lld
// put in place of the comparison.
func amd64Family(limit byte, mov, stc string) *dialect {
	slot := []byte{limit, 0, 0, 0}
	shapes := newAmd64Shapes(limit)
	return x86Dialect(x86{
		// SIB byte without base or index, and the 32-bit displacement.
		anchor:      append([]byte{0x25}, slot...),
		touches:     hasFSPrefix,
		store:       mov + string(slot),
		storeAnchor: len(mov) - 1,
		stc:         []byte(stc),
		guard:       func(code []byte, at int) (Guard, bool) { return amd64Guard(code, at, shapes) },
		slowPath:    amd64SlowPath,
		morestack:   []byte("\x55\x48\x89\xe5\x49\x81\xc2\x00\x0e\x00\x00\x41\x52\x50"),
	})
}

// hasFSPrefix reports whether the operand at code[at] belongs to an instruction
// with the prefix of the thread's segment: "and $0x70,%eax" has the same bytes.
func hasFSPrefix(code []byte, at int) bool {
	// Behind the prefix stand REX, an opcode of one or two bytes, and ModRM.
	for back := 3; back <= 5 && back <= at; back++ {
		if code[at-back] == 0x64 {
			return true
		}
	}
	return false
}

// x86 is what differs between the x86 machines.
type x86 struct {
	// anchor are bytes that every unrewritten guard holds, chosen to be rare
	// in other code and quick to search for.
	anchor []byte
	// touches reports whether the anchor at code[at] belongs to an access to
	// the limit.
	touches func(code []byte, at int) bool
	// store are the bytes of a store into the limit, which only the
	// split-stack runtime does.
	store string
	// storeAnchor is where in store the anchor stands, 0 when it does not.
	storeAnchor int
	// guard decodes the guard that has its anchor at code[at].
	guard func(code []byte, at int) (Guard, bool)
	// stc are the bytes that gold and lld put in place of the comparison.
	stc []byte
	// slowPath decodes a slow path at code[at].
	slowPath  func(code []byte, at int) *SlowPath
	morestack []byte
}

func x86Dialect(m x86) *dialect {
	return &dialect{
		anchor:      m.anchor,
		scan:        m.scan,
		rewritten:   m.rewritten,
		entryPrefix: entryPrefix,
		transfers:   x86Transfers,
		morestack:   m.morestack,
		callTo:      x86CallTo,
	}
}

// scan costs one pass. A further one, for stores that the anchor does not find,
// is made only when the first saw the limit touched at all: the runtime compares
// with it, too.
func (m *x86) scan(t text) scan {
	code := t.code
	s := scan{store: -1}
	t.each(m.anchor, func(at int) {
		if !m.touches(code, at) {
			return
		}
		s.touched = true
		if g, ok := m.guard(code, at); ok {
			s.guards = t.keep(s.guards, g)
		} else if from := at - m.storeAnchor; m.storeAnchor > 0 && s.store < 0 && has(code, from, m.store) {
			s.store = from
		}
	})
	if s.touched && m.storeAnchor == 0 {
		s.store = bytes.Index(code, []byte(m.store))
	}
	return s
}

// rewritten finds the guards that a linker rewrote. The bytes alone may be an
// accident, so that a slow path is required.
func (m *x86) rewritten(t text) []Guard {
	code := t.code
	var guards []Guard
	t.each(m.stc, func(at int) {
		g := Guard{Start: at, Rewritten: true}
		g.end(code, at+len(m.stc), shapeRewritten, m.slowPath)
		if g.Slow != nil {
			guards = t.keep(guards, g)
		}
	})
	return guards
}

// x86Absolute is R_X86_64_64 and R_386_32: an address, not a place to go.
const x86Absolute = 1

func x86Transfers(code []byte, at int, relType uint32) bool {
	if at < 1 || relType == x86Absolute {
		return false
	}
	switch op := code[at-1]; {
	case op == 0xe8 || op == 0xe9:
		return true
	case at < 2:
		return false
	case code[at-2] == 0x0f && op&0xf0 == 0x80: // jcc rel32
		return true
	case code[at-2] == 0xff && (op == 0x15 || op == 0x25): // call or jmp *disp(%rip)
		return true
	}
	return false
}

// x86CallTo finds calls by their displacement. Four bytes that happen to match
// are one chance in 2^32 per byte.
func x86CallTo(code []byte, target int, f func(at int) error) error {
	for at := 0; at+5 <= len(code); at++ {
		k := bytes.IndexByte(code[at:len(code)-4], 0xe8)
		if k < 0 {
			break
		}
		at += k
		if at+5+int(int32(binary.LittleEndian.Uint32(code[at+1:]))) == target {
			if err := f(at); err != nil {
				return err
			}
		}
	}
	return nil
}

// conditions are the condition codes of x86 in the order of their encoding.
var conditions = [16]string{"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"}

// shape is a comparison in assembler syntax: alone, and followed by each of the
// conditional jumps.
type shape [1 + len(conditions)]string

func newShape(cmp string) *shape {
	s := shape{cmp}
	for i, c := range conditions {
		s[1+i] = cmp + "; j" + c
	}
	return &s
}

var shapeRewritten = newShape("stc; nop")

// end decodes the conditional jump at code[at], which ends a guard, and the
// slow path on either side of it: gcc and clang jump to the slow path (jb, jbe)
// or, as clang at -O0 and gcc's thunks do, over it (ja, jae).
func (g *Guard) end(code []byte, at int, with *shape, slowPath func([]byte, int) *SlowPath) {
	g.Shape = with[0]
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
	g.Shape = with[op+1]
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

// amd64Guard decodes the comparisons of x86-64 and x32:
//
//	cmp %fs:limit,%rsp                              a frame below 256 bytes
//	lea -N(%rsp),%r11; cmp %fs:limit,%r11           a larger one (or %r10)
//	movabs $-N,%r11; add %rsp,%r11; cmp ...         gcc, beyond 2 GiB
//
// The 32-bit forms of x32 lack REX.W.
func amd64Guard(code []byte, at int, shapes *amd64Shapes) (Guard, bool) {
	if at < 3 || code[at-2] != 0x3b {
		return Guard{}, false
	}
	cmp, rex := at-4, byte(0)
	if code[at-3] == 0x64 {
		cmp = at - 3
	} else {
		rex = code[at-3]
		if cmp < 0 || code[cmp] != 0x64 || rex&0xf0 != 0x40 {
			return Guard{}, false
		}
	}
	wide, ext := rex&8 != 0, rex&4 != 0
	g := Guard{Start: cmp}
	size := 0
	if wide {
		size = 1
	}
	var with *shape
	switch modrm := code[at-1]; {
	case modrm == 0x24 && !ext:
		with = shapes.sp[size]
	case modrm == 0x1c && ext, modrm == 0x14 && ext:
		// %r11 is register 3, %r10 register 2 with REX.R.
		reg := modrm >> 3
		// Only guards compare these two: the alloca of compilers uses
		// others. What computed the register may stand further away.
		if lea, frame, ok := amd64Frame(code, cmp, reg, wide); ok {
			g.Start, g.Frame = lea, frame
		}
		with = shapes.lea[reg-2][size]
	default:
		return Guard{}, false // alloca and the runtime compare other registers
	}
	g.end(code, at+5, with, amd64SlowPath)
	return g, true
}

// amd64Shapes are the comparisons by operand size: 32 bits and 64 bits.
type amd64Shapes struct {
	sp  [2]*shape
	lea [2][2]*shape // with %r10 and %r11
}

func newAmd64Shapes(limit byte) *amd64Shapes {
	var s amd64Shapes
	for size, regs := range [2][3]string{{"esp", "r10d", "r11d"}, {"rsp", "r10", "r11"}} {
		s.sp[size] = newShape(fmt.Sprintf("cmp %%fs:%#x,%%%s", limit, regs[0]))
		for i, r := range regs[1:] {
			s.lea[i][size] = newShape(fmt.Sprintf("lea -N(%%rsp),%%%s; cmp %%fs:%#x,%%%s", r, limit, r))
		}
	}
	return &s
}

// amd64Frame decodes the instruction before a comparison of %r10 or %r11 (reg
// 2 or 3), which computes the stack pointer that the function will need.
func amd64Frame(code []byte, cmp int, reg byte, wide bool) (start int, frame uint64, ok bool) {
	for at := cmp; at >= 0 && at >= cmp-maxPadding; at-- {
		if start, frame, ok = amd64FrameBefore(code, at, reg, wide); ok && padding(code[at:cmp]) {
			return start, frame, true
		}
	}
	return 0, 0, false
}

// amd64FrameBefore decodes the instruction that ends at code[cmp].
func amd64FrameBefore(code []byte, cmp int, reg byte, wide bool) (start int, frame uint64, ok bool) {
	rex := byte(0x44)
	if wide {
		rex = 0x4c
	}
	if p := cmp - 8; p >= 0 && code[p] == rex && code[p+1] == 0x8d && code[p+2] == 0x84|reg<<3 && code[p+3] == 0x24 {
		return p, uint64(-int64(int32(binary.LittleEndian.Uint32(code[p+4:])))), true
	}
	if p := cmp - 5; p >= 0 && code[p] == rex && code[p+1] == 0x8d && code[p+2] == 0x44|reg<<3 && code[p+3] == 0x24 {
		return p, uint64(-int64(int8(code[p+4]))), true
	}
	// movabs $imm64,%r1x; add %rsp,%r1x
	if p := cmp - 13; p >= 0 && code[p] == 0x49 && code[p+1] == 0xb8|reg &&
		code[p+10] == 0x49 && code[p+11] == 0x01 && code[p+12] == 0xe0|reg {
		return p, -binary.LittleEndian.Uint64(code[p+2:]), true
	}
	return 0, 0, false
}

// maxSlowPath bounds how many instructions of a slow path are decoded before
// its call; gcc's large model needs seven.
const maxSlowPath = 10

// amd64SlowPath decodes the sequences of gcc and clang, all memory models:
// loads of %r10 (frame) and %r11 (arguments), a call, a return.
func amd64SlowPath(code []byte, at int) *SlowPath {
	var s SlowPath
	for range maxSlowPath {
		at += paddingAt(code, at)
		switch {
		case has(code, at, "\x41\xba") && at+6 <= len(code): // mov $imm32,%r10d
			s.Frame = uint64(binary.LittleEndian.Uint32(code[at+2:]))
			at += 6
		case has(code, at, "\x49\xba") && at+10 <= len(code): // movabs: large model, arguments in the upper half
			s.Frame = uint64(binary.LittleEndian.Uint32(code[at+2:]))
			at += 10
		case has(code, at, "\x49\xc7\xc2") && at+7 <= len(code): // mov $simm32,%r10
			s.Frame = uint64(binary.LittleEndian.Uint32(code[at+3:]))
			at += 7
		case has(code, at, "\x45\x31\xd2"), // xor %r10d,%r10d
			has(code, at, "\x45\x31\xdb"), // xor %r11d,%r11d
			has(code, at, "\x4c\x89\xd0"), // mov %r10,%rax (static chain)
			has(code, at, "\x44\x89\xd0"), // mov %r10d,%eax
			has(code, at, "\x4d\x01\xda"): // add %r11,%r10
			at += 3
		case has(code, at, "\x41\xbb"): // mov $imm32,%r11d
			at += 6
		case has(code, at, "\x49\xbb"): // movabs $imm64,%r11
			at += 10
		case has(code, at, "\x49\xc7\xc3"), // mov $simm32,%r11
			has(code, at, "\x4c\x8d\x15"), // lea disp(%rip),%r10
			has(code, at, "\x4c\x8d\x1d"): // lea disp(%rip),%r11
			at += 7
		case has(code, at, "\x4f\x8b\x1c\x1a"), // mov (%r10,%r11,1),%r11
			has(code, at, "\x4d\x8b\x1c"): // mov from memory, with SIB
			at += 4
		case has(code, at, "\xe8") && at+5 <= len(code): // call rel32
			s.Call, s.Direct = at, true
			at += 5
			s.Target = at + int(int32(binary.LittleEndian.Uint32(code[s.Call+1:])))
			return endSlowPath(code, at, &s)
		case has(code, at, "\xff\x15"): // call *disp(%rip): clang's large model
			s.Call = at
			return endSlowPath(code, at+6, &s)
		case has(code, at, "\x41\xff\xd3"), has(code, at, "\x41\xff\xd2"): // call *%r11, *%r10
			s.Call = at
			return endSlowPath(code, at+3, &s)
		default:
			return nil
		}
	}
	return nil
}

// endSlowPath requires the return after the call: the runtime comes back
// behind it to run the function's body on the new segment.
func endSlowPath(code []byte, at int, s *SlowPath) *SlowPath {
	at += paddingAt(code, at)
	if at >= len(code) {
		return nil
	}
	switch code[at] {
	case 0xc3, 0xc2, // ret
		0xe9, // jmp to a return thunk (-mfunction-return)
		0x59: // pop %rcx; lfence; jmp *%rcx (-mlvi-hardening)
		return s
	}
	return nil
}

// i386Lea reports whether "lea disp(%esp),%reg" ends at code[at]; modrm is
// 0x84 with the register in bits 3 to 5.
func i386Lea(code []byte, at int, modrm byte) bool {
	return at >= 7 && code[at-7] == 0x8d && code[at-6] == modrm && code[at-5] == 0x24
}

// i386Guard decodes the comparisons of i386; which register holds the stack
// pointer less the frame depends on the calling convention.
func i386Guard(code []byte, at int) (Guard, bool) {
	g := Guard{Start: at}
	modrm := code[at+2]
	with := i386Shapes[3]
	switch modrm {
	case 0x25:
	case 0x05, 0x0d, 0x15: // %eax, %ecx, %edx
		lea := at
		for lea > 0 && lea > at-maxPadding && !i386Lea(code, lea, 0x84|modrm&0x38) {
			lea--
		}
		if !i386Lea(code, lea, 0x84|modrm&0x38) || !padding(code[lea:at]) {
			return Guard{}, false // alloca
		}
		g.Start = lea - 7
		g.Frame = uint64(-int64(int32(binary.LittleEndian.Uint32(code[lea-4:]))))
		with = i386Shapes[modrm>>3]
	default:
		return Guard{}, false
	}
	g.end(code, at+7, with, i386SlowPath)
	return g, true
}

// i386Shapes are the comparisons of %eax, %ecx, %edx and %esp.
var i386Shapes = [4]*shape{
	newShape("lea -N(%esp),%eax; cmp %gs:0x30,%eax"),
	newShape("lea -N(%esp),%ecx; cmp %gs:0x30,%ecx"),
	newShape("lea -N(%esp),%edx; cmp %gs:0x30,%edx"),
	newShape("cmp %gs:0x30,%esp"),
}

// i386SlowPath decodes "push $arguments; push $frame; call; ret".
func i386SlowPath(code []byte, at int) *SlowPath {
	var s SlowPath
	for range 2 {
		at += paddingAt(code, at)
		switch {
		case has(code, at, "\x6a") && at+2 <= len(code):
			s.Frame = uint64(code[at+1])
			at += 2
		case has(code, at, "\x68") && at+5 <= len(code):
			s.Frame = uint64(binary.LittleEndian.Uint32(code[at+1:]))
			at += 5
		default:
			return nil
		}
	}
	at += paddingAt(code, at)
	if !has(code, at, "\xe8") || at+5 > len(code) {
		return nil
	}
	s.Call, s.Direct = at, true
	s.Target = at + 5 + int(int32(binary.LittleEndian.Uint32(code[at+1:])))
	return endSlowPath(code, at+5, &s)
}

// entryPrefix reports whether code holds nothing but what compilers put before
// a guard at a function's entry: landing pads, NOPs (-fpatchable-function-entry,
// alignment), and the call of -mfentry.
func entryPrefix(code []byte) bool {
	for len(code) > 0 {
		n := paddingAt(code, 0)
		if n == 0 {
			n = entryInstruction(code)
		}
		if n == 0 {
			return false
		}
		code = code[n:]
	}
	return true
}

func entryInstruction(code []byte) int {
	for _, insn := range []string{
		"\xf3\x0f\x1e\xfa",                 // endbr64
		"\xf3\x0f\x1e\xfb",                 // endbr32
		"\x48\x8d\xa4\x24\x00\x00\x00\x00", // lea 0(%rsp),%rsp: ms_hook_prologue
	} {
		if has(code, 0, insn) {
			return len(insn)
		}
	}
	if code[0] == 0xe8 && len(code) >= 5 { // call __fentry__
		return 5
	}
	if has(code, 0, "\xff\x15") && len(code) >= 6 { // call *__fentry__@GOTPCREL(%rip)
		return 6
	}
	return 0
}

// maxPadding is how many bytes of padding are looked back over.
const maxPadding = 32

// paddings have no effect: the multi-byte NOPs of the Intel SDM, which
// -mbranches-within-32B-boundaries strews between the instructions of a guard,
// lfence, which -mseses and -mlvi-hardening do, and segment prefixes.
var paddings = []string{
	"\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00",
	"\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00",
	"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00",
	"\x0f\x1f\x84\x00\x00\x00\x00\x00",
	"\x0f\x1f\x80\x00\x00\x00\x00",
	"\x8d\xb4\x26\x00\x00\x00\x00", // lea 0(%esi,%eiz,1),%esi
	"\x8d\xb6\x00\x00\x00\x00",     // lea 0(%esi),%esi
	"\x66\x0f\x1f\x44\x00\x00",
	"\x0f\x1f\x44\x00\x00",
	"\x8d\x74\x26\x00", // lea 0(%esi,%eiz,1),%esi
	"\x0f\x1f\x40\x00",
	"\x0f\xae\xe8", // lfence
	"\x8d\x76\x00", // lea 0(%esi),%esi
	"\x0f\x1f\x00",
	"\x66\x90",
	"\x90",
	"\x2e", "\x3e", "\x26",
}

// startsPadding are the first bytes of the paddings.
var startsPadding = func() (first [256]bool) {
	for _, p := range paddings {
		first[p[0]] = true
	}
	return first
}()

// paddingAt returns the length of the padding at code[at].
func paddingAt(code []byte, at int) int {
	start := at
next:
	for at < len(code) && startsPadding[code[at]] {
		for _, p := range paddings {
			if has(code, at, p) {
				at += len(p)
				continue next
			}
		}
		break
	}
	return at - start
}

// padding reports whether code is padding and nothing else.
func padding(code []byte) bool { return paddingAt(code, 0) == len(code) }
