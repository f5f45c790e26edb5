package audit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/rules-nosplit/rules_nosplit/toolchain/ararchive"
	"github.com/rules-nosplit/rules_nosplit/toolchain/bitcode"
	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
	"github.com/rules-nosplit/rules_nosplit/toolchain/gobinary"
	"github.com/rules-nosplit/rules_nosplit/toolchain/mapfile"
	"github.com/rules-nosplit/rules_nosplit/toolchain/splitstack"
)

// run is one audit.
type run struct {
	ctx   context.Context
	queue *queue
	roots []string
	meter *meter
	// describe is Options.Describe.
	describe Describe
}

// content is an open file that objects are judged in, and how it was found: for
// a member of a thin archive, how the archive was.
type content struct {
	input
	file *mapfile.File
	// described counts the objects of the file that got the names and lines
	// of their functions.
	described *atomic.Int32
}

// describe decides about one more object with findings about functions.
func (c content) describe(d Describe) int {
	if d.Functions == 0 {
		return math.MaxInt
	}
	if d.Objects > 0 && int(c.described.Add(1)) > d.Objects {
		return 0
	}
	return d.Functions
}

// source is content that is closed when the last range of it has been judged.
type source struct {
	content
	refs atomic.Int32
}

func (s *source) retain() { s.refs.Add(1) }

func (s *source) release(r *run) {
	if s.refs.Add(-1) == 0 {
		size := int64(len(s.file.Data))
		s.file.Close()
		r.meter.add(1, 0, size)
	}
}

// auditFile classifies a file and judges it, or hands its parts out.
func (r *run) auditFile(in input, res *results) {
	if r.ctx.Err() != nil {
		return
	}
	o := finding.Object{Path: in.path}
	var kind kind
	f, err := mapfile.Open(in.path, func(prefix []byte, size int64) bool {
		kind = classify(prefix, size, in.path)
		return kind.readable()
	})
	switch {
	case errors.Is(err, mapfile.ErrNotRegular):
		res.skip(in, o, err.Error())
	case err != nil:
		res.files++
		res.sawObject[in.arg] = true
		res.addUnauditable(o, fmt.Errorf("cannot be read: %w", err))
	case kind.problem != nil:
		res.files++
		res.sawObject[in.arg] = true
		res.addUnauditable(o, kind.problem)
	case kind.skip != "":
		res.skip(in, o, kind.skip)
	}
	if f == nil {
		r.meter.add(1, 0, 0)
		return
	}
	src := &source{content: content{in, f, new(atomic.Int32)}}
	src.retain()
	defer src.release(r)
	before := len(res.objects)
	res.protect(o, func() {
		switch {
		case kind.archive:
			r.auditArchive(src, res)
		case kind.bitcode:
			res.judgeBitcode(in, o, f.Data)
		default:
			r.judge(src.content, o, f.Data, res)
		}
	})
	if kind.archive || len(res.objects) > before {
		res.files++
		res.bytes += int64(len(f.Data))
	}
	if !kind.archive {
		r.meter.add(0, len(res.objects)-before, 0)
	}
}

func (res *results) skip(in input, o finding.Object, reason string) {
	res.skipped = append(res.skipped, finding.Skipped{
		Path: o.Path, Member: o.Member, Index: o.Index, Reason: reason,
		Walked: in.walked && o.Member == "",
	})
}

// judge adds the verdict about one ELF object.
func (r *run) judge(c content, o finding.Object, data []byte, res *results) {
	f, err := elfobj.Open(data)
	if err != nil {
		res.sawObject[c.arg] = true
		res.addUnauditable(o, err)
		return
	}
	o.Format, o.Machine = f.FormatName(), f.MachineName()
	findings, err := splitstack.Judge(f, splitstack.Options{
		Describe: func() int { return c.describe(r.describe) },
		Release:  c.file.Release,
	})
	if err != nil {
		res.skip(c.input, o, err.Error())
		return
	}
	res.sawObject[c.arg] = true
	o.Findings = findings
	o.Verdict = verdictOf(findings)
	if f.Linked() {
		// It informs: broken build information tells less.
		o.Go, _ = gobinary.Read(f)
	}
	res.objects = append(res.objects, o)
	res.noteDynamic(o, f)
}

// judgeBitcode adds the verdict about a file of LLVM bitcode.
func (res *results) judgeBitcode(in input, o finding.Object, data []byte) {
	b := splitstack.JudgeBitcode(data)
	res.sawObject[in.arg] = true
	o.Format, o.Machine = "llvm-bitcode", b.Machine
	o.Findings = b.Findings
	o.Verdict = verdictOf(b.Findings)
	res.objects = append(res.objects, o)
}

// kind is what the first bytes of a file say.
type kind struct {
	elf, archive, bitcode bool
	skip                  string // why it holds no object
	problem               error  // why it cannot be judged
}

func (k kind) readable() bool { return k.elf || k.archive || k.bitcode }

// magics are formats that a build directory may hold beside ELF.
var magics = []struct {
	prefix, reason string
}{
	{"\xfe\xed\xfa\xce", "Mach-O"}, {"\xfe\xed\xfa\xcf", "Mach-O"},
	{"\xce\xfa\xed\xfe", "Mach-O"}, {"\xcf\xfa\xed\xfe", "Mach-O"},
	{"\x00asm", "WebAssembly"},
	{"MZ", "PE"},
	{"\x64\x86", "COFF"}, {"\x4c\x01", "COFF"},
	{"go object ", "Go object"},
	{"\x00go1", "Go object"},
	{"#!", "script"},
}

func classify(prefix []byte, size int64, path string) kind {
	p := string(prefix)
	switch {
	case strings.HasPrefix(p, elfobj.Magic):
		return kind{elf: true}
	case ararchive.IsArchive(prefix):
		return kind{archive: true}
	case bitcode.Is(prefix):
		return kind{bitcode: true}
	case size == 0:
		switch filepath.Ext(path) {
		case ".o", ".a", ".so", ".lo":
			return kind{problem: errors.New("an empty file where an object is expected; build it again")}
		}
		return kind{skip: "empty file"}
	}
	for _, m := range magics {
		if strings.HasPrefix(p, m.prefix) {
			return kind{skip: m.reason}
		}
	}
	if isText(prefix) {
		return kind{skip: "text"}
	}
	return kind{skip: "no object file"}
}

func isText(b []byte) bool {
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\t' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return true
}
