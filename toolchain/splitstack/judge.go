// Package splitstack decides whether an ELF object holds split-stack code.
//
// The decision rests on machine code: the guard that a compiler puts at a
// function's entry. Notes, symbols and relocations are each missing from some
// objects with split code and present in some without, so that they inform and
// explain but do not acquit.
//
//  1. A guard at a function's entry, or one whose slow path calls the runtime
//     and returns, makes the function a split one: NS001.
//  2. A call of the runtime from code that has no guard is NS001 when the
//     object also carries the compiler's note, and otherwise NS009.
//  3. libgcc's own runtime is NS005, a user of its context API NS006, the note
//     without any split code NS004.
//  4. Functions with the split-stack attribute in LLVM bitcode are NS002.
//  5. What cannot be decided is NS003 or NS007 and never clean.
package splitstack

import (
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/rules-nosplit/rules_nosplit/toolchain/elfobj"
	"github.com/rules-nosplit/rules_nosplit/toolchain/finding"
)

// ErrNoCode says why a file is not judged that holds the description of code
// but not the code: it is neither clean nor a violation.
const ErrNoCode = skipReason("separate debug information: its code sections are empty")

// ErrSplitDWARF says why .dwo and .dwp files are not judged.
const ErrSplitDWARF = skipReason("split debug information: it holds no code")

// ErrCore says why core dumps are not judged.
const ErrCore = skipReason("core dump")

type skipReason string

func (r skipReason) Error() string { return string(r) }

// Options say how to judge.
type Options struct {
	// Describe, when not nil, is asked once for an object with findings about
	// functions: how many functions of a finding get their demangled names
	// and source lines, the first ones by offset. nil means all.
	Describe func() int
	// Release, when not nil, is told of large parts of the file that have
	// been read and will hardly be needed again: a mapped file of a gigabyte
	// need not stay in memory.
	Release func([]byte)
}

// Judge decides about one ELF object. The findings are sorted by ID. The error
// is ErrNoCode, ErrSplitDWARF or ErrCore for a file that there is nothing to decide about;
// everything else that is wrong with the object is a finding.
func Judge(f *elfobj.File, opt Options) ([]finding.Finding, error) {
	if f.Type == elf.ET_CORE {
		return nil, ErrCore
	}
	o, err := readObject(f, opt.Release)
	if err != nil {
		return []finding.Finding{Unreadable(err)}, nil
	}
	if o.noCode {
		return nil, ErrNoCode
	}
	if o.splitDWARF {
		return nil, ErrSplitDWARF
	}
	j := judgement{object: o, describeFirst: opt.Describe, nameBytes: nameBudget(len(f.Data))}
	if err := j.decide(); err != nil {
		return []finding.Finding{Unreadable(err)}, nil
	}
	if len(o.bitcode) > 0 {
		return mergeBitcode(j.findings, o.judgeBitcode(nameBudget(len(f.Data)))), nil
	}
	return j.findings, nil
}

// Unreadable is the finding for an object that breaks the rules of its format.
func Unreadable(err error) finding.Finding {
	fd := finding.Finding{ID: finding.NS007, Level: finding.Error, Message: err.Error()}
	if fe, ok := err.(*elfobj.FormatError); ok {
		fd.Message = fe.Msg
		fd.Evidence = []finding.Evidence{{Kind: finding.EvidenceFormat, Detail: fe.Msg, Offset: fe.Offset}}
	}
	return fd
}

// judgement is one decision in the making.
type judgement struct {
	*object
	functions *functionTable

	split     []placed // guards that make a function a split one
	odd       []placed // guards of a shape or at a place that no compiler emits
	bareCalls []bareCall
	store     *finding.Evidence // a write of the limit: the runtime
	calls     callCount

	describeFirst func() int
	// nameBytes is how much more may be spent on names of functions.
	nameBytes int

	findings []finding.Finding
	located  [][]locatedFunction // by index in findings
}

// placed is a guard in its region.
type placed struct {
	*Guard
	region *region
}

// add adds a finding about functions. The findings must come in the order of
// their IDs.
func (j *judgement) add(fd finding.Finding, fns ...locatedFunction) {
	j.findings = append(j.findings, fd)
	j.located = append(j.located, fns)
}

