package splitstack

import "encoding/binary"

// The guards of IBM Z, as s390_expand_split_stack_prologue of
// gcc/config/s390/s390.cc emits them. The limit is at 56(%a0/%a1) of the TCB,
// 32(%a0) in 31-bit mode, and %r1 points to it:
//
//	ear %r1,%a0; sllg %r1,%r1,32; ear %r1,%a1
//	cg %r15,56(%r1)                                 a small frame
//	lg %r1,56(%r1); aghi %r1,N; cgr %r15,%r1        a larger one
//	larl %r1,parameters; jgl __morestack
//
// The runtime is entered by the jump itself, so that there is no slow path
// elsewhere; a frame beyond the range of the immediates is entered without a
// comparison. The linker rewrites nothing.
var (
	s390x = s390Dialect(s390Mode{
		anchor: "\x10\x38\x00",
		back:   2,
		tls:    "\xb2\x4f\x00\x10\xeb\x11\x00\x20\x00\x0d\xb2\x4f\x00\x11",
		cmp:    "\xe3\xf0\x10\x38\x00\x20",
		load:   "\xe3\x10\x10\x38\x00\x04",
		cmpReg: "\xb9\x20\x00\xf1",
		store:  "\xb2\x4f\x00\x11\xe3\x20\x10\x38\x00\x24",
		shape:  [2]string{"cg %r15,56(%r1)", "lg %r1,56(%r1); cgr %r15,%r1"},
		jump:   [2]string{"cg %r15,56(%r1); larl %r1; jgl", "lg %r1,56(%r1); cgr %r15,%r1; larl %r1; jgl"},
	})
	s390 = s390Dialect(s390Mode{
		anchor: "\x10\x20",
		back:   2,
		tls:    "\xb2\x4f\x00\x10",
		cmp:    "\x59\xf0\x10\x20",
		load:   "\x58\x10\x10\x20",
		cmpReg: "\x19\xf1",
		store:  "\xb2\x4f\x00\x10\x50\x20\x10\x20",
		shape:  [2]string{"c %r15,32(%r1)", "l %r1,32(%r1); cr %r15,%r1"},
		jump:   [2]string{"c %r15,32(%r1); larl %r1; jgl", "l %r1,32(%r1); cr %r15,%r1; larl %r1; jgl"},
	})
)

// s390Mode are the instructions that differ between 64 and 31 bits, as bytes.
type s390Mode struct {
	anchor string // in cmp and load, back bytes behind their beginning
	back   int
	tls    string // loads the thread pointer
	cmp    string
	load   string
	cmpReg string
	store  string // thread pointer and store of the limit, in the runtime only
	shape  [2]string
	jump   [2]string // shape with the jump behind it
}

func s390Dialect(m s390Mode) *dialect {
	return &dialect{
		anchor:      []byte(m.anchor),
		scan:        m.scan,
		entryPrefix: func(code []byte) bool { return s390Nops(code, 0) == len(code) },
		transfers:   s390Transfers,
	}
}

func (m *s390Mode) scan(t text) scan {
	code := t.code
	s := scan{store: -1}
	targets := map[int]bool{}
	t.each([]byte(m.anchor), func(at int) {
		at -= m.back
		g, ok := m.guard(code, at)
		if ok {
			s.guards = t.keep(s.guards, g)
			s.touched = true
			if g.Slow != nil {
				targets[g.Slow.Target] = true
			}
		}
		// Structures have a member at this offset, too: only the thread
		// pointer shows whose it is.
		if from := at - len(m.tls); has(code, from, m.tls) && (has(code, at, m.load) || ok) {
			s.touched = true
		}
		if from := at - (len(m.store) - len(m.cmp)); has(code, from, m.store) && s.store < 0 {
			s.store, s.touched = from, true
		}
	})
	if len(targets) > 0 {
		s.guards = append(s.guards, s390Unconditional(t, targets)...)
	}
	return s
}

// guard decodes the guard whose comparison or load is at code[at].
func (m *s390Mode) guard(code []byte, at int) (Guard, bool) {
	g := Guard{Start: at}
	end := at
	form := 0
	switch {
	case has(code, at, m.cmp):
		end += len(m.cmp)
	case has(code, at, m.load):
		end += len(m.load)
		g.Frame, end = s390Add(code, end)
		if !has(code, end, m.cmpReg) {
			return Guard{}, false
		}
		form = 1
		end += len(m.cmpReg)
	default:
		return Guard{}, false
	}
	g.Shape = m.shape[form]
	if from := at - len(m.tls); has(code, from, m.tls) {
		g.Start = from
	}
	if !has(code, end, "\xc0\x10") { // larl %r1,parameters
		return g, true
	}
	if jump := end + 6; jump+6 <= len(code) && code[jump] == 0xc0 && code[jump+1]&0xf == 4 {
		g.Shape = m.jump[form]
		g.Branch = true
		g.Slow = &SlowPath{Call: jump, Target: s390Target(code, jump), Direct: true}
	}
	return g, true
}

// s390Add decodes the addition of the frame size to %r1, if there is one.
func s390Add(code []byte, at int) (frame uint64, end int) {
	switch {
	case has(code, at, "\xa7\x1b") && at+4 <= len(code), // aghi
		has(code, at, "\xa7\x1a") && at+4 <= len(code): // ahi
		return uint64(int64(int16(binary.BigEndian.Uint16(code[at+2:])))), at + 4
	case has(code, at, "\xc2\x1a") && at+6 <= len(code), // algfi
		has(code, at, "\xc2\x1b") && at+6 <= len(code), // alfi
		has(code, at, "\xc2\x18") && at+6 <= len(code), // agfi
		has(code, at, "\xc2\x19") && at+6 <= len(code): // afi
		return uint64(binary.BigEndian.Uint32(code[at+2:])), at + 6
	}
	return 0, at
}

// s390Target is where the relative-long jump at code[at] leads.
func s390Target(code []byte, at int) int {
	return at + 2*int(int32(binary.BigEndian.Uint32(code[at+2:])))
}

// s390Unconditional finds entries into the runtime without a comparison:
// "larl %r1,parameters; jg" to where the guards of the same code jump.
func s390Unconditional(t text, targets map[int]bool) []Guard {
	code := t.code
	var guards []Guard
	t.each([]byte("\xc0\xf4"), func(at int) {
		if at+6 > len(code) || !has(code, at-6, "\xc0\x10") || !targets[s390Target(code, at)] {
			return
		}
		guards = t.keep(guards, Guard{
			Start: at - 6, Shape: "larl %r1; jg", Branch: true,
			Slow: &SlowPath{Call: at, Target: s390Target(code, at), Direct: true},
		})
	})
	return guards
}

// s390Transfers knows brcl and brasl, whose displacement begins two bytes
// behind the opcode.
func s390Transfers(code []byte, at int, _ uint32) bool {
	return at >= 2 && code[at-2] == 0xc0 && (code[at-1]&0xf == 4 || code[at-1]&0xf == 5)
}

// s390Nops returns the length of the NOPs at code[at], as -mhotpatch and
// alignment insert them.
func s390Nops(code []byte, at int) int {
	start := at
	for {
		switch {
		case has(code, at, "\x07\x00"), has(code, at, "\x07\x07"): // nopr
			at += 2
		case has(code, at, "\x47\x00\x00\x00"): // nop
			at += 4
		case has(code, at, "\xc0\x04\x00\x00\x00\x00"): // brcl 0
			at += 6
		default:
			return at - start
		}
	}
}
