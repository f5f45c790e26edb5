package splitstack

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// The guards of 32-bit ARM, as LLVM's ARMFrameLowering::adjustForSegmentedStacks
// emits them; GCC has none. The limit is at 4(TLS), 252(TLS) on Android, or in
// the variable __STACK_LIMIT where there is no thread register:
//
//	push {r4, r5}; mrc p15,0,r4,c13,c0,3; mov r5,sp; [sub r5,r5,#N]
//	ldr r4,[r4,#4]; cmp r4,r5; bcc over
//	mov r4,#frame; mov r5,#arguments; push {lr}; bl __morestack
//	pop {lr}; pop {r4, r5}; bx lr
//
// The same in ARM and Thumb state. The slow path is always there, and a guard
// without it is none. Big-endian code is not known.
var arm = &dialect{
	scan:        armScan,
	entryPrefix: func(code []byte) bool { return len(code) == 0 },
	transfers:   armTransfers,
}

const (
	armPush45 = "\x30\x00\x2d\xe9"
	armCmp    = "\x05\x00\x54\xe1"
	thPush45  = "\x30\xb4"
	thCmp     = "\xac\x42"
	// maxArmGuard is how far the comparison is from the function's entry, in
	// bytes, at the most.
	maxArmGuard = 40
)

func armScan(t text) scan {
	code := t.code
	s := scan{store: -1}
	find := func(cmp, push, shape string, slow func([]byte, int) *SlowPath) {
		t.each([]byte(cmp), func(at int) {
			path := slow(code, at+len(cmp))
			if path == nil {
				return
			}
			g := Guard{Start: at, Shape: shape, Branch: true, Slow: path, Frame: path.Frame}
			from := max(0, at-maxArmGuard)
			if i := bytes.LastIndex(code[from:at], []byte(push)); i >= 0 {
				g.Start = from + i
			}
			s.guards = t.keep(s.guards, g)
		})
	}
	find(armCmp, armPush45, "ldr r4,[limit]; cmp r4,r5; bcc", armSlowPath)
	find(thCmp, thPush45, "ldr r4,[limit]; cmp r4,r5; bcc (Thumb)", thumbSlowPath)
	s.touched = len(s.guards) > 0
	return s
}

// armSlowPath decodes the branch over the slow path at code[at], and that.
func armSlowPath(code []byte, at int) *SlowPath {
	word := func(at int) uint32 {
		if at+4 > len(code) {
			return 0
		}
		return binary.LittleEndian.Uint32(code[at:])
	}
	if word(at)>>24 != 0x3a { // bcc
		return nil
	}
	var s SlowPath
	for at += 4; ; at += 4 {
		w := word(at)
		switch {
		case w&0xfffff000 == 0xe3a04000: // mov r4,#imm
			s.Frame = uint64(bits.RotateLeft32(w&0xff, -int(w>>8&0xf)*2))
			continue
		case w&0xfffff000 == 0xe3a05000, // mov r5,#imm
			w&0xffffe000 == 0xe59f4000, // ldr r4 and r5,[pc,#n]
			w&0xfff0e000 == 0xe3004000, // movw r4 and r5
			w&0xfff0e000 == 0xe3404000: // movt
			continue
		}
		break
	}
	if w := word(at); w != 0xe92d4000 && w != 0xe52de004 { // push {lr}
		return nil
	}
	if w := word(at + 4); w>>24 != 0xeb { // bl
		return nil
	}
	if w := word(at + 8); w != 0xe8bd4000 && w != 0xe49de004 { // pop {lr}
		return nil
	}
	if word(at+12) != 0xe8bd0030 { // pop {r4, r5}
		return nil
	}
	s.Call, s.Direct = at+4, true
	s.Target = at + 12 + int(int32(word(at+4)<<8)>>6)
	return &s
}

// thumbSlowPath is armSlowPath for Thumb state.
func thumbSlowPath(code []byte, at int) *SlowPath {
	half := func(at int) uint16 {
		if at+2 > len(code) {
			return 0
		}
		return binary.LittleEndian.Uint16(code[at:])
	}
	if half(at)>>8 != 0xd3 { // bcc
		return nil
	}
	var s SlowPath
	for at += 2; ; at += 2 {
		h := half(at)
		switch h >> 8 {
		case 0x24: // movs r4,#imm
			s.Frame = uint64(h & 0xff)
			continue
		case 0x25, 0x4c, 0x4d: // movs r5,#imm; ldr r4 and r5,[pc,#n]
			continue
		}
		break
	}
	if half(at) != 0xb500 { // push {lr}
		return nil
	}
	if half(at+2)>>11 != 0x1e || half(at+4)>>14 != 3 { // bl
		return nil
	}
	s.Call, s.Direct = at+2, true
	switch {
	case half(at+6) == 0xf85d && half(at+8) == 0xeb04: // ldr lr,[sp],#4
	case half(at+6) == 0xbc10 && half(at+8) == 0x46a6: // pop {r4}; mov lr,r4
	default:
		return nil
	}
	if half(at+10) != 0xbc30 { // pop {r4, r5}
		return nil
	}
	return &s
}

// armTransfers knows the relocation types of calls and jumps: R_ARM_PC24,
// R_ARM_THM_CALL, R_ARM_PLT32, R_ARM_CALL, R_ARM_JUMP24, R_ARM_THM_JUMP24.
func armTransfers(_ []byte, _ int, relType uint32) bool {
	switch relType {
	case 1, 10, 27, 28, 29, 30:
		return true
	}
	return false
}