func (j *judgement) decide() error {
	if j.dialect != nil {
		if err := j.findGuards(); err != nil {
			return err
		}
		if err := j.findCalls(); err != nil {
			return err
		}
		j.convict()
	}
	note, hasNote := j.note()
	// A compiler's note and calls of the runtime: split code whose guard has
	// a shape that this version does not know, or none at all, as s390 code
	// has for frames beyond its immediates.
	if len(j.split) > 0 || hasNote && len(j.bareCalls) > 0 {
		j.addViolation(note, hasNote)
	}
	if j.undecidable() {
		j.describe()
		return nil
	}
	runtime := j.runtimeEvidence()
	switch {
	case len(j.findings) > 0:
	case runtime != nil:
		j.add(finding.Finding{
			ID: finding.NS005, Level: finding.Note,
			Message:  "holds libgcc's split-stack runtime, and no function that needs it",
			Evidence: runtime,
		})
	case hasNote:
		j.add(finding.Finding{
			ID: finding.NS004, Level: finding.Warning,
			Message:  "was compiled with -fsplit-stack, though no function in it checks for a split stack",
			Evidence: []finding.Evidence{noteEvidence(note)},
		})
	}
	j.addAPIUse()
	j.addOddities()
	j.describe()
	return nil
}

// undecidable adds the findings for what cannot be judged, and reports whether
// the object is one of these.
func (j *judgement) undecidable() bool {
	if j.slimLTO() && len(j.split) == 0 {
		j.add(finding.Finding{
			ID: finding.NS003, Level: finding.Error,
			Message: "GCC LTO intermediate code without machine code: the link line decides whether it becomes split-stack code; " + j.recordedOptions(),
		})
		return true
	}
	if j.dialect == nil {
		// Without a decision procedure the symbols must speak, and only an
		// acquittal is in their power.
		for _, s := range j.named {
			if s.Undefined() && s.Bind() != elf.STB_WEAK && (entersRuntime(s.name) || strings.HasPrefix(s.name, "__morestack")) ||
				!s.Undefined() && runtimeDefinitions[s.name] {
				j.add(finding.Finding{
					ID: finding.NS007, Level: finding.Error,
					Message:  fmt.Sprintf("refers to the split-stack runtime (%s), and there is no decision procedure for %s", s.name, j.file.MachineName()),
					Evidence: []finding.Evidence{symbolEvidence(s)},
				})
				return true
			}
		}
	}
	return false
}

// slimLTO reports whether GCC left nothing but intermediate code in the object.
func (j *judgement) slimLTO() bool {
	for _, s := range j.named {
		if s.name == "__gnu_lto_slim" {
			return true
		}
	}
	return false
}

// maxOptions bounds how much of a recorded command line a message repeats, in
// bytes.
const maxOptions = 400

// recordedOptions tells what .gnu.lto_.opts says of the compilation: plain
// text, ended by NUL (gcc/lto-opts.cc).
func (j *judgement) recordedOptions() string {
	if j.ltoOpts != 0 {
		b, err := j.file.Section(j.ltoOpts).Bytes()
		if err == nil && len(b) > 0 {
			s := strings.TrimRight(string(b[:min(len(b), maxOptions)]), "\x00")
			if len(b) > maxOptions {
				s += " …"
			}
			return "its recorded options are " + s
		}
	}
	return "it records no options"
}

func (j *judgement) runtimeEvidence() []finding.Evidence {
	var ev []finding.Evidence
	if !j.file.Linked() {
		if s, ok := j.definesRuntime(); ok {
			ev = append(ev, symbolEvidence(s))
		}
	}
	if j.store != nil {
		ev = append(ev, *j.store)
	}
	return ev
}

// maxAPINames bounds how many functions of the context API a message names;
// there are fewer.
const maxAPINames = 32

// addAPIUse reports users of libgcc's segmented-stack contexts; the runtime
// itself is none.
func (j *judgement) addAPIUse() {
	if _, ok := j.definesRuntime(); ok {
		return
	}
	var names []string
	var ev []finding.Evidence
	for _, s := range j.named {
		if s.Undefined() && strings.HasPrefix(s.name, "__splitstack_") && !slices.Contains(names, s.name) && len(names) < maxAPINames {
			names = append(names, s.name)
			ev = append(ev, symbolEvidence(s))
		}
	}
	if len(names) > 0 {
		j.add(finding.Finding{
			ID: finding.NS006, Level: finding.Warning,
			Message:  "uses the split-stack context API: " + strings.Join(names, ", "),
			Evidence: ev,
		})
	}
}

func noteEvidence(s elfobj.Section) finding.Evidence {
	return finding.Evidence{Kind: finding.EvidenceNote, Detail: string(s.Name()), Section: string(s.Name())}
}

func symbolEvidence(s namedSymbol) finding.Evidence {
	detail := "defined " + s.name
	if s.Undefined() {
		detail = "undefined " + s.name
		if s.Bind() == elf.STB_WEAK {
			detail = "weak " + detail
		}
	}
	return finding.Evidence{Kind: finding.EvidenceSymbol, Detail: detail, Offset: s.Value}
}
